# SPDX-License-Identifier: EUPL-1.2
"""A record that others write for longer than a writer waits: nothing in hand is lost, and no writer is starved."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from subprocess import Popen

import pytest
from sqlalchemy import text

from flaggermail.adapters.db.store import SqlStore
from flaggermail.daemon.publishing import Sending
from flaggermail.errors import LeaseHeld, StoreBusy
from flaggermail.outbox import delivery
from flaggermail.ports import Store, Submission, Submitter, Transaction
from flaggermail.record.events import EventKind, added
from flaggermail.record.rows import Alarm, Attempt, Notification, OutboxMail, Page
from flaggermail.record.rows.alarms import AlarmKind
from flaggermail.record.states import MailState
from flaggermail.reminders import paging
from flaggermail.services import until_recorded
from flaggermail.stories.doubles import CountedRandomness, ListPager, SetClock
from flaggermail.wiring.assembly import make_services
from tests.doubles.shared_parser import sharing
from tests.patience import PATIENCE
from tests.store.conftest import new_store
from tests.store.desk_fixtures import START, Desk, RecordingSubmitter, desk_settings, registered
from tests.store.processes import go_on, other_process, told
from tests.store.samples import alarm, happened

WAIT = 0.2  # seconds that a writer waits here; ten on a desk


@pytest.fixture
def desk_on(url: str, tmp_path: Path) -> Iterator[Desk]:
    """Yields a desk on each engine, whose writers wait for a moment only."""
    clock = SetClock(START)
    server = RecordingSubmitter(clock)
    env = registered(sharing(make_services(
        desk_settings(), clock=clock, randomness=CountedRandomness("busy"), submit=server,
        store=new_store(url, WAIT), archive=tmp_path / "archive", pager=ListPager(),
    )))  # fmt: skip
    with closing(env.store):
        yield Desk(env, clock, server)


class Held:
    """Another process that holds the record from an answer on until somebody has waited for it three times.

    Implements `ports.Submitter` and `ports.Interrupt`.
    """

    def __init__(self, process: Popen[str], inner: Submitter) -> None:
        self._process, self._inner, self.waits, self.answers = process, inner, 0, 0

    def secret_version(self) -> str:
        """Delegates."""
        return self._inner.secret_version()

    def submit(self, octets: bytes, sender: str, recipients: Sequence[str], witness: str = "") -> Sequence[Submission]:
        """Returns the server's answer, after which the other process begins to write."""
        answer = self._inner.submit(octets, sender, recipients, witness)
        self.answers += 1
        if self.answers == 1:
            go_on(self._process)
            assert told(self._process) == "done"
        return answer

    def set(self) -> None:
        """Is never set."""

    def is_set(self) -> bool:
        """Returns that it is not set."""
        return False

    def wait(self, seconds: float) -> bool:
        """Counts the wait; at the third one the other process ends its transaction."""
        assert seconds > 0
        self.waits += 1
        if self.waits == 3:
            go_on(self._process)
            assert self._process.wait(PATIENCE) == 0
        return False

    def fileno(self) -> int:
        """Returns no descriptor: nothing selects on it here."""
        return -1


@pytest.mark.outside
def test_an_answer_is_held_until_another_process_has_written(desk_on: Desk, url: str) -> None:
    """The server's 250 is on record once: no doubt, no second try, no notification in doubt."""
    key = desk_on.approved()
    with other_process("write", url) as process:
        held = Held(process, desk_on.server)
        assert delivery.drain(replace(desk_on.env, submitter=held), held) >= 1
    assert (held.waits, desk_on.mail_of(key).state) == (3, MailState.ACCEPTED)
    assert delivery.recover(desk_on.env) == 0
    assert delivery.drain(desk_on.env) == 0
    assert len(desk_on.server.envelopes) == held.answers == len(desk_on.all(Attempt))
    assert {attempt.result for attempt in desk_on.all(Attempt)} == {"accepted"}
    assert desk_on.row(Notification, key).state == "sent"
    desk_on.assert_whole()


