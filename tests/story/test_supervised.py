# SPDX-License-Identifier: EUPL-1.2
"""Messages to the service manager (ready, status, watchdog, stopping), and a daemon that stops promptly."""

from __future__ import annotations

import math
import os
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from flaggermail.adapters.system.clock import EventInterrupt
from flaggermail.adapters.system.machine import SystemdSupervisor
from flaggermail.adapters.system.ticker import SchedulerTicker
from flaggermail.daemon.service import Daemon
from flaggermail.errors import PauseAsked, StoreBusy
from flaggermail.health.status_line import StatusLine
from flaggermail.health.watchdog import LoopMonitor, WatchedStop
from flaggermail.intake.ingest import ingest
from flaggermail.outbox import delivery
from flaggermail.ports import Accepted, Folder, Interrupt, MailPage, RawMessage, Role, Submission, Submitter, Ticker
from flaggermail.record.definition import where
from flaggermail.record.rows import Attempt, OutboxMail
from flaggermail.record.states import MailState
from flaggermail.rules.configuration import load
from flaggermail.services import Services
from flaggermail.shipped import shipped
from flaggermail.stories.doubles import CountedRandomness, ScriptedSubmitter, SetClock
from flaggermail.wording.servers import AttemptText
from tests.corpus import each
from tests.doubles import migrated
from tests.patience import PATIENCE
from tests.story.conftest import CONFIG
from tests.story.test_daemon import StepTicker, WatchedMailbox

NOW = datetime(2027, 3, 17, 20, 42, tzinfo=UTC)
SECRET, SENDER = "Verkeerde stemdag in wijk 7", "f.voorbeeld@lindewaard.example"
REFERRAL = (
    "Authentication-Results: mx.bzk.example; dmarc=pass header.from=lindewaard.example\r\n"
    f"From: Fenna Voorbeeld <{SENDER}>\r\nTo: verkiezingenflagger@bzk.example\r\nSubject: {SECRET}\r\n"
    "Message-ID: <r1@lindewaard.example>\r\n\r\nZie het bericht. Zelf twee keer gemeld bij het platform.\r\n"
).encode()


# ---------------------------------------------------------------- the protocol of sd_notify(3)


