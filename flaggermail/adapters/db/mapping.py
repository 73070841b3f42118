# SPDX-License-Identifier: EUPL-1.2
"""Conversion between the record's frozen rows and table columns; both directions check the values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import TypeVar

from sqlalchemy import Table

from flaggermail.adapters.db.own_tables import EventRow
from flaggermail.record.event_codec import plain
from flaggermail.record.events import Scalar
from flaggermail.record.reading import row_of
from flaggermail.record.rows import Record

R = TypeVar("R", bound=Record)
Column = str | int | bool | datetime | date | list[str] | list[int] | None

metadata = EventRow.metadata  # of all tables: `own_tables` imports the module with the others


def table_of(name: str) -> Table:
    """Returns the table called `name`."""
    return metadata.tables[name]


def to_columns(values: Mapping[str, Scalar]) -> dict[str, Column]:
    """Converts values for their columns: tuples become JSON lists, dates and instants stay as they are."""
    return {name: value if isinstance(value, date) else plain(value) for name, value in values.items()}


def to_record(kind: type[R], columns: Iterable[object]) -> R:
    """Builds a row of type `kind` from its columns. Raises TypeError or ValueError for an impossible value."""
    return row_of(kind, columns)
