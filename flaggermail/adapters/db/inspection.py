# SPDX-License-Identifier: EUPL-1.2
"""What is wrong with a database before it is opened. Nothing is made or changed, and no server is asked."""

from __future__ import annotations

import errno
import os
import sqlite3
from importlib.util import find_spec
from pathlib import Path

from flaggermail.adapters.db.revisions import known, looked_into, newest, revision_of
from flaggermail.adapters.db.sqlite_errors import is_of_the_disk
from flaggermail.adapters.files.disks import full_disk, is_read_only
from flaggermail.settings.mistakes import CheckCode, Mistake, mistake

_DRIVER = "psycopg"
_ENGINES = {"sqlite": "an SQLite database", "postgresql": "a PostgreSQL database of this desk"}
_AT_WORK = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})  # another process writes: the database works


def database_mistake(file: Path | None, *, on_server: bool) -> Mistake | None:
    """Returns why the database cannot be used; None if it can, or if `run` would create it.

    `file` is that of SQLite, None for another database; `on_server`: it is PostgreSQL.
    """
    if on_server:
        return None if driver_is_installed() else mistake(CheckCode.DATABASE_DRIVER)
    if file is None:
        return None
    if not os.path.isdir(file.parent):  # noqa: PTH112 - Path.is_dir raises where it may not look
        return mistake(CheckCode.DATABASE_FOLDER, folder=file.parent)
    place = file if os.path.lexists(file) else file.parent
    if not os.access(place, os.R_OK | os.W_OK):
        read_only = is_read_only(place)
        code, why = (CheckCode.DATABASE_DISK, errno.EROFS) if read_only else (CheckCode.DATABASE_CLOSED, errno.EACCES)
        return mistake(code, path=place, why=os.strerror(why))
    return _content_mistake(file) if place == file else None


def _content_mistake(file: Path) -> Mistake | None:
    """Returns why what is at the database's path is none of this program; None also where its disk is full."""
    try:
        revision = revision_of(file)
    except sqlite3.Error as error:
        if file.is_dir():
            return mistake(CheckCode.DATABASE_IS_FOLDER, path=file)
        if error.sqlite_errorcode in _AT_WORK or full_disk(file) is not None:  # the disk is told by itself
            return None
        if is_of_the_disk(error):
            return mistake(CheckCode.DATABASE_DISK, path=file, why=error)
        return unreadable(str(file), "sqlite", " ".join(str(error).split()))
    return None if revision == "" else revision_mistake(str(file), revision)


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


def unreadable(database: str, dialect: str, why: str) -> Mistake:
    """Returns the mistake of a database that is none, or is damaged."""
    return mistake(CheckCode.DATABASE_UNREADABLE, database=database, kind=_ENGINES[dialect], why=why)


def revision_mistake(database: str, revision: str | None) -> Mistake | None:
    """Returns what a database of that revision needs; None for the newest.

    A revision that no migration of this program leads to needs another program: no upgrade helps there.
    """
    if revision == newest():
        return None
    if revision is None:
        return mistake(CheckCode.DATABASE_FOREIGN, database=database)
    code = CheckCode.DATABASE_OLDER if revision in known() else CheckCode.DATABASE_NEWER
    return mistake(code, database=database, revision=revision, newest=newest())
