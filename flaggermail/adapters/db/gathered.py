# SPDX-License-Identifier: EUPL-1.2
"""The new rows of a transaction that a fault undoes as a whole: kept, and written together, a statement for each table.

A question that can be answered for the kept rows without the database is answered from both; before any other they are
written. Rows that others refer to are written first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from graphlib import TopologicalSorter
from typing import TypeVar

from sqlalchemy import Connection

from flaggermail.adapters.db.known_rows import comparable, meets
from flaggermail.adapters.db.mapping import Column, adding
from flaggermail.adapters.db.prepared import written
from flaggermail.record.definition import FieldCondition, facts_of
from flaggermail.record.rows import BY_TABLE, Record

R = TypeVar("R", bound=Record)
_Columns = Mapping[str, Column]


class GatheredRows:
    """Keeps new rows until they are written. Not thread-safe."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._kept: dict[str, dict[str, tuple[Record, _Columns]]] = {}

    def keep(self, row: Record, columns: _Columns) -> None:
        """Keeps a new row as it will be read, and its columns."""
        self._kept.setdefault(row.TABLE, {})[row.key] = row, columns

    def has(self, table: str, key: str) -> bool:
        """True if the database does not have this row yet."""
        return key in self._kept.get(table, ())

    def matching(self, kind: type[R], conditions: Sequence[FieldCondition]) -> list[R]:
        """Returns the kept rows that meet the conditions; writes them all instead if the database must compare them."""
        kept = self._kept.get(kind.TABLE)
        if not kept:
            return []
        if not comparable(conditions):
            self.write_out()
            return []
        return [row for row, _ in kept.values() if isinstance(row, kind) and meets(row, conditions)]

    def write_out(self) -> None:
        """Writes what is kept."""
        kept, self._kept = self._kept, {}
        for table in sorted(kept, key=_places().__getitem__):
            alike: dict[tuple[str, ...], list[_Columns]] = {}
            for _, columns in kept[table].values():
                alike.setdefault(tuple(columns), []).append(columns)
            for rows in alike.values():
                written(self._connection, adding(table), *rows)

    def forget(self) -> None:
        """Forgets what was not written."""
        self._kept.clear()


@cache
def _places() -> Mapping[str, int]:
    """Returns the place of each table: after those that its rows refer to."""
    named = {
        name: {fact.references.TABLE for fact in facts_of(record).values() if fact.references} - {name}
        for name, record in BY_TABLE.items()
    }
    return {name: place for place, name in enumerate(TopologicalSorter(named).static_order())}
