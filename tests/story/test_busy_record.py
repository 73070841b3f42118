# SPDX-License-Identifier: EUPL-1.2
"""A record that another process writes for long: the daemon goes on, and ends only if another one has its lease."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from threading import Event
from typing import cast

import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from flaggermail.adapters.db.store import SqlStore
from flaggermail.daemon import outage
from flaggermail.daemon.service import BUSY_AGAIN
from flaggermail.errors import LeaseHeld, PauseAsked, StoreBusy
from flaggermail.mail.message import Json
from flaggermail.notices import digest
from flaggermail.ports import Folder, MailPage, Role, Store, Transaction
from flaggermail.services import Services
from tests import asking
from tests.patience import PATIENCE
from tests.story.conftest import NOW
from tests.story.test_daemon import MAIL, StepTicker, WatchedMailbox, a_daemon, running

WAIT = 0.05  # seconds that a writer waits here; ten on a desk
BUSY = "record busy, tried again"


@pytest.fixture
def other(env: Services) -> Iterator[SqlStore]:
    """Returns the same database as another process has it."""
    with closing(impatient(env)) as store:
        yield store


@pytest.fixture
def hurried(env: Services) -> Iterator[Services]:
    """Returns the services with a store that waits for a moment only."""
    with closing(impatient(env)) as store:
        yield replace(env, store=store)


def impatient(env: Services) -> SqlStore:
    """Opens the database once more."""
    assert isinstance(env.store, SqlStore)
    return SqlStore(env.store.engine.url.render_as_string(), env.randomness.salt, WAIT)


def let_end(store: SqlStore) -> None:
    """Lets the lease end, by the database's clock."""
    with store.engine.begin() as connection:
        connection.execute(text("UPDATE lease SET until = '2020-01-01 00:00:00.000'"))


