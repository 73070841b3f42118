# SPDX-License-Identifier: EUPL-1.2
"""The section `oauth2` of `flaggermail.yaml`: where tokens for the mailbox and the submission server come from."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator

from flaggermail.settings.yaml_files.kinds import Credential, LastDay, Model, Text, WebAddress, is_loopback
from flaggermail.settings.yaml_files.plain import Key


class LoginMethod(StrEnum):
    """How the desk logs in at a server."""

    PASSWORD = "password"  # noqa: S105 - a word of the configuration
    OAUTH2 = "oauth2"


class Provider(StrEnum):
    """By which rules tokens are fetched."""

    ENDPOINT = "endpoint"  # any token endpoint of RFC 6749, with a secret
    MICROSOFT = "microsoft"  # an authority of Entra, with a secret or a certificate (RFC 7523)
    DELEGATION = "google"  # an identity provider; a service account to which a domain has delegated its mailboxes


class Grant(StrEnum):
    """What the token endpoint gives a token for (RFC 6749, sections 4.4 and 6)."""

    CLIENT_CREDENTIALS = "client_credentials"  # a secret of the application
    REFRESH_TOKEN = "refresh_token"  # noqa: S105 - the name of a grant; a person signed in once


def _is_endpoint(value: str) -> str:
    try:
        parts = urlsplit(value)
        host, usable = parts.hostname or "", parts.port != 0
    except ValueError:
        host, usable, parts = "", False, urlsplit("")
    secure = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host))
    if not host or not usable or not secure or not _plain(value):
        raise ValueError("is no https address of a token endpoint; begin with https:// and copy it whole")
    return value


def _plain(value: str) -> bool:
    return value.isascii() and value.isprintable() and " " not in value


def _is_plain(value: str) -> str:
    if not _plain(value.replace(" ", "")):
        raise ValueError("has characters that no request can carry; copy it again")
    return value


TokenEndpoint = Annotated[Text, AfterValidator(_is_endpoint)]
Printable = Annotated[Text, AfterValidator(_is_plain)]

ACCEPTED_REACH = "the application may open other mailboxes"  # the words that `oauth2.accept_risk` needs


class OAuth2Settings(Model):
    """The application that the identity provider knows, and the names of the credentials that prove it."""

    provider: Provider = Provider.ENDPOINT
    token_endpoint: TokenEndpoint | None = None
    authority: TokenEndpoint | None = None
    client_id: Printable | None = None
    scope: Printable
    grant: Grant = Grant.CLIENT_CREDENTIALS
    credential: Credential = "oauth2-secret"  # holds the client secret, the refresh token, or the key file
    client_credential: Credential | None = None  # holds the client secret that is sent with a refresh token
    certificate: Credential | None = None  # holds the client's certificate, in the place of a secret
    certificate_key: Credential = "oauth2-key"  # holds its private key
    secret_ends_on: LastDay = None
    mailbox: Printable | None = None  # the mailbox that is opened; default: mailbox.address
    other_mailbox: Printable | None = None  # must not open with our token
    accept_risk: Text | None = None  # the words with which it may
    proxy: WebAddress | None = None  # through which tokens are fetched; the environment names none

    @property
    def source(self) -> str:
        """The address that tokens come from, as far as the configuration names it."""
        return self.authority or self.token_endpoint or ""

    @property
    def credentials(self) -> dict[str, str]:
        """Every credential that is read, by the key that names it."""
        names: dict[str, str] = {}
        if self.certificate is not None:
            names |= {"certificate": self.certificate, "certificate_key": self.certificate_key}
        if self.certificate is None or self.grant is Grant.REFRESH_TOKEN:
            names["credential"] = self.credential
        if self.client_credential is not None:
            names["client_credential"] = self.client_credential
        return names

    @property
    def files_of_lines(self) -> frozenset[str]:
        """The credentials that have several lines: a certificate, its key, and a key file."""
        keys = {"certificate", "certificate_key"} | ({"credential"} if self.provider is Provider.DELEGATION else set())
        return frozenset(name for key, name in self.credentials.items() if key in keys)


_NEEDED = {
    Provider.ENDPOINT: ("token_endpoint", "client_id"),
    Provider.MICROSOFT: ("authority", "client_id"),
    Provider.DELEGATION: (),
}
_UNUSED = {
    Provider.ENDPOINT: ("authority", "certificate"),
    Provider.MICROSOFT: ("token_endpoint",),
    Provider.DELEGATION: ("authority", "certificate", "client_credential", "client_id"),
}


def faults(section: OAuth2Settings | None, logins: dict[str, LoginMethod], address: str) -> Iterator[tuple[Key, str]]:
    """Yields a fault for a login without a token source, for unused tokens and for an unproven right.

    `logins` by server; `address` of the mailbox.
    """
    users = [name for name, login in logins.items() if login is LoginMethod.OAUTH2]
    if section is None:
        for name in users:
            yield (name, "login"), "'oauth2' needs the section `oauth2:`; add it, or write `login: password`"
        return
    if not users:
        yield ("oauth2",), "no server uses it; write `login: oauth2` under `mailbox` or `submission`, or remove it"
    for name in ("token_endpoint", "authority", "proxy"):
        value: str = getattr(section, name) or ""
        if "@" in urlsplit(value).netloc or "#" in value:
            # Without repeating it, since it may hold a password.
            yield ("oauth2", name), "holds more than the address, such as a name; leave that out"
    yield from _of_the_provider(section)
    yield from _of_the_reach(section, "mailbox" in users, address)


def _of_the_provider(section: OAuth2Settings) -> Iterator[tuple[Key, str]]:
    """Keys that the provider needs or does not know."""
    provider = section.provider
    for name in _NEEDED[provider]:
        if getattr(section, name) is None:
            yield ("oauth2",), f"`provider: {provider}` needs `{name}:`; add it"
    for name in _UNUSED[provider]:
        if getattr(section, name) is not None:
            yield ("oauth2", name), f"has no use with `provider: {provider}`; remove the line, or correct the provider"
    if provider is Provider.DELEGATION and section.grant is not Grant.CLIENT_CREDENTIALS:
        yield ("oauth2", "grant"), "a service account has no refresh token; write `provider: endpoint`, or remove it"
    if section.client_credential is not None and section.grant is not Grant.REFRESH_TOKEN:
        yield ("oauth2", "client_credential"), "goes with a refresh token only; write the secret's name in `credential`"
    elif section.client_credential is not None and section.certificate is not None:
        yield ("oauth2", "client_credential"), "a certificate is in the place of a client secret; remove one of them"


def _of_the_reach(section: OAuth2Settings, reads: bool, address: str) -> Iterator[tuple[Key, str]]:  # noqa: FBT001 - a fact
    """Neither proof nor signature that the token opens one mailbox alone, or both."""
    sign = f'write `accept_risk: "{ACCEPTED_REACH}"`'
    own = (section.mailbox or address).lower()
    if section.accept_risk is not None and section.accept_risk != ACCEPTED_REACH:
        yield ("oauth2", "accept_risk"), f'accepts the risk only in exactly these words: "{ACCEPTED_REACH}"'
    elif section.accept_risk is not None and section.other_mailbox is not None:
        yield ("oauth2", "accept_risk"), "with `other_mailbox` the right is proven; remove one of the two lines"
    elif section.other_mailbox is not None and section.other_mailbox.lower() == own:
        yield ("oauth2", "other_mailbox"), f"{own!r} is the desk's own; name one that its token must not open"
    elif section.other_mailbox is not None and not reads:
        yield ("oauth2", "other_mailbox"), f"is tried over IMAP; write `mailbox.login: oauth2`, or {sign}"
    elif section.accept_risk is None and section.other_mailbox is None:
        yield ("oauth2",), f"does not say which mailbox its token must not open; add `other_mailbox:`, or {sign}"
