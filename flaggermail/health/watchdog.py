# SPDX-License-Identifier: EUPL-1.2
"""Detects stuck loops for the supervisor's watchdog.

A loop regularly asks its `Interrupt` whether to stop; each question counts as progress. The watchdog is fed only as
long as every loop has made progress within its bound, so a single stuck loop starves it, however busy the others are.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Mapping

from flaggermail import logbook
from flaggermail.errors import StoreAway, StoreBusy
from flaggermail.notices import notices
from flaggermail.ports import Interrupt, JobFailure, JobReport, Supervisor
from flaggermail.record.rows import Alarm
from flaggermail.record.rows.alarms import AlarmKind, alarm, alarm_key
from flaggermail.services import Services, UnitOfWork
from flaggermail.wording.alarms import AlarmText


class LoopMonitor:
    """Tracks progress; `bounds`: longest permitted step of each loop in seconds; `monotonic` returns seconds."""

    def __init__(self, supervisor: Supervisor, bounds: Mapping[str, float], monotonic: Callable[[], float]) -> None:
        self._supervisor, self._bounds, self._monotonic = supervisor, bounds, monotonic
        self._last = dict.fromkeys(bounds, monotonic())
        self._last_alive = monotonic()

    def beat(self, loop: str) -> None:
        """Records progress of `loop`, if it is bounded. Called by the loop itself: nothing else can vouch for it."""
        if loop not in self._bounds:
            return
        now = self._last[loop] = self._monotonic()
        # Twice as often as required, because the next call may come only after a whole interval.
        if now - self._last_alive >= self._supervisor.interval / 2 and not self.stuck():
            self._last_alive = now
            self._supervisor.alive()

    def stuck(self) -> list[str]:
        """Returns the loops without progress within their bound."""
        now = self._monotonic()
        return [loop for loop, bound in self._bounds.items() if now - self._last[loop] > bound]


class WatchedStop:
    """Implements `ports.Interrupt` for one loop: forwards to `stop`, and records each question as progress."""

    def __init__(self, stop: Interrupt, pulse: LoopMonitor, loop: str) -> None:
        self._stop, self._pulse, self._loop = stop, pulse, loop

    def set(self) -> None:
        """Ends every current and later wait."""
        self._stop.set()

    def is_set(self) -> bool:
        """True if the interrupt is set."""
        self._pulse.beat(self._loop)
        return self._stop.is_set()

    def wait(self, seconds: float) -> bool:
        """Waits up to `seconds` for the interrupt; returns True if it is set."""
        self._stop.wait(seconds)
        return self.is_set()

    def fileno(self) -> int:
        """Returns a descriptor that becomes readable when the interrupt is set."""
        return self._stop.fileno()


LOGGED_AGAIN = 600.0  # seconds; a server that is slow for an hour skips a call each second


class JobFailures:
    """The failures counted so far; `monotonic` returns seconds. Reports come from several threads."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self.monotonic, self._lock = monotonic, threading.Lock()
        self._counts: Counter[tuple[str, JobFailure]] = Counter()
        self._logged: dict[tuple[str, JobFailure], float] = {}

    def count(self, report: JobReport) -> bool:
        """Counts the fault; returns True if it is to be logged, once in ten minutes for each job and kind."""
        key, now = (report.name, report.fault), self.monotonic()
        with self._lock:
            self._counts[key] += 1
            is_news = key not in self._logged or now - self._logged[key] >= LOGGED_AGAIN
            if is_news:
                self._logged[key] = now
        return is_news

    def counts(self) -> dict[str, dict[str, int]]:
        """Returns the counts by job and kind, of the jobs that had a fault, in the order of their names."""
        with self._lock:
            names = sorted({name for name, _ in self._counts})
            return {name: {fault.value: self._counts[name, fault] for fault in JobFailure} for name in names}


def tell(env: Services, name: str, *works: Callable[[Services], object]) -> list[Exception]:
    """Runs each of `works` even if others fail; returns the exceptions. `name`: of the job.

    Raises StoreAway and StoreBusy, which are no fault of the job: it is done at its next time.
    """
    failed: list[Exception] = []
    for work in works:
        try:
            work(env)
        except (StoreAway, StoreBusy):
            raise
        except Exception as error:  # noqa: BLE001 - the boundary of a job that only tells
            failed.append(error)
            _raise_alarm(env, name, error)
    return failed


def _raise_alarm(env: Services, name: str, error: Exception) -> None:
    """Logs the fault and raises an alarm, once a day for each job and type of fault."""
    fault, now = type(error).__name__, env.clock.now()
    key = alarm_key(AlarmKind.JOB_FAILED, f"{name}/{fault}/{now.astimezone(env.settings.zone).date()}")
    try:
        with env.store.read() as tx:
            if tx.get(Alarm, key) is not None:
                return
        logbook.telling_failed(name, error)
        raised = alarm(AlarmKind.JOB_FAILED, key, AlarmText.JOB(job=name, fault=fault), now)
        with env.store.begin() as tx:
            notices.raise_alarm(
                UnitOfWork(env, tx, now), raised, "flaggermail status", reach=notices.AlarmReaders.HEAD_TOO
            )
    except (StoreAway, StoreBusy):
        raise
    except Exception as second:  # noqa: BLE001 - what broke the job may break its alarm: the log has both
        logbook.telling_failed("alarm", second)
