# SPDX-License-Identifier: EUPL-1.2
"""What a loop does when the record is busy or away: its server, or the disk of an SQLite database.

Busy: its work waits for its next call, and no other loop's work does. Away: every loop leaves its work until the
database answers again. The first loop that notices begins the outage, and one probe ends it, so the log names each
outage once. A record that is busy and has let nobody renew the lease for a minute counts as away: what is left is to
keep what is in hand, and to ask whether another daemon has taken over.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from flaggermail import logbook
from flaggermail.errors import DiskFailure, LeaseHeld, StoreAway, StoreBusy, StoreFailure
from flaggermail.notices import duty, notices
from flaggermail.notices.pager_choice import alarm_text
from flaggermail.ports import Interrupt
from flaggermail.ports.servers import PAGE_TITLE
from flaggermail.record.rows.alarms import AlarmKind, alarm, alarm_key
from flaggermail.services import Services, UnitOfWork
from flaggermail.settings.rota import Officer, on_call
from flaggermail.wording.alarms import AlarmText

PROBE_EVERY = 1.0  # seconds
RELAPSED_WITHIN = 60.0  # seconds after an outage in which the next one is the same fault
LOCKED_AFTER = 60.0  # seconds without a renewal of the lease, each of which is a write
LONGEST = 300.0  # seconds until the next probe after many relapses
LONGEST_OF_DISK = 60.0  # as above: nothing but this desk asks its own disk


class OutageCause(StrEnum):
    """Why the record is unavailable, as the status prints it."""

    SERVER = "its server does not answer or refuses work"
    DISK = "its disk is full, read-only, fails or is not there"
    LOCKED = "a writer that does not end keeps it locked"


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
        self._cause = OutageCause.SERVER
        self._trouble = 0.0  # when the outage began, or the first of those that it is a relapse of
        self._busy = set[str]()  # workers that found the record busy at their last call
        self.since: datetime | None = None
        self._renewed: float | None = None  # when the lease was, last

    def met_by(self, worker: str, error: StoreAway | StoreBusy, now: datetime) -> bool:
        """Begins an outage, or leaves the work of a worker that found the record busy to its next call.

        Returns whether an outage began. Raises LeaseHeld, the one kind of busy that no waiting ends.
        """
        if isinstance(error, LeaseHeld):
            raise error
        if isinstance(error, StoreAway):
            return self.begin(
                str(error), now, OutageCause.DISK if isinstance(error, DiskFailure) else OutageCause.SERVER
            )
        if self._renewed is not None and self._monotonic() - self._renewed >= LOCKED_AFTER:
            return self.begin(str(error), now, OutageCause.LOCKED)
        if worker not in self._busy:
            self._busy.add(worker)
            logbook.record_busy(worker, str(error))
        return False

    def uptime(self) -> float:
        """Returns the present instant of the clock that nobody sets, in seconds."""
        return self._monotonic()

    def renewed(self) -> None:
        """Notes that the lease was taken or renewed."""
        self._renewed = self._monotonic()

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
        began, longest = self._began, LONGEST_OF_DISK if self.of_disk else LONGEST
        return began is not None and self._monotonic() - began >= min(longest, 2.0**self._relapses - 1)

    @property
    def of_disk(self) -> bool:
        """True while the disk of an SQLite database is the cause."""
        return self.lasts and self._cause is OutageCause.DISK

    @property
    def seconds(self) -> float:
        """How long the record has been away, relapses included; 0 if it is not."""
        return self._monotonic() - self._trouble if self.lasts else 0.0

    def begin(self, reason: str, now: datetime, cause: OutageCause = OutageCause.SERVER) -> bool:
        """Begins an outage, and logs its reason; without effect, and False, if it has begun."""
        with self._turn:
            if self._began is not None:
                return False
            at = self._monotonic()
            relapsed = self._ended is not None and at - self._ended < RELAPSED_WITHIN
            self._relapses = min(self._relapses + 1, 16) if relapsed else 0
            self._trouble = self._trouble if relapsed else at
            self._began, self.since, self._cause = at, now, cause
        logbook.database_away(reason)
        return True

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
        return f"{self._cause}{since}"


AFTER = 60.0  # seconds: a server that restarts wakes nobody
AGAIN = 3600.0  # seconds between two calls about records that come and go


class OutageCall:
    """Calls once for each outage that lasts. `observes`: whether the desk was last seen to send nothing."""

    def __init__(self, outage: Outage, observes: Callable[[], bool], monotonic: Callable[[], float]) -> None:
        self._outage, self._observes, self._monotonic = outage, observes, monotonic
        self._called: float | None = None
        self._began: datetime | None = None  # of an outage whose alarm is still to be recorded

    def may_page(self, env: Services) -> bool:
        """Sends what is due about an outage; returns whether pages can be recorded.

        Raises StoreBusy, StoreFailure.
        """
        if self._outage.lasts:
            self._call(env)
            return False
        self._record(env)
        return True

    def _call(self, env: Services) -> None:
        """Calls whoever is on call, or else the head, once the outage has lasted for a minute."""
        if self._outage.seconds < AFTER:
            return
        self._began = self._began or self._outage.since
        now = self._monotonic()
        if self._observes() or (self._called is not None and now - self._called < AGAIN):
            return
        self._called = now
        language = env.settings.desk.organisation.language
        text = alarm_text(AlarmKind.DATABASE_AWAY, None, None, language=language)
        for officer in _readers(env):
            for pager in officer.pagers:
                if env.pager.call(pager.credential, PAGE_TITLE, text).taken:
                    logbook.called_without_record(officer.id)
                    return

    def _record(self, env: Services) -> None:
        """Records the alarm about an outage that is over."""
        began = self._began
        if began is None:
            return
        with env.store.begin() as tx:
            work = UnitOfWork(env, tx, env.clock.now())
            lasted = (work.now - began) // timedelta(minutes=1)
            since = began.astimezone(env.settings.zone).isoformat(" ", "minutes")
            key = alarm_key(AlarmKind.DATABASE_BACK, began.isoformat())
            said = AlarmText.DATABASE(since=since, count=max(1, lasted))
            notices.raise_alarm(work, alarm(AlarmKind.DATABASE_BACK, key, said, work.now), "flaggermail status")
        self._began = None


def _readers(env: Services) -> list[Officer]:
    """Returns the officer on call, by the overrides too where the record can be read, and the heads."""
    rota, now = env.settings.rota, env.clock.now()
    try:
        with env.store.read() as tx:
            officer = duty.officer_on_call(UnitOfWork(env, tx, now))
    except (StoreBusy, StoreFailure):
        officer = on_call(rota, [], now)
    return [one for one in dict.fromkeys((officer, *rota.heads)) if one is not None]
