# SPDX-License-Identifier: EUPL-1.2
"""What is wrong with a database before it is opened. Nothing is made or changed, and no server is asked."""

from __future__ import annotations

import errno
import os
import sqlite3
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

from flaggermail.adapters.files.blob_store import full_disk, is_read_only
from flaggermail.errors import BackupFailure, ConfigurationError
from flaggermail.settings.mistakes import SetupFault, SetupFaultCode, setup_fault

HERE = Path(__file__).parent / "migrations"
CURRENT = "SELECT version_num FROM alembic_version"
_TABLES = "SELECT count(*) FROM sqlite_master"
_REVISION_TABLE = "SELECT count(*) FROM sqlite_master WHERE name = 'alembic_version'"
_PATIENCE = 0.3  # seconds


def newest() -> str:
    """Returns the newest revision known to this program, taken from the file names, which begin with a number."""
    return max(known())


def require_known(revision: str) -> None:
    """Raises BackupFailure if no migration of this program leads to that revision."""
    if revision not in known():
        raise BackupFailure(
            f"the backup is of schema revision {revision[:20]!a}, this program knows none after {newest()}: "
            "restore it with the version of flaggermail that wrote it"
        )


def known() -> set[str]:
    """Returns all revisions known to this program."""
    return {path.name.partition("_")[0] for path in (HERE / "versions").glob("[0-9]*_*.py")}


def require_file(file: Path | None) -> None:
    """Raises ConfigurationError if the record is a file, and the file is not there."""
    if file is not None and not file.exists():
        raise ConfigurationError(f"database {file}: does not exist; restore it, or mend store.database")


def looked_into(file: Path) -> closing[sqlite3.Connection]:
    """Returns a connection that only reads, and makes no file beside the database. Raises sqlite3.Error."""
    # Without a write-ahead log beside it the file is complete, and `immutable` makes no file of the reader's account.
    alone = not file.with_name(f"{file.name}-wal").exists()
    how = "mode=ro&immutable=1" if alone else "mode=ro"
    return closing(sqlite3.connect(f"file:{quote(str(file))}?{how}", uri=True, timeout=_PATIENCE))


def revision_of(file: Path) -> str | None:
    """Returns the schema's revision: "" for a database without tables, None for one that is not ours."""
    with looked_into(file) as database:
        if not database.execute(_TABLES).fetchone()[0]:
            return ""
        if not database.execute(_REVISION_TABLE).fetchone()[0]:
            return None
        found = database.execute(CURRENT).fetchone()
        return str(found[0]) if found else None


_OF_THE_DISK = frozenset({
    sqlite3.SQLITE_FULL, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_PROTOCOL,
})  # fmt: skip
_PRIMARY = 0xFF  # the octet of an extended code that is the primary one
_DRIVER = "psycopg"
_ENGINES = {"sqlite": "an SQLite database", "postgresql": "a PostgreSQL database of this desk"}
_AT_WORK = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})  # another process writes: the database works


def database_fault(file: Path | None, *, on_server: bool) -> SetupFault | None:
    """Returns why the database cannot be used; None if it can, or if `run` would create it.

    `file` is that of SQLite, None for another database; `on_server`: it is PostgreSQL.
    """
    if on_server:
        return None if driver_is_installed() else setup_fault(SetupFaultCode.DATABASE_DRIVER)
    if file is None:
        return None
    if not os.path.isdir(file.parent):  # noqa: PTH112 - Path.is_dir raises where it may not look
        return setup_fault(SetupFaultCode.DATABASE_FOLDER, folder=file.parent)
    place = file if os.path.lexists(file) else file.parent
    if not os.access(place, os.R_OK | os.W_OK):
        read_only = is_read_only(place)
        code, why = (
            (SetupFaultCode.DATABASE_DISK, errno.EROFS) if read_only else (SetupFaultCode.DATABASE_CLOSED, errno.EACCES)
        )
        return setup_fault(code, path=place, why=os.strerror(why))
    return _content_fault(file) if place == file else None


def _content_fault(file: Path) -> SetupFault | None:
    """Returns why what is at the database's path is none of this program; None also where its disk is full."""
    try:
        revision = revision_of(file)
    except sqlite3.Error as error:
        if file.is_dir():
            return setup_fault(SetupFaultCode.DATABASE_IS_FOLDER, path=file)
        if error.sqlite_errorcode in _AT_WORK or full_disk(file) is not None:  # the disk is told by itself
            return None
        if is_of_the_disk(error):
            return setup_fault(SetupFaultCode.DATABASE_DISK, path=file, why=error)
        return unreadable(str(file), "sqlite", " ".join(str(error).split()))
    return None if revision == "" else revision_fault(str(file), revision)


def is_of_the_disk(error: BaseException | None, *, writing: bool = True) -> bool:
    """True if the disk, or what lies on it, does not do what was asked now; a reader that writes is our own fault."""
    code: int = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
    return code & _PRIMARY in _OF_THE_DISK and (writing or code != sqlite3.SQLITE_READONLY)


def archive_marks(file: Path | None) -> tuple[str, ...]:
    """Returns the digests by which the record knows its archive; none if it is no SQLite file that can be read."""
    if file is None or not file.exists():
        return ()
    try:
        with looked_into(file) as database:
            return tuple(str(digest) for (digest,) in database.execute("SELECT digest FROM in_force"))
    except sqlite3.Error:  # another fault says so
        return ()


def driver_is_installed() -> bool:
    """True if PostgreSQL's driver is installed; does not import it."""
    try:
        return find_spec(_DRIVER) is not None
    except ValueError:  # an entry without a specification in sys.modules
        return False


def unreadable(database: str, dialect: str, why: str) -> SetupFault:
    """Returns the fault of a file that is no database, or a damaged one."""
    return setup_fault(SetupFaultCode.DATABASE_UNREADABLE, database=database, kind=_ENGINES[dialect], why=why)


def revision_fault(database: str, revision: str | None) -> SetupFault | None:
    """Returns what a database of that revision needs; None for the newest.

    A revision that no migration of this program leads to needs another program: no upgrade helps there.
    """
    if revision == newest():
        return None
    if revision is None:
        return setup_fault(SetupFaultCode.DATABASE_FOREIGN, database=database)
    code = SetupFaultCode.DATABASE_OLDER if revision in known() else SetupFaultCode.DATABASE_NEWER
    return setup_fault(code, database=database, revision=revision, newest=newest())
