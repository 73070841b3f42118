# SPDX-License-Identifier: EUPL-1.2
"""Columns as the database holds them, whatever that is: SQLite stores any type in any column.

Nothing is converted on the way out, so that a value which no program of ours wrote is compared and not stumbled over.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Integer,
    LargeBinary,
    Select,
    Table,
    Text,
    cast,
    or_,
    select,
    type_coerce,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.types import NullType
from sqlmodel.sql.sqltypes import UTCDateTime

from flaggermail.adapters.db.mapping import table_of
from flaggermail.record.audit import RecordFinding, Subject
from flaggermail.record.event_codec import Plain, commitment, plain

PAGE = 500
RawRow = dict[str, object]


def as_number(raw: object) -> int | None:
    """Returns a raw integer, which PostgreSQL gives as text; None for what is none."""
    if isinstance(raw, str) and raw.removeprefix("-").isdecimal():
        return int(raw)
    return raw if isinstance(raw, int) else None


@contextmanager
def any_text(connection: Connection) -> Iterator[None]:
    """Lets SQLite return text that is no UTF-8, within the block; it is unequal to any text of ours."""
    driver = connection.connection.driver_connection
    if not isinstance(driver, sqlite3.Connection):
        yield
        return
    usual = driver.text_factory
    driver.text_factory = lambda octets: octets.decode("utf-8", "surrogateescape")
    try:
        yield
    finally:
        driver.text_factory = usual


def named(key: object) -> str:
    """Returns the key of a row as it can be printed."""
    return key if isinstance(key, str) and key.isprintable() else ascii(key)[:80]


def rows(connection: Connection, table: Table) -> Iterator[RawRow]:
    """Yields every row of a table in the order of its key, a page at a time."""
    query = selected(connection, table).order_by(*table.primary_key.columns)
    names = table.c.keys()
    for row in connection.execute(query.execution_options(yield_per=PAGE)):
        yield dict(zip(names, row, strict=True))


def selected(connection: Connection, table: Table) -> Select[*tuple[object, ...]]:
    """Selects all columns of a table unconverted."""
    return _selecting(connection.dialect.name, table)


@cache
def _selecting(dialect: str, table: Table) -> Select[*tuple[object, ...]]:
    return select(*(_raw(dialect, column) for column in table.c))


def _raw(dialect: str, column: Column[object]) -> ColumnElement[object]:
    unconverted = dialect == "sqlite" or isinstance(column.type, LargeBinary)
    found: ColumnElement[object] = type_coerce(column, NullType()) if unconverted else cast(column, Text())
    return found.label(column.name)


class RowComparison:
    """Compares raw rows of a table with the plain values that the events give for them."""

    def __init__(self, dialect: Dialect, table: Table) -> None:
        sqlite = dialect.name == "sqlite"
        self._stored = {column.name: _form(column, sqlite=sqlite) for column in table.c}
        self._instants = () if sqlite else tuple(c.name for c in table.c if isinstance(c.type, UTCDateTime))

    def differing(self, raw: RawRow, expected: Mapping[str, Plain]) -> list[str]:
        """Returns the columns whose raw value is not what this program stores for the expected one."""
        for name in self._instants:
            raw[name] = _instant(raw[name])
        return [name for name, value in expected.items() if not self._holds(raw.get(name), name, value)]

    def _holds(self, raw: object, name: str, value: Plain) -> bool:
        if value is None or raw is None:
            return raw is value
        try:
            stored = self._stored[name](value)
        except (KeyError, TypeError, ValueError):
            return False
        return type(raw) is type(stored) and raw == stored


def as_plain(column: Column[object], raw: object) -> Plain:
    """Returns the plain value of a raw one. Raises TypeError or ValueError for what no program of ours wrote."""
    if raw is None:
        return None
    if isinstance(column.type, Integer) and not isinstance(column.type, Boolean) and isinstance(raw, str):
        return int(raw)
    if isinstance(column.type, UTCDateTime):
        at = datetime.fromisoformat(str(raw))
        return plain(at if at.tzinfo else at.replace(tzinfo=UTC))
    if isinstance(raw, str | int):
        return raw
    raise TypeError("no plain value")


def _form(column: Column[object], *, sqlite: bool) -> Callable[[Plain], object]:
    """Returns the function from an event's plain value to the raw one."""
    if isinstance(column.type, UTCDateTime):
        return _sqlite_instant if sqlite else _same
    if isinstance(column.type, JSON):
        return _list
    if isinstance(column.type, Boolean):
        return _digit if sqlite else _truth
    if isinstance(column.type, Integer):  # BIGINT is one too
        return _same if sqlite else str
    return _same


