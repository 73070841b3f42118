# SPDX-License-Identifier: EUPL-1.2
"""The statements of a transaction, each built once: to build one takes SQLAlchemy longer than to run it.

Values are never part of a statement; they are given when it is run.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from sqlalchemy import ColumnElement, Insert, Select, Table, Update, bindparam, func, insert, or_, select, update

from flaggermail.adapters.db.rows import table_of

Shape = tuple[tuple[str, str], ...]  # names of columns, each with how it is compared
MOST = "most_rows"  # parameter of `latest`
KEY = "key_of_the_row"  # parameter of `changing`; no column is called so
AFTER = "after_that_instant"  # parameter of `counting`
_EQUAL, _NULL, _ONE_OF, _ONE_OF_OR_NULL = "equal", "null", "one of", "one of or null"


def shape_of(equal: Mapping[str, object]) -> Shape:
    """How the columns are compared with these values (None: is null; a tuple or list: is one of)."""
    return tuple((name, _comparison(value)) for name, value in equal.items())


def parameters(equal: Mapping[str, object]) -> dict[str, object]:
    """The values as `finding` and `looking` take them."""
    several = {name: [item for item in value if item is not None] for name, value in equal.items()
               if isinstance(value, list | tuple)}  # fmt: skip
    return {**equal, **several}


def is_empty(equal: Mapping[str, object]) -> bool:
    """Whether no row can be meant, because a value should be one of none."""
    return any(isinstance(value, list | tuple) and not value for value in equal.values())


@cache
def finding(table: str, shape: Shape) -> Select[*tuple[object, ...]]:
    """All columns of the rows of that shape."""
    return select(table_of(table)).where(*_conditions(table_of(table), shape))


@cache
def latest(table: str, key: str, shape: Shape) -> Select[*tuple[object, ...]]:
    """All columns of the rows of that shape, the one with the last key first; the parameter MOST says how many."""
    columns = table_of(table).c
    order = columns[key].desc()
    return select(table_of(table)).where(*_conditions(table_of(table), shape)).order_by(order).limit(bindparam(MOST))


@cache
def looking(table: str, key: str, shape: Shape) -> Select[*tuple[object, ...]]:
    """The key of one row of that shape."""
    columns = table_of(table).c
    return select(columns[key]).where(*_conditions(table_of(table), shape)).limit(1)


@cache
def counting(table: str, instant: str, shape: Shape) -> Select[int]:
    """How many rows of that shape have their `instant` behind the parameter AFTER."""
    found = table_of(table)
    late = found.c[instant] > bindparam(AFTER, type_=found.c[instant].type)
    return select(func.count()).select_from(found).where(late, *_conditions(found, shape))


@cache
def adding(table: str) -> Insert:
    """A new row; its columns are the parameters."""
    return insert(table_of(table))


@cache
def changing(table: str, key: str) -> Update:
    """Change the row whose column `key` is the parameter KEY; the columns to change are the other parameters."""
    return update(table_of(table)).where(table_of(table).c[key] == bindparam(KEY))


def _comparison(value: object) -> str:
    if value is None:
        return _NULL
    if not isinstance(value, list | tuple):
        return _EQUAL
    return _ONE_OF_OR_NULL if None in value else _ONE_OF


def _conditions(table: Table, shape: Shape) -> list[ColumnElement[bool]]:
    return [_condition(table, name, comparison) for name, comparison in shape]


def _condition(table: Table, name: str, comparison: str) -> ColumnElement[bool]:
    column = table.c[name]
    if comparison == _NULL:
        return column.is_(None)
    if comparison == _EQUAL:
        return column == bindparam(name)
    one_of = column.in_(bindparam(name, expanding=True))
    return or_(one_of, column.is_(None)) if comparison == _ONE_OF_OR_NULL else one_of
