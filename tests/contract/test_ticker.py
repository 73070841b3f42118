# SPDX-License-Identifier: EUPL-1.2
"""The ticker drops no call, reports what did not go as scheduled, and ends within its deadline."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from types import ModuleType
from zoneinfo import ZoneInfo

import pytest
from apscheduler.schedulers import base
from apscheduler.triggers import date, interval

from flaggermail.adapters.system import ticker as module
from flaggermail.adapters.system.ticker import SchedulerTicker, wall_clock
from flaggermail.ports import JobFailure, JobReport, WallTime
from tests.patience import PATIENCE

AMSTERDAM = ZoneInfo("Europe/Amsterdam")


class Told:
    """Remembers the reports, and wakes the test at the first of the awaited kind."""

    def __init__(self, awaited: JobFailure) -> None:
        self.reports: list[JobReport] = []
        self._awaited, self.heard = awaited, threading.Event()

    def __call__(self, report: JobReport) -> None:
        """Remembers the report."""
        self.reports.append(report)
        if report.fault is self._awaited:
            self.heard.set()

    def of(self, fault: JobFailure) -> list[JobReport]:
        """Returns the reports of a kind; a busy machine adds others, of calls that it took long to make."""
        return [report for report in self.reports if report.fault is fault]


@pytest.fixture
def ticker() -> Iterator[SchedulerTicker]:
    """Returns a ticker that is stopped after the test."""
    made = SchedulerTicker()
    yield made
    made.stop(PATIENCE)


def test_an_error_is_reported_with_the_name_of_its_job(ticker: SchedulerTicker) -> None:
    """A call that raises is reported with its error, and the job goes on."""
    told, again = Told(JobFailure.FAILED), threading.Event()
    calls: list[int] = []

    def work() -> None:
        calls.append(1)
        if len(calls) > 1:
            again.set()
        raise ValueError("broken")

    ticker.listen(told)
    ticker.every(0.02, "outbox", work)
    ticker.start()
    assert told.heard.wait(PATIENCE)
    assert again.wait(PATIENCE)
    first = told.of(JobFailure.FAILED)[0]
    assert (first.name, str(first.error)) == ("outbox", "broken")


def test_a_call_that_still_runs_is_reported_as_overlapped(ticker: SchedulerTicker) -> None:
    """The next call of a job that still runs is skipped, and reported."""
    told, end = Told(JobFailure.OVERLAPPED), threading.Event()
    running: list[int] = []

    def work() -> None:
        running.append(1)
        end.wait(PATIENCE)

    ticker.listen(told)
    ticker.every(0.02, "outbox", work)
    ticker.start()
    assert told.heard.wait(PATIENCE)
    assert len(running) == 1
    end.set()
    assert told.of(JobFailure.OVERLAPPED)[0] == JobReport(JobFailure.OVERLAPPED, "outbox")


def test_a_missed_call_runs_late_and_is_reported(ticker: SchedulerTicker, monkeypatch: pytest.MonkeyPatch) -> None:
    """A call whose time passed before the scheduler could make it runs once, and is reported as missed."""
    told, ran = Told(JobFailure.MISSED), threading.Event()
    monkeypatch.setattr(module, "LATE", timedelta(0))
    ticker.listen(told)
    ticker.once(-3600, "clean-up", ran.set)
    ticker.start()
    assert ran.wait(PATIENCE)
    assert told.heard.wait(PATIENCE)
    first = told.of(JobFailure.MISSED)[0]
    assert first.name == "clean-up"
    assert first.late > timedelta(minutes=59)


def test_a_call_may_plan_itself_anew(ticker: SchedulerTicker) -> None:
    """A call planned by the running call of the same name is made while that still runs, and counts as no overlap."""
    told, again = Told(JobFailure.OVERLAPPED), threading.Event()
    calls: list[int] = []

    def work() -> None:
        calls.append(1)
        if len(calls) > 1:
            again.set()
        else:
            ticker.once(0.0, "hint", work)
            again.wait(1.0)

    ticker.listen(told)
    ticker.start()
    ticker.once(0.01, "hint", work)
    assert again.wait(PATIENCE)
    assert not told.of(JobFailure.OVERLAPPED)


def test_a_later_plan_replaces_the_earlier_one(ticker: SchedulerTicker) -> None:
    """Only the last call planned under a name is made."""
    calls, done, planned = list[str](), threading.Event(), False
    ticker.start()
    while not planned:
        calls.clear()
        began = time.monotonic()
        ticker.once(0.3, "hint", lambda: calls.append("first"))
        ticker.once(0.1, "hint", lambda: calls.append("second"))
        planned = time.monotonic() - began < 0.3  # otherwise the first was due before it was replaced
    ticker.once(0.6, "end", done.set)
    assert done.wait(PATIENCE)
    assert calls == ["second"]


@pytest.mark.parametrize("plans", [False, True])
def test_the_stop_waits_for_running_calls_up_to_its_deadline(*, plans: bool) -> None:
    """A stop waits for a running call, also for one that plans another meanwhile; beyond its deadline it says so."""
    ticker, begun, end = SchedulerTicker(), threading.Event(), threading.Event()

    def work() -> None:
        begun.set()
        end.wait(PATIENCE)
        if plans:
            ticker.once(1.0, "hint", work)

    ticker.once(0.0, "outbox", work)
    ticker.start()
    assert begun.wait(PATIENCE)
    threading.Timer(0.1, end.set).start()
    assert ticker.stop(PATIENCE)


def test_a_call_that_does_not_end_outlasts_the_stop() -> None:
    """A stop returns False at its deadline while a call still runs."""
    ticker, begun, end = SchedulerTicker(), threading.Event(), threading.Event()

    def work() -> None:
        begun.set()
        end.wait(PATIENCE)

    ticker.every(0.02, "outbox", work)
    ticker.start()
    assert begun.wait(PATIENCE)
    assert not ticker.stop(0.1)
    end.set()


class WallClock:
    """The wall's clock of this process, which a test sets by `ahead`; the monotonic clock goes on as it did."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.ahead = timedelta(0)
        clock, true_time, true_now = self, time.time, datetime.now

        class Shown(datetime):
            @classmethod
            def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override] # a datetime, not a Shown
                return true_now(tz) + clock.ahead

        modules: tuple[ModuleType, ...] = (base, date, interval, module)
        for each in modules:
            patch.setattr(each, "datetime", Shown)
        patch.setattr(time, "time", lambda: true_time() + self.ahead.total_seconds())


