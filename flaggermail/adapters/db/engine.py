# SPDX-License-Identifier: EUPL-1.2
"""Database engines with durable commits, consistent reads and error messages free of values.

What an error of the database means: it is busy, its server or disk is away, it is at fault, or this program is.

PostgreSQL's errors are told apart by SQLSTATE (PostgreSQL manual, appendix A), never by their text, which is in the
language of the server. An error of the connection itself has no SQLSTATE. SQLite's are told apart by their primary
result code (its page "Result and Error Codes").

The file of an SQLite database, of which another may be put in the place while this process has it open.

The threads of one process take the write lock in the order in which they asked for it.

SQLite gives its lock to whoever asks first after a release, and its waiters ask ten times a second: a thread that takes
the lock again at once keeps all others from it. PostgreSQL has a queue of its own.
"""

from __future__ import annotations

import errno
import json
import os
import sqlite3
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from sqlite3 import Connection as SqliteConnection
from threading import Event, Lock
from typing import Protocol
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, RootTransaction, create_engine, event, make_url
from sqlalchemy.engine import Dialect, ExceptionContext
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.pool import QueuePool
from sqlmodel.sql.sqltypes import UTCDateTime

from flaggermail.adapters.db.inspection import is_of_the_disk
from flaggermail.adapters.files.blob_store import full_disks
from flaggermail.errors import (
    ConfigurationError,
    DiskFailure,
    ReadCancelled,
    ServerFull,
    StoreAway,
    StoreBusy,
    StoreFailure,
)
from flaggermail.settings.mistakes import SetupFaultCode, setup_fault

PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",  # NORMAL may lose the last commits at a power cut, which an outbox cannot tolerate
    "PRAGMA foreign_keys = ON",
    "PRAGMA recursive_triggers = ON",
    "PRAGMA secure_delete = ON",  # overwrite deleted content
)
# No room, read-only, an error of the disk, a file or folder that is not there or closed: all may pass while it runs.
_CLOSED = frozenset({errno.EACCES, errno.EPERM, errno.EISDIR, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG})
STUCK_SECONDS = 120
ASKS_ANEW = 0.1  # seconds after which a writer asks SQLite for its lock as if it had not asked before
CONNECTING = {
    "connect_timeout": 10,  # seconds
    "keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3,  # a host that vanishes says nothing
    "tcp_user_timeout": 60_000,  # milliseconds
    "application_name": "flaggermail",
}  # fmt: skip
"""Settings of a connection to PostgreSQL (its manual, section 34.1.2), unless the address has its own."""
TARGET = "target_session_attrs"
READERS = "flaggermail_readers"  # the engine of those who read SQLite
ANEW = "flaggermail_asks_anew"  # of a writer that begins again itself while the database is busy


class PostgresqlConnection(Protocol):
    """The part of a psycopg connection used here. The driver is optional and may not be installed."""

    autocommit: bool
    read_only: bool | None

    def execute(self, query: str) -> object:
        """Runs one statement."""
        ...


def make_engine(url: str, wait: float = 10) -> Engine:
    """Returns an engine for a `sqlite:///` or `postgresql+psycopg://` URL; `wait`: seconds to wait for a lock."""
    if url.startswith("sqlite"):
        _create_private_file(url)
        # SQLite forgets a connection's prepared statements, at ten times their cost, when `query_only` is set anew.
        engine, readers = _on_sqlite(url, wait), _on_sqlite(url, wait, "PRAGMA query_only = 1")
        event.listen(engine, "begin", _begin_sqlite(wait))
        event.listen(readers, "begin", _begin_reading)
        event.listen(readers, "handle_error", _hide_values)
        event.listen(engine, "engine_disposed", lambda _: readers.dispose())
        engine.update_execution_options(**{READERS: readers})
    else:
        given = make_url(url)
        usual = {**CONNECTING, **({TARGET: "read-write"} if names_several(given) else {})}  # one of them is the primary
        settings = {name: value for name, value in usual.items() if name not in given.query}
        try:
            engine = create_engine(url, hide_parameters=True, pool_pre_ping=True, connect_args=settings)
        except ImportError:
            raise ConfigurationError(setup_fault(SetupFaultCode.DATABASE_DRIVER).text) from None
        event.listen(engine, "connect", _configure_postgresql(wait))
        event.listen(engine, "checkout", _leave_mode_to_server)
    event.listen(engine, "handle_error", _hide_values)
    return engine


def _on_sqlite(url: str, wait: float, *pragmas: str) -> Engine:
    engine = create_engine(
        url,
        hide_parameters=True,
        poolclass=QueuePool,
        pool_use_lifo=True,  # in turn, each connection would fill 2 MiB with the same pages
        **_existing(url, wait),
        json_serializer=_as_json,
        json_deserializer=_from_json,
    )
    event.listen(engine, "connect", _configure_sqlite(wait, pragmas))
    return engine


