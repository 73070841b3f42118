# SPDX-License-Identifier: EUPL-1.2
"""Transactions are atomic, writers are serialized, and readers are not disturbed."""

import signal
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from flaggermail.adapters.db.mapping import table_of
from flaggermail.adapters.db.store import SqlStore
from flaggermail.errors import NotFound, StoreBusy, StoreFailure
from flaggermail.ports import Bookmark, Cursor, Transaction
from flaggermail.record.case_values import CaseType, Origin
from flaggermail.record.definition import in_sequence, where
from flaggermail.record.events import Change, Event, added, changed
from flaggermail.record.rows import Alarm, Attempt, Case, ClockRow, Election
from flaggermail.record.rows.alarms import AlarmKind
from flaggermail.record.states import ClockKind
from flaggermail.wording.said import as_written
from tests.patience import PATIENCE
from tests.store.conftest import new_store
from tests.store.processes import go_on, other_process, told
from tests.store.samples import NOON, UndoneError, alarm, broken_link, happened

InThreads = Callable[[Callable[[int], object], int], list[object]]
ROUNDS = 100
THREADS = 3
NO_SUCH_CASE = Change("case_file", "nowhere", {"state": "decided"})


def everything(store: SqlStore) -> dict[str, list[tuple[object, ...]]]:
    """Returns all rows of the tables that a transaction writes."""
    with store.engine.connect() as connection:
        tables = ("alarm", "event", "chain_head", "personal", "counter", "cursor")
        return {name: sorted(map(tuple, connection.execute(select(table_of(name)))), key=repr) for name in tables}


def write(tx: Transaction) -> None:
    """Writes a row, an event, a number and a cursor."""
    tx.append(happened(added(alarm(f"a{tx.number('alarm')}"))))
    tx.advance("INBOX", Cursor(str(tx.number("uid")), NOON))


def test_an_exception_undoes_all_of_it(store: SqlStore) -> None:
    """Rows, events, the chain's head, counters and cursors are as before, and the next transaction continues there."""
    with store.begin() as tx:
        write(tx)
    before = everything(store)
    with suppress(UndoneError), store.begin() as tx:
        write(tx)
        assert [row.id for row in tx.find(Alarm)] == ["a1", "a2"]
        raise UndoneError
    assert everything(store) == before
    with store.begin() as tx:
        assert tx.number("alarm") == 2
        assert broken_link(tx) is None


def test_a_savepoint_whose_events_are_read_keeps_all(store: SqlStore) -> None:
    """What was written before, in and after a savepoint stays, also where the chain is first read within it."""
    with store.begin() as tx:
        tx.append(happened(added(alarm("a1"))))
        with tx.savepoint():
            assert [seq for seq, _ in tx.events()] == [1]
            tx.append(happened(added(alarm("a2"))))
        tx.append(happened(added(alarm("a3"))))
    with store.read() as tx:
        assert [row.id for row in tx.find(Alarm)] == ["a1", "a2", "a3"]
        assert broken_link(tx) is None


@pytest.mark.parametrize("caught", [True, False], ids=["caught", "not caught"])
@pytest.mark.parametrize(
    ("events", "error"),
    [
        ((happened(added(alarm("b"))), happened(NO_SUCH_CASE)), NotFound),
        ((happened(added(alarm("b")), added(alarm("a"))),), DBAPIError),
        ((happened(Change("alarm", "b", {"id": "b", "kind": "half a row"})),), DBAPIError),
        ((happened(added(Attempt(id="t", mail="no such mail", started_at=NOON))),), DBAPIError),
        ((happened(added(ClockRow(id="k", notification="n", kind=ClockKind.DECISION, started_at=NOON))),), DBAPIError),
    ],
    ids=["a change to a missing row", "a key twice", "a field missing", "a reference to nothing", "against a CHECK"],
)
def test_an_append_that_fails_writes_nothing(
    store: SqlStore, events: tuple[Event, ...], error: type[Exception], *, caught: bool
) -> None:
    """Neither rows nor events of a failed append are written, even if the caller goes on to commit."""
    with store.begin() as tx:
        tx.append(happened(added(alarm("a"))))
    before = everything(store)
    with suppress(UndoneError), store.begin() as tx:
        with pytest.raises(error):
            tx.append(*events)
        if not caught:
            raise UndoneError
    assert everything(store) == before


