# SPDX-License-Identifier: EUPL-1.2
"""What an error of the database means: it is busy, its server or disk is away, it is at fault, or this program is.

PostgreSQL's errors are told apart by SQLSTATE (PostgreSQL manual, appendix A), never by their text, which is in the
language of the server. An error of the connection itself has no SQLSTATE. Those of SQLite: `sqlite_errors`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

from flaggermail.adapters.db.sqlite_errors import fault_of
from flaggermail.errors import StoreAway, StoreBusy, StoreFault

# Connection, transaction rolled back by the server, insufficient resources (disk, memory, connections), operator
# intervention (shutdown, starting up, a cancelled statement), error of the server's system.
_AWAY_CLASSES = frozenset({"08", "40", "53", "57", "58"})
_AWAY = "25P03"  # the server ended a transaction that was idle for too long
_BUSY = "55P03"  # a lock was not given in time: another writer has it, or maintenance such as VACUUM FULL
READ_ONLY = "25006"  # in a writing transaction: a standby, or the administrator's default_transaction_read_only
_FORBIDDEN = "42501"
_DAMAGED_CLASS = "XX"


@contextmanager
def as_store_fault(*, writing: bool) -> Iterator[None]:
    """Raises StoreBusy, StoreAway or StoreFault for errors of the database; those of this program stay as they are."""
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


def _of_postgresql(error: DBAPIError, *, writing: bool) -> StoreFault | None:
    state: str | None = getattr(error.orig, "sqlstate", None)
    if state is None:
        away = isinstance(error, InterfaceError | OperationalError)
    else:
        away = state[:2] in _AWAY_CLASSES or state == _AWAY or (writing and state == READ_ONLY)
    if away:
        return StoreAway(f"the database server does not work for this desk now: {words_of(error)}")
    if state is not None and state.startswith(_DAMAGED_CLASS):
        return StoreFault(f"the database is damaged: {words_of(error)}")
    if isinstance(error, OperationalError) or state == _FORBIDDEN:
        return StoreFault(f"the database says: {words_of(error)}")
    return None
