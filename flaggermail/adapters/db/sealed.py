# SPDX-License-Identifier: EUPL-1.2
"""Counters and cursors: rows that no event gives, because an idle desk would write one for each look at a folder.

Each row has a seal, a SHA-256 over its values, and names the row created before it; the chain's head names the last
one. So a row that was changed, added or removed without this program is found, and named. A seal has no key: it finds
what was changed by hand, not somebody who computes it anew.

The events of a transaction, encoded and linked as they are appended, and written together.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Select, Table, Update, bindparam, select, update

from flaggermail.adapters.db.known_rows import Answers
from flaggermail.adapters.db.mapping import adding, table_of
from flaggermail.adapters.db.prepared import fetched, written
from flaggermail.adapters.db.raw import RawRow, RowComparison, as_plain, named, rows
from flaggermail.ports import Cursor
from flaggermail.record.audit import RecordFinding, Subject
from flaggermail.record.event_codec import Plain, commitment, encode, link, plain, seal
from flaggermail.record.events import Event
from flaggermail.record.rows import Notification, OutboxMail

HEAD = table_of("chain_head")
Cell = str | int | datetime | None
_KEY = "key_of_the_sealed_row"


@dataclass(frozen=True)
class Sealed:
    """A sealed table: its key column, the columns with values, and the column of the head with the last key.

    `later` columns are younger than the table: a seal made before them is that of a row where they are empty.
    """

    table: Table
    key: str
    values: tuple[str, ...]
    later: tuple[str, ...]
    last: ColumnElement[str | None]
    finding: Select[*tuple[Cell, ...]]
    changing: Update

    def seal_of(self, row: Mapping[str, Plain]) -> str:
        """Returns the seal of a row."""
        names = (self.key, "after", *self.values, *(name for name in self.later if row[name] is not None))
        return seal(self.table.name, *(row[name] for name in names))

    def sealed(self, key: str, after: str | None, values: Mapping[str, Cell]) -> dict[str, Cell]:
        """Returns the values of a row with their seal."""
        row = {self.key: key, "after": after, **values}
        return {**values, "seal": self.seal_of({name: plain(value) for name, value in row.items()})}


class SealedValues:
    """The rows of a sealed table that a transaction reads and writes; each is read once, all are written together."""

    def __init__(self, connection: Connection, sealed: Sealed) -> None:
        self._connection, self._sealed = connection, sealed
        self._known: dict[str, Mapping[str, object] | None] = {}
        self._after: dict[str, str | None] = {}  # of the rows that the database has
        self._changed: dict[str, Mapping[str, Cell]] = {}

    def get(self, key: str) -> Mapping[str, object] | None:
        """Returns the values of a row; None if there is none."""
        if key not in self._known:
            self._known[key] = None
            names = (*self._sealed.values, *self._sealed.later)
            for after, *values in fetched(self._connection, self._sealed.finding, {_KEY: key}):
                self._known[key] = dict(zip(names, values, strict=True))
                self._after[key] = None if after is None else str(after)
        return self._known[key]

    def put(self, key: str, values: Mapping[str, Cell]) -> None:
        """Gives a row these values; creates it if there is none."""
        self.get(key)  # whether it is there, and what it is linked to
        self._changed[key] = self._known[key] = values

    def write_out(self) -> None:
        """Writes the changed rows with their seals; a new one is linked to the row created before it."""
        changed, self._changed = self._changed, {}
        there = [{_KEY: key, **self._row(key, values)} for key, values in changed.items() if key in self._after]
        if there:
            written(self._connection, self._sealed.changing, *there)
        for key in (key for key in changed if key not in self._after):
            self._after[key] = self._connection.execute(select(self._sealed.last)).scalar_one()
            row = {self._sealed.key: key, "after": self._after[key], **self._row(key, changed[key])}
            written(self._connection, adding(self._sealed.table.name), row)
            self._connection.execute(update(HEAD).values({self._sealed.last: key}))

    def forget(self) -> None:
        """Forgets what was read and what was not written."""
        for held in (self._known, self._after, self._changed):
            held.clear()

    def _row(self, key: str, values: Mapping[str, Cell]) -> dict[str, Cell]:
        return self._sealed.sealed(key, self._after[key], values)


def cursor_of(values: Mapping[str, object]) -> Cursor:
    """Returns how far a folder is read, as its row says."""
    position, looked_at, held = (values[name] for name in ("position", "looked_at", "held"))
    return Cursor(
        str(position), looked_at if isinstance(looked_at, datetime) else None, held if isinstance(held, int) else None
    )


def unsealed(connection: Connection, sealed: Sealed) -> Iterator[RecordFinding]:
    """Yields the rows of a sealed table that were changed, added or taken away."""
    table, compared = sealed.table, RowComparison(connection.dialect, sealed.table)
    there: set[object] = set()
    claims: dict[object, str] = {}  # what names a row as the one created before it, by the row named
    for raw in rows(connection, table):
        key = raw[sealed.key]
        there.add(key)
        name = f"{table.name} {named(key)}"
        if raw["after"] is not None:
            claims[raw["after"]] = name
        if not _fits(sealed, compared, raw):
            yield RecordFinding(Subject.ROW, name, "was changed or added: its seal does not fit")
    last = connection.execute(select(sealed.last)).scalar()
    if last is not None:
        claims[last] = "the chain's head"
    for key, by in claims.items():
        if key not in there:
            yield RecordFinding(Subject.ROW, f"{table.name} {named(key)}", f"was taken away: {by} names it")
    for key in sorted(there - claims.keys(), key=repr):
        yield RecordFinding(Subject.ROW, f"{table.name} {named(key)}", "was added: no other row names it")


def _fits(sealed: Sealed, compared: RowComparison, raw: RawRow) -> bool:
    try:
        row = {name: as_plain(sealed.table.c[name], value) for name, value in raw.items()}
        return not compared.differing(raw, {**row, "seal": sealed.seal_of(row)})
    except (TypeError, ValueError):
        return False


def _sealed(name: str, key: str, *values: str, later: tuple[str, ...] = ()) -> Sealed:
    table = table_of(name)
    this = table.c[key] == bindparam(_KEY)
    read = select(*(table.c[column] for column in ("after", *values, *later))).where(this)
    return Sealed(table, key, values, later, HEAD.c[f"last_{name}"], read, update(table).where(this))


COUNTERS = _sealed("counter", "name", "value")
CURSORS = _sealed("cursor", "folder", "position", "looked_at", later=("held",))
SEALED = (COUNTERS, CURSORS)


# ---- the chain


INDEXED = frozenset({OutboxMail.TABLE, Notification.TABLE})  # compared with their events before a mail is sent
_JSON = json.JSONEncoder(ensure_ascii=False)
_Columns = dict[str, object]


@dataclass(frozen=True, slots=True)
class LockedHead:
    """The chain's head that a writing transaction locked, and the answers of an earlier one that ended with it."""

    seq: int
    digest: str
    kept: Mapping[str, Answers] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ChainLink:
    """An event as it is stored: number, digest, columns, personal values, and the rows for the index."""

    seq: int
    digest: str
    columns: _Columns
    personal: tuple[_Columns, ...]
    index: tuple[_Columns, ...]


