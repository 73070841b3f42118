# SPDX-License-Identifier: EUPL-1.2
"""Asks a token endpoint (RFC 6749, sections 4.4 and 6) and tells its errors in words, never with a token or secret."""

from __future__ import annotations

import http.client
import json
import re
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NoReturn
from urllib.parse import urlencode, urlsplit

from flaggermail.adapters.http import opener
from flaggermail.adapters.server_answers.answer import ProtocolStep, Reader, ServerAnswer
from flaggermail.adapters.server_answers.recognise import explain
from flaggermail.adapters.web import Deadline
from flaggermail.errors import LinkLost, LoginRefused
from flaggermail.settings.oauth_section import Grant, OAuth2Settings

_MOST_OCTETS = 1_000_000
_PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True)
class TokenAnswer:
    """The status of HTTP, and the octets of the body."""

    status: int
    octets: bytes

    @property
    def fields(self) -> Mapping[str, object]:
        """The document in the body; empty if it is none."""
        try:
            told: object = json.loads(self.octets)
        except (ValueError, RecursionError):
            return {}
        return told if isinstance(told, dict) else {}


@dataclass(slots=True)
class TokenLine:
    """Speaks to the server of `address` alone. All requests of one line together take at most `timeout` seconds.

    The proxies of the environment are not asked: they are set for people who browse, would see which tenant the desk
    belongs to, and would get a request to this machine itself. `proxy` is the one that the configuration names.
    """

    address: str
    timeout: float
    proxy: str | None = None
    _deadline: Deadline = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        self._deadline = Deadline(self.timeout)

    @property
    def where(self) -> str:
        """The server in words."""
        return f"the token endpoint at {urlsplit(self.address).hostname}"

    def post(self, url: str, form: Mapping[str, str]) -> TokenAnswer:
        """Sends a form. Raises LinkLost."""
        return self._ask(url, urlencode(form).encode("ascii"))

    def get(self, url: str) -> TokenAnswer:
        """Fetches a document. Raises LinkLost."""
        return self._ask(url, None)

    def _ask(self, url: str, data: bytes | None) -> TokenAnswer:
        if _origin(url) != _origin(self.address):
            raise LinkLost(f"{self.where} names another server for tokens; nothing was sent there, correct oauth2")
        request = urllib.request.Request(  # noqa: S310 - the settings allow https, and http to this machine
            url, data=data, headers={"Accept": "application/json", "User-Agent": "flaggermail"}
        )
        proxies = {urlsplit(url).scheme: self.proxy} if self.proxy else {}
        try:
            with opener(self._deadline, proxies).open(request, timeout=self.timeout) as answer:
                return TokenAnswer(answer.status, answer.read(_MOST_OCTETS))
        except urllib.error.HTTPError as error:
            with error:
                return TokenAnswer(error.code, _rest(error))
        except (OSError, http.client.HTTPException) as error:
            raise LinkLost(f"{self.where} does not answer ({_reason(error)})") from None


def _origin(url: str) -> tuple[str, str | None, int | None]:
    """Returns scheme, host and port (RFC 6454, section 4)."""
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or _PORTS.get(parts.scheme)


def _rest(error: urllib.error.HTTPError) -> bytes:
    try:
        return error.read(_MOST_OCTETS)
    except (OSError, http.client.HTTPException):
        return b""


def _reason(error: Exception) -> str:
    cause = error.reason if isinstance(error, urllib.error.URLError) else error
    if isinstance(cause, OSError) and cause.strerror:
        return cause.strerror
    return type(cause).__name__


_USUAL_LIFE = 600.0  # seconds, where the endpoint does not say
_LONGEST_LIFE = 86_400.0
_SAFE_CODE = re.compile(r"[a-z_]{1,40}")
_OK, _TOO_MANY, _SERVER_ERROR = 200, 429, 500

_REMEDIES = {  # RFC 6749, section 5.2
    "invalid_client": "{proof} is wrong or has ended, or oauth2.client_id names another application; {renew}",
    "unauthorized_client": "the application of oauth2.client_id may not use oauth2.grant {grant}; allow it in the "
    "registration of the application, or write the other grant",
    "invalid_grant": "the refresh token in {file} has ended or was withdrawn; sign in again as the account that reads "
    "the mailbox, and write the new refresh token into that file",
    "invalid_tenant": "it knows no such directory; correct the last part of oauth2.authority in flaggermail.yaml",
    "invalid_scope": "correct oauth2.scope in flaggermail.yaml, or give the application that right",
    "unsupported_grant_type": "it does not know oauth2.grant {grant}; write the other grant, or correct "
    "oauth2.token_endpoint",
    "invalid_request": "it misses something or knows no such application; correct oauth2.token_endpoint, "
    "oauth2.client_id and oauth2.scope in flaggermail.yaml",
}
_OF_DELEGATION = {  # the same errors, as an endpoint uses them for a signed assertion (RFC 7523, section 3.1)
    "invalid_grant": "it does not take the key in {file} for {mailbox}: the key was deleted, the mailbox is not in "
    "the domain, or the clock of this machine is wrong; make a new key, or correct oauth2.mailbox",
    "unauthorized_client": "the domain has not delegated oauth2.scope to the service account of {file}; add its "
    "client id and that scope to the domain-wide delegations",
}
_SECRET = "make a new secret in the registration of the application, and write it into that file"  # noqa: S105 - words
_CERTIFICATE = "register the certificate of that file with the application, or make and register a new one"
_FOR_NOW = frozenset({"temporarily_unavailable", "server_error", "slow_down"})


