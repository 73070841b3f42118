# SPDX-License-Identifier: EUPL-1.2
"""Runs the statements of a unit of work; on SQLite each is compiled once and then given to the driver as text.

SQLAlchemy prepares an execution for several times as long as SQLite runs it. Its types convert the values here too, and
its errors are raised, without values. Left to it are PostgreSQL, where the way to the server takes longer, and what has
no one text, such as a list of values. Statements are kept for the life of the process, so they must be few: those of
`mapping`, and constants of modules.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import Connection, Delete, Insert, Select, Update
from sqlalchemy.engine import Dialect
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.exc import DBAPIError

Values = Mapping[str, object]
_Statement = Select[*tuple[object, ...]] | Insert | Update | Delete
_Convert = Callable[[object], object]


@dataclass(frozen=True, slots=True)
class _Prepared:
    text: str
    parameters: tuple[tuple[str, _Convert | None], ...]  # by their names
    fixed: Values  # the statement's own values, such as a limit; what must be given has none
    columns: tuple[tuple[int, _Convert], ...]  # those whose values are converted as they are read

    def bound(self, each: Sequence[Values]) -> list[list[object]] | None:
        """Returns the values as the driver takes them; None if some do not fit their columns."""
        try:
            return [
                [all_of[name] if convert is None else convert(all_of[name]) for name, convert in self.parameters]
                for all_of in ({**values, **self.fixed} for values in each)
            ]
        except (AttributeError, LookupError, TypeError, ValueError):
            return None

    def read(self, row: Sequence[object]) -> Sequence[object]:
        """Returns a row with the values of its columns. Raises ValueError or TypeError for what they cannot be."""
        found = list(row)
        for at, convert in self.columns:
            found[at] = convert(found[at])
        return found


# All SQLite engines of a process have one library and the settings of `make_engine`, so a text fits each of them.
_KNOWN: dict[tuple[_Statement, tuple[str, ...]], _Prepared | None] = {}


def fetched(connection: Connection, query: Select[*tuple[object, ...]], values: Values) -> Sequence[Sequence[object]]:
    """Returns all rows of a query."""
    ready = _ready(connection, query, values)
    bound = None if ready is None else ready.bound([values])
    if ready is None or bound is None:
        return connection.execute(query, values).all()
    with _errors(connection, ready.text):
        found = _run(connection, ready.text, bound).fetchall()
    return [ready.read(row) for row in found] if ready.columns else found


def written(connection: Connection, statement: _Statement, *each: Values) -> int:
    """Writes once for each of these values, which have the same names; returns how many rows that concerned."""
    ready = _ready(connection, statement, each[0])
    bound = None if ready is None else ready.bound(each)
    if ready is None or bound is None:  # of values that do not fit, SQLAlchemy tells without showing them
        return connection.execute(statement, each if each[1:] else each[0]).rowcount
    with _errors(connection, ready.text):
        return _run(connection, ready.text, bound).rowcount


def _ready(connection: Connection, statement: _Statement, values: Values) -> _Prepared | None:
    """Returns the statement as it was prepared for values of these names; None if SQLAlchemy has to run it."""
    if connection.dialect.name != "sqlite":
        return None
    key = statement, tuple(values)
    if key not in _KNOWN:
        _KNOWN[key] = _prepare(statement, key[1], connection.dialect)
    return _KNOWN[key]


def _run(connection: Connection, text: str, bound: list[list[object]]) -> DBAPICursor:
    if not connection.in_transaction():
        connection.begin()
    cursor, many = connection.connection.cursor(), len(bound) > 1
    for listener in connection.dispatch.before_cursor_execute:  # who counts statements counts these too
        listener(connection, cursor, text, bound if many else bound[0], None, many)
    if many:
        cursor.executemany(text, bound)
    else:
        cursor.execute(text, bound[0])
    return cursor


@contextmanager
def _errors(connection: Connection, text: str) -> Iterator[None]:
    """Raises errors of the driver as SQLAlchemy does."""
    try:
        yield
    except sqlite3.Error as error:
        raise DBAPIError.instance(
            text, None, error, sqlite3.Error, hide_parameters=True, dialect=connection.dialect
        ) from error  # fmt: skip


def _prepare(statement: _Statement, names: Sequence[str], dialect: Dialect) -> _Prepared | None:
    compiled = statement.compile(dialect=dialect, column_keys=list(names))
    if compiled.post_compile_params or compiled.prefetch:
        return None
    bound = {name: compiled.binds[name] for name in compiled.positiontup or ()}
    converts = {name: bind.type.dialect_impl(dialect).bind_processor(dialect) for name, bind in bound.items()}
    parameters = tuple((name, converts[name]) for name in compiled.positiontup or ())
    fixed = {name: bind.value for name, bind in bound.items() if not bind.required}
    columns = statement.selected_columns if isinstance(statement, Select) else ()
    readers = ((at, one.type.dialect_impl(dialect).result_processor(dialect, None)) for at, one in enumerate(columns))
    return _Prepared(compiled.string, parameters, fixed, tuple((at, read) for at, read in readers if read is not None))