def linked(event: Event, seq: int, previous: str, salt: Callable[[], bytes]) -> ChainLink:
    """Encodes an event and links it to the digest of the one before it; `salt` gives one for each personal value."""
    kept: list[_Columns] = []

    def commit(value: Plain) -> str:
        salted = salt()
        key = commitment(salted, value)
        kept.append(
            {"commitment": key, "salt": salted, "value": _JSON.encode(value), "event": seq}
        )  # fmt: skip
        return key

    octets = encode(event, commit)
    digest = link(previous, octets)
    columns: _Columns = {"seq": seq, "octets": octets, "digest": digest, **_columns(event)}
    touched = {(change.table, change.key) for change in event.changes if change.table in INDEXED}
    index = tuple({"of_table": table, "key": key, "event": seq} for table, key in sorted(touched))
    return ChainLink(seq, digest, columns, tuple(kept), index)


class ChainWriter:
    """Keeps links until they are written, each table's rows in one statement."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._links: list[ChainLink] = []

    def add(self, links: Iterable[ChainLink]) -> None:
        """Keeps more links."""
        self._links += links

    def write_out(self) -> None:
        """Writes what is kept."""
        links, self._links = self._links, []
        rows: dict[str, list[_Columns]] = {
            "event": [link.columns for link in links],
            "personal": [value for link in links for value in link.personal],
            "row_event": [row for link in links for row in link.index],
        }
        for table, those in rows.items():
            if those:
                written(self._connection, adding(table), *those)

    def forget(self) -> None:
        """Forgets what was not written."""
        self._links.clear()


def _columns(event: Event) -> _Columns:
    """Returns the values of an event that have their own column, for queries."""
    return {
        "at": event.at,
        "kind": event.kind.value,
        "actor": event.actor,
        "case": event.case,
        "notification": event.notification,
        "message": event.message,
    }