@pytest.mark.parametrize("leap", [timedelta(hours=-1), timedelta(hours=1), timedelta(days=26 * 365)], ids=str)
def test_calls_go_on_while_the_clock_is_set(
    ticker: SchedulerTicker, monkeypatch: pytest.MonkeyPatch, leap: timedelta
) -> None:
    """A clock set back delays no call; one set forward by years, as when a machine starts, makes up for none."""
    clock, told, calls, hinted = WallClock(monkeypatch), Told(JobFailure.MISSED), list[float](), list[float]()
    ran, again, once = threading.Event(), threading.Event(), threading.Event()

    def hint() -> None:
        hinted.append(time.monotonic())
        once.set()

    def work() -> None:
        calls.append(time.monotonic())
        ran.set()
        if clock.ahead:
            again.set()

    ticker.listen(told)
    ticker.every(0.05, "outbox", work)
    planned = time.monotonic()
    ticker.once(2.0, "hint", hint)
    ticker.start()
    assert ran.wait(PATIENCE)
    clock.ahead = leap
    assert again.wait(PATIENCE)
    assert once.wait(PATIENCE)
    assert hinted[0] - planned > 1.0  # not early by an hour
    assert len(calls) <= 2 * (time.monotonic() - planned) / 0.05 + 2  # twenty a second, before and after
    assert not told.of(JobFailure.MISSED)


