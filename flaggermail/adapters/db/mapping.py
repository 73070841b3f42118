# SPDX-License-Identifier: EUPL-1.2
"""Conversion between the record's frozen rows and table columns; both directions check the values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import TypeVar

from sqlalchemy import MetaData, Table

from flaggermail.adapters.db import own_tables  # its tables are made when it is imported
from flaggermail.adapters.db.tables import made
from flaggermail.record.event_codec import plain
from flaggermail.record.events import Scalar
from flaggermail.record.reading import row_of, typed
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
    return {name: value if isinstance(value, date) else plain(value) for name, value in values.items()}


def to_record(kind: type[R], columns: Iterable[object]) -> R:
    """Builds a row of type `kind` from its columns. Raises TypeError or ValueError for an impossible value."""
    return row_of(kind, columns)


def to_fields(kind: type[Record], names: Sequence[str], columns: Iterable[object]) -> tuple[Scalar, ...]:
    """Builds the values of some fields of a `kind` from their columns. Raises as `to_record` does."""
    return tuple(typed(kind, name, value) for name, value in zip(names, columns, strict=True))
