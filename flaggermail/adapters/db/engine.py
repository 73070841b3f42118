# SPDX-License-Identifier: EUPL-1.2
"""Database engines with durable commits, consistent reads and error messages free of values."""

from __future__ import annotations

import errno
import json
import os
import sqlite3
from collections.abc import Callable
from functools import partial
from pathlib import Path
from sqlite3 import Connection as SqliteConnection
from typing import Protocol
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.pool import QueuePool

from flaggermail.adapters.files.disks import full_disks
from flaggermail.errors import ConfigurationError, DiskFails
from flaggermail.settings.mistakes import CheckCode, mistake

PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",  # NORMAL may lose the last commits at a power cut, which an outbox cannot tolerate
    "PRAGMA foreign_keys = ON",
    "PRAGMA recursive_triggers = ON",
    "PRAGMA secure_delete = ON",  # overwrite deleted content
)
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
READS = "flaggermail_reads"
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
        engine = create_engine(
            url,
            hide_parameters=True,
            poolclass=QueuePool,
            **_existing(url, wait),
            json_serializer=_as_json,
        )
        event.listen(engine, "connect", _configure_sqlite(wait))
        event.listen(engine, "begin", _begin_sqlite(wait))
    else:
        own = make_url(url).query
        settings = {name: value for name, value in CONNECTING.items() if name not in own}
        try:
            engine = create_engine(url, hide_parameters=True, pool_pre_ping=True, connect_args=settings)
        except ImportError:
            raise ConfigurationError(mistake(CheckCode.DATABASE_DRIVER).text) from None
        event.listen(engine, "connect", _configure_postgresql(wait))
        event.listen(engine, "checkout", _leave_mode_to_server)
    event.listen(engine, "handle_error", _hide_values)
    return engine


def answering_within(seconds: int, url: str) -> str:
    """Returns the URL of a server that is given up after so many seconds, unless it says how many itself."""
    given = make_url(url)
    if "connect_timeout" not in given.query:
        given = given.update_query_dict({"connect_timeout": str(seconds)})
    return given.render_as_string(hide_password=False)


def _as_json(value: object) -> str:
    """Returns a list as a column has it; most are empty."""
    return "[]" if value == [] else json.dumps(value)


def _create_private_file(url: str) -> None:
    """Creates the database file with mode 0660 (less the umask): officers of the group use their own accounts.

    SQLite gives its journal files the same mode.
    """
    path = make_url(url).database
    if path and path != ":memory:":
        try:
            os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o660))
        except FileNotFoundError:
            missing = mistake(CheckCode.DATABASE_FOLDER, folder=Path(path).parent)
            raise ConfigurationError(missing.text) from None
        except OSError as error:
            require_room(Path(path))
            closed = mistake(CheckCode.DATABASE_CLOSED, path=path, why=error.strerror)
            kind = ConfigurationError if error.errno in _CLOSED else DiskFails
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
    """Raises DiskFails, naming the disk, if that of the database is full: make room, and all is as before."""
    for full in full_disks({"database": file}):
        raise DiskFails(full.text)


def connect_reading(engine: Engine) -> Connection:
    """Opens a read-only connection that sees one consistent snapshot, whatever is written meanwhile."""
    if engine.dialect.name == "sqlite":
        return engine.connect().execution_options(**{READS: True})
    return engine.connect().execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


def _configure_sqlite(wait: float) -> Callable[[SqliteConnection, object], None]:
    def prepare(connection: SqliteConnection, _record: object) -> None:
        connection.isolation_level = None  # the driver must not begin transactions: `_begin_sqlite` does
        connection.execute(f"PRAGMA busy_timeout = {round(wait * 1000)}")  # first: switching to WAL may have to wait
        for pragma in PRAGMAS:
            connection.execute(pragma)

    return prepare


def _begin_sqlite(wait: float) -> Callable[[Connection], None]:
    def begin(connection: Connection) -> None:
        """Begins a writing transaction IMMEDIATE: SQLite refuses to upgrade a read lock at once, whatever the wait."""
        options = connection.get_execution_options()
        reads, anew = bool(options.get(READS, False)), bool(options.get(ANEW, False))
        if connection.info.get(READS) != (reads, anew):  # as it was last set on this connection
            connection.info.pop(READS, None)
            connection.exec_driver_sql(f"PRAGMA query_only = {reads:d}")
            # SQLite asks again after 1, 2, 5 ... 100 ms: a writer that begins anew each time asks four times as often.
            _set_wait(connection, min(wait, ASKS_ANEW) if anew else wait)
            connection.info[READS] = (reads, anew)
        connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")

    return begin


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
    """Removes values from an error and its cause. `hide_parameters` removes them from the statement only."""
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
