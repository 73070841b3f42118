# SPDX-License-Identifier: EUPL-1.2
"""Only one daemon leads at a time, whatever happened to the one before, and whatever its own clock and name are."""

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import text

from flaggermail.adapters.db import nodes
from flaggermail.adapters.db import store as store_module
from flaggermail.adapters.db.store import SqlStore
from flaggermail.errors import ConfigurationError, LeaseHeld, StoreAway, StoreBusy
from flaggermail.ports import Lease, NodeReport
from flaggermail.record.events import added
from flaggermail.record.rows import Alarm
from flaggermail.record.states import LEASE
from tests.patience import PATIENCE
from tests.store.conftest import POSTGRESQL, new_store
from tests.store.samples import alarm, broken_link, happened

FIRST, SECOND = "6f3c1d0e-0000-4000-8000-000000000001", "6f3c1d0e-0000-4000-8000-000000000002"
SECONDS = 600.0  # no test of a lease that lasts is slower
HOUR = 3600
ENDED = {"sqlite": "strftime('%Y-%m-%d %H:%M:%f', 'now', '{} seconds')", "postgresql": "now() + interval '{} seconds'"}
TAKEN = "taken over"
ONLY_POSTGRESQL = pytest.mark.parametrize("engine_name", [POSTGRESQL], indirect=True)


@pytest.fixture
def other(url: str) -> Iterator[SqlStore]:
    """Returns the same database, opened by a second daemon."""
    store = new_store(url)
    yield store
    store.close()


def write(store: SqlStore, key: str) -> None:
    """Writes one row."""
    with store.begin() as tx:
        tx.append(happened(added(alarm(key))))


def written(store: SqlStore) -> list[str]:
    """Returns the keys of the rows written, and proves the chain."""
    with store.read() as tx:
        assert broken_link(tx) is None
        return [row.id for row in tx.find(Alarm)]


def set_instant(store: SqlStore, change: str, ahead: int) -> None:
    """Makes a change of rows, with the instant so many seconds from now by the database's clock."""
    with store.engine.begin() as connection:
        connection.execute(text(change.format(ENDED[store.engine.dialect.name].format(ahead))))


def let_end(store: SqlStore, ahead: int = -1) -> None:
    """Lets the lease end so many seconds from now, by the database's clock."""
    set_instant(store, "UPDATE lease SET until = {}", ahead)


def take_over(store: SqlStore) -> None:
    """Takes the lease once it has ended, which a leader that writes prevents: tries until it is not in time."""
    until = time.monotonic() + PATIENCE
    while True:
        let_end(store)
        try:
            store.acquire(LEASE, SECOND, SECONDS)
        except LeaseHeld:
            assert time.monotonic() < until
        else:
            return


def test_a_second_holder_is_refused(store: SqlStore, other: SqlStore) -> None:
    """It is named, with its machine for people, and until when it leads."""
    store.nodes.report(NodeReport(FIRST, "desk-a", "1.0"))
    assert store.acquire(LEASE, FIRST, SECONDS) == Lease(LEASE, FIRST, 1)
    with pytest.raises(LeaseHeld, match=rf"mailbox is held by node {FIRST} on desk-a until \d\d:\d\d:\d\d UTC"):
        other.acquire(LEASE, SECOND, SECONDS)
    write(store, "a")


def test_leases_of_different_names_do_not_meet(store: SqlStore, other: SqlStore) -> None:
    """Leases are per mailbox: two names can have two holders."""
    store.acquire("one mailbox", FIRST, SECONDS)
    assert other.acquire("another mailbox", SECOND, SECONDS).fencing == 1
    write(store, "a")
    write(other, "b")


