# SPDX-License-Identifier: EUPL-1.2
"""Only one daemon runs at a time, whatever happened to the previous one."""

import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, timezone

import pytest

from flaggermail.adapters.db.store import SqlStore, this_process
from flaggermail.errors import StoreBusy
from flaggermail.ports import Lease
from flaggermail.record.events import added
from flaggermail.record.rows import Alarm
from tests.patience import PATIENCE
from tests.store.conftest import new_store
from tests.store.samples import NOON, alarm, happened

FIRST, SECOND = "node-a:100:2026-03-18T12:00:00Z", "node-b:200:2026-03-18T12:05:00Z"
SECONDS = 60
LATER = NOON + timedelta(seconds=SECONDS)
JUST_BEFORE = LATER - timedelta(microseconds=1)


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


def test_a_second_holder_is_refused(store: SqlStore, other: SqlStore) -> None:
    """A second holder is refused until the last instant; the message names the first holder and the expiry."""
    assert store.acquire("daemon", FIRST, NOON, SECONDS) == Lease("daemon", FIRST, 1)
    with pytest.raises(StoreBusy, match=f"daemon is held by {FIRST} until 12:01:00 UTC"):
        other.acquire("daemon", SECOND, JUST_BEFORE, SECONDS)
    write(store, "a")


def test_leases_of_different_names_do_not_meet(store: SqlStore, other: SqlStore) -> None:
    """Leases are per mailbox: two names can have two holders."""
    store.acquire("one mailbox", FIRST, NOON, SECONDS)
    assert other.acquire("another mailbox", SECOND, NOON, SECONDS).fencing == 1
    write(store, "a")
    write(other, "b")


def test_it_is_taken_over_once_it_has_expired(store: SqlStore, other: SqlStore) -> None:
    """A holder that did not renew loses the lease, and the next one gets a higher fencing number."""
    store.acquire("daemon", FIRST, NOON, SECONDS)
    assert other.acquire("daemon", SECOND, LATER, SECONDS) == Lease("daemon", SECOND, 2)


def test_renewing_keeps_it(store: SqlStore, other: SqlStore) -> None:
    """A renewal extends the lease from its own instant."""
    store.acquire("daemon", FIRST, NOON, SECONDS)
    store.renew(JUST_BEFORE, SECONDS)
    with pytest.raises(StoreBusy, match="12:01:59"):
        other.acquire("daemon", SECOND, LATER, SECONDS)


def test_a_holder_that_was_replaced_writes_no_more(store: SqlStore, other: SqlStore) -> None:
    """The next write and the renewal of a replaced holder raise StoreBusy and write nothing."""
    store.acquire("daemon", FIRST, NOON, SECONDS)
    other.acquire("daemon", SECOND, LATER, SECONDS)
    with pytest.raises(StoreBusy, match="taken over"):
        write(store, "late")
    with pytest.raises(StoreBusy, match="taken over"):
        store.renew(LATER, SECONDS)
    write(other, "a")
    with other.read() as tx:
        assert [row.id for row in tx.find(Alarm)] == ["a"]


def test_a_holder_that_was_replaced_still_reads(store: SqlStore, other: SqlStore) -> None:
    """A replaced holder can still read while it stops."""
    store.acquire("daemon", FIRST, NOON, SECONDS)
    other.acquire("daemon", SECOND, LATER, SECONDS)
    with store.read() as tx:
        assert tx.find(Alarm) == []


def test_giving_back_what_was_taken_over_has_no_effect(store: SqlStore, other: SqlStore, url: str) -> None:
    """If a replaced holder releases, the successor keeps the lease."""
    store.acquire("daemon", FIRST, NOON, SECONDS)
    other.acquire("daemon", SECOND, LATER, SECONDS)
    store.release()
    third = new_store(url)
    with pytest.raises(StoreBusy, match=SECOND):
        third.acquire("daemon", FIRST, LATER, SECONDS)
    third.close()


def test_a_lease_given_back_is_free_at_once(store: SqlStore, other: SqlStore) -> None:
    """Releasing twice is harmless; without a lease renewing is refused, and writing is permitted."""
    store.acquire("daemon", FIRST, NOON, SECONDS)
    store.release()
    store.release()
    assert other.acquire("daemon", SECOND, NOON, SECONDS).fencing == 2
    with pytest.raises(StoreBusy, match="no lease is held"):
        store.renew(NOON, SECONDS)
    write(store, "a command beside the daemon")


def test_the_same_holder_may_take_it_again(store: SqlStore, other: SqlStore) -> None:
    """Reacquiring gives a new fencing number, which invalidates work under the previous lease."""
    store.acquire("daemon", FIRST, NOON, SECONDS)
    assert other.acquire("daemon", FIRST, NOON, SECONDS).fencing == 2
    with pytest.raises(StoreBusy, match="taken over"):
        write(store, "a")


@pytest.mark.outside
def test_a_dead_process_of_this_host_is_replaced_at_once(store: SqlStore, other: SqlStore) -> None:
    """A crashed daemon does not delay its successor; a living one does."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        holder = f"{socket.gethostname()}:{process.pid}:2026-03-18T12:00:00Z"
        store.acquire("daemon", holder, NOON, SECONDS)
        with pytest.raises(StoreBusy, match=f":{process.pid}:"):
            other.acquire("daemon", SECOND, NOON, SECONDS)
        process.kill()
    assert other.acquire("daemon", SECOND, NOON, SECONDS).fencing == 2
    with pytest.raises(StoreBusy, match="taken over"):
        write(store, "a")


def test_a_process_of_somebody_else_lives(store: SqlStore, other: SqlStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """A PermissionError for the signal shows that the process exists."""

    def not_permitted(_process: int, _signal: int) -> None:
        raise PermissionError

    store.acquire("daemon", f"{socket.gethostname()}:1:2026-03-18T12:00:00Z", NOON, SECONDS)
    monkeypatch.setattr(os, "kill", not_permitted)
    with pytest.raises(StoreBusy, match="held by"):
        other.acquire("daemon", SECOND, NOON, SECONDS)


@pytest.mark.outside
def test_the_same_process_number_elsewhere_says_nothing(store: SqlStore, other: SqlStore) -> None:
    """Processes of another host cannot be seen, so its lease ends only by expiry."""
    with subprocess.Popen([sys.executable, "-c", "pass"]) as process:
        process.wait(PATIENCE)
    store.acquire("daemon", f"another-host:{process.pid}:2026-03-18T12:00:00Z", NOON, SECONDS)
    with pytest.raises(StoreBusy, match="another-host"):
        other.acquire("daemon", SECOND, NOON, SECONDS)


def test_this_process_is_named_by_host_number_and_start() -> None:
    """The start is in UTC, whatever the zone of the instant."""
    started = datetime(2026, 3, 18, 14, 0, tzinfo=timezone(timedelta(hours=2)))
    assert this_process(started) == f"{socket.gethostname()}:{os.getpid()}:2026-03-18T12:00:00Z"
    assert started == NOON.astimezone(UTC)


def test_of_many_at_once_one_gets_it(url: str, in_threads: Callable[..., list[object]]) -> None:
    """Of four daemons that start at once on a free lease, one gets it."""

    def start(number: int) -> bool:
        store = new_store(url)
        try:
            store.acquire("daemon", f"node-{number}:1:x", NOON, SECONDS)
        except StoreBusy:
            return False
        finally:
            store.close()
        return True

    assert sorted(map(bool, in_threads(start, 4))) == [False, False, False, True]