@dataclass(frozen=True, slots=True)
class Granted:
    """What the endpoint gave: the token, its life in seconds, and perhaps a refresh token in the old one's place."""

    value: str = field(repr=False)
    life: float
    refresh_token: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class SecretFiles:
    """The files of the credentials, for error texts: of the secret, refresh token or key, and of the certificate."""

    credential: str
    client: str = ""  # of the client secret beside a refresh token, or of the certificate
    mailbox: str = ""  # whose token a service account asks for


def fetch_token(
    settings: OAuth2Settings, secret: str, files: SecretFiles, line: TokenLine, client_secret: str | None = None
) -> Granted:
    """Returns a token for `secret`. Raises LoginRefused where a person must act, LinkLost else.

    `client_secret` goes with a refresh token at endpoints that ask for it (RFC 6749, section 2.3.1).
    """
    form = {"grant_type": str(settings.grant), "client_id": settings.client_id or "", "scope": settings.scope}
    form["client_secret" if settings.grant is Grant.CLIENT_CREDENTIALS else "refresh_token"] = secret
    if client_secret is not None:
        form["client_secret"] = client_secret
    return granted(settings, files, line, line.post(line.address, form))


def granted(settings: OAuth2Settings, files: SecretFiles, line: TokenLine, answer: TokenAnswer) -> Granted:
    """Returns what the answer gives. Raises LoginRefused, LinkLost."""
    told = answer.fields
    if answer.status != _OK:
        refuse(settings, files, line, answer)
    value, refresh = told.get("access_token"), told.get("refresh_token")
    bearer = str(told.get("token_type", "")).lower() == "bearer"
    if not isinstance(value, str) or not _fits(value) or not bearer:
        raise LinkLost(f"{line.where} gives no bearer token; correct oauth2.{_address_key(settings)}")
    return Granted(value, _life(told.get("expires_in")), refresh if isinstance(refresh, str) and refresh else None)


def refuse(settings: OAuth2Settings, files: SecretFiles, line: TokenLine, answer: TokenAnswer) -> NoReturn:
    """Raises LoginRefused for an error that a person must mend, LinkLost else."""
    told = answer.fields
    code = str(told.get("error", ""))
    if answer.status >= _SERVER_ERROR or answer.status == _TOO_MANY or code in _FOR_NOW:
        raise LinkLost(f"{line.where} cannot work now (HTTP {answer.status})")
    if not _SAFE_CODE.fullmatch(code):
        key = _address_key(settings)
        raise LinkLost(f"{line.where} answers HTTP {answer.status} without an error of OAuth2; correct oauth2.{key}")
    # Of the endpoint's sentence only Entra's number is told: it could repeat what was sent.
    error = ServerAnswer.of_token_endpoint(code, str(told.get("error_description", "")))
    named = f"{code}, {error.status}" if error.status else code
    refused = f"{line.where} refuses a token ({named})"
    found = explain(ProtocolStep.TOKEN, error, _reader(settings, files))
    if found:
        raise LoginRefused(refused, found.said)
    raise LoginRefused(f"{refused}: {_remedy(settings, files, code)}")


def _reader(settings: OAuth2Settings, files: SecretFiles) -> Reader:
    return Reader(
        mailbox=files.mailbox or settings.mailbox or "", client_id=settings.client_id or "", scope=settings.scope,
        file=files.credential, client_file=_secret_file(files), source=_address_key(settings),
    )  # fmt: skip


def _remedy(settings: OAuth2Settings, files: SecretFiles, code: str) -> str:
    remedies = _REMEDIES | (_OF_DELEGATION if files.mailbox else {})
    proof = f"the certificate in {files.client}" if settings.certificate else f"the secret in {_secret_file(files)}"
    words = remedies.get(code, "look this error up in the manual of the identity provider")
    told = words.format(
        file=files.credential, grant=settings.grant, mailbox=files.mailbox, proof=proof,
        renew=_CERTIFICATE if settings.certificate else _SECRET,
    )  # fmt: skip
    return told.replace("oauth2.token_endpoint", f"oauth2.{_address_key(settings)}")


def _secret_file(files: SecretFiles) -> str:
    return files.client or files.credential


def _address_key(settings: OAuth2Settings) -> str:
    return "authority" if settings.authority else "token_endpoint"


def _fits(value: str) -> bool:
    """True for a token that cannot end the line or the field it stands in (RFC 6750, section 2.1)."""
    return bool(value) and value.isascii() and value.isprintable() and " " not in value


def _life(told: object) -> float:
    """Returns the life in seconds; some endpoints write it as text."""
    text = str(told)
    return min(float(text), _LONGEST_LIFE) if re.fullmatch(r"[0-9]{1,9}", text) else _USUAL_LIFE
