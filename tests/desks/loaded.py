# SPDX-License-Identifier: EUPL-1.2
"""A kept desk on PostgreSQL: its database migrated to the desk's revision only, and every row of it copied there.

A kept desk is on SQLite. Its version would have written the same rows on PostgreSQL, so they are loaded with plain SQL
and upgraded like a desk that was always there.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
from base64 import b64encode
from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path

import psycopg
from alembic import command
from alembic.config import Config
from psycopg.sql import SQL, Identifier, Placeholder
from psycopg.types.json import set_json_loads

from flaggermail.adapters.db.engine import make_engine
from flaggermail.adapters.db.inspection import HERE

SQLITE_FILE = "flaggermail.db"
ADDRESS = f"sqlite:///{SQLITE_FILE}"
VERSION = "alembic_version"
_TYPES = "SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = 'public'"
Types = Mapping[str, Mapping[str, str]]
Rows = list[tuple[object, ...]]


def revision_of(file: Path) -> str:
    """Returns the revision of an SQLite database."""
    with closing(sqlite3.connect(file)) as connection:
        return str(connection.execute(f"SELECT version_num FROM {VERSION}").fetchone()[0])  # noqa: S608 - a constant


def upgrade_to(url: str, revision: str) -> None:
    """Migrates the database to a revision."""
    config, engine = Config(), make_engine(url)
    config.set_main_option("script_location", str(HERE))
    config.attributes["engine"] = engine
    try:
        command.upgrade(config, revision)
    finally:
        engine.dispose()


def load(file: Path, url: str) -> None:
    """Makes the schema of the SQLite database's revision in an empty PostgreSQL database, and copies every row."""
    upgrade_to(url, revision_of(file))
    with _connected(url) as connection:
        types = _types(connection)
        connection.execute("SET session_replication_role = replica")  # neither triggers nor references
        for table, rows in sqlite_contents(file, types).items():
            connection.execute(SQL("DELETE FROM {}").format(Identifier(table)))
            columns = SQL(", ").join(map(Identifier, types[table]))
            values = SQL(", ").join(Placeholder() * len(types[table]))
            statement = SQL("INSERT INTO {} ({}) VALUES ({})").format(Identifier(table), columns, values)
            with connection.cursor() as cursor:
                kinds = types[table].values()
                sent = [tuple(_sent(value, kind) for value, kind in zip(row, kinds, strict=True)) for row in rows]
                cursor.executemany(statement, sent)


def contents(url: str) -> tuple[Types, dict[str, Rows]]:
    """Returns the types of a PostgreSQL database's columns, and the rows of every table, sorted."""
    with _connected(url) as connection:
        types = _types(connection)
        return types, {table: _sorted(_selected(connection, table, columns)) for table, columns in types.items()}


def sqlite_contents(file: Path, types: Types) -> dict[str, Rows]:
    """Returns the rows of every table of an SQLite database, sorted, with the values PostgreSQL would have."""
    with closing(sqlite3.connect(file)) as connection:
        names = {str(name) for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        assert names - {VERSION} == types.keys()
        found: dict[str, Rows] = {}
        for table, columns in types.items():
            listed = ", ".join(f'"{column}"' for column in columns)
            rows = connection.execute(f'SELECT {listed} FROM "{table}"')  # noqa: S608 - names of our own schema
            found[table] = _sorted(
                [
                    tuple(_as_postgresql(value, kind) for value, kind in zip(row, columns.values(), strict=True))
                    for row in rows
                ]
            )
    return found


def move(folder: Path, url: str) -> None:
    """Gives the desk in `folder` the database on PostgreSQL; the SQLite file is left where it is."""
    settings = folder / "flaggermail.yaml"
    text = settings.read_text("utf-8")
    assert text.count(ADDRESS) == 1
    settings.write_text(text.replace(ADDRESS, url), "utf-8")


def move_octets(folder: Path, url: str) -> None:
    """Lets the desk in `folder` keep its octets in the database too, where no folder of an archive is left."""
    settings, archive = folder / "flaggermail.yaml", folder / "archive"
    text = settings.read_text("utf-8")
    settings.write_text(text.replace(f"{url}\n", f"{url}\n  octets: database\n"), "utf-8")
    credentials = folder / "credentials"
    credentials.mkdir(mode=0o700, exist_ok=True)
    (credentials / "secrets-key").touch(0o600)
    (credentials / "secrets-key").write_bytes(b64encode(bytes(32)))
    with _connected(url) as connection:
        for path in archive.glob("??/*"):
            connection.execute("INSERT INTO octets VALUES (%s, %s)", (path.name, path.read_bytes()))
    shutil.rmtree(archive)


def _connected(url: str) -> psycopg.Connection[tuple[object, ...]]:
    connection = psycopg.connect(url.replace("+psycopg", ""))
    set_json_loads(json.loads, connection)
    return connection


def _types(connection: psycopg.Connection[tuple[object, ...]]) -> Types:
    types: dict[str, dict[str, str]] = {}
    for table, column, kind in sorted(connection.execute(_TYPES).fetchall(), key=str):
        if table != VERSION:
            types.setdefault(str(table), {})[str(column)] = str(kind)
    return types


def _selected(
    connection: psycopg.Connection[tuple[object, ...]], table: str, columns: Mapping[str, str]
) -> Rows:  # fmt: skip
    listed = SQL(", ").join(map(Identifier, columns))
    return connection.execute(SQL("SELECT {} FROM {}").format(listed, Identifier(table))).fetchall()


def _sent(value: object, kind: str) -> object:
    return json.dumps(value) if kind.startswith("json") and value is not None else value


def _as_postgresql(value: object, kind: str) -> object:
    """Returns a value of SQLite, which has neither booleans nor instants nor JSON, as PostgreSQL returns it."""
    if value is None:
        return None
    if kind == "boolean":
        return bool(value)
    if not isinstance(value, str):
        return value
    if kind.startswith("timestamp"):
        return datetime.fromisoformat(value).replace(tzinfo=UTC if kind.endswith("with time zone") else None)
    if kind == "date":
        return date.fromisoformat(value)
    return json.loads(value) if kind.startswith("json") else value


def _sorted(rows: Rows) -> Rows:
    return sorted(rows, key=repr)
