# SPDX-License-Identifier: EUPL-1.2
"""Tells somebody outside that all is well, by fetching an address: when it stays away, that one raises the alarm."""

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
    """The address is the one that was written down: a redirect is an error like any other answer."""

    def redirect_request(self, *_: object, **__: object) -> None:
        """Nowhere."""


class HttpHeartbeat:
    """Implements `ports.Heartbeat`; `address` is a secret, read at each beat and told in no answer."""

    def __init__(self, address: Callable[[], str], version: str) -> None:
        self._address = address
        self._agent = f"flaggermail/{version}"

    def beat(self) -> str:
        """GET the address once; answers why that failed, in words of ours, or nothing. Never raises."""
        try:
            return self._get(self._address())
        except ConfigurationError:
            return "its credential cannot be read"
        except urllib.error.HTTPError as answer:
            answer.close()
            return f"answer {answer.code}"
        except (OSError, HTTPException, ValueError) as fault:  # ValueError: no address
            return type(fault).__name__

    def _get(self, address: str) -> str:
        parts = urlsplit(address)
        if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.hostname or "")):
            return "its address does not begin with https://"
        request = urllib.request.Request(address, headers={"User-Agent": self._agent})  # noqa: S310 - checked above
        with urllib.request.build_opener(_NoRedirect).open(request, timeout=TIMEOUT):
            return ""