@contextmanager
def listening(address: str) -> Iterator[socket.socket]:
    """Opens the service manager's end of the socket."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
        line.bind("\0" + address[1:] if address.startswith("@") else address)
        line.settimeout(PATIENCE)
        yield line


def said_everything(supervisor: SystemdSupervisor) -> None:
    """Sends each message once."""
    supervisor.ready()
    supervisor.status("last mail seen 21:42\nREADY=1")
    supervisor.alive()
    supervisor.stopping()


@pytest.mark.parametrize("kind", ["path", "abstract"])
def test_each_word_is_one_datagram(kind: str, tmp_path: Path) -> None:
    """Each message is one datagram, on a path and on an abstract socket. A line break forges no second assignment."""
    address = str(tmp_path / "notify") if kind == "path" else f"@flaggermail-test-{os.getpid()}"
    with listening(address) as line:
        said_everything(SystemdSupervisor({"NOTIFY_SOCKET": address}))
        heard = [line.recv(4096).decode() for _ in range(4)]
    assert heard == ["READY=1", "STATUS=last mail seen 21:42 READY=1", "WATCHDOG=1", "STOPPING=1"]


def test_after_stopping_nothing_is_said(tmp_path: Path) -> None:
    """A thread that ends later reports no sign of life: STOPPING is the last word."""
    address = str(tmp_path / "notify")
    with listening(address) as line:
        supervisor = SystemdSupervisor({"NOTIFY_SOCKET": address})
        supervisor.stopping()
        supervisor.alive()
        supervisor.status("last mail seen 21:42")
        assert line.recv(4096) == b"STOPPING=1"
        line.setblocking(False)  # noqa: FBT003 - socket's own signature
        with pytest.raises(BlockingIOError):
            line.recv(4096)


def test_without_a_manager_nothing_is_said(tmp_path: Path) -> None:
    """Without a socket, or with one that is gone or full, the daemon neither blocks nor fails."""
    said_everything(SystemdSupervisor({}))
    said_everything(SystemdSupervisor({"NOTIFY_SOCKET": ""}))
    said_everything(SystemdSupervisor({"NOTIFY_SOCKET": str(tmp_path / "gone")}))
    with listening(str(tmp_path / "notify")):
        full = SystemdSupervisor({"NOTIFY_SOCKET": str(tmp_path / "notify")})

        def says_much() -> None:
            for _ in range(600):  # more than the system's queue holds
                full.alive()

        saying = threading.Thread(target=says_much, daemon=True)
        saying.start()
        saying.join(PATIENCE)
        assert not saying.is_alive()


@each(
    ("variables", "interval"),
    [
        ({}, math.inf),
        ({"WATCHDOG_USEC": "120000000"}, 60.0),
        ({"WATCHDOG_USEC": "120000000", "WATCHDOG_PID": str(os.getpid())}, 60.0),
        ({"WATCHDOG_USEC": "120000000", "WATCHDOG_PID": "1"}, math.inf),
        ({"WATCHDOG_USEC": "0"}, math.inf),
        ({"WATCHDOG_USEC": "soon"}, math.inf),
    ],
)
def test_the_interval_is_half_of_the_watchdogs(variables: dict[str, str], interval: float) -> None:
    """The interval is half of WATCHDOG_USEC, as sd_watchdog_enabled(3) advises, and infinite without a watchdog."""
    assert SystemdSupervisor(variables).interval == interval


# ---------------------------------------------------------------- the daemon, under a recording supervisor


class Heard:
    """A supervisor that records its messages."""

    def __init__(self, interval: float = 60.0) -> None:
        self.interval, self.words = interval, list[str]()
        self.is_ready = threading.Event()

    def ready(self) -> None:
        """Records the message."""
        self.words.append("ready")
        self.is_ready.set()

    def status(self, text: str) -> None:
        """Records the message."""
        self.words.append(text)

    def alive(self) -> None:
        """Records the message."""
        self.words.append("alive")

    def stopping(self) -> None:
        """Records the message."""
        self.words.append("stopping")


class Seconds:
    """A monotonic clock that the test advances."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        """Returns the seconds so far."""
        return self.now


@pytest.fixture
def env(tmp_path: Path) -> Iterator[Services]:
    """Builds the services with a set clock and no network."""
    clock = SetClock(NOW)
    settings = load(CONFIG, shipped("rules"), shipped("config") / "templates")
    made = migrated.replayed(settings, tmp_path, clock, CountedRandomness("supervised"), ScriptedSubmitter(clock))
    yield made
    made.close()


def a_daemon(
    env: Services,
    mailbox: WatchedMailbox,
    heard: Heard,
    ticker: Ticker | None = None,
    seconds: Seconds | None = None,
) -> Daemon:
    """Builds a supervised daemon that reconnects after moments."""
    return Daemon(
        env, mailbox, ticker or StepTicker(), EventInterrupt(), "here:1:now", lambda: 0.0, heard,
        monotonic=seconds or time.monotonic, lease_seconds=600.0,
    )  # fmt: skip


@contextmanager
def running(daemon: Daemon) -> Iterator[threading.Thread]:
    """Runs the daemon in a thread until the end of the block."""
    thread = threading.Thread(target=daemon.run)
    thread.start()
    try:
        yield thread
    finally:
        daemon.stop.set()
        thread.join(PATIENCE)
        assert not thread.is_alive()


def test_ready_is_said_after_the_first_look(env: Services) -> None:
    """READY is sent once, after the first look; STOPPING is sent last."""
    heard, mailbox = Heard(), WatchedMailbox(env)
    mailbox.deliver("inbox", REFERRAL, NOW)
    with running(a_daemon(env, mailbox, heard)):
        assert heard.is_ready.wait(PATIENCE)
        with env.store.read() as tx:
            cursor = tx.cursor("INBOX")
        assert cursor is not None
        assert cursor.looked_at is not None
    assert (heard.words.count("ready"), heard.words[-1]) == (1, "stopping")


def test_ready_is_said_with_the_mailbox_out_of_reach(env: Services) -> None:
    """READY is sent even when the mailbox is unreachable, so that reminders run."""
    heard = Heard()
    with running(a_daemon(env, WatchedMailbox(env, losses=10_000), heard)):
        assert heard.is_ready.wait(PATIENCE)
    assert "link down" in " ".join(heard.words)


class EndlessMailbox(WatchedMailbox):
    """A mailbox whose first look lasts until the test ends it."""

    def __init__(self, env: Services) -> None:
        super().__init__(env)
        self.begun, self.go_on = threading.Event(), threading.Event()

    def folders(self, only: Role | None = None) -> Sequence[Folder]:
        """Waits, then returns the folders."""
        self.begun.set()
        self.go_on.wait(2 * PATIENCE)
        return super().folders(only)


def test_ready_is_said_while_a_mailbox_of_years_is_read(env: Services) -> None:
    """READY is sent after a minute even while the first look at a large mailbox runs."""
    heard, mailbox, seconds = Heard(), EndlessMailbox(env), Seconds()
    daemon = a_daemon(env, mailbox, heard, seconds=seconds)
    with running(daemon):
        assert mailbox.begun.wait(PATIENCE)
        assert "ready" not in heard.words
        seconds.now += 61
        assert heard.is_ready.wait(PATIENCE)
        mailbox.go_on.set()
    assert heard.words.count("ready") == 1


def test_the_status_tells_times_and_counts_only(env: Services) -> None:
    """The status holds times, link and counts: no subject, address or token."""
    heard, mailbox = Heard(), WatchedMailbox(env)
    mailbox.deliver("inbox", REFERRAL, NOW)
    daemon = a_daemon(env, mailbox, heard)
    with running(daemon):
        assert mailbox.looked.wait(PATIENCE)
    line = "last mail seen 21:42, last look 21:42, link up, 1 waiting, 0 in doubt"
    assert [word for word in heard.words if "," in word] == [line]


def test_the_status_line_names_what_a_person_must_know() -> None:
    """The status line names a different day, observe mode and a stuck loop."""
    standing = StatusLine(
        last_mail=NOW - timedelta(days=2), last_look=None, link=None, waiting=0, in_doubt=3, observing=True,
        stuck=["watcher"],
    )  # fmt: skip
    assert standing.line(ZoneInfo("Europe/Amsterdam"), NOW) == (
        "STUCK: watcher, observing, nothing is sent, last mail seen 2027-03-15 21:42, last look never, "
        "first look under way, 0 waiting, 3 in doubt"
    )


# ---------------------------------------------------------------- the watchdog


BOUNDS = {"watcher": 600.0, "outbox": 600.0, "remind": 300.0}


def pass_minutes(pulse: LoopMonitor, seconds: Seconds, minutes: int, *loops: str) -> None:
    """Advances the clock while only these loops make progress."""
    for _ in range(minutes * 4):
        seconds.now += 15
        for loop in loops:
            pulse.beat(loop)


def test_the_watchdog_is_fed_by_loops_that_work() -> None:
    """While all three loops make progress, the watchdog is notified once per interval."""
    heard, seconds = Heard(interval=60.0), Seconds()
    pass_minutes(LoopMonitor(heard, BOUNDS, seconds), seconds, 30, *BOUNDS)
    assert len(heard.words) == 60


@pytest.mark.parametrize("stuck", sorted(BOUNDS))
def test_a_stuck_loop_starves_the_watchdog(stuck: str) -> None:
    """A loop stuck beyond its bound stops the watchdog messages until it continues."""
    heard, seconds = Heard(interval=60.0), Seconds()
    pulse = LoopMonitor(heard, BOUNDS, seconds)
    others = [loop for loop in BOUNDS if loop != stuck]
    pass_minutes(pulse, seconds, 10, *others)
    heard.words.clear()
    pass_minutes(pulse, seconds, 60, *others)
    assert heard.words == []
    assert pulse.stuck() == [stuck]
    pulse.beat(stuck)
    assert heard.words == ["alive"]


def test_a_question_whether_to_go_on_is_the_sign_of_life() -> None:
    """Each check of the stop signal counts as a sign of life, also at the end of a wait."""
    heard, seconds, stop = Heard(interval=60.0), Seconds(), EventInterrupt()
    line = WatchedStop(stop, LoopMonitor(heard, {"watcher": 600.0}, seconds), "watcher")
    seconds.now += 60
    assert not line.is_set()
    seconds.now += 60
    assert not line.wait(0)
    assert heard.words == ["alive", "alive"]
    assert line.fileno() == stop.fileno()
    line.set()
    assert stop.is_set()


class HintedMailbox(WatchedMailbox):
    """A mailbox that records its longest wait."""

    at_most: float | None = None

    def wait(self, stop: Interrupt, at_most: float) -> None:
        """Records the limit, then waits."""
        self.at_most = at_most
        super().wait(stop, at_most)


def test_the_watcher_waits_no_longer_than_the_watchdog(env: Services) -> None:
    """The watcher waits at most one watchdog interval."""
    mailbox = HintedMailbox(env)
    with running(a_daemon(env, mailbox, Heard(interval=7.0))):
        assert mailbox.looked.wait(PATIENCE)
    assert mailbox.at_most == 7.0


class SteppedMailbox(WatchedMailbox):
    """A mailbox whose wait ends when the test says so."""

    def __init__(self, env: Services) -> None:
        super().__init__(env)
        self.step = threading.Semaphore(0)

    def wait(self, stop: Interrupt, at_most: float) -> None:
        """Waits for the test."""
        del stop, at_most
        self.looked.set()
        self.step.acquire(timeout=PATIENCE)

    def turn(self) -> None:
        """Runs one turn of the watcher's loop."""
        self.looked.clear()
        self.step.release()
        assert self.looked.wait(PATIENCE)


