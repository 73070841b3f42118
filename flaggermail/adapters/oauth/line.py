# SPDX-License-Identifier: EUPL-1.2
"""One request to a token endpoint: to its own address alone, through no proxy that the configuration does not name."""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit

from flaggermail.adapters.deadline import Deadline
from flaggermail.adapters.web import opener
from flaggermail.errors import LinkLost

_MOST_OCTETS = 1_000_000
_PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True)
class TokenAnswer:
    """The status of HTTP, and the octets of the body."""

    status: int
    octets: bytes

    @property
    def told(self) -> Mapping[str, object]:
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
