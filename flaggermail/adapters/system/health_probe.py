# SPDX-License-Identifier: EUPL-1.2
"""Measurements of this machine and of the servers it talks to, for `health.findings`."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from flaggermail.adapters.files.disks import full_disk, full_disks
from flaggermail.adapters.tls import certificate_end
from flaggermail.health.findings import FARTHEST, TELLING, skew
from flaggermail.wording.said import Said

SET_LATELY = 3600.0  # seconds after which a clock that was set counts as right


class MachineHealthProbe:
    """Implements `ports.HealthProbe`. Thread-safe: each value has one writer and is replaced as a whole."""

    def __init__(
        self, places: Mapping[str, Path], login_certificate: Callable[[], datetime | None] = lambda: None,
        lead: Callable[[], timedelta] | None = None, archive: Callable[[], Said] | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        """`lead`: how far the wall's clock is ahead of one that nobody sets."""
        self._places, self._login_certificate = places, login_certificate
        self._lead, self._archive, self._monotonic = lead, archive, monotonic
        self._leads = deque([(monotonic(), lead())]) if lead else deque[tuple[float, timedelta]]()
        self._expiry: dict[str, datetime] = {}
        self._low: timedelta | None = None  # by the server's clock and one that nobody sets, like the next
        self._high: timedelta | None = None
        self._ahead: datetime | None = None

    def free(self) -> Mapping[str, int]:
        """Returns the free octets where database and archive are stored."""
        return free_octets(self._places)

    def full(self) -> Sequence[str]:
        """Returns a sentence for each disk without room that database or archive are on."""
        return [found.text for found in full_disks(self._places)]

    def is_full(self, place: str) -> bool:
        """True if the disk of that place has no room left."""
        return place in self._places and full_disk(self._places[place]) is not None

    def certificates(self) -> Mapping[str, datetime]:
        """Returns when the certificate of each server expires, as seen in the last session with it."""
        return dict(self._expiry)

    def login_certificate(self) -> datetime | None:
        """Returns when the certificate ends with which the desk logs in, read anew."""
        return self._login_certificate()

    def skew(self) -> timedelta | None:
        """Returns a lower bound of the mailbox server's clock skew: from our clock as it is now, set or not."""
        low, high = (None if bound is None else bound - self._lead_now() for bound in (self._low, self._high))
        return skew(low, high)

    def dated_ahead(self) -> datetime | None:
        """Returns when a mail was last seen in the inbox that is dated later than that."""
        return self._ahead

    def archive(self) -> Said | None:
        """Returns why the archive cannot be used, unsaid if it can; None if nobody looks."""
        return None if self._archive is None else self._archive()

    def leap(self) -> timedelta | None:
        """Returns by how much the clock was set in the last hour, or since the start if that was later."""
        if self._lead is None:
            return None
        now = self._monotonic()
        self._leads.append((now, self._lead()))
        while len(self._leads) > 1 and now - self._leads[1][0] > SET_LATELY:  # leaves the last one before that hour
            self._leads.popleft()
        return self._leads[-1][1] - self._leads[0][1]

    def arrived(self, internaldate: datetime, seen: datetime) -> None:
        """Records that a mail was seen in the inbox for the first time. More than a day is no clock's error."""
        ahead = internaldate - seen
        if ahead > TELLING:
            self._ahead = seen
        if -TELLING <= ahead <= FARTHEST:
            self._low = ahead + self._lead_now()

    def returned(self, internaldate: datetime, accepted: datetime) -> None:
        """Records that a copy of our own mail was found in the mailbox."""
        if internaldate - accepted <= TELLING:
            self._high = internaldate - accepted + self._lead_now()

    def _lead_now(self) -> timedelta:
        return self._lead() if self._lead else timedelta(0)

    def presented(self, server: str, line: object) -> None:
        """Records the certificate of a session with `server`; `line` without TLS is ignored."""
        ends = certificate_end(line)
        if ends is not None:
            self._expiry[server] = ends


def places(database: Path | None, archive: Path) -> dict[str, Path]:
    """Returns the paths that need space, by name; a database that is not a file is not ours to watch."""
    return {"archive": archive} | ({"database": database} if database is not None else {})


def free_octets(where: Mapping[str, Path]) -> dict[str, int]:
    """Returns the octets this account may still write at each path; paths that cannot be queried are left out."""
    found = {}
    for name, path in where.items():
        try:
            room = os.statvfs(path if path.exists() else path.parent)
        except OSError:
            continue
        found[name] = room.f_bavail * room.f_frsize
    return found