@pytest.mark.parametrize("stuck", ["watcher", "outbox", "remind"])
def test_each_loop_of_the_daemon_is_watched(env: Services, stuck: str) -> None:
    """With one loop of the daemon stuck, watchdog messages continue until its bound and then stop."""
    heard, mailbox, seconds, ticker = Heard(interval=60.0), SteppedMailbox(env), Seconds(), StepTicker()
    daemon = a_daemon(env, mailbox, heard, ticker, seconds)

    def half_an_hour() -> int:
        heard.words.clear()
        for _ in range(60):
            seconds.now += 30
            if stuck != "watcher":
                mailbox.turn()
            for loop in {"outbox", "remind"} - {stuck}:
                ticker.works[loop]()
        return heard.words.count("alive")

    with running(daemon):
        assert mailbox.looked.wait(PATIENCE)
        assert 8 <= half_an_hour() <= 25
        assert half_an_hour() == 0
        mailbox.step.release()
        daemon.stop.set()


# ---------------------------------------------------------------- stopping


def ends(daemon: Daemon, thread: threading.Thread) -> bool:
    """Requests a stop and returns whether the daemon has ended."""
    daemon.stop.set()
    thread.join(PATIENCE)
    return not thread.is_alive()


class SilentSubmitter(Submitter):
    """A submission server that does not answer while the test lasts."""

    def __init__(self) -> None:
        self.asked, self.answer = threading.Event(), threading.Event()

    def submit(self, octets: bytes, sender: str, recipients: Sequence[str], witness: str = "") -> Sequence[Submission]:
        """Waits for the end of the test."""
        del octets, sender, witness
        self.asked.set()
        self.answer.wait(10 * PATIENCE)
        return [Accepted(recipient, NOW, AttemptText.SAYS(words="250 late")) for recipient in recipients]


