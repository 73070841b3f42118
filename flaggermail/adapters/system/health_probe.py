# SPDX-License-Identifier: EUPL-1.2
"""Measures of this machine and of the servers it talks to, for `health.findings`."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from flaggermail.adapters.files.disk import free_octets
from flaggermail.health.findings import TELLING, skew


class MachineHealthProbe:
    """Implements `ports.HealthProbe`. Each value is written by one thread and replaced as a whole."""

    def __init__(self, places: Mapping[str, Path]) -> None:
        self._places = places
        self._ends: dict[str, datetime] = {}
        self._low: timedelta | None = None
        self._high: timedelta | None = None

    def free(self) -> Mapping[str, int]:
        """Octets free where database and archive lie."""
        return free_octets(self._places)

    def certificates(self) -> Mapping[str, datetime]:
        """When the certificate of each server ends, as the last session with it showed."""
        return dict(self._ends)

    def skew(self) -> timedelta | None:
        """How far the mailbox server's clock certainly is from ours."""
        return skew(self._low, self._high)

    def arrived(self, internaldate: datetime, seen: datetime) -> None:
        """A mail in the inbox was seen for the first time."""
        if internaldate - seen >= -TELLING:
            self._low = internaldate - seen

    def returned(self, internaldate: datetime, accepted: datetime) -> None:
        """A copy of our own mail lies in the mailbox."""
        if internaldate - accepted <= TELLING:
            self._high = internaldate - accepted

    def presented(self, server: str, line: object) -> None:
        """A session with `server` began; `line` is its TLS, or anything else where there is none."""
        certificate = line.getpeercert() if isinstance(line, ssl.SSLSocket | ssl.SSLObject) else None
        ends = certificate.get("notAfter") if certificate else None
        if isinstance(ends, str):
            self._ends[server] = datetime.fromtimestamp(ssl.cert_time_to_seconds(ends), UTC)
