# SPDX-License-Identifier: EUPL-1.2
"""The daemon's stack: one place starts, the same in reverse stops, and a worker that fails ends it loudly."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from flaggermail.adapters.files.blob_store import FileBlobStore
from flaggermail.adapters.imap.interrupt import EventInterrupt
from flaggermail.citizens import retention
from flaggermail.daemon.service import Daemon
from flaggermail.errors import ArchiveFault, LinkLost, StoreBusy
from flaggermail.outbox import delivery
from flaggermail.ports import Interrupt, Position, RawMessage
from flaggermail.reminders import reminders
from flaggermail.replay.doubles import ListMailbox
from flaggermail.services import Services
from tests.story.conftest import NOW


class StepTicker:
    """A ticker that calls only when the test says so."""

    def __init__(self) -> None:
        self.works: dict[str, Callable[[], None]] = {}
        self.calls: list[str] = []

    def every(self, seconds: float, name: str, work: Callable[[], None]) -> None:
        """Keep the work."""
        assert seconds > 0
        self.works[name] = work

    def start(self) -> None:
        """Note that it began."""
        self.calls.append("start")

    def stop(self, deadline: float) -> bool:
        """Note that it ended."""
        assert deadline > 0
        self.calls.append("stop")
        return True


class WatchedMailbox(ListMailbox):
    """A mailbox whose line can be lost, and whose wait lasts until the end."""

    def __init__(self, env: Services, losses: int = 0, error: Exception | None = None) -> None:
        super().__init__(env.settings.desk.mailbox)
        self.losses, self.error, self.closed = losses, error, 0
        self.looked = threading.Event()

    def folders(self) -> Sequence[str]:
        """The folders, unless the line is lost."""
        if self.error is not None:
            raise self.error
        if self.losses:
            self.losses -= 1
            raise LinkLost("the server closed the connection")
        return super().folders()

    def wait(self, stop: Interrupt, at_most: float) -> None:
        """Say that a whole look was made, then wait for the end."""
        self.looked.set()
        stop.wait(at_most)

    def close(self) -> None:
        """Count."""
        self.closed += 1


class HeldMailbox(WatchedMailbox):
    """A mailbox that asks for the end while the first of two messages is in hand."""

    def __init__(self, env: Services, stop: Interrupt) -> None:
        super().__init__(env)
        self._stop = stop

    def fetch_after(self, folder: str, position: Position) -> Iterator[Sequence[RawMessage]]:
        """Both messages, one by one; the end is asked for between fetch and filing of the first."""
        for batch in super().fetch_after(folder, position):
            for raw in batch:
                yield [raw]
                self._stop.set()


def a_daemon(env: Services, mailbox: WatchedMailbox, stop: Interrupt | None = None) -> Daemon:
    """A daemon that waits only moments before it reconnects."""
    return Daemon(env, mailbox, StepTicker(), stop or EventInterrupt(), "here:1:now", lambda: 0.0)


def running(daemon: Daemon) -> threading.Thread:
    """The daemon, started in a thread that does not outlive a test that fails."""
    thread = threading.Thread(target=daemon.run, daemon=True)
    thread.start()
    return thread


MAIL = b"From: a@lindewaard.example\r\nMessage-ID: <%d@x.example>\r\nSubject: Vraag %d\r\n\r\nTekst %d\r\n"


def test_what_was_started_is_stopped_in_reverse_and_the_lease_is_free(env: Services) -> None:
    """After the end the ticker stopped, the line is closed, and another daemon may start at once."""
    mailbox = WatchedMailbox(env)
    daemon = a_daemon(env, mailbox)
    thread = running(daemon)
    assert mailbox.looked.wait(10)
    daemon.stop.set()
    thread.join(10)
    assert not thread.is_alive()
    assert isinstance(daemon.ticker, StepTicker)
    assert daemon.ticker.calls == ["start", "stop"]
    assert set(daemon.ticker.works) == {
        "forget",
        "lease",
        "outbox",
        "pagers",
        "remind",
        "rules",
        "selfwatch",
        "status",
    }
    assert mailbox.closed == 1
    assert env.store.acquire("mailbox", "elsewhere:2:now", NOW, 60).fencing == 2


def test_old_names_of_settings_are_in_the_journal_once_a_start(env: Services) -> None:
    """One warning for each note of the settings: the place of the old name, and the new one."""
    notes = (
        "flaggermail.yaml:32:3 mailbox.unwatched: is now called excluded_folders",
        "oncall.yaml:9:1 otherwise: is b: c",
    )
    noted = replace(env, settings=env.settings.model_copy(update={"notes": notes}))
    mailbox = WatchedMailbox(noted)
    with capture_logs() as logged:
        daemon = a_daemon(noted, mailbox)
        thread = running(daemon)
        assert mailbox.looked.wait(10)
        daemon.stop.set()
        thread.join(10)
    said = [line for line in logged if line["event"] == "setting under an old name"]
    assert [(line["log_level"], line["object"], line["result"]) for line in said] == [
        ("warning", "flaggermail.yaml:32:3 mailbox.unwatched", "is now called excluded_folders"),
        ("warning", "oncall.yaml:9:1 otherwise", "is b: c"),
    ]


def test_a_second_daemon_is_refused_and_told_who_runs(env: Services) -> None:
    """One daemon at a time; the refusal names the holder."""
    env.store.acquire("mailbox", "elsewhere:9:now", NOW, 60)
    with pytest.raises(StoreBusy, match="elsewhere:9:now"):
        a_daemon(env, WatchedMailbox(env)).run()


class ClingingArchive(FileBlobStore):
    """An archive that lets no half-written file go."""

    def sweep(self) -> int:
        """Refuse."""
        raise ArchiveFault("archive: cannot be swept: Permission denied")


@pytest.mark.parametrize(("archive", "left"), [(FileBlobStore, 0), (ClingingArchive, 1)])
def test_a_start_removes_what_was_half_written_and_needs_not(
    env: Services, tmp_path: Path, archive: type[FileBlobStore], left: int
) -> None:
    """A file that a dead process left holds mail that no review window ends; one that stays is no reason not to run."""
    folder = tmp_path / "archive" / "ab"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / ".half.part").write_bytes(b"Subject: ha")
    mailbox = WatchedMailbox(env)
    daemon = a_daemon(replace(env, octets=archive(tmp_path / "archive")), mailbox)
    thread = running(daemon)
    assert mailbox.looked.wait(10)
    daemon.stop.set()
    thread.join(10)
    assert daemon.failure is None
    assert len(list((tmp_path / "archive").rglob("*.part"))) == left


def test_a_failing_watcher_stops_the_daemon_loudly(env: Services) -> None:
    """A fault that no reconnect helps ends everything, and run raises it."""
    daemon = a_daemon(env, WatchedMailbox(env, error=RuntimeError("broken")))
    with pytest.raises(RuntimeError, match="broken"):
        daemon.run()


@pytest.mark.parametrize("worker", ["lease", "outbox", "remind"])
def test_a_failing_tick_stops_the_daemon_loudly(env: Services, worker: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same holds for each of the ticker's works."""

    def fail(*_: object) -> None:
        raise ValueError(worker)

    monkeypatch.setattr(delivery, "drain", fail)
    monkeypatch.setattr(reminders, "tick", fail)
    monkeypatch.setattr(type(env.store), "renew", fail)
    mailbox = WatchedMailbox(env)
    daemon = a_daemon(env, mailbox)
    thread = running_expecting(daemon, worker)
    assert mailbox.looked.wait(10)
    assert isinstance(daemon.ticker, StepTicker)
    daemon.ticker.works[worker]()
    thread.join(10)
    assert str(daemon.failure) == worker