def _same(value: Plain) -> object:
    return value


def _digit(value: Plain) -> int:
    return 1 if value else 0


def _truth(value: Plain) -> str:
    return "true" if value else "false"


def _list(value: Plain) -> str:
    if not isinstance(value, list):
        raise TypeError("no list")
    return json.dumps(value)


def _sqlite_instant(value: Plain) -> str:
    """Returns an instant as SQLAlchemy stores it in SQLite: in UTC with microseconds, without its zone."""
    at = datetime.fromisoformat(str(value)).astimezone(UTC).replace(tzinfo=None)
    return at.isoformat(sep=" ", timespec="microseconds")


def _instant(raw: object) -> object:
    """Returns PostgreSQL's text of an instant in the form of an event, or what cannot be one unchanged."""
    try:
        return plain(datetime.fromisoformat(str(raw))) if isinstance(raw, str) else raw
    except (ValueError, OverflowError):  # infinity, or a year beyond those of Python
        return raw


PERSONAL, INDEX = table_of("personal"), table_of("row_event")
_UNREADABLE = (TypeError, ValueError, RecursionError)


class Beside:
    """The personal values and index rows of the events from `first` to `last`; each must be claimed by its event."""

    def __init__(self, connection: Connection, first: int, last: int) -> None:
        values, index = (
            connection.execute(selected(connection, table).where(table.c.event.between(first, last)))
            for table in (PERSONAL, INDEX)
        )
        self._values = {row.commitment: (row.salt, row.value, row.event) for row in values}
        self._index = {(row.of_table, row.key, as_number(row.event)) for row in index}
        self._claimed: set[tuple[object, object, object]] = set()
        self._wrong: list[RecordFinding] = []

    def reveal(self, key: str, seq: int) -> Plain:
        """Returns the value behind a commitment of event `seq`; None if it was erased."""
        held = self._values.pop(key, None)
        if held is None:
            return None
        salt, text, event = held
        value = _fitting(key, salt, text)
        if value is None or as_number(event) != seq:
            said = "its personal value is not the one that it vouches for: value, salt or number was changed"
            self._wrong.append(RecordFinding(Subject.PERSONAL, f"event {seq}", said, seq))
        return value if value is not None else key

    def index(self, table: str, key: str, seq: int) -> None:
        """Claims the index row of a change."""
        self._claimed.add((table, key, seq))

    def left(self) -> Iterator[RecordFinding]:
        """Yields what was changed, what no event claimed, and index rows that are missing."""
        yield from self._wrong
        for key, (_, _, event) in self._values.items():
            yield _unknown_value(key, event)
        for row in sorted(self._claimed - self._index, key=repr):
            yield RecordFinding(Subject.ROW, _index_name(row), "was taken away: the events give it")
        for row in sorted(self._index - self._claimed, key=repr):
            yield RecordFinding(Subject.ROW, _index_name(row), "was added: no event gives it")


def orphans(connection: Connection, last: int) -> Iterator[RecordFinding]:
    """Yields personal values and index rows that belong to no event."""
    values, index = (
        connection.execute(selected(connection, table).where(or_(table.c.event < 1, table.c.event > last)))
        for table in (PERSONAL, INDEX)
    )
    for row in values:
        yield _unknown_value(row.commitment, row.event)
    for row in index:
        name = _index_name((row.of_table, row.key, row.event))
        yield RecordFinding(Subject.ROW, name, "was added: no event gives it")


def _fitting(key: str, salt: object, text: object) -> Plain:
    """Returns the value if its text is as we write it, and it and the salt fit the commitment; else None."""
    if not isinstance(salt, bytes) or not isinstance(text, str):
        return None
    try:
        value: Plain = json.loads(text)
        fits = text == json.dumps(value, ensure_ascii=False) and commitment(salt, value) == key
    except _UNREADABLE:
        return None
    return value if fits else None


def _unknown_value(key: object, event: object) -> RecordFinding:
    seq = as_number(event)
    said = f"its personal value {str(key)[:20]} was added: the event names no such value"
    return RecordFinding(Subject.PERSONAL, f"event {event!a}"[:80] if seq is None else f"event {seq}", said, seq)


def _index_name(row: tuple[object, object, object]) -> str:
    return f"row_event {' '.join(map(named, (row[0], row[1], as_number(row[2]) or row[2])))}"
