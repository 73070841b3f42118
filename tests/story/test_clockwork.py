# SPDX-License-Identifier: EUPL-1.2
"""The daemon's calls at a minute are hints: rows decide, so nothing is skipped, sent twice, or late by a tick."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from flaggermail.adapters.files.status_file import StatusFile
from flaggermail.adapters.system.clock import EventInterrupt
from flaggermail.adapters.system.ticker import SchedulerTicker, wall_clock
from flaggermail.daemon.service import REMIND_EVERY, Daemon
from flaggermail.notices import digest, duty
from flaggermail.outbox import delivery
from flaggermail.ports import JobFailure, JobReport
from flaggermail.services import Services
from tests.patience import PATIENCE
from tests.store.desk_fixtures import Desk
from tests.story.test_daemon import StepTicker, WatchedMailbox, a_daemon, running
from tests.story.test_escalation_night import (
    AMSTERDAM,
    NIGHTS,
    SECOND_OFFICER,
    Made,
    one_policy,
)
from tests.story.test_status_file import held

MINUTE = timedelta(minutes=1)
HINT = "reminder at its minute"


@contextmanager
def daemon_of(env: Services, path: Path | None = None, losses: int = 0) -> Iterator[tuple[Daemon, StepTicker]]:
    """Runs a daemon of the desk and its ticker, from after its first look to the end of the block."""
    mailbox = WatchedMailbox(env, losses)
    daemon = a_daemon(env, mailbox)
    daemon.board = StatusFile(path) if path else None
    thread = running(daemon)
    assert mailbox.looked.wait(PATIENCE)
    ticker = daemon.ticker
    assert isinstance(ticker, StepTicker)
    try:
        yield daemon, ticker
    finally:
        daemon.stop.set()
        thread.join(PATIENCE)


def hand_overs(desk: Desk) -> list[tuple[datetime, str]]:
    """Returns when each hand-over note was queued, and its recipient."""
    notes = [mail for mail in desk.mails() if mail.dedupe.startswith("handover/")]
    return sorted((mail.queued_at, mail.recipient) for mail in notes)


def calls(ticker: StepTicker, begins: datetime, ends: datetime) -> list[tuple[datetime, str]]:
    """Returns when the scheduler calls each hand-over within the span, in order."""
    found = list[tuple[datetime, str]]()
    for name, times in ticker.times.items():
        previous, now, trigger = None, begins, wall_clock(times, AMSTERDAM)
        while name.startswith("hand-over") and now <= ends:
            previous = trigger.get_next_fire_time(previous, now)
            now = previous.astimezone(UTC) + timedelta(milliseconds=3)
            found.append((now, name))
    return sorted((at, name) for at, name in found if at <= ends)


CHANGES = [
    ((2026, 3, 28), datetime(2026, 3, 29, 1, 30, tzinfo=UTC), 1),  # 02:30 does not occur: 03:30 summer time
    ((2026, 10, 24), datetime(2026, 10, 25, 0, 30, tzinfo=UTC), 2),  # the first of two half past twos
]


@pytest.mark.parametrize(("day", "at", "times"), CHANGES)
def test_a_hand_over_at_half_past_two_comes_once_when_the_clock_changes(
    make: Made,
    day: tuple[int, int, int],
    at: datetime,
    times: int,
) -> None:
    """The note of the shift that begins at 02:30 leaves at that minute, once, however often the minute occurs."""
    start = datetime(*day, 23, 45, tzinfo=AMSTERDAM)
    desk = make(rota=NIGHTS, start=start)
    with daemon_of(desk.env) as (_, ticker):
        planned = calls(ticker, start, start + timedelta(hours=5))
        assert [name for _, name in planned] == ["hand-over sunday 02:30"] * times
        for instant, name in planned:
            desk.clock.set(instant)
            ticker.works[name]()
        assert hand_overs(desk) == [(at + timedelta(milliseconds=3), SECOND_OFFICER)]
        for minutes in range(60):
            desk.clock.set(planned[-1][0] + minutes * MINUTE)
            ticker.works["remind"]()
    assert len(hand_overs(desk)) == 1


@pytest.mark.parametrize(("day", "at", "times"), CHANGES)
def test_a_hand_over_missed_at_its_minute_comes_with_the_next_tick(
    make: Made,
    day: tuple[int, int, int],
    at: datetime,
    times: int,
) -> None:
    """A daemon that was down at the minute sends the note with its first tick, once."""
    del times
    desk = make(rota=NIGHTS, start=datetime(*day, 23, 45, tzinfo=AMSTERDAM))
    desk.clock.set(at + 80 * MINUTE)
    with daemon_of(desk.env) as (_, ticker):
        ticker.works["remind"]()
        ticker.works["remind"]()
    assert hand_overs(desk) == [(at + 80 * MINUTE, SECOND_OFFICER)]


def test_a_reminder_leaves_at_its_minute(make: Made) -> None:
    """The tick before the minute plans a call at it, and that call sends the reminder; the tick finds nothing left."""
    desk = make(one_policy(receipt=[{"after": 60}]))
    desk.notified()
    desk.settle()
    sent = desk.clock.now()
    with daemon_of(desk.env) as (_, ticker):
        desk.clock.set(sent + 59 * MINUTE)
        ticker.works["remind"]()
        assert HINT not in ticker.planned  # the next tick comes before it
        desk.clock.set(sent + 60 * MINUTE - timedelta(seconds=11))
        ticker.works["remind"]()
        assert ticker.planned[HINT] == 11
        assert not desk.reminders()
        desk.clock.set(sent + 60 * MINUTE)
        ticker.works[HINT]()
        (told,) = desk.reminders()
        assert told.told_at == told.due_at
        ticker.works["remind"]()
    assert len(desk.reminders()) == 1


def test_a_hint_that_never_comes_costs_one_tick(make: Made) -> None:
    """Without the planned call the next tick sends the reminder."""
    desk = make(one_policy(receipt=[{"after": 60}]))
    desk.notified()
    desk.settle()
    sent = desk.clock.now()
    with daemon_of(desk.env) as (_, ticker):
        desk.clock.set(sent + 60 * MINUTE + timedelta(seconds=REMIND_EVERY))
        ticker.works["remind"]()
    (told,) = desk.reminders()
    assert told.told_at - told.due_at == timedelta(seconds=REMIND_EVERY)


def test_what_waits_for_a_limit_is_not_asked_for_again_at_once(
    make: Made,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A step that is due and held up by a rate limit plans no call: the tick sends it when it may."""
    desk = make(one_policy(receipt=[{"after": 60}]))
    desk.notified()
    desk.settle()
    monkeypatch.setattr(duty, "over_hourly_limit", lambda *_, **__: True)
    desk.clock.set(desk.clock.now() + 61 * MINUTE)
    with daemon_of(desk.env) as (_, ticker):
        ticker.works["remind"]()
        assert not desk.reminders()
        assert HINT not in ticker.planned


