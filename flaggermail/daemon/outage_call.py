# SPDX-License-Identifier: EUPL-1.2
"""Tells somebody that the record is away: by a pager at once, which no row can ask for, and by an alarm afterwards."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from flaggermail import logbook
from flaggermail.daemon.outage import Outage
from flaggermail.errors import StoreBusy, StoreFault
from flaggermail.notices import duty, notices
from flaggermail.notices.pager_choice import alarm_text
from flaggermail.ports.servers import PAGE_TITLE
from flaggermail.record.alarms import AlarmKind, alarm, alarm_key
from flaggermail.services import Services, UnitOfWork
from flaggermail.settings.rota import Officer, on_call
from flaggermail.wording.alarms import AlarmText

AFTER = 60.0  # seconds: a server that restarts wakes nobody
AGAIN = 3600.0  # seconds between two calls about records that come and go


class OutageCall:
    """Calls once for each outage that lasts. `observes`: whether the desk was last seen to send nothing."""

    def __init__(self, outage: Outage, observes: Callable[[], bool], monotonic: Callable[[], float]) -> None:
        self._outage, self._observes, self._monotonic = outage, observes, monotonic
        self._called: float | None = None
        self._began: datetime | None = None  # of an outage whose alarm is still to be recorded

    def may_page(self, env: Services) -> bool:
        """Tells what is to be told of an outage; returns whether pages can be recorded.

        Raises StoreBusy, StoreFault.
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
    except (StoreBusy, StoreFault):
        officer = on_call(rota, [], now)
    return [one for one in dict.fromkeys((officer, *rota.heads)) if one is not None]
