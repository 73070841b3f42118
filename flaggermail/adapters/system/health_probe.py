# SPDX-License-Identifier: EUPL-1.2
"""Measurements of this machine and of the servers it talks to, for `health.findings`."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from flaggermail.adapters.files.disk import free_octets
from flaggermail.health.findings import TELLING, skew


class MachineHealthProbe:
    """Implements `ports.HealthProbe`. Thread-safe: each value has one writer and is replaced as a whole."""

    def __init__(self, places: Mapping[str, Path]) -> None:
        self._places = places
        self._expiry: dict[str, datetime] = {}
        self._low: timedelta | None = None
        self._high: timedelta | None = None

    def free(self) -> Mapping[str, int]:
        """Returns the free octets where database and archive are stored."""
        return free_octets(self._places)

    def certificates(self) -> Mapping[str, datetime]:
        """Returns when the certificate of each server expires, as seen in the last session with it."""
        return dict(self._expiry)

    def skew(self) -> timedelta | None:
        """Returns a lower bound of the mailbox server's clock skew."""
        return skew(self._low, self._high)

    def arrived(self, internaldate: datetime, seen: datetime) -> None:
        """Records that a mail was seen in the inbox for the first time."""
        if internaldate - seen >= -TELLING:
            self._low = internaldate - seen

    def returned(self, internaldate: datetime, accepted: datetime) -> None:
        """Records that a copy of our own mail was found in the mailbox."""
        if internaldate - accepted <= TELLING:
            self._high = internaldate - accepted

    def presented(self, server: str, line: object) -> None:
        """Records the certificate of a session with `server`; `line` without TLS is ignored."""
        certificate = line.getpeercert() if isinstance(line, ssl.SSLSocket | ssl.SSLObject) else None
        ends = certificate.get("notAfter") if certificate else None
        if isinstance(ends, str):
            self._expiry[server] = datetime.fromtimestamp(ssl.cert_time_to_seconds(ends), UTC)
