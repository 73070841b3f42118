# SPDX-License-Identifier: EUPL-1.2
"""An engine on which a commit is durable, a reader has one view, and an error never shows a value."""

from __future__ import annotations

import os
from collections.abc import Callable
from sqlite3 import Connection as SqliteConnection
from typing import Protocol

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.pool import QueuePool

from flaggermail.errors import ConfigurationError

PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",  # NORMAL may lose the last commits at a power cut; an outbox must not
    "PRAGMA foreign_keys = ON",
    "PRAGMA recursive_triggers = ON",
    "PRAGMA secure_delete = ON",  # what is erased is written over, and not only forgotten
)
STUCK_SECONDS = 120
READS = "flaggermail_reads"


class PostgresqlConnection(Protocol):
    """What is used of a connection of PostgreSQL's driver, which is not there in every installation."""

    autocommit: bool

    def execute(self, query: str) -> object:
        """Run one statement."""
        ...


def make_engine(url: str, wait: float = 10) -> Engine:
    """The engine for a `sqlite:///` or `postgresql+psycopg://` address; a writer waits `wait` seconds for another."""
    if url.startswith("sqlite"):
        _make_private(url)
        engine = create_engine(
            url, hide_parameters=True, poolclass=QueuePool, connect_args={"check_same_thread": False}
        )
        event.listen(engine, "connect", _prepare_sqlite(wait))
        event.listen(engine, "begin", _begin_sqlite)
    else:
        engine = create_engine(url, hide_parameters=True, pool_pre_ping=True)
        event.listen(engine, "connect", _prepare_postgresql(wait))
    event.listen(engine, "handle_error", _hide_values)
    return engine


def _make_private(url: str) -> None:
    """A new database is its owner's and, as the umask allows, its group's: officers type under logins of their own.

    The files that SQLite makes beside it take over its mode.
    """
    path = make_url(url).database
    if path and path != ":memory:":
        try:
            os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o660))
        except OSError as error:
            raise ConfigurationError(
                f"database {path}: cannot be opened ({error.strerror}); let this account write there"
            ) from error


def connect_reading(engine: Engine) -> Connection:
    """A connection that refuses to write and reads the rows of one instant, whoever writes meanwhile."""
    if engine.dialect.name == "sqlite":
        return engine.connect().execution_options(**{READS: True})
    return engine.connect().execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


def _prepare_sqlite(wait: float) -> Callable[[SqliteConnection, object], None]:
    def prepare(connection: SqliteConnection, _record: object) -> None:
        connection.isolation_level = None  # the driver must not begin by itself: `_begin_sqlite` does
        connection.execute(f"PRAGMA busy_timeout = {round(wait * 1000)}")  # first: switching to WAL may have to wait
        for pragma in PRAGMAS:
            connection.execute(pragma)

    return prepare


def _begin_sqlite(connection: Connection) -> None:
    """Writers take the lock before they read: a read that turns into a write is refused at once, time-out or not."""
    reads = bool(connection.get_execution_options().get(READS, False))
    connection.exec_driver_sql(f"PRAGMA query_only = {reads:d}")
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


def _prepare_postgresql(wait: float) -> Callable[[PostgresqlConnection, object], None]:
    def prepare(connection: PostgresqlConnection, _record: object) -> None:
        connection.autocommit = True
        connection.execute(f"SET lock_timeout = {round(wait * 1000)}")
        # A frozen daemon must not keep the chain's head locked: its successor could never take the lease.
        connection.execute(f"SET idle_in_transaction_session_timeout = '{STUCK_SECONDS} s'")
        connection.autocommit = False

    return prepare


def _hide_values(context: ExceptionContext) -> None:
    """Take the values out of an error and its cause: `hide_parameters` only keeps them out of the statement."""
    original, wrapped = context.original_exception, context.sqlalchemy_exception
    text = _without_values(original)
    if text is not None and wrapped is not None:
        original.args = (text,)
        wrapped.args = (f"({type(original).__module__}.{type(original).__name__}) {text}",)


def _without_values(error: BaseException) -> str | None:
    """What an error may say, or nothing where it may say all it says.

    PostgreSQL quotes the whole row in the DETAIL of an error, and the value itself in errors of class 22; SQLAlchemy's
    column types quote what they cannot convert.
    """
    if isinstance(error, ValueError | TypeError) or str(getattr(error, "sqlstate", None)).startswith("22"):
        return "a value does not fit its column"
    text: str | None = getattr(getattr(error, "diag", None), "message_primary", None)
    return text