def test_a_lease_lasts_as_long_as_it_says_and_no_longer(store: SqlStore, other: SqlStore) -> None:
    """A holder that did not renew loses the lease, and the next one gets a higher fencing number."""
    store.acquire(LEASE, FIRST, 0.4)
    with pytest.raises(LeaseHeld):
        other.acquire(LEASE, SECOND, SECONDS)
    time.sleep(0.5)
    assert other.acquire(LEASE, SECOND, SECONDS) == Lease(LEASE, SECOND, 2)


def test_renewing_keeps_it(store: SqlStore, other: SqlStore) -> None:
    """A renewal extends the lease from its own instant, by the database's clock."""
    store.acquire(LEASE, FIRST, SECONDS)
    let_end(store, 1)
    assert not store.renew(SECONDS)
    time.sleep(1.1)
    with pytest.raises(LeaseHeld):
        other.acquire(LEASE, SECOND, SECONDS)


@pytest.mark.parametrize("by", [HOUR, -HOUR])
def test_the_own_clock_of_a_node_takes_no_lease(
    store: SqlStore, other: SqlStore, monkeypatch: pytest.MonkeyPatch, by: int
) -> None:
    """A standby an hour ahead took a healthy lease: no clock of this process is asked."""
    store.acquire(LEASE, FIRST, SECONDS)
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + by)
    with pytest.raises(LeaseHeld):
        other.acquire(LEASE, SECOND, SECONDS)
    write(store, "a")


@pytest.mark.outside
def test_a_process_that_is_not_there_says_nothing(store: SqlStore, other: SqlStore) -> None:
    """A holder with the name of this machine and a process that is gone was taken for dead: names are not believed."""
    with subprocess.Popen([sys.executable, "-c", "pass"]) as process:
        process.wait(PATIENCE)
    store.acquire(LEASE, f"{socket.gethostname()}:{process.pid}:2026-03-18T12:00:00Z", SECONDS)
    with pytest.raises(LeaseHeld):
        other.acquire(LEASE, SECOND, SECONDS)


def test_a_clock_that_was_set_back_keeps_nobody_out(store: SqlStore, other: SqlStore) -> None:
    """A lease that seems to last for an hour was given before the database's clock was set back."""
    store.acquire(LEASE, FIRST, SECONDS)
    let_end(store, HOUR)
    assert other.acquire(LEASE, SECOND, SECONDS).fencing == 2


def test_a_holder_that_was_replaced_writes_no_more(store: SqlStore, other: SqlStore) -> None:
    """The next write and the renewal of a replaced holder raise LeaseHeld and write nothing; it can read."""
    store.acquire(LEASE, FIRST, SECONDS)
    let_end(store)
    other.acquire(LEASE, SECOND, SECONDS)
    with pytest.raises(LeaseHeld, match=TAKEN):
        write(store, "late")
    with pytest.raises(LeaseHeld, match=TAKEN):
        store.renew(SECONDS)
    write(other, "a")
    assert written(store) == ["a"]


def test_a_write_after_the_end_renews_what_nobody_took(store: SqlStore, other: SqlStore) -> None:
    """The head is locked, so that nobody takes it meanwhile; from then on it is a healthy lease again."""
    store.acquire(LEASE, FIRST, SECONDS)
    let_end(store)
    write(store, "a")
    with pytest.raises(LeaseHeld):
        other.acquire(LEASE, SECOND, SECONDS)


def test_a_write_under_way_comes_before_the_next_leader(
    store: SqlStore, other: SqlStore, in_threads: Callable[..., list[object]]
) -> None:
    """The lease is taken under the lock of the chain's head: what the old leader began under its lease stands first."""
    store.acquire(LEASE, FIRST, SECONDS)
    done, let_begin = list[str](), threading.Event()

    def work(number: int) -> None:
        if number:
            with store.begin() as tx:
                let_begin.set()
                time.sleep(0.5)
                tx.append(happened(added(alarm("a"))))
            done.append("written")
        else:
            assert let_begin.wait(PATIENCE)
            with pytest.raises(LeaseHeld):
                other.acquire(LEASE, SECOND, SECONDS)
            done.append("refused")

    in_threads(work, 2)
    assert done == ["written", "refused"]


