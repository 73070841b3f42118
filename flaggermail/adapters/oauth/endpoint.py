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

from flaggermail.errors import LinkLost, LoginRefused
from flaggermail.settings.oauth_section import Grant, OAuth2Settings

_MOST_OCTETS = 1_000_000
_USUAL_LIFE = 600.0  # seconds, where the endpoint does not say
_LONGEST_LIFE = 86_400.0
_CODE_OF_ENTRA = re.compile(r"\bAADSTS\d{4,9}\b")
_SAFE_CODE = re.compile(r"[a-z_]{1,40}")
_TOO_MANY, _SERVER_ERROR = 429, 500

_REMEDIES = {  # RFC 6749, section 5.2
    "invalid_client": "the secret in {file} is wrong or has ended, or oauth2.client_id names another application; make "
    "a new secret in the registration of the application, and write it into that file",
    "unauthorized_client": "the application of oauth2.client_id may not use oauth2.grant {grant}; allow it in the "
    "registration of the application, or write the other grant",
    "invalid_grant": "the refresh token in {file} has ended or was withdrawn; sign in again as the account that reads "
    "the mailbox, and write the new refresh token into that file",
    "invalid_scope": "correct oauth2.scope in flaggermail.yaml, or give the application that right",
    "unsupported_grant_type": "it does not know oauth2.grant {grant}; write the other grant, or correct "
    "oauth2.token_endpoint",
    "invalid_request": "it misses something or knows no such application; correct oauth2.token_endpoint, "
    "oauth2.client_id and oauth2.scope in flaggermail.yaml",
}
_FOR_NOW = frozenset({"temporarily_unavailable", "server_error", "slow_down"})


@dataclass(frozen=True, slots=True)
class Granted:
    """What the endpoint gave: the token, its life in seconds, and perhaps a refresh token in the old one's place."""

    value: str = field(repr=False)
    life: float
    refresh_token: str | None = field(default=None, repr=False)


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """Follows no redirect: the secret goes to the configured endpoint only."""

    def redirect_request(self, *_: object) -> None:
        """Returns None, so that urllib treats the redirect as an error."""
        return


def ask(settings: OAuth2Settings, secret: str, file: str, timeout: float) -> Granted:
    """Returns a token for `secret`, which lies in `file`. Raises LoginRefused where a person must act, LinkLost else.

    `timeout` in seconds applies to each step.
    """
    form = {"grant_type": str(settings.grant), "client_id": settings.client_id, "scope": settings.scope}
    form["client_secret" if settings.grant is Grant.CLIENT_CREDENTIALS else "refresh_token"] = secret
    request = urllib.request.Request(  # noqa: S310 - the settings allow https, and http to this machine
        settings.token_endpoint,
        data=urlencode(form).encode("ascii"),
        headers={"Accept": "application/json", "User-Agent": "flaggermail"},
        method="POST",
    )
    try:
        with urllib.request.build_opener(_NoRedirects()).open(request, timeout=timeout) as answer:
            status, octets = answer.status, answer.read(_MOST_OCTETS)
    except urllib.error.HTTPError as error:
        with error:
            status, octets = error.code, _rest(error)
    except (OSError, http.client.HTTPException) as error:
        raise LinkLost(f"{_where(settings)} does not answer ({_reason(error)})") from None
    told = _document(octets)
    if status != http.client.OK:
        _refuse(settings, file, status, told)
    return _granted(settings, told)


def _rest(error: urllib.error.HTTPError) -> bytes:
    try:
        return error.read(_MOST_OCTETS)
    except (OSError, http.client.HTTPException):
        return b""


def _where(settings: OAuth2Settings) -> str:
    return f"the token endpoint at {urlsplit(settings.token_endpoint).hostname}"


def _reason(error: Exception) -> str:
    cause = error.reason if isinstance(error, urllib.error.URLError) else error
    if isinstance(cause, OSError) and cause.strerror:
        return cause.strerror
    return type(cause).__name__


def _document(octets: bytes) -> Mapping[str, object]:
    try:
        told: object = json.loads(octets)
    except (ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}


def _refuse(settings: OAuth2Settings, file: str, status: int, told: Mapping[str, object]) -> NoReturn:
    code, where = str(told.get("error", "")), _where(settings)
    if status >= _SERVER_ERROR or status == _TOO_MANY or code in _FOR_NOW:
        raise LinkLost(f"{where} cannot work now (HTTP {status})")
    if not _SAFE_CODE.fullmatch(code):
        raise LinkLost(f"{where} answers HTTP {status} without an error of OAuth2; correct oauth2.token_endpoint")
    # Of the endpoint's sentence only Entra's number is told: it could repeat what was sent.
    number = _CODE_OF_ENTRA.search(str(told.get("error_description", "")))
    named = f"{code}, {number[0]}" if number else code
    remedy = _REMEDIES.get(code, "look this error up in the manual of the identity provider")
    raise LoginRefused(f"{where} refuses a token ({named}): {remedy.format(file=file, grant=settings.grant)}")


def _granted(settings: OAuth2Settings, told: Mapping[str, object]) -> Granted:
    value, refresh = told.get("access_token"), told.get("refresh_token")
    bearer = str(told.get("token_type", "")).lower() == "bearer"
    if not isinstance(value, str) or not _fits(value) or not bearer:
        raise LinkLost(f"{_where(settings)} gives no bearer token; correct oauth2.token_endpoint")
    return Granted(value, _life(told.get("expires_in")), refresh if isinstance(refresh, str) and refresh else None)


def _fits(value: str) -> bool:
    """True for a token that cannot end the line or the field it stands in (RFC 6750, section 2.1)."""
    return bool(value) and value.isascii() and value.isprintable() and " " not in value


def _life(told: object) -> float:
    """Returns the life in seconds; some endpoints write it as text."""
    text = str(told)
    return min(float(text), _LONGEST_LIFE) if re.fullmatch(r"[0-9]{1,9}", text) else _USUAL_LIFE
