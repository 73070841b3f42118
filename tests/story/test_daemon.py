# SPDX-License-Identifier: EUPL-1.2
"""The daemon's lifecycle: started in one place, stopped in reverse, and ended with an error by a failing worker."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import tzinfo
from functools import partial
from itertools import count
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from structlog.testing import capture_logs

from flaggermail.adapters.files.blob_store import FileBlobStore
from flaggermail.adapters.system.clock import EventInterrupt
from flaggermail.cases import erasure
from flaggermail.commands.elections import StartExercise
from flaggermail.daemon.service import Daemon
from flaggermail.errors import ArchiveFailure, LinkLost, StoreAway, StoreBusy
from flaggermail.health import readiness, self_check, status_gathering
from flaggermail.intake import poll
from flaggermail.notices import digest, notices
from flaggermail.outbox import delivery
from flaggermail.ports import Folder, Interrupt, JobFailure, JobReport, MailPage, Role, WallTime
from flaggermail.record.kinds import Direction
from flaggermail.reminders import handover, paging, sending
from flaggermail.services import Services
from flaggermail.settings.sections import ByReply
from flaggermail.stories.doubles import ListMailbox
from tests import asking
from tests.acting import run
from tests.patience import PATIENCE
from tests.story.conftest import NOW


class StepTicker:
    """A ticker that runs its work only when the test does, and reports what fails."""

    def __init__(self) -> None:
        self.works: dict[str, Callable[[], None]] = {}
        self.planned: dict[str, float] = {}  # seconds until the calls planned once
        self.times: dict[str, Sequence[WallTime]] = {}  # times of day in Amsterdam
        self.calls: list[str] = []
        self.told: list[Callable[[JobReport], None]] = []

    def listen(self, told: Callable[[JobReport], None]) -> None:
        """Records who is told of faults."""
        self.told.append(told)

    def every(self, seconds: float, name: str, work: Callable[[], None]) -> None:
        """Records the work."""
        assert seconds > 0
        self._record(name, work)

    def at(self, times: Sequence[WallTime], zone: tzinfo, name: str, work: Callable[[], None]) -> None:
        """Records the work."""
        assert times
        assert zone == ZoneInfo("Europe/Amsterdam")
        self.times[name] = times
        self._record(name, work)

    def once(self, seconds: float, name: str, work: Callable[[], None]) -> None:
        """Records the work and when it is planned."""
        self.planned[name] = seconds
        self._record(name, work)

    def _record(self, name: str, work: Callable[[], None]) -> None:
        def run() -> None:
            try:
                work()
            except Exception as error:  # noqa: BLE001 - what a scheduler does with a job that fails
                for told in self.told:
                    told(JobReport(JobFailure.FAILED, name, error=error))

        self.works[name] = run

    def start(self) -> None:
        """Records the start."""
        self.calls.append("start")

    def stop(self, deadline: float) -> bool:
        """Records the stop."""
        assert deadline > 0
        self.calls.append("stop")
        return True


class WatchedMailbox(ListMailbox):
    """A mailbox whose connection can be lost and whose wait lasts until the stop."""

    def __init__(self, env: Services, losses: int = 0, error: Exception | None = None) -> None:
        super().__init__(env.settings.desk.mailbox)
        self.losses, self.error, self.closed = losses, error, 0
        self.looked = threading.Event()

    def folders(self, only: Role | None = None) -> Sequence[Folder]:
        """Returns the folders, or raises the configured error."""
        if self.error is not None:
            raise self.error
        if self.losses:
            self.losses -= 1
            raise LinkLost("the server closed the connection")
        return super().folders(only)

    def wait(self, stop: Interrupt, at_most: float) -> None:
        """Signals that a look is complete, then waits for the stop."""
        self.looked.set()
        stop.wait(at_most)

    def close(self) -> None:
        """Counts the call."""
        self.closed += 1


class HeldMailbox(WatchedMailbox):
    """A mailbox that requests a stop while the first of two messages is processed."""

    def __init__(self, env: Services, stop: Interrupt) -> None:
        super().__init__(env)
        self._stop = stop

    def fetch_after(self, folder: str, position: str | None) -> Iterator[MailPage]:
        """Yields the messages one by one and requests a stop after each."""
        for page in super().fetch_after(folder, position):
            for raw in page.mails:
                yield MailPage([raw], raw.cursor or "")
                self._stop.set()
            yield page


def a_daemon(env: Services, mailbox: WatchedMailbox, stop: Interrupt | None = None) -> Daemon:
    """Builds a daemon that reconnects after moments."""
    return Daemon(env, mailbox, StepTicker(), stop or EventInterrupt(), "here:1:now", lambda: 0.0, lease_seconds=600.0)


def running(daemon: Daemon) -> threading.Thread:
    """Runs the daemon in a thread that does not outlive a failing test."""
    thread = threading.Thread(target=daemon.run, daemon=True)
    thread.start()
    return thread


MAIL = b"From: a@lindewaard.example\r\nMessage-ID: <%d@x.example>\r\nSubject: Vraag %d\r\n\r\nTekst %d\r\n"


def test_what_was_started_is_stopped_in_reverse_and_the_lease_is_free(env: Services) -> None:
    """After a stop the ticker has stopped, the connection is closed and another daemon can take the lease."""
    mailbox = WatchedMailbox(env)
    daemon = a_daemon(env, mailbox)
    thread = running(daemon)
    assert mailbox.looked.wait(PATIENCE)
    daemon.stop.set()
    thread.join(PATIENCE)
    assert not thread.is_alive()
    assert isinstance(daemon.ticker, StepTicker)
    assert daemon.ticker.calls == ["start", "stop"]
    assert set(daemon.ticker.works) == {
        "clean-up",
        "clean-up at the start",
        "digests",
        "database",
        "lease",
        "outbox",
        "pagers",
        "remind",
        "rules",
        "selfwatch",
        "status",
    }
    assert mailbox.closed == 1
    assert env.store.acquire("mailbox", "elsewhere:2:now", 600).fencing == 2


@pytest.mark.parametrize(("by_reply", "times"), [(None, 1), (ByReply.OFF, 0), (ByReply.TOTP, 0)])
def test_a_desk_that_has_not_chosen_says_so_at_the_start(env: Services, by_reply: ByReply | None, times: int) -> None:
    """An upgraded desk without `approval.by_reply` starts, with one warning that no reply approves."""
    desk = env.settings.desk
    approval = desk.approval.model_copy(update={"by_reply": by_reply})
    settings = env.settings.model_copy(update={"desk": desk.model_copy(update={"approval": approval})})
    upgraded = replace(env, settings=settings)
    mailbox = WatchedMailbox(upgraded)
    with capture_logs() as logged:
        daemon = a_daemon(upgraded, mailbox)
        thread = running(daemon)
        assert mailbox.looked.wait(PATIENCE)
        daemon.stop.set()
        thread.join(PATIENCE)
    said = [line for line in logged if line["event"] == "approving by reply not chosen"]
    assert [line["result"] for line in said] == ["off"] * times


def test_a_second_daemon_is_refused_and_told_who_runs(env: Services) -> None:
    """A second daemon is refused, and the error names the holder of the lease."""
    env.store.acquire("mailbox", "elsewhere:9:now", 600)
    hurried = replace(a_daemon(env, WatchedMailbox(env)), monotonic=partial(next, count(0.0, 2000.0)))
    with pytest.raises(StoreBusy, match="elsewhere:9:now"):  # none that was killed has it for so long
        hurried.run()


class ClingingArchive(FileBlobStore):
    """An archive that cannot remove partial files."""

    def sweep(self) -> int:
        """Raises ArchiveFailure."""
        raise ArchiveFailure("archive: cannot be swept: Permission denied")


@pytest.mark.parametrize(("archive", "left"), [(FileBlobStore, 0), (ClingingArchive, 1)])
def test_a_start_removes_what_was_half_written_and_needs_not(
    env: Services, tmp_path: Path, archive: type[FileBlobStore], left: int
) -> None:
    """A start removes partial files of the archive, and runs even when they cannot be removed."""
    folder = tmp_path / "archive" / "ab"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / ".half.part").write_bytes(b"Subject: ha")
    mailbox = WatchedMailbox(env)
    daemon = a_daemon(replace(env, octets=archive(tmp_path / "archive")), mailbox)
    thread = running(daemon)
    assert mailbox.looked.wait(PATIENCE)
    daemon.stop.set()
    thread.join(PATIENCE)
    assert daemon.failure is None
    assert len(list((tmp_path / "archive").rglob("*.part"))) == left


def test_a_failing_watcher_stops_the_daemon_loudly(env: Services) -> None:
    """An error that is no lost connection ends the daemon, and run() raises it."""
    daemon = a_daemon(env, WatchedMailbox(env, error=RuntimeError("broken")))
    with pytest.raises(RuntimeError, match="broken"):
        daemon.run()


@pytest.mark.parametrize("worker", ["lease", "outbox", "remind"])
def test_a_failing_tick_stops_the_daemon_loudly(env: Services, worker: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error in any work of the ticker ends the daemon, and run() raises it."""

    def fail(*_: object) -> None:
        raise ValueError(worker)

    monkeypatch.setattr(delivery, "drain", fail)
    monkeypatch.setattr(sending, "tick", fail)
    monkeypatch.setattr(type(env.store), "renew", fail)
    mailbox = WatchedMailbox(env)
    daemon = a_daemon(env, mailbox)
    thread = running_expecting(daemon, worker)
    assert mailbox.looked.wait(PATIENCE)
    assert isinstance(daemon.ticker, StepTicker)
    daemon.ticker.works[worker]()
    thread.join(PATIENCE)
    assert str(daemon.failure) == worker