def test_a_door_writes_between_two_leaders(store: SqlStore, other: SqlStore, url: str) -> None:
    """A door bears no fencing number: the chain's head orders its commit, before and after a take-over."""
    door = new_store(url)
    store.acquire(LEASE, FIRST, SECONDS)
    write(store, "a")
    write(door, "b")
    let_end(store)
    write(door, "c")
    other.acquire(LEASE, SECOND, SECONDS)
    write(door, "d")
    with pytest.raises(LeaseHeld, match=TAKEN):
        write(store, "late")
    write(other, "e")
    door.close()
    assert written(other) == ["a", "b", "c", "d", "e"]


def test_doors_and_leaders_that_write_at_once_make_one_chain(
    store: SqlStore, other: SqlStore, url: str, in_threads: Callable[..., list[object]]
) -> None:
    """Two doors write while the lease goes from one to the other: no row is lost, and the chain is intact."""
    store.acquire(LEASE, FIRST, SECONDS)
    writers = [store, new_store(url), new_store(url), other]

    def work(number: int) -> int:
        kept = 0
        for turn in range(8):
            if number == len(writers) - 1 and turn == 4:
                take_over(other)
            try:
                write(writers[number], f"{number}-{turn}")
            except LeaseHeld:
                assert number == 0
            else:
                kept += 1
        return kept

    kept = in_threads(work, len(writers))
    assert kept[1:] == [8, 8, 8]
    assert len(written(other)) == sum(int(str(one)) for one in kept)
    for door in writers[1:3]:
        door.close()


def test_giving_back_what_was_taken_over_has_no_effect(store: SqlStore, other: SqlStore, url: str) -> None:
    """If a replaced holder releases, the successor keeps the lease."""
    store.acquire(LEASE, FIRST, SECONDS)
    let_end(store)
    other.acquire(LEASE, SECOND, SECONDS)
    store.release()
    third = new_store(url)
    with pytest.raises(LeaseHeld, match=SECOND):
        third.acquire(LEASE, FIRST, SECONDS)
    third.close()


def test_a_lease_given_back_is_free_at_once(store: SqlStore, other: SqlStore) -> None:
    """Releasing twice is harmless; without a lease renewing is refused, and writing is permitted."""
    store.acquire(LEASE, FIRST, SECONDS)
    store.release()
    store.release()
    assert other.acquire(LEASE, SECOND, SECONDS).fencing == 2
    with pytest.raises(StoreBusy, match="no lease is held"):
        store.renew(SECONDS)
    write(store, "a command beside the daemon")


def test_the_same_holder_may_take_it_again(store: SqlStore, other: SqlStore) -> None:
    """Reacquiring gives a new fencing number, which invalidates work under the previous lease."""
    store.acquire(LEASE, FIRST, SECONDS)
    assert other.acquire(LEASE, FIRST, SECONDS).fencing == 2
    with pytest.raises(LeaseHeld, match=TAKEN):
        write(store, "a")


def test_of_many_at_once_one_gets_it(url: str, in_threads: Callable[..., list[object]]) -> None:
    """Of four daemons that start at once on a free lease, one gets it."""

    def start(number: int) -> bool:
        store = new_store(url)
        try:
            store.acquire(LEASE, f"node-{number}", SECONDS)
        except StoreBusy:
            return False
        finally:
            store.close()
        return True

    assert sorted(map(bool, in_threads(start, 4))) == [False, False, False, True]