def names_several(url: URL) -> bool:
    """True if the URL names several servers, of which libpq takes the first that is as it should be."""
    hosts = url.query.get("host", ())
    return len(hosts) > 1 if isinstance(hosts, tuple) else "," in hosts or "," in (url.host or "")


def with_defaults(url: str, **settings: str) -> str:
    """Returns the URL of a server with these settings of its connections, but for those that it has itself."""
    given = make_url(url)
    missing = {name: value for name, value in settings.items() if name not in given.query}
    return given.update_query_dict(missing).render_as_string(hide_password=False)


def preferring_standby(url: str) -> str:
    """Returns the URL of a replica, which of several servers means one that only reads, unless it says itself which."""
    return with_defaults(url, **{TARGET: "prefer-standby"}) if names_several(make_url(url)) else url


def answering_within(seconds: int, url: str) -> str:
    """Returns the URL of a server that is given up after so many seconds, unless it says how many itself."""
    return with_defaults(url, connect_timeout=str(seconds), tcp_user_timeout=str(seconds * 1000))


def _as_json(value: object) -> str:
    """Returns a list as a column has it; most are empty."""
    return "[]" if value == [] else json.dumps(value)


def _from_json(value: str) -> object:
    return [] if value == "[]" else json.loads(value)


_WITHOUT_ZONE = len("2026-03-18 21:00:00.000000")


class StoredInstant(UTCDateTime):
    """An instant of a row. On SQLite it is read in one step: a large view reads ten thousand of them."""

    cache_ok = True

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[str | None], datetime | None] | None:
        """Returns what reads a value of the database."""
        return _instant_of_text if dialect.name == "sqlite" else super().result_processor(dialect, coltype)


def _instant_of_text(value: str | None) -> datetime | None:
    if value is None:
        return None
    if len(value) <= _WITHOUT_ZONE:  # as we write them; five times as fast as to give the zone afterwards
        return datetime.fromisoformat(value + "+00:00")
    return datetime.fromisoformat(value).astimezone(UTC)


def _create_private_file(url: str) -> None:
    """Creates the database file, for this account alone; SQLite gives its journal files the same mode."""
    path = make_url(url).database
    if path and path != ":memory:":
        try:
            os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
        except FileNotFoundError:
            missing = setup_fault(SetupFaultCode.DATABASE_FOLDER, folder=Path(path).parent)
            raise ConfigurationError(missing.text) from None
        except OSError as error:
            require_room(Path(path))
            closed = setup_fault(SetupFaultCode.DATABASE_CLOSED, path=path, why=error.strerror)
            kind = ConfigurationError if error.errno in _CLOSED else DiskFailure
            raise kind(closed.text) from error


def _existing(url: str, wait: float) -> dict[str, object]:
    path = make_url(url).database
    if not path or path == ":memory:":
        return {"connect_args": {"check_same_thread": False}}
    return {"creator": partial(_opened, path, wait)}


def _opened(path: str, wait: float) -> SqliteConnection:
    """Opens a database that is there: a file that went away with its disk is not made anew."""
    address = f"file:{quote(path)}?mode=rw"
    return sqlite3.connect(address, uri=True, timeout=wait, check_same_thread=False)


def require_room(file: Path) -> None:
    """Raises DiskFailure, naming the disk, if that of the database is full: make room, and all is as before."""
    for full in full_disks({"database": file}):
        raise DiskFailure(full.text)


def connect_reading(engine: Engine) -> Connection:
    """Opens a read-only connection that sees one consistent snapshot, even during writes."""
    if engine.dialect.name == "sqlite":
        readers: Engine = engine.get_execution_options()[READERS]
        return readers.connect()
    return engine.connect().execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


def begun(connection: Connection, until: float) -> RootTransaction:
    """Begins a transaction. Asks SQLite anew until that instant, as its own waiting gets slower the longer it lasts."""
    while True:
        try:
            return connection.begin()
        except OperationalError as error:
            if not is_busy(error) or time.monotonic() >= until:
                raise


def _configure_sqlite(wait: float, pragmas: Iterable[str]) -> Callable[[SqliteConnection, object], None]:
    def prepare(connection: SqliteConnection, _record: object) -> None:
        connection.isolation_level = None  # the driver must not begin transactions: `_begin_sqlite` does
        connection.execute(f"PRAGMA busy_timeout = {round(wait * 1000)}")  # first: switching to WAL may have to wait
        for pragma in (*PRAGMAS, *pragmas):
            connection.execute(pragma)

    return prepare


