# SPDX-License-Identifier: EUPL-1.2
"""The SQL statements of a transaction. Each is built once, because SQLAlchemy takes longer to build one than to run it.

Values are never part of a statement; they are passed as parameters.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from sqlalchemy import ColumnElement, Insert, Select, Table, Update, bindparam, func, insert, or_, select, update

from flaggermail.adapters.db.mapping import table_of

Shape = tuple[tuple[str, str], ...]  # column names, each with its comparison
MOST = "most_rows"  # parameter of `latest`
KEY = "key_of_the_row"  # parameter of `changing`; no column has this name
AFTER = "after_that_instant"  # parameter of `counting` and `later`
_EQUAL, _NULL, _ONE_OF, _ONE_OF_OR_NULL = "equal", "null", "one of", "one of or null"


def shape_of(equal: Mapping[str, object]) -> Shape:
    """Returns the comparison of each column with its value (None: IS NULL; a tuple or list: IN)."""
    return tuple((name, _comparison(value)) for name, value in equal.items())


def parameters(equal: Mapping[str, object]) -> dict[str, object]:
    """Returns the values as parameters for `finding`, `looking`, `latest`, `counting` and `later`."""
    several = {name: [item for item in value if item is not None] for name, value in equal.items()
               if isinstance(value, list | tuple)}  # fmt: skip
    return {**equal, **several}


def is_empty(equal: Mapping[str, object]) -> bool:
    """True if a column is compared with an empty list, so that no row can match."""
    return any(isinstance(value, list | tuple) and not value for value in equal.values())


@cache
def finding(table: str, shape: Shape) -> Select[*tuple[object, ...]]:
    """Selects all columns of the rows that match the shape."""
    return select(table_of(table)).where(*_conditions(table_of(table), shape))


@cache
def latest(table: str, key: str, shape: Shape) -> Select[*tuple[object, ...]]:
    """Selects the matching rows in descending order of the key; the parameter MOST limits their number."""
    columns = table_of(table).c
    order = columns[key].desc()
    return select(table_of(table)).where(*_conditions(table_of(table), shape)).order_by(order).limit(bindparam(MOST))


@cache
def looking(table: str, key: str, shape: Shape) -> Select[*tuple[object, ...]]:
    """Selects the key of one matching row."""
    columns = table_of(table).c
    return select(columns[key]).where(*_conditions(table_of(table), shape)).limit(1)


@cache
def counting(table: str, instant: str, shape: Shape) -> Select[int]:
    """Counts the matching rows whose column `instant` is later than the parameter AFTER."""
    found = table_of(table)
    late = found.c[instant] > bindparam(AFTER, type_=found.c[instant].type)
    return select(func.count()).select_from(found).where(late, *_conditions(found, shape))


@cache
def later(table: str, instant: str, shape: Shape) -> Select[*tuple[object, ...]]:
    """Selects the matching rows whose column `instant` is later than the parameter AFTER."""
    found = table_of(table)
    late = found.c[instant] > bindparam(AFTER, type_=found.c[instant].type)
    return select(found).where(late, *_conditions(found, shape))


@cache
def adding(table: str) -> Insert:
    """Inserts a row; its columns are the parameters."""
    return insert(table_of(table))


@cache
def changing(table: str, key: str) -> Update:
    """Updates the row whose column `key` equals the parameter KEY; the other parameters are the columns to change."""
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