def running_expecting(daemon: Daemon, fault: str) -> threading.Thread:
    """The daemon in a thread that expects it to raise."""

    def run() -> None:
        with pytest.raises(ValueError, match=fault):
            daemon.run()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread


def test_a_lost_line_is_taken_up_again(env: Services) -> None:
    """LinkLost closes the line and looks again after a wait; nothing stops."""
    mailbox = WatchedMailbox(env, losses=3)
    mailbox.deliver("inbox", MAIL % (1, 1, 1), NOW)
    daemon = a_daemon(env, mailbox)
    thread = running(daemon)
    assert mailbox.looked.wait(10)
    daemon.stop.set()
    thread.join(10)
    assert mailbox.closed == 4
    with env.store.read() as tx:
        cursor = tx.cursor("INBOX")
    assert cursor is not None
    assert cursor.position.uid == 1


class HintingMailbox(WatchedMailbox):
    """A mailbox whose server announces mail again and again; a wait is over when the test says so."""

    def __init__(self, env: Services) -> None:
        super().__init__(env)
        self.listed, self.waits = 0, list[float]()
        self.hint = threading.Semaphore(0)

    def folders(self) -> Sequence[str]:
        """Count the looks at every folder."""
        self.listed += 1
        return super().folders()

    def wait(self, stop: Interrupt, at_most: float) -> None:
        """Wait for the test."""
        del stop
        self.waits.append(at_most)
        self.looked.set()
        self.hint.acquire(timeout=10)

    def announce(self) -> None:
        """End the wait; come back when the next one has begun."""
        self.looked.clear()
        self.hint.release()
        assert self.looked.wait(10)