class BusyStore:
    """A store that is busy for some units of work after the first ones."""

    def __init__(self, store: Store, after: int, busy: int, error: type[StoreBusy] = StoreBusy) -> None:
        self._store, self._busy, self._error, self.begun = store, range(after + 1, after + busy + 1), error, 0

    def __getattr__(self, name: str) -> object:
        """Delegates everything else."""
        return getattr(self._store, name)

    @contextmanager
    def begin(self) -> Iterator[Transaction]:
        """Opens a unit of work, if the record is not busy."""
        self.begun += 1
        if self.begun in self._busy:
            raise self._error("busy")
        with self._store.begin() as tx:
            yield tx


class Waits:
    """Implements `ports.Interrupt`: is set after some waits."""

    def __init__(self, left: int) -> None:
        self.left = left

    def set(self) -> None:
        """Sets it."""
        self.left = 0

    def is_set(self) -> bool:
        """Returns whether it is set."""
        return self.left <= 0

    def wait(self, seconds: float) -> bool:
        """Counts a wait."""
        assert seconds > 0
        self.left -= 1
        return self.is_set()

    def fileno(self) -> int:
        """Returns no descriptor: nothing selects on it here."""
        return -1


def test_the_answer_of_a_pager_is_held_too(desk: Desk) -> None:
    """A page that was taken is on record once, so that nobody is woken twice."""
    pager = ListPager()
    env = replace(desk.env, pager=pager)
    row = Page(id="P1", about="A1", officer="officer1", pager="first", position=0, text="a clock runs", queued_at=START)
    with env.store.begin() as tx:
        tx.append(happened(added(row)))
    busy, stop = BusyStore(env.store, 1, 3), Waits(10)
    assert paging.drain(replace(env, store=busy), stop) == 1  # type: ignore[arg-type] # it delegates the rest
    assert (len(pager.calls), stop.left) == (1, 7)
    assert desk.happened(EventKind.PAGE_SENT) == 1
    assert paging.recover(env) == 0


def test_a_lease_that_is_lost_is_not_waited_for() -> None:
    """What another daemon has taken over is its own to settle."""

    def lost(_tried: int) -> None:
        raise LeaseHeld("taken over")

    stop = Waits(10)
    with pytest.raises(LeaseHeld):
        until_recorded(lost, stop)
    assert stop.left == 10


def test_a_stop_ends_the_wait(desk: Desk) -> None:
    """What could not be recorded until then is in doubt at the next start, as after a crash."""
    desk.approved()
    busy = BusyStore(desk.env.store, 1, 100)
    with pytest.raises(StoreBusy):
        delivery.drain(replace(desk.env, store=busy), Waits(3))  # type: ignore[arg-type] # it delegates the rest
    assert busy.begun == 4
    assert delivery.recover(desk.env) == 1


def test_a_claim_that_finds_the_record_busy_is_made_again(desk: Desk) -> None:
    """Nothing was changed, nothing sent; the next call sends."""
    key = desk.approved()
    busy = BusyStore(desk.env.store, 0, 1)
    with pytest.raises(StoreBusy):
        delivery.drain(replace(desk.env, store=busy))  # type: ignore[arg-type] # it delegates the rest
    assert (desk.server.envelopes, desk.mail_of(key).state) == ([], MailState.QUEUED)
    delivery.drain(desk.env)
    assert desk.mail_of(key).state == MailState.ACCEPTED