def test_a_silent_submission_server_does_not_hold_up_the_end(env: Services) -> None:
    """A silent submission server does not delay the stop. Its mail stays `attempting`, and the lease stays held."""
    silent = SilentSubmitter()
    mailbox = WatchedMailbox(env)
    mailbox.deliver("inbox", REFERRAL, NOW)
    held = replace(env, submitter=silent)
    daemon = a_daemon(held, mailbox, Heard(), SchedulerTicker())
    daemon.outbox_every, daemon.ending.within = 0.05, 3.0
    thread = threading.Thread(target=daemon.run, daemon=True)
    thread.start()
    assert silent.asked.wait(PATIENCE)
    assert ends(daemon, thread)
    assert not silent.answer.is_set()
    assert daemon.ending.overdue == ["ticker"]
    with env.store.read() as tx:
        (in_hand,) = tx.find(OutboxMail, where(OutboxMail.state).is_(MailState.ATTEMPTING))
        (attempt,) = tx.find(Attempt, where(Attempt.mail).is_(in_hand.id))
    assert attempt.ended_at is None
    with pytest.raises(StoreBusy, match="here:1:now"):
        env.store.acquire("mailbox", "elsewhere:2:now", 600)
    silent.answer.set()
    assert settled(env, in_hand.id)


class SilentMailbox(WatchedMailbox):
    """A mailbox whose server no longer answers, whoever asks its client to end."""

    answer = threading.Event()

    def wait(self, stop: Interrupt, at_most: float) -> None:
        """Waits for the end of the test."""
        del stop
        self.looked.set()
        self.answer.wait(at_most)


