# SPDX-License-Identifier: EUPL-1.2
"""Conversion between the record's frozen rows and table columns; both directions check the values.

The statements of a unit of work on the record. Each is built once: SQLAlchemy takes longer to build than to run one.

Values are never part of a statement; they are passed as parameters.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import cache
from itertools import product
from typing import TypeVar

from sqlalchemy import (
    CTE,
    ColumnElement,
    Insert,
    MetaData,
    ScalarSelect,
    Select,
    Table,
    Text,
    Update,
    and_,
    bindparam,
    cast,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    union_all,
    update,
)
from sqlalchemy import Column as SqlColumn

from flaggermail.adapters.db import own_tables  # its tables are made when it is imported
from flaggermail.adapters.db.known_rows import Shape, plain_words
from flaggermail.adapters.db.tables import made
from flaggermail.record.definition import Comparison, FieldCondition
from flaggermail.record.event_codec import plain, readers_of, row_of
from flaggermail.record.events import Scalar
from flaggermail.record.rows import BY_TABLE, Record

R = TypeVar("R", bound=Record)
Column = str | int | bool | datetime | date | list[str] | list[int] | None


def table_of(name: str) -> Table:
    """Returns the table called `name`."""
    return made(name)


def all_tables() -> MetaData:
    """Returns the metadata of all tables."""
    for name in BY_TABLE:
        made(name)
    return own_tables.EventRow.metadata


def to_columns(values: Mapping[str, Scalar]) -> dict[str, Column]:
    """Converts values for their columns: tuples become JSON lists, dates and instants stay as they are."""
    return {name: value if value is None or isinstance(value, date) else plain(value) for name, value in values.items()}


def to_record(kind: type[R], columns: Iterable[object]) -> R:
    """Builds a row of type `kind` from its columns. Raises TypeError or ValueError for an impossible value."""
    return row_of(kind, columns)


def to_fields(kind: type[Record], names: Sequence[str], rows: Iterable[Iterable[object]]) -> list[tuple[Scalar, ...]]:
    """Builds the values of some fields of each row of a `kind` from their columns. Raises as `to_record` does."""
    read = [readers_of(kind.TABLE)[name] for name in names]
    columns = [map(one, column) for one, column in zip(read, zip(*rows, strict=True), strict=False)]  # no rows, none
    return list(zip(*columns, strict=True))


# ---- statements


MOST = "most_rows"  # parameter of `latest`, `ordering` and `leading`
AT, BEHIND = "at_the_instant", "behind_the_key"  # parameters of `ordering`, the second of `leading` too
VALUES = "wanted_values"  # parameter of `having`
KEY = "key_of_the_row"  # parameter of `changing`; no column has this name


def parameters(conditions: Sequence[FieldCondition]) -> dict[str, object]:
    """Returns the values as parameters for a statement of that shape."""
    return {_parameter(number): plain_words(condition.value) for number, condition in enumerate(conditions)}


@cache
def finding(table: str, shape: Shape) -> Select[*tuple[object, ...]]:
    """Selects the rows that match the shape."""
    return select(table_of(table)).where(*_conditions(table_of(table), shape))


@cache
def selecting(table: str, names: tuple[str, ...], shape: Shape) -> Select[*tuple[object, ...]]:
    """Selects these columns of the rows that match the shape."""
    return select(*(table_of(table).c[name] for name in names)).where(*_conditions(table_of(table), shape))


@cache
def grouping(table: str, by: str, names: tuple[str, ...], shape: Shape) -> Select[*tuple[object, ...]]:
    """Selects the least value of a column with each of the different values of others, and the number of their rows."""
    columns = [table_of(table).c[name] for name in names]
    query = select(func.min(table_of(table).c[by]), *columns, func.count())
    return query.where(*_conditions(table_of(table), shape)).group_by(*columns)


@cache
def stepping(
    table: str, by: str, names: tuple[str, ...], shape: Shape, words: tuple[tuple[Scalar, ...], ...]
) -> Select[*tuple[object, ...]]:  # fmt: skip
    """Selects what `grouping` does, at most MOST, with a step over an index from each value of the last column on.

    `words`: the values that each of the others may have. SQLite does this for no GROUP BY of its own accord, and
    PostgreSQL, which would go by another index, is not asked so.
    """
    own, here = table_of(table), _conditions(table_of(table), shape)
    *few, last = (own.c[name] for name in names)

    def alike(of: CTE, *more: ColumnElement[bool]) -> list[ColumnElement[bool]]:
        return [*here, *(column == of.c[column.name] for column in few), *more]

    def first(column: SqlColumn[object], conditions: list[ColumnElement[bool]]) -> ScalarSelect[object]:
        return select(func.min(column)).where(*conditions).scalar_subquery()

    typed = (
        [literal(word, column.type).label(column.name) for word in some]
        for column, some in zip(few, words, strict=True)
    )
    each = union_all(*(select(*values) for values in product(*typed))).cte("each_word")
    begin = select(*each.c, first(last, alike(each)).label(last.name)).cte("steps", recursive=True)
    behind = first(last, alike(begin, last > begin.c[last.name]))
    then = select(*(begin.c[column.name] for column in few), behind).where(begin.c[last.name].is_not(None))
    steps = begin.union_all(then)  # each ends without a value, where rows without one are
    same = alike(steps, last.is_not_distinct_from(steps.c[last.name]))
    number = select(func.count()).select_from(own).where(*same).scalar_subquery()
    query = select(first(own.c[by], same), *steps.c, number)
    bounded = any(name == last.name and how not in {Comparison.NULL, Comparison.ONE_OF_OR_NULL} for name, how in shape)
    some = [steps.c[last.name].is_not(None)] if bounded else []
    return query.where(*some, exists().select_from(own).where(*same)).limit(bindparam(MOST))


@cache
def latest(table: str, key: str, shape: Shape) -> Select[*tuple[object, ...]]:
    """Selects the matching rows in descending order of the key; the parameter MOST limits their number."""
    return finding(table, shape).order_by(table_of(table).c[key].desc()).limit(bindparam(MOST))


@cache
def ordering(
    table: str, key: str, by: str, shape: Shape, *, begun: bool, in_postgresql: bool
) -> Select[*tuple[object, ...]]:  # fmt: skip
    """Selects the matching rows in the order of a column, then of the key; at most as many as the parameter MOST says.

    `begun`: only those behind the place of which the parameters AT and BEHIND are the instant and the key. Its
    length, then its characters give the order (`in_sequence`), which is PostgreSQL's only where its collation is "C".
    """
    first, then = table_of(table).c[by], table_of(table).c[key]
    last: ColumnElement[str] = then.collate("C") if in_postgresql else then
    length, reached = func.length(then), func.length(bindparam(BEHIND, type_=Text))
    query = finding(table, shape).order_by(first, length, last).limit(bindparam(MOST))
    further = or_(length > reached, and_(length == reached, last > bindparam(BEHIND, type_=Text)))
    behind = first >= bindparam(AT), or_(first > bindparam(AT), further)
    return query.where(*behind) if begun else query


@cache
def leading(table: str, names: tuple[str, ...], shape: Shape, *, in_postgresql: bool) -> Select[*tuple[object, ...]]:
    """Selects columns in their order: as many as MOST says, of the rows with a text behind BEHIND in the last one."""
    *before, then = [table_of(table).c[name] for name in names]
    last: ColumnElement[str] = then.collate("C") if in_postgresql else then
    query = selecting(table, names, shape).where(last > bindparam(BEHIND))
    return query.order_by(*before, last).limit(bindparam(MOST))


@cache
def keys(table: str, key: str, shape: Shape) -> Select[object]:
    """Selects the keys of the matching rows."""
    return select(table_of(table).c[key]).where(*_conditions(table_of(table), shape))


@cache
def looking(table: str, key: str, shape: Shape) -> Select[object]:
    """Selects the key of one matching row."""
    return keys(table, key, shape).limit(1)


@cache
def having(table: str, field: str) -> Select[object]:
    """Selects which of the parameter VALUES some row has in a field."""
    column = table_of(table).c[field]
    return select(column).where(column.in_(bindparam(VALUES, expanding=True))).distinct()


@cache
def counting(table: str, shape: Shape) -> Select[int]:
    """Counts the matching rows."""
    return select(func.count()).select_from(table_of(table)).where(*_conditions(table_of(table), shape))


@cache
def adding(table: str) -> Insert:
    """Inserts a row; its columns are the parameters."""
    return insert(table_of(table))


@cache
def changing(table: str, key: str) -> Update:
    """Updates the row whose column `key` equals the parameter KEY; the other parameters are the columns to change."""
    return update(table_of(table)).where(table_of(table).c[key] == bindparam(KEY))


def _parameter(number: int) -> str:
    return f"value_{number}"


def _conditions(table: Table, shape: Shape) -> list[ColumnElement[bool]]:
    return [_condition(table, *compared, _parameter(number)) for number, compared in enumerate(shape)]


def _condition(table: Table, name: str, comparison: Comparison, parameter: str) -> ColumnElement[bool]:
    column = table.c[name]
    match comparison:
        case Comparison.NULL:
            return column.is_(None)
        case Comparison.EQUAL:
            return column == bindparam(parameter)
        case Comparison.AFTER:
            return column > bindparam(parameter)
        case Comparison.BEFORE:
            return column < bindparam(parameter)
        case Comparison.SOME:
            return cast(column, Text) != "[]"
        case Comparison.ONE_OF:
            return column.in_(bindparam(parameter, expanding=True))
        case Comparison.ONE_OF_OR_NULL:
            return or_(column.in_(bindparam(parameter, expanding=True)), column.is_(None))