def test_every_folder_is_looked_at_each_minute_however_busy_the_inbox_is(env: Services) -> None:
    """A hint is about the inbox; the other folders have their turn after sixty seconds, no sooner and no later."""
    assert env.settings.desk.mailbox.poll_seconds == 60
    mailbox, now = HintingMailbox(env), [1000.0]
    daemon = a_daemon(env, mailbox)
    daemon.monotonic = lambda: now[0]
    thread = running(daemon)
    assert mailbox.looked.wait(10)
    seen = []
    for _ in range(12):
        now[0] += 10
        mailbox.announce()
        seen.append(mailbox.listed)
    daemon.stop.set()
    mailbox.hint.release()
    thread.join(10)
    assert seen == [1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 3]
    assert mailbox.waits[:7] == [60, 50, 40, 30, 20, 10, 60]


def test_the_message_in_hand_is_finished(env: Services) -> None:
    """The end comes between two messages: the first is filed whole, the second is left for the next start."""
    stop = EventInterrupt()
    mailbox = HeldMailbox(env, stop)
    for number in (1, 2):
        mailbox.deliver("inbox", MAIL % (number, number, number), NOW)
    a_daemon(env, mailbox, stop).run()
    with env.store.read() as tx:
        cursor = tx.cursor("INBOX")
    assert cursor is not None
    assert cursor.position.uid == 1


def test_review_windows_are_looked_at_at_once_and_then_once_an_hour(
    env: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However often the daemon is started again, and never twice in an hour."""
    looked: list[float] = []
    times = [0.0]
    daemon = a_daemon(env, WatchedMailbox(env))
    daemon.monotonic = lambda: times[-1]

    def tick(_env: Services) -> int:
        looked.append(times[-1])
        return 0

    monkeypatch.setattr(retention, "tick", tick)
    thread = running(daemon)
    assert isinstance(daemon.mailbox, WatchedMailbox)
    assert daemon.mailbox.looked.wait(10)
    assert isinstance(daemon.ticker, StepTicker)
    for now in (0.0, 60.0, 3599.0, 3600.0, 3660.0, 7200.0):
        times.append(now)
        daemon.ticker.works["forget"]()
    daemon.stop.set()
    thread.join(10)
    assert looked == [0.0, 3600.0, 7200.0]
