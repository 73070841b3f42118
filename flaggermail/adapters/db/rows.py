# SPDX-License-Identifier: EUPL-1.2
"""Between the core's frozen rows and the columns of their tables."""

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

metadata = own_tables.EventRow.metadata  # of every table: it builds on the module of the others


def table_of(name: str) -> Table:
    """The table called `name`."""
    return metadata.tables[name]


def to_columns(values: Mapping[str, Scalar]) -> dict[str, Column]:
    """The values as their columns take them: tuples become JSON lists, instants and days stay what they are."""
    return {name: value if isinstance(value, date) else plain(value) for name, value in values.items()}


def from_columns(kind: type[R], columns: Mapping[str, object]) -> R:
    """The row of type `kind` in `columns`."""
    return kind(**{name: typed(kind, name, value) for name, value in columns.items()})
