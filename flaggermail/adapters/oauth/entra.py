# SPDX-License-Identifier: EUPL-1.2
"""Fetches tokens from an authority of Entra with msal: a client secret, or an assertion signed with a certificate.

msal signs with PS256 and names the certificate by its SHA-256 digest (`x5t#S256`, RFC 7515, section 4.1.8), or for an
authority of AD FS with RS256 and `x5t`. It is given no cache, no file and no line of its own: each request is made with
a client that is then forgotten, so that no token is kept here but the one in `tokens.RenewingTokens`.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msal
from cryptography import x509

from flaggermail.adapters.oauth.endpoint import Granted, SecretFiles, TokenAnswer, TokenLine, granted, refuse
from flaggermail.errors import LinkLost, LoginRefused
from flaggermail.record.definition import usable
from flaggermail.settings.oauth_section import Grant, OAuth2Settings

_RESERVED = frozenset({"openid", "profile", "offline_access"})  # msal adds them itself, and refuses them as a scope
_SERVER_ERROR, _TOO_MANY, _BAD_REQUEST = 500, 429, 400

# msal describes its requests to the log; they hold nothing that this program would not say better.
logging.getLogger("msal").addHandler(logging.NullHandler())
for _name in ("msal", "msal.application", "msal.authority", "msal.token_cache", "msal.oauth2cli.oauth2"):
    logging.getLogger(_name).propagate = False


@dataclass(frozen=True, slots=True)
class ClientProof:
    """What proves the application: a secret, or a certificate and its private key (PEM)."""

    secret: str | None = field(default=None, repr=False)
    certificate: str | None = None
    private_key: str | None = field(default=None, repr=False)

    @property
    def as_msal(self) -> str | Mapping[str, str] | None:
        """The proof in the form that msal takes; None for an application without one (RFC 6749, section 2.1)."""
        if self.certificate is None or self.private_key is None:
            return self.secret
        return {"private_key": self.private_key, "public_certificate": self.certificate}


def ask_authority(
    settings: OAuth2Settings, proof: ClientProof, refresh_token: str | None, files: SecretFiles, line: TokenLine
) -> Granted:
    """Returns a token of the authority. Raises LoginRefused where a person must act, LinkLost else."""
    asked = _Asked(line)
    scopes = [scope for scope in settings.scope.split() if scope not in _RESERVED]
    with _own_words(settings, files, line):
        client = _client(settings, proof, asked)
        if settings.grant is Grant.REFRESH_TOKEN:
            client.acquire_token_by_refresh_token(refresh_token, scopes)
        else:
            client.acquire_token_for_client(scopes)
    if asked.last is None:
        raise LinkLost(f"{line.where} was not asked for a token")
    return granted(settings, files, line, asked.last)


def certificate_end(pem: str) -> datetime | None:
    """Returns when a certificate ends (RFC 5280, section 4.1.2.5); None if the text holds none."""
    try:
        return usable(x509.load_pem_x509_certificate(pem.encode()).not_valid_after_utc)
    except ValueError:
        return None


def _client(settings: OAuth2Settings, proof: ClientProof, asked: _Asked) -> Any:  # noqa: ANN401 - msal has no types
    kind = msal.PublicClientApplication if proof.as_msal is None else msal.ConfidentialClientApplication
    return kind(
        settings.client_id,
        client_credential=proof.as_msal,
        authority=settings.authority,
        http_client=asked,
        instance_discovery=False,  # which would ask a server of the provider whether the authority is one of its own
        validate_authority=False,
        enable_pii_log=False,
    )


@contextmanager
def _own_words(settings: OAuth2Settings, files: SecretFiles, line: TokenLine) -> Iterator[None]:
    """Raises an error of msal in words that repeat nothing of the request, the certificate or the key."""
    try:
        yield
    except (LinkLost, LoginRefused):
        raise
    except _Refused as refused:
        refuse(settings, files, line, refused.answer)
    except Exception as error:  # noqa: BLE001 - boundary to msal, whose errors quote what they were given
        if settings.certificate is not None:
            raise LoginRefused(
                f"{files.client}: no request can be signed with this certificate and the key of oauth2.certificate_key "
                f"({type(error).__name__}); both must be PEM, RSA, and belong together"
            ) from None
        raise LinkLost(f"{line.where} gives no answer of OAuth2 ({type(error).__name__})") from None


class _Refused(Exception):
    """The authority refuses while it is looked up, before a token is asked for."""

    def __init__(self, answer: TokenAnswer) -> None:
        super().__init__("refused")
        self.answer = answer


@dataclass(slots=True)
class _Asked:
    """The line in the form that msal takes. It passes on the form alone: no header about this machine."""

    line: TokenLine
    last: TokenAnswer | None = None  # to the request for a token

    def post(self, url: str, *, data: Mapping[str, str | bytes | None], **_: object) -> _Answered:
        """Sends a form, in which an assertion is octets. Raises LinkLost."""
        form = {
            name: value.decode("ascii") if isinstance(value, bytes) else str(value)
            for name, value in data.items()
            if value is not None
        }
        self.last = self.line.post(url, form)
        if self.last.status >= _SERVER_ERROR or self.last.status == _TOO_MANY:
            raise LinkLost(f"{self.line.where} cannot work now (HTTP {self.last.status})")
        return _Answered(self.last)

    def get(self, url: str, **_: object) -> _Answered:
        """Fetches the description of the authority. Raises LinkLost."""
        answer = self.line.get(url)
        if answer.status >= _BAD_REQUEST:
            raise _Refused(answer)
        return _Answered(answer)

    def close(self) -> None:
        """Does nothing: each request has a connection of its own."""


@dataclass(slots=True)
class _Answered:
    """An answer in the form that msal reads. Tokens are left out: `granted` reads them, msal need not keep them."""

    answer: TokenAnswer
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def status_code(self) -> int:
        """The status of HTTP."""
        return self.answer.status

    @property
    def text(self) -> str:
        """The body, without tokens."""
        told = dict(self.answer.fields)
        for name in ("access_token", "refresh_token", "id_token"):
            told.pop(name, None)
        return json.dumps(told or {"error": "no_document"})

    def raise_for_status(self) -> None:
        """Raises what msal shall raise for this status."""
        if self.answer.status >= _BAD_REQUEST:
            raise _Refused(self.answer)
