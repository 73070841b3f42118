# SPDX-License-Identifier: EUPL-1.2
"""What a loop does when the record is busy or away.

Busy: its work waits for its next call, and no other loop's work does. Away: every loop leaves its work until the
database answers again. The first loop that notices begins the outage, and one probe ends it, so the log names each
outage once. A record that is busy until the time of the lease is over counts as away: what is left is to keep what is
in hand, and to ask whether another daemon has taken over.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

from flaggermail import logbook
from flaggermail.errors import LeaseHeld, StoreAway, StoreBusy
from flaggermail.ports import Interrupt

PROBE_EVERY = 1.0  # seconds
RELAPSED_WITHIN = 60.0  # seconds after an outage in which the next one is the same fault
LONGEST = 300.0  # seconds until the next probe after many relapses


class Outage:
    """Thread-safe.

    A fault that spares the probe, such as a disk with room for small rows only, returns at once: each relapse doubles
    the wait before the next probe.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic, self._turn = monotonic, threading.Lock()
        self._began: float | None = None
        self._ended: float | None = None
        self._relapses = 0
        self._locked = False  # by a writer that does not end
        self._busy = set[str]()  # workers that found the record busy at their last call
        self.since: datetime | None = None
        self.lease_until: datetime | None = None

    def met_by(self, worker: str, error: StoreAway | StoreBusy, now: datetime) -> None:
        """Begins an outage, or leaves the work of a worker that found the record busy to its next call.

        Raises LeaseHeld, the one kind of busy that no waiting ends.
        """
        if isinstance(error, LeaseHeld):
            raise error
        if isinstance(error, StoreAway):
            self.begin(str(error), now)
        elif self.lease_until is not None and now >= self.lease_until:
            self.begin(str(error), now, locked=True)
        elif worker not in self._busy:
            self._busy.add(worker)
            logbook.record_busy(worker, str(error))

    def worked(self, worker: str) -> None:
        """Notes that a worker found the record neither busy nor away."""
        self._busy.discard(worker)

    @property
    def lasts(self) -> bool:
        """True while the database is away."""
        return self._began is not None

    @property
    def may_be_over(self) -> bool:
        """True if it is time to ask the database whether it answers again."""
        began = self._began
        return began is not None and self._monotonic() - began >= min(LONGEST, 2.0**self._relapses - 1)

    def begin(self, reason: str, now: datetime, *, locked: bool = False) -> None:
        """Begins an outage, and logs its reason; without effect if it has begun. `locked`: see `words`."""
        with self._turn:
            if self._began is not None:
                return
            at = self._monotonic()
            relapsed = self._ended is not None and at - self._ended < RELAPSED_WITHIN
            self._relapses = min(self._relapses + 1, 16) if relapsed else 0
            self._began, self.since, self._locked = at, now, locked
        logbook.database_away(reason)

    def end(self) -> None:
        """Ends the outage, and logs its length; without effect if there is none."""
        with self._turn:
            began, self._began = self._began, None
            if began is None:
                return
            self._ended, self.since = self._monotonic(), None
            lasted = self._ended - began
        logbook.database_back(lasted)

    def wait(self, stop: Interrupt) -> None:
        """Waits until the outage has ended or `stop` is set."""
        while self.lasts and not stop.wait(PROBE_EVERY):
            pass

    def words(self, zone: ZoneInfo) -> str:
        """Describes the outage for the status, which every account may read."""
        since = f" since {self.since.astimezone(zone):%H:%M}" if self.since else ""
        what = (
            "a writer that does not end keeps it locked"
            if self._locked
            else "its server does not answer or refuses work"
        )
        return f"{what}{since}"
