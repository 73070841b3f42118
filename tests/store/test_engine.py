# SPDX-License-Identifier: EUPL-1.2
"""The settings of every connection, and what an error may contain."""

import sqlite3
import traceback
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.event import listen
from sqlalchemy.exc import SQLAlchemyError

from flaggermail.adapters.db.engine import connect_reading
from flaggermail.adapters.db.store import SqlStore
from flaggermail.record.definition import where
from flaggermail.record.events import Change, added, values_of
from flaggermail.record.rows import Alarm
from flaggermail.record.rows.alarms import AlarmKind
from tests.store.conftest import new_store
from tests.store.samples import alarm, happened
from tests.store.test_chain import CANARY, CASE, ELECTION, MESSAGE
from tests.store.test_reading_once import statements

EXPECTED = {
    "journal_mode": "wal",
    "synchronous": 2,  # FULL
    "foreign_keys": 1,
    "recursive_triggers": 1,
    "busy_timeout": 10_000,  # milliseconds
}


@pytest.fixture
def on_sqlite(sqlite_path: Path) -> Iterator[SqlStore]:
    """Returns a store on SQLite."""
    store = new_store(f"sqlite:///{sqlite_path}")
    yield store
    store.close()


def test_pragmas_are_set_on_every_connection(on_sqlite: SqlStore) -> None:
    """The pragmas are set on each of several simultaneous connections, not only on the first."""
    with ExitStack() as stack:
        for _ in range(4):
            connection = stack.enter_context(connect_reading(on_sqlite.engine))
            read = {name: connection.execute(text(f"PRAGMA {name}")).scalar() for name in EXPECTED}
            assert read == EXPECTED


def test_a_connection_keeps_what_it_has_prepared(on_sqlite: SqlStore) -> None:
    """Readers and writers in turn set no mode anew: SQLite would prepare all statements of the connection again."""
    for _ in range(2):
        with on_sqlite.read() as tx, on_sqlite.begin() as writing:
            assert tx.number_of_last == writing.number_of_last
    with statements(on_sqlite) as sent:
        for _ in range(3):
            with on_sqlite.begin() as tx:
                tx.find(Alarm)
            with on_sqlite.read() as tx:
                tx.find(Alarm)
    assert [statement for statement in sent if statement.startswith("PRAGMA")] == []
    assert [statement for statement in sent if statement.startswith("BEGIN")] == ["BEGIN IMMEDIATE", "BEGIN"] * 3


def test_a_statement_is_compiled_once(on_sqlite: SqlStore) -> None:
    """What a unit of work asks for is given to SQLite as text, also by the next store; SQLAlchemy prepares nothing."""
    with on_sqlite.begin() as tx:
        tx.append(happened(added(alarm("a1"))))
        assert not tx.exists(Alarm, where(Alarm.id).is_("a3"))
        assert [row.id for row in tx.find(Alarm, where(Alarm.id).is_("a1"))] == ["a1"]
        assert tx.find(Alarm, where(Alarm.kind).in_([AlarmKind.BOUNCED])) == []
    prepared: list[object] = []
    listen(on_sqlite.engine, "before_execute", lambda _connection, statement, *_rest: prepared.append(statement))
    with on_sqlite.begin() as tx:
        tx.append(happened(added(alarm("a2"))))
        assert [row.id for row in tx.find(Alarm, where(Alarm.id).is_("a2"))] == ["a2"]
        assert not tx.exists(Alarm, where(Alarm.id).is_("a3"))
        assert tx.find(Alarm, where(Alarm.kind).in_([AlarmKind.BOUNCED])) == []
    assert len(prepared) == 1, "the lock of the chain's head"


def test_the_connection_that_was_used_last_is_used_next(on_sqlite: SqlStore) -> None:
    """Of several that are free one is used again and again, so that the others keep no pages of the database."""
    with ExitStack() as stack:
        for _ in range(3):
            stack.enter_context(connect_reading(on_sqlite.engine))
    used = []
    for _ in range(5):
        with connect_reading(on_sqlite.engine) as connection:
            used.append(connection.connection.dbapi_connection)
    assert all(one is used[0] for one in used)


def locked(path: Path) -> bool:
    """Returns whether the write lock of the file is held now."""
    connection = sqlite3.connect(path, timeout=0, isolation_level=None)
    try:
        connection.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError:
        return True
    finally:
        connection.close()
    return False


def test_a_writer_takes_the_lock_before_it_reads(on_sqlite: SqlStore, sqlite_path: Path) -> None:
    """A writer starts with BEGIN IMMEDIATE; a reader takes no lock, before or after it has read."""
    with on_sqlite.begin():
        assert locked(sqlite_path)
    assert not locked(sqlite_path)
    with on_sqlite.read() as tx:
        assert not locked(sqlite_path)
        tx.rows()
        assert not locked(sqlite_path)


def test_waits_are_bounded_on_postgresql(postgres_url: str) -> None:
    """A lock is awaited for ten seconds; an idle transaction is ended, or no other process could take the lease."""
    store = new_store(postgres_url)
    with store.engine.connect() as connection:
        assert connection.execute(text("SHOW lock_timeout")).scalar() == "10s"
        assert connection.execute(text("SHOW idle_in_transaction_session_timeout")).scalar() == "2min"
    store.close()


@pytest.mark.parametrize(
    "change",
    [
        added(CASE),
        Change("case_file", "2", {**values_of(CASE), "number": "2"}),
        Change("case_file", "2", {**values_of(CASE), "number": "2", "token": "t2", "election": CANARY}),
        Change("case_file", "2", {**values_of(CASE), "number": "2", "token": "t2", "state": None}),
        Change("message", "m1", {**values_of(MESSAGE), "direction": CANARY}),
        Change("message", "m1", {**values_of(MESSAGE), "disputed": CANARY}),
        Change("message", "m1", {**values_of(MESSAGE), "received_at": CANARY}),
    ],
    ids=["key twice", "token twice", "no such parent", "field missing", "CHECK", "type", "no instant"],
)
def test_an_error_never_shows_a_value(store: SqlStore, change: Change) -> None:
    """Neither the text nor the traceback of an error or its causes shows a value, since logs are read by others."""
    with store.begin() as tx:
        tx.append(happened(added(ELECTION), added(CASE)))
    with pytest.raises((SQLAlchemyError, ValueError, TypeError)) as caught, store.begin() as tx:
        tx.append(happened(change))
    shown = "".join(traceback.format_exception(caught.value))
    assert CANARY not in shown
    assert "town.example" not in shown


def test_a_value_the_server_cannot_read_is_not_shown_either(postgres_url: str) -> None:
    """The values that PostgreSQL quotes in an error are not shown."""
    store = new_store(postgres_url)
    with pytest.raises(SQLAlchemyError, match="does not fit") as caught, store.engine.connect() as connection:
        connection.execute(text("SELECT CAST(:value AS integer)"), {"value": CANARY})
    assert CANARY not in "".join(traceback.format_exception(caught.value))
    store.close()