def test_a_change_to_a_missing_row_is_told(store: SqlStore) -> None:
    """NotFound names table and key; a change without values changes nothing, so it needs no row."""
    with pytest.raises(NotFound, match="case_file nowhere"), store.begin() as tx:
        tx.append(happened(NO_SUCH_CASE))
    with store.begin() as tx:
        tx.append(happened(changed(alarm("a"), alarm("a"))))
        assert [len(event.changes) for _, event in tx.events()] == [1]


def test_set_number_says_which_comes_next(store: SqlStore) -> None:
    """Counters start at 1, are independent, and can be set before and after their first number."""
    with store.begin() as tx:
        assert [tx.number("a"), tx.number("a"), tx.number("b")] == [1, 2, 1]
        tx.set_number("a", 41)
        tx.set_number("c", 6)
        assert [tx.number("a"), tx.number("b"), tx.number("c")] == [42, 2, 7]


def test_numbers_have_no_duplicates_and_no_gaps(store: SqlStore, in_threads: InThreads) -> None:
    """Two threads draw from a new counter; the number of a rolled-back transaction is used again."""
    drawn: list[int] = []

    def draw(_thread: int) -> None:
        for round_ in range(ROUNDS):
            with suppress(UndoneError), store.begin() as tx:
                number = tx.number("case")
                if round_ % 10 == 9:
                    raise UndoneError
                drawn.append(number)  # under the writers' lock, so the list is in the order of the commits

    in_threads(draw, 2)
    assert drawn == list(range(1, 2 * ROUNDS * 9 // 10 + 1))


def test_concurrent_writers_lose_nothing(store: SqlStore, in_threads: InThreads) -> None:
    """Three threads increment a row a hundred times each: it is 300, with 300 events in one chain."""
    with store.begin() as tx:
        tx.append(happened(added(alarm("counted", text="0"))))

    def add_one(_thread: int) -> None:
        for _ in range(ROUNDS):
            with store.begin() as tx:
                row = tx.get(Alarm, "counted")
                assert row is not None
                tx.append(happened(changed(row, replace(row, text=as_written(str(int(row.text.english) + 1))))))

    in_threads(add_one, THREADS)
    with store.read() as tx:
        assert [row.text.english for row in tx.find(Alarm)] == [str(THREADS * ROUNDS)]
        assert len(list(tx.events())) == THREADS * ROUNDS + 1
        assert broken_link(tx) is None


def test_readers_are_not_blocked_by_a_writer(store: SqlStore, url: str) -> None:
    """While a write transaction is open, a reader sees the previous state without waiting."""
    reader = new_store(url, wait=0)
    with store.begin() as tx:
        tx.append(happened(added(alarm("a"))))
        with reader.read() as view:
            assert view.find(Alarm) == []
    with reader.read() as view:
        assert view.find(Alarm) == [alarm("a")]
    reader.close()


def test_a_writer_is_not_blocked_by_readers_who_see_one_instant(store: SqlStore) -> None:
    """A reader that began earlier does not see later commits: neither rows nor events nor the head."""
    with store.begin() as tx:
        write(tx)
    with store.read() as view:
        before = view.rows()
        with store.begin() as tx:
            write(tx)
        assert view.rows() == before
        assert len(list(view.events())) == 1
        assert broken_link(view) is None
    with store.read() as view:
        assert len(list(view.events())) == 2


def test_a_reader_cannot_write(store: SqlStore) -> None:
    """A write by a reader is refused, and the connection can write in the next transaction."""
    before = everything(store)
    for work in (write, lambda tx: tx.number("a"), lambda tx: tx.advance("INBOX", Cursor("1/1", None))):
        with pytest.raises((DBAPIError, StoreFailure), match=r"readonly|read-only"), store.read() as view:
            work(view)
    assert everything(store) == before
    with store.begin() as tx:
        write(tx)


def test_a_reader_may_stop_halfway(store: SqlStore) -> None:
    """A caller that stops after the first event leaves nothing open."""
    with store.begin() as tx:
        tx.append(*(happened(added(alarm(f"a{number}"))) for number in range(1200)))
    with store.read() as view:
        assert next(view.events())[0] == 1
        assert [seq for seq, _ in view.events(after=400)] == list(range(401, 1201))
        assert broken_link(view) is None


def test_a_writer_that_does_not_end_is_told_of(store: SqlStore, url: str) -> None:
    """The second writer waits for its time-out, then raises an error without the driver's text."""
    impatient = new_store(url, wait=0.05)
    with store.begin():
        with pytest.raises(StoreBusy, match="is being written by another process"), impatient.begin():
            pass
        with pytest.raises(StoreBusy, match="is being written by another process"):
            impatient.acquire("daemon", "host:1:now", 30)
    with impatient.begin() as tx:
        write(tx)
    impatient.close()


@pytest.mark.outside
def test_a_killed_process_leaves_nothing_of_its_transaction(store: SqlStore, url: str) -> None:
    """SIGKILL before the commit leaves no row, event or number, and the next writer is not blocked."""
    with store.begin() as tx:
        write(tx)
    before = everything(store)
    with other_process("write", url) as process:
        go_on(process)
        assert told(process) == "done"
        process.send_signal(signal.SIGKILL)
        assert process.wait(PATIENCE) == -signal.SIGKILL
    assert everything(store) == before
    with store.begin() as tx:
        write(tx)
        assert broken_link(tx) is None


@pytest.mark.outside
def test_a_process_that_commits_is_seen(store: SqlStore, url: str) -> None:
    """The process of the test above, not killed this time, does commit."""
    with other_process("write", url) as process:
        go_on(process)
        assert told(process) == "done"
        go_on(process)
        assert (told(process), process.wait(PATIENCE)) == ("ready", 0)
    with store.read() as tx:
        assert tx.find(Alarm) == [alarm("half")]


def test_case_and_election_are_tied(store: SqlStore) -> None:
    """A case of an unknown election is refused on both engines, since references are checked."""
    case = Case(
        number="1", election="none", type=CaseType.OTHER, origin=Origin.MEDIA, token="t", opened_at=NOON, opened_by="o"
    )
    with pytest.raises(DBAPIError, match=r"(?i)foreign key"), store.begin() as tx:
        tx.append(happened(added(case)))
    with store.read() as tx:
        assert tx.find(Election) == []


def test_the_newest_rows_come_the_last_one_first_and_no_more_than_asked_for(store: SqlStore) -> None:
    """Only the newest matching rows are read, the last one first."""
    with store.begin() as tx:
        tx.append(*(happened(added(alarm(f"a{number:02d}"))) for number in range(12)))
        assert [row.id for row in tx.newest(Alarm, 3, where(Alarm.kind).is_(alarm("a00").kind))] == [
            "a11",
            "a10",
            "a09",
        ]
        assert tx.newest(Alarm, 3, where(Alarm.kind).is_(AlarmKind.FORGED)) == []


def test_rows_come_in_order_behind_a_bookmark(store: SqlStore) -> None:
    """By an instant, then by the key, on each engine alike: a longer key later, equally long ones by characters.

    Only those that meet the conditions come.
    """
    keys = ["B", "a", "a-b", "a/b", "a0", "ab", "é"]
    rows = [replace(alarm(key), raised_at=NOON + timedelta(minutes=later)) for later in (0, 1) for key in keys[later:]]
    rows = [replace(row, id=f"{row.id}{number}") for number, row in enumerate(rows)]
    with store.begin() as tx:
        tx.append(*(happened(added(row)) for row in reversed(rows)))
        tx.append(happened(added(replace(alarm("other", kind=AlarmKind.DISK_LOW), raised_at=NOON))))
    wanted = sorted(rows, key=lambda row: (row.raised_at, *in_sequence(row.id)))
    silent = where(Alarm.kind).is_(AlarmKind.MAILBOX_SILENT)
    with store.read() as tx:
        found, after = list[Alarm](), None
        while part := tx.in_order(Alarm, Alarm.raised_at, 3, after, silent):
            found += part
            after = Bookmark(part[-1].raised_at, part[-1].id)
        assert found == wanted
        assert tx.in_order(Alarm, Alarm.raised_at, 99, None, where(Alarm.id).in_([])) == []
        assert len(tx.in_order(Alarm, Alarm.raised_at, 99)) == len(rows) + 1
