# SPDX-License-Identifier: EUPL-1.2
"""A heartbeat to an external monitor, which raises the alarm when requests to its URL stop."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Callable
from http.client import HTTPException
from urllib.parse import urlsplit

from flaggermail.errors import ConfigurationError
from flaggermail.settings.hosts import is_loopback

TIMEOUT = 10.0  # seconds


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Refuses redirects: only the configured address is called."""

    def redirect_request(self, *_: object, **__: object) -> None:
        """Returns None, so that urllib treats the redirect as an error."""


class HttpHeartbeat:
    """Implements `ports.Heartbeat`; `address` returns a secret, read at each beat and never reported."""

    def __init__(self, address: Callable[[], str], version: str) -> None:
        self._address = address
        self._agent = f"flaggermail/{version}"

    def beat(self) -> str:
        """Requests the address once; returns why that failed, in our own words, or an empty string. Never raises."""
        try:
            return self._get(self._address())
        except ConfigurationError:
            return "its credential cannot be read"
        except urllib.error.HTTPError as answer:
            answer.close()
            return f"answer {answer.code}"
        except (OSError, HTTPException, ValueError) as fault:  # ValueError: not a URL
            return type(fault).__name__

    def _get(self, address: str) -> str:
        parts = urlsplit(address)
        if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.hostname or "")):
            return "its address does not begin with https://"
        request = urllib.request.Request(address, headers={"User-Agent": self._agent})  # noqa: S310 - checked above
        with urllib.request.build_opener(_NoRedirect).open(request, timeout=TIMEOUT):
            return ""
