# SPDX-License-Identifier: EUPL-1.2
"""Keeps little memory that nothing uses: settings of glibc's allocator (mallopt(3), malloc_trim(3)).

Another C library has none of them: there nothing is done.
"""

from __future__ import annotations

import ctypes
import math
import os
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

from flaggermail.adapters.files.blob_store import full_disk, full_disks
from flaggermail.adapters.tls import certificate_end
from flaggermail.health.findings import FARTHEST, TELLING, skew
from flaggermail.ports import ClockDoubt
from flaggermail.wording.said import StoredText

# malloc.h; mallopt(3) has no other names for them
_M_MMAP_THRESHOLD, _M_ARENA_MAX = -3, -8
ARENAS = 2
"""Pools of memory. By default each thread gets one, and what a thread frees stays in its own."""
LARGE = 128 * 1024
"""Octets from which a block goes back to the system once it is free. By default this grows to 32 MiB with the mails."""


def keep_little(arenas: int = ARENAS) -> bool:
    """Sets the allocator of this process, which waits most of the time; True if it could."""
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError):
        return False
    return bool(mallopt(_M_ARENA_MAX, arenas)) and bool(mallopt(_M_MMAP_THRESHOLD, LARGE))


def give_back() -> None:
    """Gives free memory back to the system; takes some milliseconds."""
    try:
        trim = ctypes.CDLL(None).malloc_trim
    except (AttributeError, OSError):
        return
    trim(0)


SET_LATELY = 3600.0  # seconds after which a clock that was set counts as right
_EVEN = timedelta(seconds=10)  # in that time a time service slews a clock by less
_WITNESS, _AGREES = 24 * 3600.0, timedelta(minutes=10)  # how long what another machine said counts, and how near it is


class MachineHealthProbe:
    """Implements `ports.HealthProbe`. Thread-safe: each value has one writer and is replaced as a whole."""

    def __init__(
        self, places: Mapping[str, Path], login_certificate: Callable[[], datetime | None] = lambda: None,
        lead: Callable[[], timedelta] | None = None, archive: Callable[[], StoredText] | None = None,
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
        self._began = monotonic()
        self._witness: tuple[float, timedelta] | None = None  # when another machine agreed, and its lead then

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

    def archive(self) -> StoredText | None:
        """Returns why the archive cannot be used, unsaid if it can; None if it is not watched."""
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

    def clock_doubt(self) -> ClockDoubt | None:
        """Returns why nothing may be destroyed by this machine's clock; None if it may, or if nothing is known."""
        leap, now, witness = self.leap(), self._monotonic(), self._witness
        if leap is None:
            return None
        if abs(leap) > _EVEN or now - self._began < SET_LATELY:
            return ClockDoubt.UNEVEN
        agrees = witness is not None and now - witness[0] <= _WITNESS and abs(witness[1] - self._lead_now()) <= _AGREES
        return None if agrees else ClockDoubt.ALONE

    def arrived(self, internaldate: datetime, seen: datetime) -> None:
        """Records that a mail was seen in the inbox for the first time. More than a day is no clock's error."""
        ahead = internaldate - seen
        self._note_agreeing(ahead)
        if ahead > TELLING:
            self._ahead = seen
        if -TELLING <= ahead <= FARTHEST:
            self._low = ahead + self._lead_now()

    def returned(self, internaldate: datetime, accepted: datetime) -> None:
        """Records that a copy of our own mail was found in the mailbox."""
        self._note_agreeing(internaldate - accepted)
        if internaldate - accepted <= TELLING:
            self._high = internaldate - accepted + self._lead_now()

    def _note_agreeing(self, ahead: timedelta) -> None:
        if abs(ahead) <= _AGREES:  # else our clock is wrong, or the mail was delayed or moved
            self._witness = self._monotonic(), ahead + self._lead_now()

    def _lead_now(self) -> timedelta:
        return self._lead() if self._lead else timedelta(0)

    def presented(self, server: str, line: object) -> None:
        """Records the certificate of a session with `server`; `line` without TLS is ignored."""
        ends = certificate_end(line)
        if ends is not None:
            self._expiry[server] = ends


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


_ABSTRACT = "@"  # stands for the leading zero octet of an abstract socket name (unix(7))


class SystemdSupervisor:
    """Implements `ports.Supervisor` with systemd's variables (sd_notify(3), sd_watchdog_enabled(3)).

    Several threads report; after `stopping` nothing more is sent.
    """

    def __init__(self, variables: Mapping[str, str]) -> None:
        address = variables.get("NOTIFY_SOCKET", "")
        self._address = "\0" + address[1:] if address.startswith(_ABSTRACT) else address
        self._interval = _interval(variables)
        self._turn = threading.Lock()
        self._stopping = False

    @property
    def interval(self) -> float:
        """Half the manager's watchdog timeout in seconds, as sd_watchdog_enabled(3) recommends."""
        return self._interval

    def ready(self) -> None:
        """Sends READY=1: units ordered after this one may start."""
        self._say("READY=1")

    def status(self, text: str) -> None:
        """Sends STATUS=, the text that `systemctl status` shows."""
        self._say("STATUS=" + " ".join(text.split()))  # a line break would start another assignment

    def alive(self) -> None:
        """Sends WATCHDOG=1, which resets the manager's watchdog timeout."""
        self._say("WATCHDOG=1")

    def stopping(self) -> None:
        """Sends STOPPING=1; the unit's TimeoutStopSec limits the time left."""
        self._say("STOPPING=1", last=True)

    def _say(self, assignment: str, *, last: bool = False) -> None:
        with self._turn:
            if not self._address or self._stopping:
                return
            self._stopping = last
            with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as line:
                line.settimeout(0)
                line.sendto(assignment.encode("utf-8", "replace"), self._address)


def _interval(variables: Mapping[str, str]) -> float:
    if variables.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return math.inf  # meant for a parent process
    asked = variables.get("WATCHDOG_USEC", "")
    return int(asked) / 2_000_000 if asked.isascii() and asked.isdigit() and int(asked) else math.inf
