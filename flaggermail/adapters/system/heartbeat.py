# SPDX-License-Identifier: EUPL-1.2
"""The desk's beats over HTTP to whoever watches it from outside."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Callable
from http.client import HTTPException
from urllib.parse import urlsplit

from flaggermail.adapters.http import opener
from flaggermail.adapters.web import Deadline
from flaggermail.errors import ConfigurationError
from flaggermail.settings.yaml_files.kinds import is_loopback

TIMEOUT = 10.0  # seconds for one beat


class HttpHeartbeat:
    """Implements `ports.Heartbeat`; `address` returns a secret, read at each beat and never reported."""

    def __init__(self, address: Callable[[], str], version: str, seconds: float = TIMEOUT) -> None:
        self._address, self._seconds = address, seconds
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
        with opener(Deadline(self._seconds)).open(request, timeout=self._seconds):
            return ""
