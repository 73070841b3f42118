# SPDX-License-Identifier: EUPL-1.2
"""The rows of readings, in a table that no event fills: the same statements on SQLite and PostgreSQL.

They take no lock of the chain's head, so that on PostgreSQL a reader waits for no writer. SQLite has one lock for all.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import datetime
from itertools import groupby
from operator import attrgetter

from sqlalchemy import Connection, Engine, bindparam, delete, select, text
from sqlmodel.sql.sqltypes import UTCDateTime

from flaggermail.adapters.db.engine import ANEW, OwnFile, Turns, begun, connect_reading
from flaggermail.adapters.db.mapping import table_of
from flaggermail.record.readings import ReadAccess, ReadItem, ReadKind

WAIT = 2.0  # seconds that a view waits for other writers before it gives up the row of its reading
LONG_WAIT = 10.0  # seconds that the daemon waits to remove rows
MOST_ASKED = 10_000  # values in one statement: SQLite takes 32,766
_READING = table_of("reading")
_KEEP = text(
    "INSERT INTO reading (kind, item, hour, person) VALUES (:kind, :item, :hour, :person) ON CONFLICT DO NOTHING"
).bindparams(bindparam("hour", type_=UTCDateTime()))
_OF_ITEMS = select(_READING.c.kind, _READING.c.item, _READING.c.hour, _READING.c.person).where(
    _READING.c.kind == bindparam("kind"), _READING.c.item.in_(bindparam("items", expanding=True))
)
_BEFORE = delete(_READING).where(_READING.c.hour < bindparam("before"))


class BesideRecord:
    """What writes into tables that no event fills, on the engine of a store, in turn with the store's own writers."""

    def __init__(
        self, engine: Engine, turns: Turns, file: OwnFile, faults: Callable[..., AbstractContextManager[None]]
    ) -> None:  # fmt: skip
        """`faults` raises what the store raises for an error of its database."""
        self._engine, self._turns, self._file, self._faults = engine, turns, file, faults

    @contextmanager
    def writing(self, wait: float) -> Iterator[Connection]:
        """Begins a transaction of its own. Raises StoreBusy after `wait` seconds, and StoreFailure."""
        is_file = self._engine.dialect.name == "sqlite"  # a server lets several write beside each other
        turn = self._turns.turn(wait) if is_file else nullcontext(wait)
        with self._faults(writing=True), turn as left, self._engine.connect() as connection:
            connection.execution_options(**{ANEW: True})
            with begun(connection, time.monotonic() + left):
                self._file.require()
                yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Begins to read. Raises StoreFailure."""
        with self._faults(writing=False), connect_reading(self._engine) as connection:
            yield connection


class SqlReadings(BesideRecord):
    """Implements `ports.ReadingLog`."""

    def keep(self, kept: Collection[ReadAccess]) -> None:
        """Keeps each reading once; see `ports.ReadingLog`."""
        new = set(kept).difference(self.of({one.item for one in kept}))
        if not new:
            return
        with self.writing(WAIT) as connection:
            for one in new:
                values = {"kind": one.item.kind.value, "item": one.item.key, "hour": one.hour, "person": one.person}
                connection.execute(_KEEP, values)

    def of(self, items: Collection[ReadItem]) -> list[ReadAccess]:
        """Returns the readings of these items, in no order."""
        with self.reading() as connection:
            return list(_of_items(connection, items))

    def forget(self, before: datetime) -> int:
        """Removes the readings of the hours before; returns their number."""
        with self.writing(LONG_WAIT) as connection:
            return connection.execute(_BEFORE, {"before": before}).rowcount


def _of_items(connection: Connection, items: Collection[ReadItem]) -> Iterator[ReadAccess]:
    for kind, group in groupby(sorted(items), attrgetter("kind")):
        keys = [one.key for one in group]
        for part in (keys[first : first + MOST_ASKED] for first in range(0, len(keys), MOST_ASKED)):
            for row in connection.execute(_OF_ITEMS, {"kind": kind.value, "items": part}):
                yield ReadAccess(row.person, ReadItem(ReadKind(row.kind), row.item), row.hour)