def test_no_job_begins_while_the_end_waits_for_a_silent_mailbox(env: Services) -> None:
    """A stop waits for the mailbox in vain, begins no job meanwhile, and leaves time to the jobs under way."""
    mailbox, ticker, heard = SilentMailbox(env), StepTicker(), Heard()  # the ticker requires time at its stop
    daemon = a_daemon(env, mailbox, heard, ticker)
    daemon.ending.within = 0.4
    thread = threading.Thread(target=daemon.run, daemon=True)
    thread.start()
    assert mailbox.looked.wait(PATIENCE)
    said = len(heard.words)
    daemon.stop.set()
    for work in ticker.works.values():
        work()
    assert ends(daemon, thread)
    mailbox.answer.set()
    assert (daemon.ending.overdue, ticker.calls[-1], heard.words[said:]) == (["watcher"], "stop", ["stopping"])


def settled(env: Services, mail: str) -> bool:
    """Waits until the daemon has recorded the late answer, so that the store can be closed."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        with env.store.read() as tx:
            found = tx.get(OutboxMail, mail)
        if found is not None and found.state == "accepted":
            return True
        time.sleep(0.01)
    return False


def test_the_end_comes_during_a_wait_for_the_next_try(env: Services) -> None:
    """A stop ends a back-off that has begun, however long it is."""
    mailbox = WatchedMailbox(env, error=PauseAsked("throttled", 20 * PATIENCE))
    daemon = a_daemon(env, mailbox, Heard())
    thread = threading.Thread(target=daemon.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + PATIENCE
    while daemon.link is None:  # set by the first lost connection
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert ends(daemon, thread)
    assert daemon.ending.overdue == []


class FullMailbox(WatchedMailbox):
    """A mailbox that requests a stop in the middle of a large batch."""

    def __init__(self, env: Services, stop: Interrupt, after: int) -> None:
        super().__init__(env)
        self._end, self._ends_after = stop, after

    def fetch_after(self, folder: str, position: str | None) -> Iterator[MailPage]:
        """Yields one page that requests a stop after some messages."""
        for page in super().fetch_after(folder, position):
            yield MailPage(EndingBatch(page.mails, self._end, self._ends_after), page.position)


class EndingBatch(list[RawMessage]):
    """A batch that requests a stop after some messages."""

    def __init__(self, batch: Sequence[RawMessage], stop: Interrupt, after: int) -> None:
        super().__init__(batch)
        self._end, self._after = stop, after

    def __iter__(self) -> Iterator[RawMessage]:
        """Yields the messages in order."""
        for number, raw in enumerate(super().__iter__()):
            if number == self._after:
                self._end.set()
            yield raw


def test_the_end_comes_in_the_middle_of_a_large_batch(env: Services) -> None:
    """On a stop in a large batch, the mail taken in is kept and the rest is left for the next start."""
    stop = EventInterrupt()
    mailbox = FullMailbox(env, stop, after=3)
    for number in range(200):
        mailbox.deliver("inbox", REFERRAL.replace(b"<r1@", b"<r%d@" % number).replace(b"wijk 7", b"%d" % number), NOW)
    daemon = a_daemon(env, mailbox, Heard())
    daemon.stop = stop
    with running(daemon) as thread:
        thread.join(PATIENCE)
    with env.store.read() as tx:
        cursor = tx.cursor("INBOX")
    assert cursor is not None
    assert cursor.position == "1/4"  # the current mail is finished
    assert daemon.ending.overdue == []


def test_a_full_outbox_does_not_hold_up_the_end(env: Services) -> None:
    """On a stop the current mail is sent and the rest of the outbox waits."""
    stop = EventInterrupt()
    for number in range(5):
        octets = REFERRAL.replace(b"<r1@", b"<r%d@" % number).replace(b"wijk 7", b"%d" % number)
        ingest(env, RawMessage(octets, NOW, "INBOX", "1", str(number + 1)))

    class EndingSubmitter(ScriptedSubmitter):
        """Requests a stop with the first mail."""

        def submit(
            self, octets: bytes, sender: str, recipients: Sequence[str], witness: str = ""
        ) -> Sequence[Submission]:
            """Accepts."""
            stop.set()
            return super().submit(octets, sender, recipients, witness)

    ending = replace(env, submitter=EndingSubmitter(SetClock(NOW)))
    assert delivery.drain(ending, stop) == 1
