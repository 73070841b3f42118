# SPDX-License-Identifier: EUPL-1.2
"""What both readers of the record do alike where a row holds a value that this program never writes.

Imports no driver and no SQLAlchemy, because a view does without the latter.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

from flaggermail.errors import RowUnreadable
from flaggermail.record.finding import FieldCondition
from flaggermail.record.rows import Record

R = TypeVar("R", bound=Record)


class ReadableRows(ABC):
    """The part of `ports.Transaction` that leaves out rows which cannot be read."""

    @abstractmethod
    def get(self, kind: type[R], key: str) -> R | None:
        """See `ports.Transaction`."""

    @abstractmethod
    def find(self, kind: type[R], *conditions: FieldCondition) -> list[R]:
        """See `ports.Transaction`."""

    @abstractmethod
    def keys(self, kind: type[R], *conditions: FieldCondition) -> list[str]:
        """Returns the keys of the rows that `find` would return, also of rows with values that cannot be read."""

    def readable(self, kind: type[R], *conditions: FieldCondition) -> list[R]:
        """Returns what `find` returns, without rows that hold a value which cannot be read."""
        try:
            return self.find(kind, *conditions)
        except RowUnreadable:
            found = (self._get_readable(kind, key) for key in self.keys(kind, *conditions))
            return [row for row in found if row is not None]

    def _get_readable(self, kind: type[R], key: str) -> R | None:
        try:
            return self.get(kind, key)
        except RowUnreadable:
            return None


@contextmanager
def as_readable(table: str, driver_error: type[Exception]) -> Iterator[None]:
    """Raises RowUnreadable for values of rows that cannot be converted.

    `driver_error`: what SQLite's driver, or SQLAlchemy for it (in `orig`), raises for text that is no UTF-8.
    """
    try:
        yield
    except (ValueError, TypeError) as error:
        raise RowUnreadable(
            f"{table}: a row holds a value that this program never writes; `flaggermail audit verify` names it"
        ) from error
    except driver_error as error:
        if "decode" in str(getattr(error, "orig", error)):
            raise RowUnreadable(f"{table}: a row holds octets that are no text") from error
        raise
