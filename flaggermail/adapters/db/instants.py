# SPDX-License-Identifier: EUPL-1.2
"""The type of an instant in the tables: aware and in UTC on both engines."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy import DateTime, Dialect
from sqlalchemy.types import TypeDecorator

_WITHOUT_ZONE = len("2026-03-18 21:00:00.000000")


class StoredInstant(TypeDecorator[datetime]):
    """An instant of a row. SQLite stores UTC without a zone.

    There it is read in one step: a large view reads ten thousand of them.
    """

    impl = DateTime
    cache_ok = True

    def __init__(self) -> None:
        super().__init__(timezone=True)

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Returns an instant as it is stored. Raises ValueError for one without a zone, which is no instant."""
        del dialect
        if value is not None and value.utcoffset() is None:
            raise ValueError("an instant has a time zone")
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Returns an instant as PostgreSQL gives it, in UTC."""
        del dialect
        return None if value is None else value.astimezone(UTC)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[str | None], datetime | None] | None:
        """Returns what reads a value of the database."""
        return _instant_of_text if dialect.name == "sqlite" else super().result_processor(dialect, coltype)


def _instant_of_text(value: str | None) -> datetime | None:
    if value is None:
        return None
    if len(value) <= _WITHOUT_ZONE:  # as we write them; five times as fast as to give the zone afterwards
        return datetime.fromisoformat(value + "+00:00")
    return datetime.fromisoformat(value).astimezone(UTC)
