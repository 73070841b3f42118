# SPDX-License-Identifier: EUPL-1.2
"""The section `oauth2` of `flaggermail.yaml`: where tokens for the mailbox and the submission server come from."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator

from flaggermail.settings.hosts import is_loopback
from flaggermail.yaml_files.kinds import Code, Day, Model, Text
from flaggermail.yaml_files.source import Key


class LoginMethod(StrEnum):
    """How the desk logs in at a server."""

    PASSWORD = "password"  # noqa: S105 - a word of the configuration
    OAUTH2 = "oauth2"


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


class OAuth2Settings(Model):
    """The application that the identity provider knows, and its secret."""

    token_endpoint: TokenEndpoint
    client_id: Printable
    scope: Printable
    grant: Grant = Grant.CLIENT_CREDENTIALS
    credential: Code = "oauth2-secret"  # holds the client secret or the refresh token
    secret_ends_on: Day | None = None
    mailbox: Printable | None = None  # the mailbox that is opened; default: mailbox.address


def faults(section: OAuth2Settings | None, logins: dict[str, LoginMethod]) -> Iterator[tuple[Key, str]]:
    """A login with tokens that come from nowhere, and tokens that nobody uses; `logins` by server."""
    if section is not None and ("@" in urlsplit(section.token_endpoint).netloc or "#" in section.token_endpoint):
        # Without repeating it, since it may hold a password.
        yield ("oauth2", "token_endpoint"), "holds more than the address, such as a name; leave that out"
    users = [name for name, login in logins.items() if login is LoginMethod.OAUTH2]
    if section is None:
        for name in users:
            yield (name, "login"), "'oauth2' needs the section `oauth2:`; add it, or write `login: password`"
    elif not users:
        yield ("oauth2",), "no server uses it; write `login: oauth2` under `mailbox` or `submission`, or remove it"
