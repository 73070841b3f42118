# SPDX-License-Identifier: EUPL-1.2
"""Tables that no event fills: readings, forms that persons left half filled, and sealed secrets.

They take no lock of the chain's head, so that on PostgreSQL a reader waits for no writer. SQLite has one lock for all;
the statements are the same on both. Of a sealed secret the database holds what is no use without its key.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import datetime
from itertools import groupby
from operator import attrgetter

from sqlalchemy import Connection, Engine, bindparam, delete, func, insert, select, text
from sqlmodel.sql.sqltypes import UTCDateTime

from flaggermail.adapters.db.engine import ANEW, OwnFile, Turns, begun, connect_reading
from flaggermail.adapters.db.mapping import table_of
from flaggermail.errors import StoreBusy
from flaggermail.ports import KeptForm, SealedSecret
from flaggermail.record.readings import ReadAccess, ReadItem, ReadKind

WAIT = 2.0  # seconds that a view waits for other writers before it gives up the row of its reading
LONG_WAIT = 10.0  # seconds that others wait: to remove rows, to keep a form, for another node at the same secret
MOST_ASKED = 10_000  # values in one statement: SQLite takes 32,766
_READING = table_of("reading")
_KEEP = text(
    "INSERT INTO reading (kind, item, hour, person) VALUES (:kind, :item, :hour, :person) ON CONFLICT DO NOTHING"
).bindparams(bindparam("hour", type_=UTCDateTime()))
_OF_ITEMS = select(_READING.c.kind, _READING.c.item, _READING.c.hour, _READING.c.person).where(
    _READING.c.kind == bindparam("kind"), _READING.c.item.in_(bindparam("items", expanding=True))
)
_BEFORE = delete(_READING).where(_READING.c.hour < bindparam("before"))
_FORM = table_of("kept_form")
_SECRET = table_of("sealed_secret")
_POLL = 0.1  # seconds between two tries at the lock of another node
_ADD = "INSERT INTO sealed_secret (name, key, sealed) VALUES (:name, :key, :sealed) ON CONFLICT "
_KEEP_SECRET = text(_ADD + "DO NOTHING")
_REPLACE = text(_ADD + "(name) DO UPDATE SET key = excluded.key, sealed = excluded.sealed")


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


class SqlKeptForms(BesideRecord):
    """Implements `ports.KeptForms`."""

    def keep(self, form: KeptForm, most: int) -> None:
        """Keeps a form in place of an earlier one; see `ports.KeptForms`."""
        own = _FORM.c.person == form.person
        with self.writing(LONG_WAIT) as connection:
            connection.execute(delete(_FORM).where(own, _FORM.c.page == form.page, _FORM.c.act == form.act))
            newest = select(_FORM.c.page, _FORM.c.act).where(own).order_by(_FORM.c.at.desc())
            for page, act in connection.execute(newest.offset(most - 1)).all():
                connection.execute(delete(_FORM).where(own, _FORM.c.page == page, _FORM.c.act == act))
            values = {
                "person": form.person, "page": form.page, "act": form.act, "at": form.at, "version": form.version,
                "texts": json.dumps({name: list(several) for name, several in form.texts.items()}),
            }  # fmt: skip
            connection.execute(insert(_FORM), values)

    def of(self, person: str, page: str) -> list[KeptForm]:
        """Returns what a person keeps of a page, by act."""
        wanted = select(_FORM).where(_FORM.c.person == person, _FORM.c.page == page).order_by(_FORM.c.act)
        with self.reading() as connection:
            return [
                KeptForm(
                    one.person, one.page, one.act, one.at, one.version,
                    {name: tuple(several) for name, several in json.loads(one.texts).items()},
                )
                for one in connection.execute(wanted)
            ]  # fmt: skip

    def discard(self, person: str, page: str, act: str) -> None:
        """Removes a form, if there is one."""
        with self.writing(LONG_WAIT) as connection:
            connection.execute(delete(_FORM).where(_FORM.c.person == person, _FORM.c.page == page, _FORM.c.act == act))

    def forget(self, before: datetime) -> int:
        """Removes the forms that were kept before that instant; returns their number."""
        with self.writing(LONG_WAIT) as connection:
            return connection.execute(delete(_FORM).where(_FORM.c.at < before)).rowcount


class SqlSecretRows(BesideRecord):
    """Implements `ports.SecretRows` on PostgreSQL. Raises StoreFailure and StoreBusy as the store does."""

    def get(self, name: str) -> SealedSecret | None:
        """Returns the sealed secret of that name; None if there is none."""
        with self.reading() as connection:
            row = connection.execute(select(_SECRET.c.key, _SECRET.c.sealed).where(_SECRET.c.name == name)).first()
        return None if row is None else SealedSecret(row.key, bytes(row.sealed))

    def put(self, name: str, secret: SealedSecret, *, replace: bool) -> None:
        """Keeps a sealed secret durably, in place of an earlier one if `replace`, else unless there is one."""
        kept = _REPLACE if replace else _KEEP_SECRET
        with self.writing(LONG_WAIT) as connection:
            connection.execute(kept, {"name": name, "key": secret.key, "sealed": secret.sealed})

    def remove(self, name: str) -> None:
        """Removes the secret of that name, if there is one."""
        with self.writing(LONG_WAIT) as connection:
            connection.execute(delete(_SECRET).where(_SECRET.c.name == name))

    @contextmanager
    def locked(self, name: str, patience: float) -> Iterator[None]:
        """Keeps other nodes from the same block for the time of this one. Raises StoreBusy after `patience` seconds."""
        until = time.monotonic() + patience
        with self.reading() as connection:  # the lock ends with the transaction, also through a pooler
            while not connection.scalar(select(func.pg_try_advisory_xact_lock(func.hashtext(f"flaggermail {name}")))):
                if time.monotonic() >= until:
                    raise StoreBusy(f"another node works with the secret {name} and takes too long")
                time.sleep(_POLL)
            yield