def broken(*_: object, **__: object) -> None:
    """Raises, in the place of what only tells."""
    raise OverflowError("date value out of range")


TELLING: tuple[tuple[str, str, tuple[tuple[object, str], ...]], ...] = (
    ("status", "status", ((status_gathering, "gather"),)),
    ("selfwatch", "selfwatch", ((self_check, "tick"),)),
    ("digests", "digests", ((digest, "tell_held_back"), (digest, "tell_noise"), (readiness, "send"))),
    ("remind", "hand-over", ((handover, "tick"),)),
    ("remind", "digests", ((digest, "tell_held_back"),)),
    ("heartbeat", "heartbeat", ((Daemon, "beat"),)),
)
"""The job of the ticker, what its alarm names, and what breaks."""


@pytest.mark.parametrize(("worker", "named", "what"), TELLING, ids=[f"{one[0]}-{one[1]}" for one in TELLING])
def test_a_fault_in_what_only_tells_is_an_alarm_and_no_end(
    env: Services, worker: str, named: str, what: tuple[tuple[object, str], ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The daemon goes on and takes in mail; one alarm a day names the job, however often it fails."""
    for place, name in what:
        monkeypatch.setattr(place, name, broken)
    mailbox = WatchedMailbox(env)
    daemon = a_daemon(env, mailbox)
    daemon.heartbeat = UnheardHeartbeat()
    with capture_logs() as logged:
        thread = running(daemon)
        assert mailbox.looked.wait(PATIENCE)
        assert isinstance(daemon.ticker, StepTicker)
        for _ in range(3):
            daemon.ticker.works[worker]()
        assert thread.is_alive()
        mailbox.deliver("inbox", MAIL % (1, 1, 1), NOW)
        poll.look(env, mailbox)
        daemon.stop.set()
        thread.join(PATIENCE)
    assert daemon.failure is None
    assert [mail.subject for mail in asking.messages(env, direction=Direction.IN)] == ["Vraag 1"]
    (raised,) = asking.alarms(env)
    assert (raised.kind, raised.text.english) == ("job failed", f"{named}: OverflowError")
    assert [line["object"] for line in logged if line["event"] == "job failed, the daemon goes on"] == [named]


class UnheardHeartbeat:
    """A monitor that answers nothing wrong."""

    def beat(self) -> str:
        """Returns no fault."""
        return ""


def test_a_fault_that_breaks_its_own_alarm_is_in_the_log(env: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the alarm cannot be raised either, the daemon goes on and the log has both faults."""
    monkeypatch.setattr(status_gathering, "gather", broken)
    monkeypatch.setattr(notices, "raise_alarm", broken)
    mailbox = WatchedMailbox(env)
    daemon = a_daemon(env, mailbox)
    with capture_logs() as logged:
        thread = running(daemon)
        assert mailbox.looked.wait(PATIENCE)
        assert isinstance(daemon.ticker, StepTicker)
        daemon.ticker.works["status"]()
        daemon.stop.set()
        thread.join(PATIENCE)
    assert daemon.failure is None
    said = [line["object"] for line in logged if line["event"] == "job failed, the daemon goes on"]
    assert set(said) == {"status", "alarm"}


def test_what_the_first_mail_needs_is_made_before_the_first_look(env: Services) -> None:
    """The daemon gets ready once, and then reads its mailbox."""
    mailbox, seen = WatchedMailbox(env), list[bool]()
    daemon = a_daemon(env, mailbox)
    daemon.warm = lambda: seen.append(mailbox.looked.is_set())
    thread = running(daemon)
    assert mailbox.looked.wait(PATIENCE)
    daemon.stop.set()
    thread.join(PATIENCE)
    assert seen == [False]


def running_expecting(daemon: Daemon, fault: str) -> threading.Thread:
    """Runs the daemon in a thread that expects the error."""

    def run() -> None:
        with pytest.raises(ValueError, match=fault):
            daemon.run()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread


def test_a_lost_line_is_taken_up_again(env: Services) -> None:
    """After LinkLost the daemon closes the connection and looks again after a wait."""
    mailbox = WatchedMailbox(env, losses=3)
    mailbox.deliver("inbox", MAIL % (1, 1, 1), NOW)
    daemon = a_daemon(env, mailbox)
    thread = running(daemon)
    assert mailbox.looked.wait(PATIENCE)
    daemon.stop.set()
    thread.join(PATIENCE)
    assert mailbox.closed == 4
    with env.store.read() as tx:
        cursor = tx.cursor("INBOX")
    assert cursor is not None
    assert cursor.position == "1/1"


class HintingMailbox(WatchedMailbox):
    """A mailbox whose waits end when the test announces mail."""

    def __init__(self, env: Services) -> None:
        super().__init__(env)
        self.listed, self.waits = 0, list[float]()
        self.hint = threading.Semaphore(0)

    def folders(self, only: Role | None = None) -> Sequence[Folder]:
        """Counts the looks at every folder."""
        self.listed += only is None
        return super().folders(only)

    def wait(self, stop: Interrupt, at_most: float) -> None:
        """Waits for the test."""
        del stop
        self.waits.append(at_most)
        self.looked.set()
        self.hint.acquire(timeout=PATIENCE)

    def announce(self) -> None:
        """Ends the wait, and returns when the next one begins."""
        self.looked.clear()
        self.hint.release()
        assert self.looked.wait(PATIENCE)


def test_new_mail_is_followed_at_once_by_what_is_to_be_sent(env: Services) -> None:
    """A look that found mail plans a call of the outbox for now; a look that found none plans nothing."""
    mailbox = HintingMailbox(env)
    daemon = a_daemon(env, mailbox)
    thread = running(daemon)
    assert mailbox.looked.wait(PATIENCE)
    assert isinstance(daemon.ticker, StepTicker)
    assert "outbox after mail" not in daemon.ticker.planned
    mailbox.deliver("inbox", MAIL % (1, 1, 1), NOW)
    mailbox.announce()
    daemon.stop.set()
    mailbox.hint.release()
    thread.join(PATIENCE)
    assert daemon.ticker.planned["outbox after mail"] == 0.0


def test_one_call_at_a_time_sends(env: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    """While one call sends, that of new mail returns, and that of the second waits.

    So after an outage no attempt is settled that is under way, and a slow server shows as skipped calls.
    """
    begun, ended, calls = threading.Event(), threading.Event(), list[str]()

    def drain(*_: object) -> int:
        calls.append("drain")
        begun.set()
        assert ended.wait(PATIENCE)
        return 0

    def recover(*_: object) -> int:
        calls.append("recover")
        return 0

    def away(*_: object) -> int:
        raise StoreAway("the server closed the connection")

    mailbox = WatchedMailbox(env)
    mailbox.deliver("inbox", MAIL % (1, 1, 1), NOW)
    daemon = a_daemon(env, mailbox)
    thread = running(daemon)
    assert mailbox.looked.wait(PATIENCE)
    assert isinstance(daemon.ticker, StepTicker)
    works = daemon.ticker.works
    monkeypatch.setattr(delivery, "drain", drain)
    monkeypatch.setattr(delivery, "recover", recover)
    monkeypatch.setattr(paging, "drain", away)
    first, second = (threading.Thread(target=works["outbox"], daemon=True) for _ in range(2))
    first.start()
    assert begun.wait(PATIENCE)
    works["pagers"]()  # an outage begins
    works["database"]()  # and ends
    second.start()
    works["outbox after mail"]()
    assert calls == ["drain"]
    ended.set()
    first.join(PATIENCE)
    second.join(PATIENCE)
    assert calls == ["drain", "recover", "drain"]
    daemon.stop.set()
    thread.join(PATIENCE)


def test_every_folder_is_looked_at_each_minute_however_busy_the_inbox_is(env: Services) -> None:
    """New mail causes a look at the inbox only; all folders are read every sixty seconds."""
    assert env.settings.desk.mailbox.poll_seconds == 60
    mailbox, now = HintingMailbox(env), [1000.0]
    daemon = a_daemon(env, mailbox)
    daemon.monotonic = lambda: now[0]
    thread = running(daemon)
    assert mailbox.looked.wait(PATIENCE)
    seen = []
    for _ in range(12):
        now[0] += 10
        mailbox.announce()
        seen.append(mailbox.listed)
    daemon.stop.set()
    mailbox.hint.release()
    thread.join(PATIENCE)
    assert seen == [1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 3]
    assert mailbox.waits[:7] == [60, 50, 40, 30, 20, 10, 60]


def test_the_message_in_hand_is_finished(env: Services) -> None:
    """On a stop between two messages the first is filed and the second is left for the next start."""
    stop = EventInterrupt()
    mailbox = HeldMailbox(env, stop)
    for number in (1, 2):
        mailbox.deliver("inbox", MAIL % (number, number, number), NOW)
    a_daemon(env, mailbox, stop).run()
    with env.store.read() as tx:
        cursor = tx.cursor("INBOX")
    assert cursor is not None
    assert cursor.position == "1/1"


def test_review_windows_are_looked_at_at_once_and_then_at_half_past_each_hour(
    env: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Retention runs at the start and by the clock, and again while a reader keeps erased values in the journal."""
    ran: list[str] = []
    scrubbed = [True, False, True]
    daemon = a_daemon(env, WatchedMailbox(env))

    def tick(_env: Services) -> int:
        ran.append("retention")
        return 0

    monkeypatch.setattr(erasure, "tick", tick)
    monkeypatch.setattr(type(env.store), "scrub", lambda _store: scrubbed.pop(0))
    thread = running(daemon)
    assert isinstance(daemon.mailbox, WatchedMailbox)
    assert daemon.mailbox.looked.wait(PATIENCE)
    ticker = daemon.ticker
    assert isinstance(ticker, StepTicker)
    assert ticker.planned["clean-up at the start"] == 0
    ticker.works["clean-up at the start"]()
    assert "clean-up again" not in ticker.works
    ticker.works["clean-up"]()
    assert ticker.planned["clean-up again"] == 60
    ticker.works["clean-up again"]()
    daemon.stop.set()
    thread.join(PATIENCE)
    assert daemon.failure is None
    assert ran == ["retention"] * 3


def test_the_tick_plays_a_rehearsal_and_the_next_daemon_goes_on(env: Services) -> None:
    """The story comes by the tick of reminders; a daemon that follows another finds in the record what came already."""
    run(env, StartExercise(story="S08", even_today=True), "officer1")
    for _ in range(2):
        daemon = a_daemon(env, WatchedMailbox(env))
        daemon.remind()
        daemon.remind()
    assert [case.number for case in asking.cases(env)] == ["VF-EX270317-0001"]
    assert len([row for row in asking.messages(env) if row.direction == "in"]) == 1