def test_a_pause_is_noticed_without_asking_anybody(store: SqlStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock that nobody sets says when the last renewal is too old; a write renews it, as nobody has taken it."""
    assert store.leads()  # a door, which has none
    store.acquire(LEASE, FIRST, SECONDS)
    assert store.leads()
    now = store_module.uptime()
    monkeypatch.setattr(store_module, "uptime", lambda: now + SECONDS + 1)
    assert not store.leads()
    let_end(store)
    write(store, "a")
    assert store.leads()
    monkeypatch.setattr(store_module, "uptime", lambda: now + 3 * SECONDS)
    assert not store.leads()
    store.renew(SECONDS)
    assert store.leads()


def test_another_schema_is_not_led(store: SqlStore, other: SqlStore) -> None:
    """A node of an older program neither takes the lease of a newer schema nor keeps it."""
    other.acquire(LEASE, SECOND, SECONDS)
    with store.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(ConfigurationError, match="9999"):
        other.renew(SECONDS)
    let_end(store)
    with pytest.raises(ConfigurationError, match="9999"):
        store.acquire(LEASE, FIRST, SECONDS)


def test_nodes_are_listed_as_they_were_last_seen(store: SqlStore, other: SqlStore) -> None:
    """The leader stands first; two of one machine's name are two; one that is silent lives no more, and goes later."""
    store.nodes.report(NodeReport(FIRST, "desk", "1.0"))
    other.nodes.report(NodeReport(SECOND, "desk", "1.1"))
    other.acquire(LEASE, SECOND, SECONDS)
    leader, standby = store.nodes.seen(LEASE, SECONDS)
    assert (leader.node.id, leader.node.host, leader.lives, leader.is_ready) == (SECOND, "desk", True, False)
    assert leader.leads_until is not None
    assert (standby.node.id, standby.leads_until, standby.is_ready, standby.revision) == (FIRST, None, True, "0001")
    assert [one.lives for one in store.nodes.seen(LEASE, 0.0)] == [False, False]
    set_instant(store, "UPDATE node SET seen = {}", -round(nodes.GONE) - 1)
    store.nodes.report(NodeReport("third", "desk", "1.1"))
    assert [one.node.id for one in store.nodes.seen(LEASE, SECONDS)] == ["third"]
    store.nodes.forget("third")
    assert store.nodes.seen(LEASE, SECONDS) == []


def test_a_hand_over_is_asked_of_whoever_leads(store: SqlStore, other: SqlStore) -> None:
    """The leader hears of it at its next renewal, once; a node that does not lead is not asked."""
    store.acquire(LEASE, FIRST, SECONDS)
    with other.begin() as tx:
        assert not tx.ask_hand_over(LEASE, SECOND)
    assert not store.renew(SECONDS)
    with other.begin() as tx:
        assert tx.ask_hand_over(LEASE, FIRST)
    assert store.renew(SECONDS)
    store.release()
    other.acquire(LEASE, SECOND, SECONDS)
    assert not other.renew(SECONDS)


@ONLY_POSTGRESQL
def test_a_renewal_waits_for_no_writer(store: SqlStore, other: SqlStore) -> None:
    """A door that keeps the head locked for longer than the lease ends no leader."""
    store.acquire(LEASE, FIRST, SECONDS)
    with other.begin():
        assert not store.renew(SECONDS)


@ONLY_POSTGRESQL
def test_a_writer_that_was_stopped_in_the_middle_is_ended(url: str, postgres_url: str) -> None:
    """Whoever wants the lease of a frozen leader ends its session, which keeps the head locked; it commits nothing."""
    assert postgres_url
    frozen, standby = new_store(url), new_store(url, wait=0.3)
    frozen.acquire(LEASE, FIRST, 0.2)

    def write_and_stop() -> None:
        with frozen.begin() as tx:
            tx.append(happened(added(alarm("late"))))
            tx.cursors()  # the statements are sent
            time.sleep(0.5)
            with pytest.raises(StoreBusy):
                standby.acquire(LEASE, SECOND, 0.2)
            assert standby.acquire(LEASE, SECOND, 0.2).fencing == 2

    with pytest.raises(StoreAway):
        write_and_stop()
    assert written(standby) == []
    for one in (frozen, standby):
        one.close()
