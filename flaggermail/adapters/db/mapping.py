# SPDX-License-Identifier: EUPL-1.2
"""Conversion between the record's frozen rows and table columns."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import TypeVar

from sqlalchemy import Table

from flaggermail.adapters.db import own_tables
from flaggermail.record.event_codec import plain, typed
from flaggermail.record.events import Scalar
from flaggermail.record.rows import Record

R = TypeVar("R", bound=Record)
Column = str | int | bool | datetime | date | list[str] | list[int] | None

metadata = own_tables.EventRow.metadata  # of all tables: own_tables imports the module with the others


def table_of(name: str) -> Table:
    """Returns the table called `name`."""
    return metadata.tables[name]


def to_columns(values: Mapping[str, Scalar]) -> dict[str, Column]:
    """Converts values for their columns: tuples become JSON lists, dates and instants stay as they are."""
    return {name: value if isinstance(value, date) else plain(value) for name, value in values.items()}


def from_columns(kind: type[R], columns: Mapping[str, object]) -> R:
    """Builds a row of type `kind` from its columns."""
    return kind(**{name: typed(kind, name, value) for name, value in columns.items()})
