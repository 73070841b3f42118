# SPDX-License-Identifier: EUPL-1.2
"""A ticker built on APScheduler. It only triggers calls: due work is stored in rows, so a crash loses nothing.

By default APScheduler drops a call that is one second late. Here a late call runs once, however late. Its events report
what did not go as scheduled; its jobs are kept in memory, because a deadline belongs in the database.

APScheduler knows the wall's clock alone: set back by an hour, it waited for an hour, and set forward by years, it made
up each second of them. So it looks once a second by a clock that nobody sets, and when the two differ from before, the
calls of `every` and `once` move with the wall's. That is done where APScheduler asks which calls are due by an instant
that it has read: in between, no step of the clock passes unseen.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta, tzinfo

from apscheduler.events import (
    EVENT_JOB_ERROR,
    EVENT_JOB_MAX_INSTANCES,
    EVENT_JOB_MISSED,
    EVENT_JOB_SUBMITTED,
    JobExecutionEvent,
    JobSubmissionEvent,
)
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.job import Job
from apscheduler.jobstores.memory import MemoryJobStore
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.combining import OrTrigger
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.date import DateTrigger
from apscheduler.triggers.interval import IntervalTrigger

from flaggermail.adapters.system.clock import clock_lead
from flaggermail.ports import JobFailure, JobReport, WallTime

LATE = timedelta(seconds=30)  # a call begun later than this after its time counts as missed
LOOK = 1.0  # seconds between two looks at the clocks, at most
_LEAP = timedelta(seconds=0.2)  # less is two looks that a busy machine took apart, or a clock that is slewed
_THREADS = 32  # more threads than jobs: no job waits for one that waits for a server


class _Scheduler(BackgroundScheduler):  # type: ignore[misc] # apscheduler has no types
    """Looks once a second by the monotonic clock."""

    def _process_jobs(self) -> float:
        wait: float | None = super()._process_jobs()
        return LOOK if wait is None else min(wait, LOOK)


class _Jobs(MemoryJobStore):  # type: ignore[misc] # as above
    """Gives no due call by an instant that the clock has left since; `followed`: whether the clock was set."""

    def __init__(self, followed: Callable[[], bool]) -> None:
        super().__init__()
        self._followed = followed

    def get_due_jobs(self, now: datetime) -> list[Job]:
        return [] if self._followed() else super().get_due_jobs(now)


class SchedulerTicker:
    """Implements `ports.Ticker`."""

    def __init__(self) -> None:
        self._lead = clock_lead()
        self._pool = ThreadPoolExecutor(_THREADS)
        self._scheduler = _Scheduler(
            jobstores={"default": _Jobs(self._followed_the_clock)},
            executors={"default": self._pool},
            job_defaults={"coalesce": True, "misfire_grace_time": None, "max_instances": 1},
            timezone="UTC",
        )
        # Its warning about a call that still runs comes once a second while a server is slow. The event of it is
        # reported instead, with the job's name.
        logging.getLogger("apscheduler.scheduler").setLevel(logging.ERROR)

    def listen(self, told: Callable[[JobReport], None]) -> None:
        """Calls `told` about each fault of a job, in the thread in which it was noticed."""

        def submitted(event: JobSubmissionEvent) -> None:
            late = self._late(max(event.scheduled_run_times))
            if late > LATE:
                told(JobReport(JobFailure.MISSED, event.job_id, late))

        def skipped(event: JobSubmissionEvent) -> None:
            told(JobReport(JobFailure.OVERLAPPED, event.job_id))

        def missed(event: JobExecutionEvent) -> None:
            told(JobReport(JobFailure.MISSED, event.job_id, self._late(event.scheduled_run_time)))

        def failed(event: JobExecutionEvent) -> None:
            told(JobReport(JobFailure.FAILED, event.job_id, error=event.exception))

        self._scheduler.add_listener(submitted, EVENT_JOB_SUBMITTED)
        self._scheduler.add_listener(skipped, EVENT_JOB_MAX_INSTANCES)
        self._scheduler.add_listener(missed, EVENT_JOB_MISSED)
        self._scheduler.add_listener(failed, EVENT_JOB_ERROR)

    def every(self, seconds: float, name: str, work: Callable[[], None]) -> None:
        """Calls `work` every `seconds` once the ticker has started."""
        self._scheduler.add_job(work, IntervalTrigger(seconds=seconds, timezone=UTC), id=name, name=name)

    def at(self, times: Sequence[WallTime], zone: tzinfo, name: str, work: Callable[[], None]) -> None:
        """Calls `work` at these times of day in `zone`."""
        self._scheduler.add_job(work, wall_clock(times, zone), id=name, name=name)

    def once(self, seconds: float, name: str, work: Callable[[], None]) -> None:
        """Calls `work` once, in `seconds`; replaces a call of that name that has not begun."""
        when = DateTrigger(datetime.now(UTC) + timedelta(seconds=seconds), UTC)
        # Two instances, because the call itself may plan the next one before it ends.
        self._scheduler.add_job(work, when, id=name, name=name, replace_existing=True, max_instances=2)

    def _late(self, planned: datetime) -> timedelta:
        """Returns how long ago a call was due, by the clock as it was when that was found out."""
        now = datetime.now(UTC)  # first: a step between the two makes a call early, not late
        return now - (clock_lead() - self._lead) - planned

    def _followed_the_clock(self) -> bool:
        """Moves the planned calls with the wall's clock, if that was set since the last look; returns whether it was.

        A time of day that was leapt over is due at once; one that comes again is met again.
        """
        before, self._lead = self._lead, clock_lead()
        leap = self._lead - before
        if abs(leap) < _LEAP:
            return False
        now = datetime.now(UTC)
        for job in self._scheduler.get_jobs():
            if not isinstance(job.trigger, OrTrigger):
                job.modify(next_run_time=job.next_run_time + leap)
            elif job.next_run_time <= now:  # from now on, or each hour of the years between is counted
                job.modify(next_run_time=now)
            elif leap < timedelta(0):
                job.modify(next_run_time=job.trigger.get_next_fire_time(None, now))
        return True

    def start(self) -> None:
        """Starts the calls."""
        self._scheduler.start()

    def stop(self, deadline: float) -> bool:
        """Stops the ticker and waits up to `deadline` seconds for running calls; returns True if all of them ended."""
        self._scheduler.pause()  # no call begins after this
        # Waits for the scheduler's own thread: a shutdown while that thread removes a job makes it fail.
        self._scheduler.get_jobs()
        self._scheduler.shutdown(wait=False)
        # Waited for outside the scheduler, which would hold its locks meanwhile: a running call may plan another.
        ending = threading.Thread(target=self._pool.shutdown, name="end of the ticker", daemon=True)
        ending.start()
        ending.join(deadline)
        return not ending.is_alive()


def wall_clock(times: Sequence[WallTime], zone: tzinfo) -> OrTrigger:
    """Returns the trigger for these times of day in `zone`, at least one.

    A time that a clock change skips is kept at the offset before it; a time that occurs twice is met twice.
    """
    return OrTrigger(
        [
            CronTrigger(
                day_of_week="*" if at.weekday is None else at.weekday,
                hour="*" if at.hour is None else at.hour,
                minute=at.minute,
                second=0,
                timezone=zone,
            )
            for at in times
        ]
    )
