# SPDX-License-Identifier: EUPL-1.2
"""The numbers of the newest cases and the codes of elections, for a shell that completes a word.

They are read at once, without the tables' models.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from urllib.parse import quote

_SQLITE_FILE = "sqlite:///"
_NEWEST = "SELECT number, state FROM case_file ORDER BY opened_at DESC, number DESC LIMIT 200"
_ELECTIONS = "SELECT code, name_en FROM election ORDER BY period_until DESC, code LIMIT 200"
_PATIENCE = 0.3  # seconds; a person waits for the word


def newest_cases(database: str) -> list[tuple[str, str]]:
    """Returns number and state of the newest cases in the database at that URL; nothing if it cannot be read.

    Never makes or changes a database.
    """
    return _read(database, _NEWEST)


def elections(database: str) -> list[tuple[str, str]]:
    """Returns code and name of the elections in the database at that URL, the newest first; nothing likewise."""
    return _read(database, _ELECTIONS)


def _read(database: str, query: str) -> list[tuple[str, str]]:
    path = database.removeprefix(_SQLITE_FILE)
    if path == database:
        return _on_server(database, query)
    try:
        with closing(sqlite3.connect(f"file:{quote(path)}?mode=ro", uri=True, timeout=_PATIENCE)) as connection:
            return [(str(word), str(remark)) for word, remark in connection.execute(query)]
    except sqlite3.Error:
        return []


def _on_server(database: str, query: str) -> list[tuple[str, str]]:
    from sqlalchemy import create_engine, text  # noqa: PLC0415 - takes a third of a second, which SQLite does not need
    from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415 - as above

    try:
        engine = create_engine(database, hide_parameters=True, connect_args={"connect_timeout": 1})
        with closing(engine.connect()) as connection:
            return [(str(word), str(remark)) for word, remark in connection.execute(text(query))]
    except (SQLAlchemyError, ImportError):
        return []
