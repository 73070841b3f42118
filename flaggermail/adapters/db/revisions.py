# SPDX-License-Identifier: EUPL-1.2
"""The revisions of the schema that this program knows, and that of a database of SQLite.

A command that only looks loads neither Alembic nor SQLAlchemy for it.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from flaggermail.errors import BackupFault

HERE = Path(__file__).parent / "migrations"
CURRENT = "SELECT version_num FROM alembic_version"
_TABLES = "SELECT count(*) FROM sqlite_master"
_REVISION_TABLE = "SELECT count(*) FROM sqlite_master WHERE name = 'alembic_version'"
_PATIENCE = 0.3  # seconds


def newest() -> str:
    """Returns the newest revision known to this program, taken from the file names, which begin with a number."""
    return max(known())


def require_known(revision: str) -> None:
    """Raises BackupFault if no migration of this program leads to that revision."""
    if revision not in known():
        raise BackupFault(
            f"the backup is of schema revision {revision[:20]!a}, this program knows none after {newest()}: "
            "restore it with the version of flaggermail that wrote it"
        )


def known() -> set[str]:
    """Returns all revisions known to this program."""
    return {path.name.partition("_")[0] for path in (HERE / "versions").glob("[0-9]*_*.py")}


def is_current(file: Path) -> bool:
    """True if that file is a database of SQLite with the newest schema, which can be read now."""
    try:
        return file.is_file() and revision_of(file) == newest()
    except (sqlite3.Error, OSError):
        return False


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