@pytest.mark.parametrize("leap", [timedelta(hours=-1), timedelta(hours=1)], ids=str)
@pytest.mark.parametrize("seen", [True, False], ids=["before", "after"])
def test_a_step_at_the_very_look_makes_no_call_early_or_late(
    ticker: SchedulerTicker, monkeypatch: pytest.MonkeyPatch, leap: timedelta, *, seen: bool
) -> None:
    """The clock is set just before, or just after, the scheduler reads it to find the calls that are due."""
    clock, told, calls, early = WallClock(monkeypatch), Told(JobFailure.MISSED), list[float](), threading.Event()
    armed, again = threading.Event(), threading.Event()

    class Stepping(base.datetime):  # type: ignore[misc] # WallClock has put its own there
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:
            read: datetime = super().now(tz)
            if armed.is_set() and not clock.ahead and tz is not None:
                clock.ahead = leap
                return super().now(tz) if seen else read
            return read

    def work() -> None:
        calls.append(time.monotonic())
        if clock.ahead:
            again.set()
        elif len(calls) == 3:
            armed.set()

    monkeypatch.setattr(base, "datetime", Stepping)
    ticker.listen(told)
    ticker.every(0.2, "outbox", work)
    ticker.once(600.0, "hint", early.set)
    ticker.start()
    assert again.wait(PATIENCE)
    again.clear()
    assert again.wait(PATIENCE)
    assert not early.is_set()
    assert not told.of(JobFailure.MISSED)


def test_a_time_of_day_follows_the_clock_that_was_set(ticker: SchedulerTicker, monkeypatch: pytest.MonkeyPatch) -> None:
    """A time of day that was leapt over is met at once; after a step back it is met when it comes again."""
    clock, met, shown = WallClock(monkeypatch), threading.Event(), list[datetime]()
    soon = datetime.now(UTC) + timedelta(minutes=5)

    def meet() -> None:
        shown.append(datetime.now(UTC) + clock.ahead)
        met.set()

    ticker.at([WallTime(hour=soon.hour, minute=soon.minute)], UTC, "clean-up", meet)
    ticker.start()
    clock.ahead = timedelta(minutes=10)
    assert met.wait(PATIENCE)
    met.clear()
    soon = soon.replace(second=0, microsecond=0)
    clock.ahead = soon - datetime.now(UTC) - timedelta(seconds=3)
    assert met.wait(PATIENCE)
    assert [at >= soon for at in shown] == [True, True]


def instants(times: list[WallTime], begins: datetime, count: int) -> list[datetime]:
    """Returns the next instants of the trigger in UTC, each asked for a moment after the one before."""
    trigger, previous, now, found = wall_clock(times, AMSTERDAM), None, begins, list[datetime]()
    for _ in range(count):
        previous = trigger.get_next_fire_time(previous, now)
        found.append(previous.astimezone(UTC))
        now = found[-1] + timedelta(milliseconds=3)
    return found


@pytest.mark.parametrize("night", [datetime(2026, 3, 28, 20, tzinfo=UTC), datetime(2026, 10, 24, 20, tzinfo=UTC)])
def test_hourly_work_keeps_its_hour_in_the_nights_of_a_clock_change(night: datetime) -> None:
    """Work at half past each hour is called every sixty minutes, at both changes of the clock."""
    found = instants([WallTime(minute=30)], night, 12)
    assert found == [night + timedelta(minutes=30 + 60 * n) for n in range(12)]


def test_a_skipped_time_is_called_at_its_old_offset_and_a_repeated_one_twice() -> None:
    """02:30 is called at 03:30 summer time on 29 March 2026, and at both of its instants on 25 October 2026."""
    weekly = [WallTime(weekday=6, hour=2, minute=30)]
    assert instants(weekly, datetime(2026, 3, 28, 20, tzinfo=UTC), 1) == [datetime(2026, 3, 29, 1, 30, tzinfo=UTC)]
    assert instants(weekly, datetime(2026, 10, 24, 20, tzinfo=UTC), 3) == [
        datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
        datetime(2026, 10, 25, 1, 30, tzinfo=UTC),
        datetime(2026, 11, 1, 1, 30, tzinfo=UTC),
    ]


def test_a_time_that_passed_while_the_machine_slept_is_still_due() -> None:
    """After six days asleep the daily time that passed first is still due."""
    trigger = wall_clock([WallTime(hour=8, minute=0)], AMSTERDAM)
    before = datetime(2026, 6, 1, 6, 0, tzinfo=UTC)
    woken = before + timedelta(days=6)
    assert trigger.get_next_fire_time(before, woken).astimezone(UTC) == before + timedelta(days=1)