def test_a_new_password_is_tried_even_if_the_record_was_busy(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a refused login holds up leaves at the first call that finds the record free."""
    tried = list[int]()

    def busy_at_first(_env: object) -> bool:
        tried.append(1)
        if len(tried) == 1:
            raise StoreBusy("busy")
        return False

    monkeypatch.setattr(delivery, "try_now", busy_at_first)
    sending, stop = Sending(), Waits(10)
    with pytest.raises(StoreBusy):
        sending.send(desk.env, stop)
    for _ in range(3):
        sending.send(desk.env, stop)
    assert len(tried) == 2


# ---- the lock


def test_writers_that_write_again_at_once_starve_nobody(store: SqlStore) -> None:
    """Between two turns of a thread each other thread has one, however quickly it asks again.

    A busy machine may stop a thread for some turns before it asks again, though not each time.
    """
    stop, written, greedy = threading.Event(), list[int](), 3

    def write_on(number: int) -> None:
        while not stop.is_set():
            with store.begin() as tx:
                tx.number("message")
                written.append(number)
                stop.wait(0.02)  # a batch that holds the lock

    writers = [threading.Thread(target=write_on, args=(number,), daemon=True) for number in range(1, greedy + 1)]
    for writer in writers:
        writer.start()
    try:
        for _ in range(20):
            with store.begin() as tx:
                tx.number("case")
                written.append(0)
    finally:
        stop.set()
        for writer in writers:
            writer.join(PATIENCE)
    turns = [number for number, last in enumerate(written) if last == 0]
    between = [later - earlier - 1 for earlier, later in pairwise(turns)]
    assert between.count(greedy) > len(between) / 2, written


@contextmanager
def holding(store: SqlStore) -> Iterator[None]:
    """Holds the lock in another thread of this process within the block."""
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        with store.begin():
            held.set()
            assert done.wait(PATIENCE)

    thread = threading.Thread(target=hold, daemon=True)
    thread.start()
    try:
        assert held.wait(PATIENCE)
        yield
    finally:
        done.set()
        thread.join(PATIENCE)


@pytest.mark.outside
def test_another_process_is_named_only_where_it_writes(url: str) -> None:
    """The error says whether this process or another one holds the record."""
    store = new_store(url, WAIT)
    with closing(store):
        with holding(store), pytest.raises(StoreBusy, match="this process, whose"), store.begin():
            pass
        with other_process("write", url) as process:
            go_on(process)
            assert told(process) == "done"
            with pytest.raises(StoreBusy, match="another process that does not end"), store.begin():
                pass
            with pytest.raises(StoreBusy, match="another process that does not end"):
                store.acquire("daemon", "host:1:now", 60)
            go_on(process)
            assert process.wait(PATIENCE) == 0
        with store.begin() as tx:
            assert tx.number("message") == 2  # the other process drew the first
            assert [row.id for row in tx.find(Alarm)] == ["half"]


def test_a_lease_that_another_daemon_holds_is_told_apart(url: str) -> None:
    """No waiting ends that, so it is an error of its own; the lock of the record is not."""
    first, second = new_store(url, WAIT), new_store(url, WAIT)
    with closing(first), closing(second):
        first.acquire("daemon", "here:1:now", 60)
        with pytest.raises(LeaseHeld, match="here:1:now"):
            second.acquire("daemon", "there:2:now", 60)
        with first.begin(), pytest.raises(StoreBusy) as caught:
            second.acquire("daemon", "there:2:now", 60)
        assert not isinstance(caught.value, LeaseHeld)
        first.renew(60)  # which was never lost


@pytest.mark.xdist_group("postgres")
def test_a_table_that_maintenance_locks_is_busy(postgres_url: str) -> None:
    """VACUUM FULL and the like take a table from readers and writers: both may try again, the server is not away."""
    store, other = new_store(postgres_url, WAIT), new_store(postgres_url)
    with closing(store), closing(other), other.engine.begin() as connection:
        connection.execute(text("LOCK TABLE alarm IN ACCESS EXCLUSIVE MODE"))
        with pytest.raises(StoreBusy, match="does not give a lock in time"), store.read() as tx:
            tx.find(Alarm)
        with pytest.raises(StoreBusy, match="does not give a lock in time"), store.begin() as tx:
            tx.append(happened(added(alarm("a", kind=AlarmKind.FORGED))))


def test_a_reader_that_finds_sqlite_locked_may_try_again(sqlite_path: Path) -> None:
    """A program that opened the file for itself alone ends; until then every reader is told that it is busy."""
    store = new_store(f"sqlite:///{sqlite_path}", WAIT)
    with closing(store), closing(sqlite3.connect(sqlite_path, isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("CREATE TABLE taken (a)")
        with pytest.raises(StoreBusy), store.read() as tx:
            tx.find(OutboxMail)
        with pytest.raises(StoreBusy), store.begin() as tx:
            tx.number("message")
