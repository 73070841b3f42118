# SPDX-License-Identifier: EUPL-1.2
"""What an error of SQLite means: its disk fails for now, it says something, it is damaged, or this program is at fault.

Errors are told apart by their primary result code (SQLite's page "Result and Error Codes"), never by their text.
Imports little: a command that only reads needs it.
"""

from __future__ import annotations

import sqlite3

from flaggermail.errors import DiskFailure, StoreFailure

# No room, read-only, an error of the disk, a file or folder that is not there or closed: all may pass while it runs.
_OF_THE_DISK = frozenset({
    sqlite3.SQLITE_FULL, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_PROTOCOL,
})  # fmt: skip
_PRIMARY = 0xFF  # the octet of an extended code that is the primary one


def is_of_the_disk(error: BaseException | None, *, writing: bool = True) -> bool:
    """True if the disk, or what lies on it, does not do what was asked now; a reader that writes is our own fault."""
    code: int = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
    return code & _PRIMARY in _OF_THE_DISK and (writing or code != sqlite3.SQLITE_READONLY)


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
