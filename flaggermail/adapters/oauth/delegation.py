# SPDX-License-Identifier: EUPL-1.2
"""Asks for a token of one mailbox with an assertion that a service account signs (RFC 7523), by google-auth."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from google.auth import crypt, jwt
from google.auth.credentials import DEFAULT_UNIVERSE_DOMAIN

from flaggermail.adapters.oauth.endpoint import Granted, SecretFiles, TokenLine, granted
from flaggermail.errors import LoginRefused
from flaggermail.settings.oauth_section import OAuth2Settings

GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
PROVIDERS_OWN = f"https://oauth2.{DEFAULT_UNIVERSE_DOMAIN}/token"
_LIFE = 600  # seconds of the assertion; the endpoint takes an hour at most


@dataclass(frozen=True, slots=True)
class _KeyFile:
    """What is read of a key file."""

    document: Mapping[str, str]
    account: str
    endpoint: str


def ask_for_mailbox(
    settings: OAuth2Settings,
    key_file: str,
    files: SecretFiles,
    line: Callable[[str], TokenLine],
    now: Callable[[], float],
) -> Granted:
    """Returns a token for the mailbox of `files`. Raises LoginRefused where a person must act, LinkLost else.

    `line` leads to an address; `now` returns the seconds since 1970.
    """
    key = _read(settings, key_file, files.credential)
    issued = int(now())
    claims = {
        "iss": key.account, "sub": files.mailbox, "scope": settings.scope, "aud": key.endpoint,
        "iat": issued, "exp": issued + _LIFE,
    }  # fmt: skip
    try:
        signer = crypt.RSASigner.from_service_account_info(key.document)
        assertion = jwt.encode(signer, claims).decode("ascii")
    except Exception as error:  # noqa: BLE001 - boundary to google-auth, whose errors may quote the key
        raise _unfit(files.credential, f"its private key cannot sign ({type(error).__name__})") from None
    to = line(key.endpoint)
    return granted(settings, files, to, to.post(key.endpoint, {"grant_type": GRANT, "assertion": assertion}))


def _read(settings: OAuth2Settings, key_file: str, file: str) -> _KeyFile:
    """Returns the key file. Raises LoginRefused for one that names an endpoint which nobody chose.

    A key file that somebody else made could otherwise have the desk sign assertions for that person.
    """
    try:
        told: object = json.loads(key_file)
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict) or told.get("type") != "service_account":
        raise _unfit(file, "it is no key file of a service account (JSON)")
    document = {str(name): str(value) for name, value in told.items()}
    account, endpoint = document.get("client_email", ""), document.get("token_uri", PROVIDERS_OWN)
    if not account or not document.get("private_key"):
        raise _unfit(file, "it names no account, or holds no private key")
    if endpoint not in {PROVIDERS_OWN, settings.token_endpoint}:
        host = urlsplit(endpoint).hostname
        raise _unfit(file, f"it sends to {host}, which neither the provider nor oauth2.token_endpoint names")
    return _KeyFile(document, account, settings.token_endpoint or endpoint)


def _unfit(file: str, why: str) -> LoginRefused:
    return LoginRefused(f"{file}: {why}; download a new key of the service account, and put it there unchanged")