def test_a_digest_does_not_wait_for_a_mailbox_out_of_reach(make: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    """The hourly call sends the digest of late mail while no look can; a look under way sends it itself."""
    desk, sent = make(), list[str]()

    def send(_env: Services) -> int:
        sent.append("digest")
        return 1

    monkeypatch.setattr(digest, "send_digest", send)
    with daemon_of(desk.env) as (daemon, ticker):
        for link, count in ((True, 0), (None, 0), (False, 1)):
            daemon.link = link
            ticker.works["digests"]()
            assert len(sent) == count


def test_faults_of_jobs_are_counted_in_the_status_and_logged_now_and_then(make: Made, tmp_path: Path) -> None:
    """Overlapping and missed calls are counted by job; the log has one line for each job and kind in ten minutes."""
    desk, seconds = make(), [0.0]
    with daemon_of(desk.env, tmp_path / "status.json") as (daemon, ticker), capture_logs() as lines:
        daemon.job_faults.monotonic = lambda: seconds[0]
        (told,) = ticker.told
        for _ in range(20):
            told(JobReport(JobFailure.OVERLAPPED, "outbox"))
        told(JobReport(JobFailure.MISSED, "clean-up", 90 * MINUTE))
        seconds[0] = 600.0
        told(JobReport(JobFailure.OVERLAPPED, "outbox"))
        ticker.works["status"]()
        found = held(tmp_path / "status.json")
    said = [(line["event"], line["object"], line.get("late")) for line in lines if str(line["event"]).startswith("job")]
    overlapped = ("job still runs, its next call was skipped", "outbox", None)
    assert said == [overlapped, ("job ran late", "clean-up", 5400), overlapped]
    assert found["jobs"] == {
        "clean-up": {"missed": 1, "failed": 0, "overlapped": 0},
        "outbox": {"missed": 0, "failed": 0, "overlapped": 21},
    }
    assert found["ok"] is True


def test_a_job_that_fails_on_the_scheduler_stops_the_daemon(make: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the real ticker too, the error of a job ends the daemon and run() raises it."""
    desk = make()

    def fail(*_: object) -> None:
        raise ValueError("broken")

    monkeypatch.setattr(delivery, "drain", fail)
    mailbox = WatchedMailbox(desk.env)
    daemon = Daemon(
        desk.env, mailbox, SchedulerTicker(), EventInterrupt(), "here:1:now", lambda: 0.0, lease_seconds=600.0
    )
    daemon.outbox_every = 0.05
    raised = list[BaseException]()

    def run() -> None:
        try:
            daemon.run()
        except ValueError as error:
            raised.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(PATIENCE)
    assert not thread.is_alive()
    assert [str(error) for error in raised] == ["broken"]
