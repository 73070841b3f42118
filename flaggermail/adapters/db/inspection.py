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

from flaggermail.adapters.db.migrate import CURRENT, revision_mistake, unreadable
from flaggermail.settings.mistakes import CheckCode, Mistake, mistake

_DRIVER = "psycopg"
_TABLES = "SELECT count(*) FROM sqlite_master"
_REVISION_TABLE = "SELECT count(*) FROM sqlite_master WHERE name = 'alembic_version'"
_PATIENCE = 0.3  # seconds
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
        fault = errno.EROFS if os.statvfs(place).f_flag & os.ST_RDONLY else errno.EACCES
        return mistake(CheckCode.DATABASE_CLOSED, path=place, why=os.strerror(fault))
    if place != file:
        return None
    try:
        revision = _revision(file)
    except sqlite3.Error as error:
        if error.sqlite_errorcode in _AT_WORK:
            return None
        return unreadable(str(file), "sqlite", " ".join(str(error).split()))
    return None if revision == "" else revision_mistake(str(file), revision)


def driver_is_installed() -> bool:
    """True if PostgreSQL's driver is installed; does not import it."""
    try:
        return find_spec(_DRIVER) is not None
    except ValueError:  # an entry without a specification in sys.modules
        return False


def _revision(file: Path) -> str | None:
    """Returns the schema's revision: "" for a database without tables, None for one that is not ours."""
    # Without a write-ahead log beside it the file is complete, and `immutable` makes no file of the reader's account.
    alone = not file.with_name(f"{file.name}-wal").exists()
    how = "mode=ro&immutable=1" if alone else "mode=ro"
    with closing(sqlite3.connect(f"file:{quote(str(file))}?{how}", uri=True, timeout=_PATIENCE)) as database:
        if not database.execute(_TABLES).fetchone()[0]:
            return ""
        if not database.execute(_REVISION_TABLE).fetchone()[0]:
            return None
        found = database.execute(CURRENT).fetchone()
        return str(found[0]) if found else None