class Uptime:
    """The clock that nobody sets, of a test."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        """Returns the seconds."""
        return self.now


def said(logged: Sequence[Mapping[str, object]], event: str) -> list[object]:
    """Returns the objects of the lines with that event."""
    return [line["object"] for line in logged if line["event"] == event]


def test_a_busy_record_stops_no_worker(hurried: Services, other: SqlStore) -> None:
    """A call that finds the record busy is made again; the lease is renewed as soon as the record is free."""
    mailbox = WatchedMailbox(hurried)
    uptime = Uptime()
    daemon = replace(a_daemon(hurried, mailbox), monotonic=uptime)
    thread = running(daemon)
    assert mailbox.looked.wait(PATIENCE)
    assert isinstance(daemon.ticker, StepTicker)
    works = daemon.ticker.works
    with capture_logs() as logged:
        with other.begin():
            uptime.now += 59
            for _ in range(3):
                works["lease"]()
        works["lease"]()
        uptime.now += 59
        with other.begin():
            works["lease"]()
    assert said(logged, BUSY) == ["lease", "lease"]  # once until it worked
    assert said(logged, "database away") == []
    assert (daemon.failure, daemon.stop.is_set()) == (None, False)
    with pytest.raises(LeaseHeld, match="here:1:now"):
        other.acquire("mailbox", "elsewhere:9:now", 600)
    daemon.stop.set()
    thread.join(PATIENCE)
    assert daemon.failure is None


class Board:
    """A status board that keeps what was shown last."""

    def __init__(self) -> None:
        self.shown: Mapping[str, Json] = {}

    def show(self, document: Mapping[str, Json]) -> str:
        """Keeps the document."""
        self.shown = document
        return ""


def test_a_lease_that_is_not_renewed_for_a_minute_makes_all_wait(hurried: Services, other: SqlStore) -> None:
    """From then on the record counts as away: one line, a red status, and it goes on once the lease can be renewed."""
    mailbox = WatchedMailbox(hurried)
    uptime = Uptime()
    daemon = replace(a_daemon(hurried, mailbox), monotonic=uptime)
    daemon.board = board = Board()
    thread = running(daemon)
    assert mailbox.looked.wait(PATIENCE)
    assert isinstance(daemon.ticker, StepTicker)
    works = daemon.ticker.works
    with capture_logs() as logged, other.begin():
        uptime.now += 60
        for _ in range(2):
            works["lease"]()
            works["database"]()
        works["status"]()
    assert len(said(logged, "database away")) == 1
    assert "a writer that does not end keeps it locked since 10:00" in str(board.shown["wrong"])
    works["database"]()
    works["status"]()
    assert "keeps it locked" not in str(board.shown["wrong"])
    assert daemon.failure is None
    with pytest.raises(LeaseHeld, match="here:1:now"):
        other.acquire("mailbox", "elsewhere:9:now", 600)
    daemon.stop.set()
    thread.join(PATIENCE)


def test_a_daemon_whose_lease_was_taken_meanwhile_ends(hurried: Services, other: SqlStore) -> None:
    """Of two daemons one works: the first write after the take-over ends the other."""
    mailbox = WatchedMailbox(hurried)
    daemon = a_daemon(hurried, mailbox)

    def run() -> None:
        with pytest.raises(LeaseHeld, match="taken over"):
            daemon.run()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    assert mailbox.looked.wait(PATIENCE)
    assert isinstance(daemon.ticker, StepTicker)
    let_end(other)
    other.acquire("mailbox", "elsewhere:9:now", 600)
    daemon.ticker.works["lease"]()
    assert isinstance(daemon.failure, LeaseHeld)
    thread.join(PATIENCE)
    assert not thread.is_alive()


class HeldMailbox(WatchedMailbox):
    """A mailbox during whose first page another process begins to write, until the connection is given up."""

    def __init__(self, env: Services, other: SqlStore) -> None:
        super().__init__(env)
        self._other, self._held = other, ExitStack()
        self.held = False

    def fetch_after(self, folder: str, position: str | None) -> Iterator[MailPage]:
        """Yields the messages, the first time while another process writes."""
        if folder == "INBOX" and not self.held:
            self.held = True
            self._held.enter_context(self._other.begin())
        yield from super().fetch_after(folder, position)

    def close(self) -> None:
        """Ends the other's transaction."""
        super().close()
        self._held.close()


def test_a_look_that_finds_the_record_busy_is_repeated(hurried: Services, other: SqlStore) -> None:
    """The mail is fetched again and taken in once, as live mail and as old mail."""
    mailbox = HeldMailbox(hurried, other)
    mailbox.deliver("inbox", MAIL % (1, 1, 1), NOW)
    mailbox.deliver("inbox", MAIL % (2, 2, 2), NOW - timedelta(days=9))
    with capture_logs() as logged:
        daemon = a_daemon(hurried, mailbox)
        thread = running(daemon)
        assert mailbox.looked.wait(PATIENCE)
        daemon.stop.set()
        thread.join(PATIENCE)
    assert (mailbox.held, said(logged, BUSY), daemon.failure) == (True, ["watcher"], None)
    assert len(asking.deliveries(hurried, folder="INBOX")) == 2


def test_a_start_waits_until_the_record_is_free(hurried: Services, other: SqlStore) -> None:
    """A busy record is no reason not to start; a lease that another daemon holds is one."""
    mailbox = WatchedMailbox(hurried)
    with capture_logs() as logged, ExitStack() as held:
        held.enter_context(other.begin())
        waits = threading.Event()
        daemon = a_daemon(hurried, mailbox)
        stop, daemon.stop = daemon.stop, Waking(waits, held)
        thread = running(daemon)
        assert mailbox.looked.wait(PATIENCE)
        stop.set()
        daemon.stop.set()
        thread.join(PATIENCE)
    assert waits.is_set()
    assert said(logged, BUSY) == ["start"]
    assert daemon.failure is None