def _begin_sqlite(wait: float) -> Callable[[Connection], None]:
    def begin(connection: Connection) -> None:
        """Begins a writing transaction IMMEDIATE: SQLite refuses to upgrade a read lock at once, whatever the wait."""
        anew = bool(connection.get_execution_options().get(ANEW, False))
        if connection.info.get(ANEW) is not anew:  # as it was last set on this connection
            connection.info.pop(ANEW, None)
            # SQLite asks again after 1, 2, 5 ... 100 ms: a writer that begins anew each time asks four times as often.
            _set_wait(connection, min(wait, ASKS_ANEW) if anew else wait)
            connection.info[ANEW] = anew
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return begin


def _begin_reading(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")


def _set_wait(connection: Connection, seconds: float) -> None:
    """Sets how long SQLite waits for a lock."""
    driver = connection.connection.driver_connection
    if isinstance(driver, SqliteConnection):
        driver.execute(f"PRAGMA busy_timeout = {round(seconds * 1000)}")


def _configure_postgresql(wait: float) -> Callable[[PostgresqlConnection, object], None]:
    def prepare(connection: PostgresqlConnection, _record: object) -> None:
        connection.autocommit = True
        connection.execute("SET TIME ZONE 'UTC'")  # the last hours of the calendar are no time in Amsterdam
        connection.execute(f"SET lock_timeout = {round(wait * 1000)}")
        # A frozen daemon must not keep the chain's head locked: its successor could not take the lease.
        connection.execute(f"SET idle_in_transaction_session_timeout = '{STUCK_SECONDS} s'")
        connection.autocommit = False

    return prepare


def _leave_mode_to_server(connection: PostgresqlConnection, _record: object, _proxy: object) -> None:
    """Begins transactions without a mode, so that default_transaction_read_only holds for writers.

    SQLAlchemy gives back the connection of a reader as READ WRITE, which overrides the default.
    """
    connection.read_only = None


def _hide_values(context: ExceptionContext) -> None:
    """Removes values from an error and its cause. `hide_parameters` removes them from the statement only.

    A server that has become a standby keeps its sessions: each ends, so that the next one looks for the primary.
    """
    if getattr(context.original_exception, "sqlstate", None) == READ_ONLY:
        context.is_disconnect = True
    original, wrapped = context.original_exception, context.sqlalchemy_exception
    text = _without_values(original)
    if text is not None and wrapped is not None:
        original.args = (text,)
        wrapped.args = (f"({type(original).__module__}.{type(original).__name__}) {text}",)


def _without_values(error: BaseException) -> str | None:
    """Returns the text an error may show, or None if its own text is safe.

    PostgreSQL quotes the whole row in the DETAIL of an error, and the value itself in errors of class 22. SQLAlchemy's
    column types quote values that they cannot convert.
    """
    if isinstance(error, ValueError | TypeError) or str(getattr(error, "sqlstate", None)).startswith("22"):
        return "a value does not fit its column"
    text: str | None = getattr(getattr(error, "diag", None), "message_primary", None)
    return text


# ---- faults


# Connection, transaction rolled back by the server, insufficient resources (disk, memory, connections), operator
# intervention (shutdown, starting up, a cancelled statement), error of the server's system.
_AWAY_CLASSES = frozenset({"08", "40", "53", "57", "58"})
_AWAY = "25P03"  # the server ended a transaction that was idle for too long
_BUSY = "55P03"  # a lock was not given in time: another writer has it, or maintenance such as VACUUM FULL
READ_ONLY = "25006"  # in a writing transaction: a standby, or the administrator's default_transaction_read_only
_FORBIDDEN = "42501"
_FULL = "53100"
_CANCELLED_CLASS = "40"  # in a reader: it is in the way of what a standby replays
_DAMAGED_CLASS = "XX"


def fault_of(error: sqlite3.Error, *, writing: bool) -> StoreFailure | None:
    """Returns what to raise for an error of the database; None for one of this program, such as a constraint."""
    words = " ".join(str(error).split())
    if is_of_the_disk(error, writing=writing):
        return DiskFailure(f"the disk of the database does not work for this desk now: {words}")
    if isinstance(error, sqlite3.InterfaceError | sqlite3.OperationalError):
        return StoreFailure(f"the database says: {words}")
    if type(error) is sqlite3.DatabaseError:  # its subclasses are faults of ours
        return StoreFailure(f"the database is damaged: {words}")
    return None


@contextmanager
def as_store_failure(*, writing: bool) -> Iterator[None]:
    """Raises StoreBusy, StoreAway or StoreFailure for errors of the database; passes on those of this program."""
    try:
        yield
    except DBAPIError as caught:
        error = _first(caught)
        if is_busy(error):
            raise StoreBusy(f"the database does not give a lock in time: {words_of(error)}") from error
        if isinstance(error.orig, sqlite3.Error):
            fault = fault_of(error.orig, writing=writing)
        else:
            fault = _of_postgresql(error, writing=writing)
        if fault is None:
            raise
        raise fault from error


def _first(error: DBAPIError) -> DBAPIError:
    """Returns the error that came first, where going back to a savepoint failed because of it.

    On a full disk SQLite may end the whole transaction, and the savepoint with it (SQLite, "Transaction", section
    3.1).
    """
    before: BaseException | None = error
    while (error.statement or "").startswith("ROLLBACK TO") and before is not None:
        before = before.__context__
        if isinstance(before, DBAPIError):
            error = before
    return error


def is_busy(error: DBAPIError) -> bool:
    """True if a lock was not given in time: SQLITE_BUSY, or PostgreSQL's lock_not_available."""
    busy = str(getattr(error.orig, "sqlite_errorname", "")).startswith("SQLITE_BUSY")
    return busy or getattr(error.orig, "sqlstate", None) == _BUSY


def words_of(error: DBAPIError) -> str:
    """Returns the database's own words in one line."""
    return " ".join(str(error.orig).split())


def _of_postgresql(error: DBAPIError, *, writing: bool) -> StoreFailure | None:
    state: str | None = getattr(error.orig, "sqlstate", None)
    if state is None:
        away = isinstance(error, InterfaceError | OperationalError)
    else:
        away = state[:2] in _AWAY_CLASSES or state == _AWAY or (writing and state == READ_ONLY)
    if away:
        cancelled = state is not None and state.startswith(_CANCELLED_CLASS) and not writing
        kind = ServerFull if state == _FULL else ReadCancelled if cancelled else StoreAway
        return kind(f"the database server does not work for this desk now: {words_of(error)}")
    if state is not None and state.startswith(_DAMAGED_CLASS):
        return StoreFailure(f"the database is damaged: {words_of(error)}")
    if isinstance(error, OperationalError) or state == _FORBIDDEN:
        return StoreFailure(f"the database says: {words_of(error)}")
    return None


# ---- the file that was opened


class OwnFile:
    """Detects that a file was replaced after it was opened.

    SQLite goes on writing to a file that was replaced or removed, where nobody finds it again ("How To Corrupt An
    SQLite Database File", unlinking or renaming a database file while in use). A server has no such file.
    """

    def __init__(self, url: str) -> None:
        given = make_url(url)
        named = given.database if given.get_backend_name() == "sqlite" else None
        self._path = Path(named) if named and named != ":memory:" else None
        self._opened: tuple[int, int] | None = None  # device and inode; None before it is opened, or opened anew

    def require(self) -> None:
        """Raises DiskFailure if the file is gone, and StoreFailure if it was replaced."""
        if self._path is None:
            return
        try:
            found = self._path.stat()
        except OSError as error:
            raise DiskFailure(f"the database {self._path} is not there now: {error.strerror}") from error
        self._opened = self._opened or (found.st_dev, found.st_ino)
        if self._opened != (found.st_dev, found.st_ino):
            raise StoreFailure(
                f"the database {self._path} is another file than the one that this process opened: it was replaced "
                "meanwhile. Nothing more is written to either; stop the daemon before a database is put in its place"
            )

    def forget(self) -> None:
        """Takes the file that lies there next for the own one: all connections are closed."""
        self._opened = None


# ---- turns of those who write


BY_ANOTHER = "the database is being written by another process that does not end"
BY_THIS = "the database is being written by this process, whose other work does not end"


class Turns:
    """Thread-safe. `monotonic` returns seconds."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic, self._guard = monotonic, Lock()
        self._queue: deque[Event] = deque()  # the first has its turn
        self._has_lock = False  # whether the first has the lock of the database, too

    @contextmanager
    def turn(self, wait: float) -> Iterator[float]:
        """Waits for a turn, and holds it within the block; yields how many of the `wait` seconds are left.

        Raises StoreBusy if the turn does not come in time. A thread that asks within its own turn waits in vain.
        """
        mine, until = Event(), self._monotonic() + wait
        with self._guard:
            self._queue.append(mine)
            self._queue[0].set()
        try:
            if not mine.wait(wait):
                raise StoreBusy(BY_THIS if self._has_lock else BY_ANOTHER)
            yield max(0.0, until - self._monotonic())
        finally:
            self._leave(mine)

    @property
    def waiting(self) -> int:
        """The number of threads whose turn is still to come."""
        return max(0, len(self._queue) - 1)

    def locked(self) -> None:
        """Notes that the thread whose turn it is has the lock of the database."""
        self._has_lock = True

    def _leave(self, mine: Event) -> None:
        with self._guard:
            if self._queue[0] is mine:
                self._has_lock = False
            self._queue.remove(mine)
            if self._queue:
                self._queue[0].set()