class BusyReading:
    """A store that finds the record busy at the next reading, if told so."""

    def __init__(self, store: Store) -> None:
        self._store, self.busy = store, False

    def __getattr__(self, name: str) -> object:
        """Returns what the store does."""
        return getattr(self._store, name)

    @contextmanager
    def read(self) -> Iterator[Transaction]:
        """Reads, or is busy once."""
        if self.busy:
            self.busy = False
            raise StoreBusy("busy")
        with self._store.read() as tx:
            yield tx


class Passing(Event):
    """Lets time pass for the watcher alone, which waits for nothing real."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds = 0.0

    def wait(self, seconds: float | None = None) -> bool:
        """Waits a moment; of the watcher, counts the time."""
        if threading.current_thread().name == "watcher":
            self.seconds += seconds or 0.0
        return super().wait(0.001)

    def fileno(self) -> int:
        """Returns no descriptor: nothing selects on it here."""
        return -1


class Throttling(WatchedMailbox):
    """A mailbox that asks for a pause each time, while the record is busy."""

    PAUSE = 90.0  # seconds

    def __init__(self, env: Services, store: BusyReading, stop: Passing) -> None:
        super().__init__(env)
        self._store, self._stop = store, stop
        self.asked = list[float]()

    def folders(self, only: Role | None = None) -> Sequence[Folder]:
        """Notes when it was asked."""
        del only
        self.asked.append(self._stop.seconds)
        self._store.busy = True
        if len(self.asked) == 3:
            self._stop.set()
        raise PauseAsked("throttled", self.PAUSE)


def test_the_pause_that_a_server_asks_for_is_kept_though_the_record_is_busy(
    env: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What finds the record busy is the status; whoever comes back earlier is asked for a longer pause."""
    monkeypatch.setattr(outage, "LOCKED_AFTER", math.inf)  # time passes here without a tick that renews the lease
    store, stop = BusyReading(env.store), Passing()
    there = replace(env, store=cast("Store", store))
    mailbox = Throttling(there, store, stop)
    daemon = a_daemon(there, mailbox, stop)
    daemon.monotonic = lambda: stop.seconds
    daemon.__post_init__()
    with capture_logs() as logged:
        thread = running(daemon)
        thread.join(PATIENCE)
    assert (thread.is_alive(), daemon.failure) == (False, None)
    assert said(logged, BUSY) == ["watcher"]
    assert all(later - earlier >= Throttling.PAUSE for earlier, later in pairwise(mailbox.asked))


class Waking:
    """Implements `ports.Interrupt`: the first wait lasts no time, and ends what another process holds."""

    def __init__(self, waited: threading.Event, held: ExitStack) -> None:
        self._waited, self._held, self._stop = waited, held, threading.Event()

    def set(self) -> None:
        """Ends every wait."""
        self._stop.set()

    def is_set(self) -> bool:
        """Returns whether it is set."""
        return self._stop.is_set()

    def wait(self, seconds: float) -> bool:
        """Waits, but not the first time."""
        if not self._waited.is_set():
            self._waited.set()
            self._held.close()
            return False
        return self._stop.wait(seconds)

    def fileno(self) -> int:
        """Returns no descriptor: nothing selects on it here."""
        return -1


def test_what_comes_once_an_hour_is_made_up_for_within_a_minute(env: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    """A digest that found the record busy does not wait for the next hour."""
    mailbox, told = WatchedMailbox(env), list[int]()

    def busy_at_first(_env: Services) -> None:
        told.append(1)
        if len(told) == 1:
            raise StoreBusy("busy")

    monkeypatch.setattr(digest, "tell_noise", busy_at_first)
    daemon = a_daemon(env, mailbox)
    thread = running(daemon)
    assert mailbox.looked.wait(PATIENCE)
    assert isinstance(daemon.ticker, StepTicker)
    daemon.ticker.works["digests"]()
    assert daemon.ticker.planned["digests again"] == BUSY_AGAIN
    daemon.ticker.works["digests again"]()
    assert len(told) == 2
    daemon.stop.set()
    thread.join(PATIENCE)
