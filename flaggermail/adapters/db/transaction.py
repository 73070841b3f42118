# SPDX-License-Identifier: EUPL-1.2
"""A unit of work on one connection: rows for the current state, the event chain for the history.

The rows of the record are read and written by statements on their tables, of which there are many and small ones: an
entity costs as much again as its query. The store's own tables are read in a session, as entities.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import cached_property, partial
from typing import TypeVar

from sqlalchemy import Connection, bindparam, delete, update
from sqlalchemy import select as select_columns
from sqlalchemy.exc import OperationalError
from sqlmodel import Session, col, select

from flaggermail.adapters.db.full_text import search_postgresql, search_sqlite
from flaggermail.adapters.db.mapping import table_of, to_columns, to_record
from flaggermail.adapters.db.own_tables import EventRow, PersonalRow
from flaggermail.adapters.db.sealed import COUNTERS, CURSORS
from flaggermail.adapters.db.statements import (
    KEY,
    MOST,
    adding,
    changing,
    checked,
    counting,
    finding,
    is_empty,
    keys,
    latest,
    looking,
    parameters,
    shape_of,
)
from flaggermail.adapters.db.verification import Verification
from flaggermail.errors import NotFound, RowUnreadable
from flaggermail.ports import Cursor, Position, SearchTerm
from flaggermail.record.audit import AuditResult, Head, Subject
from flaggermail.record.event_codec import GENESIS, Plain, commitment, decode, encode, link, stored_changes
from flaggermail.record.events import Change, Event, Rows, Scalar, values_of
from flaggermail.record.finding import Comparison, FieldCondition
from flaggermail.record.rows import BY_TABLE, Notification, OutboxMail, Record
from flaggermail.wording.refusals import Because

R = TypeVar("R", bound=Record)
EVENT, HEAD, PERSONAL = table_of("event"), table_of("chain_head"), table_of("personal")
COUNTER, CURSOR = table_of("counter"), table_of("cursor")
INDEX, BEFORE = table_of("row_event"), EVENT.alias("before")
INDEXED = frozenset({OutboxMail.TABLE, Notification.TABLE})  # compared with their events before a mail is sent
PAGE = 500
# Of the statements that every unit of work runs: columns of tables, at half the cost of a model's.
_HEAD = select_columns(HEAD.c.seq, HEAD.c.digest)
_NEW_HEAD = update(HEAD)
_REACHED = select_columns(COUNTER.c.value).where(COUNTER.c.name == bindparam("counter"))
_CURSORS = select_columns(CURSOR.c.folder, CURSOR.c.uidvalidity, CURSOR.c.uid, CURSOR.c.looked_at, CURSOR.c.held)
_CURSOR = _CURSORS.where(CURSOR.c.folder == bindparam("of_folder"))
_ERASE = delete(PERSONAL).where(PERSONAL.c.commitment == bindparam("erased"))


class SqlTransaction:
    """Implements `ports.Transaction`, plus the checks that prove the record intact."""

    def __init__(self, connection: Connection, salt: Callable[[], bytes]) -> None:
        self._connection = connection
        self._salt = salt
        self.erased = False  # whether personal values were erased
        self._head: tuple[int, str] | None = None  # the chain's head after our appends, until `finish` writes it
        self._cached: dict[str, dict[tuple[FieldCondition, ...], list[Record]]] = {}  # by table, dropped on change

    @cached_property
    def _session(self) -> Session:
        """The session on this connection, for the store's own tables. It writes nothing.

        It joins whatever is open: one first used within a savepoint would otherwise set a savepoint of its own, which
        nothing releases.
        """
        return Session(self._connection, autoflush=False, join_transaction_mode="rollback_only")

    def get(self, kind: type[R], key: str) -> R | None:
        """Returns the row with that key, or None."""
        found = self.find(kind, FieldCondition(kind, kind.KEY, Comparison.EQUAL, key))
        return found[0] if found else None

    def find(self, kind: type[R], *conditions: FieldCondition) -> list[R]:
        """Returns the rows that meet the conditions, ordered by key."""
        # Cached: no other writer can change what this transaction has read.
        known = self._cached.setdefault(kind.TABLE, {})
        if conditions not in known:
            known[conditions] = list(self._select(kind, conditions))
        return [row for row in known[conditions] if isinstance(row, kind)]

    def _select(self, kind: type[R], conditions: Sequence[FieldCondition]) -> list[R]:
        checked(kind, conditions)
        if is_empty(conditions):
            return []
        with _readable(kind.TABLE):
            query = finding(kind.TABLE, shape_of(conditions))
            found = [to_record(kind, row) for row in self._connection.execute(query, parameters(conditions))]
        return sorted(found, key=lambda row: row.key)  # not in SQL, where the order depends on the server's locale

    def newest(self, kind: type[R], most: int, *conditions: FieldCondition) -> list[R]:
        """Returns the last `most` rows that `find` would return, last first. Keys must all have the same length."""
        checked(kind, conditions)
        query = latest(kind.TABLE, kind.KEY, shape_of(conditions))
        with _readable(kind.TABLE):
            rows = self._connection.execute(query, {**parameters(conditions), MOST: most})
            return [to_record(kind, row) for row in rows]

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

    def keys(self, kind: type[R], *conditions: FieldCondition) -> list[str]:
        """Returns the keys of the rows that `find` would return, also of rows with values that cannot be read."""
        checked(kind, conditions)
        query = keys(kind.TABLE, kind.KEY, shape_of(conditions))
        return sorted(str(found) for found in self._connection.execute(query, parameters(conditions)).scalars())

    def exists(self, kind: type[R], *conditions: FieldCondition) -> bool:
        """True if `find` would return a row; the cost does not depend on how many match."""
        checked(kind, conditions)
        query = looking(kind.TABLE, kind.KEY, shape_of(conditions))
        return self._connection.execute(query, parameters(conditions)).first() is not None

    def count(self, kind: type[R], *conditions: FieldCondition) -> int:
        """Counts the rows that `find` would return, without reading them."""
        checked(kind, conditions)
        if is_empty(conditions):
            return 0
        query = counting(kind.TABLE, shape_of(conditions))
        return self._connection.execute(query, parameters(conditions)).scalar_one()

    def reached(self, counter: str) -> int:
        """Returns the last number issued by a counter."""
        return self._connection.execute(_REACHED, {"counter": counter}).scalar() or 0

    def number(self, counter: str) -> int:
        """Issues the next number of a counter, starting at 1."""
        value = self.reached(counter) + 1
        self.set_number(counter, value)
        return value

    def set_number(self, counter: str, value: int) -> None:
        """Sets a counter, so that the next number issued is `value` + 1."""
        COUNTERS.write(self._connection, counter, {"value": value})

    def append(self, *events: Event) -> None:
        """Appends events to the chain and applies their changes to the rows; all of them or, on an error, none."""
        with self._connection.begin_nested():
            seq, digest = self._chain_head()
            for event in events:
                seq += 1
                digest = self._record(seq, digest, event)
        self._head = seq, digest

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Undoes everything done within the block if it raises; the exception propagates."""
        head = self._head
        try:
            with self._connection.begin_nested():
                yield
        except BaseException:
            self._head = head
            self._cached.clear()
            raise

    def finish(self) -> None:
        """Writes the new head of the chain. Call once, before the commit."""
        if self._head is not None:
            self._connection.execute(_NEW_HEAD, {"seq": self._head[0], "digest": self._head[1]})

    def _chain_head(self) -> tuple[int, str]:
        """Returns number and digest of the last event, including those appended by this transaction."""
        if self._head is not None:
            return self._head
        row = self._connection.execute(_HEAD).one()
        return row.seq, row.digest

    def _record(self, seq: int, previous: str, event: Event) -> str:
        """Writes one event and its changes; returns its digest."""
        kept: list[dict[str, object]] = []

        def commit(value: Plain) -> str:
            salt = self._salt()
            key = commitment(salt, value)
            text = json.dumps(value, ensure_ascii=False)
            kept.append({"commitment": key, "salt": salt, "value": text, "event": seq})
            return key

        octets = encode(event, commit)
        digest = link(previous, octets)
        columns = {"seq": seq, "octets": octets, "digest": digest, **_columns(event)}
        self._connection.execute(adding("event"), columns)
        if kept:
            self._connection.execute(adding("personal"), kept)
        for change in event.changes:
            self._apply(change)
        touched = {(change.table, change.key) for change in event.changes if change.table in INDEXED}
        if touched:
            index = [{"of_table": table, "key": key, "event": seq} for table, key in sorted(touched)]
            self._connection.execute(adding("row_event"), index)
        return digest

    def _apply(self, change: Change) -> None:
        record = BY_TABLE[change.table]
        self._cached.pop(change.table, None)
        if record.KEY in change.values:
            self._connection.execute(adding(change.table), to_columns(change.values))
        elif change.values:
            values = {KEY: change.key, **to_columns(change.values)}
            if self._connection.execute(changing(change.table, record.KEY), values).rowcount != 1:
                raise NotFound(Because.NO_SUCH_ROW(table=change.table, key=change.key))

    def erase(self, kind: type[Record], keys: Collection[str], names: Collection[str], since: datetime) -> None:
        """Erases earlier values of these personal fields, keeping the current ones; see `ports.Transaction`."""
        wanted = frozenset(keys)
        held: dict[tuple[str, str], Plain] = {}
        gone: list[dict[str, Plain]] = []
        for octets in self._octets_since(since) if wanted else ():
            for change in stored_changes(octets):
                if change["table"] != kind.TABLE or change["key"] not in wanted:
                    continue
                for name in kind.PERSONAL.intersection(names, change["values"]):
                    field = change["key"], name
                    gone += [{"erased": held[field]}] if held.get(field) else []
                    held[field] = change["values"][name]
        if gone:
            self._connection.execute(_ERASE, gone)
            self.erased = True

    def _octets_since(self, since: datetime) -> Iterator[bytes]:
        """Yields the octets of the events since `since`, in order. Starts a day earlier, as clocks may be set back."""
        late = select(EventRow.seq, EventRow.octets).where(EventRow.at >= since - timedelta(days=1))
        query = late.order_by(col(EventRow.seq)).limit(PAGE)
        after = 0
        while page := self._session.exec(query.where(EventRow.seq > after)).all():
            yield from (octets for _, octets in page)
            after = page[-1][0]

    def advance(self, folder: str, cursor: Cursor) -> None:
        """Records how far `folder` has been read."""
        position = cursor.position
        values = {"uidvalidity": position.uidvalidity, "uid": position.uid}
        CURSORS.write(self._connection, folder, {**values, "looked_at": cursor.looked_at, "held": cursor.held})

    def cursor(self, folder: str) -> Cursor | None:
        """Returns how far `folder` has been read, or None."""
        row = self._connection.execute(_CURSOR, {"of_folder": folder}).first()
        return None if row is None else Cursor(Position(row.uidvalidity, row.uid), row.looked_at, row.held)

    def cursors(self) -> dict[str, Cursor]:
        """Returns how far each folder has been read that ever was."""
        rows = sorted(self._connection.execute(_CURSORS), key=lambda row: str(row.folder))
        return {row.folder: Cursor(Position(row.uidvalidity, row.uid), row.looked_at, row.held) for row in rows}

    def search(self, texts: Sequence[str], terms: Sequence[SearchTerm]) -> list[int]:
        """Returns the numbers of the texts in which every term occurs; see `ports.Transaction`."""
        if self._connection.dialect.name == "sqlite":
            return search_sqlite(texts, terms)
        return search_postgresql(self._connection, texts, terms)

    def events(self, after: int = 0) -> Iterator[tuple[int, Event]]:
        """Yields the events after number `after` with their numbers; personal values are revealed unless erased."""
        for page in self._chain(after):
            reveal = partial(_revealed, self._values(page[0][0], page[-1][0]))
            for seq, octets in page:
                yield seq, decode(octets, reveal)

    def _values(self, first: int, last: int) -> dict[str, Plain]:
        """Returns the personal values of these events by commitment; erased ones are missing."""
        query = select(PersonalRow.commitment, PersonalRow.value).where(col(PersonalRow.event).between(first, last))
        return {key: json.loads(value) for key, value in self._session.exec(query)}

    def _chain(self, after: int = 0) -> Iterator[Sequence[tuple[int, bytes]]]:
        """Yields pages of the events after number `after`. A reader may stop early: no cursor stays open."""
        query = select(EventRow.seq, EventRow.octets).order_by(col(EventRow.seq)).limit(PAGE)
        while page := self._session.exec(query.where(EventRow.seq > after)).all():
            yield page
            after = page[-1][0]

    def verify(self) -> AuditResult:
        """Compares everything with the events; see `ports.Transaction`."""
        return Verification(self._connection, INDEXED).proof()

    def broken_link(self) -> int | None:
        """Returns the number of the first event that was changed, moved or removed; None if the chain is intact."""
        return self._first(Subject.EVENT, Subject.HEAD)

    def broken_commitment(self) -> int | None:
        """Returns the number of the first event with a personal value that does not match its commitment, or None."""
        return self._first(Subject.PERSONAL)

    def _first(self, *subjects: Subject) -> int | None:
        self.finish()
        found = Verification(self._connection, INDEXED).chain()
        return next((finding.event for finding in found if finding.subject in subjects), None)

    def head(self, seq: int | None = None) -> Head | None:
        """Returns number, digest and instant of an event, by default of the last; None if there is no such event.

        In a writing transaction the last event is the last one appended.
        """
        last = self._connection.execute(_HEAD).first()
        if seq is None and self._head is not None:
            seq = self._head[0]
        if seq is None and (last is None or not isinstance(last[0], int)):
            return None
        number = last[0] if seq is None and last is not None else seq
        if number == 0:
            return Head(0, GENESIS)
        with _readable("event"):
            query = select(EventRow.digest, EventRow.at).where(EventRow.seq == number)
            row = self._session.exec(query).first()
        return None if row is None or number is None else Head(number, *row)

    def from_events(self, kind: type[R], key: str) -> R | None:
        """Returns the row as its events give it, found by the index; None if they do not give a row.

        Each event must follow from the one before it, and each personal value must be the one committed to.
        """
        joined = select_columns(EVENT.c.seq, EVENT.c.octets, EVENT.c.digest, BEFORE.c.digest)
        joined = joined.join(INDEX, INDEX.c.event == EVENT.c.seq).outerjoin(BEFORE, BEFORE.c.seq == EVENT.c.seq - 1)
        query = joined.where(INDEX.c.of_table == kind.TABLE, INDEX.c.key == key).order_by(EVENT.c.seq)
        values: dict[str, Scalar] = {}
        try:
            for seq, octets, digest, before in self._connection.execute(query).all():
                if link(before or GENESIS, octets) != digest:
                    return None
                for change in decode(octets, partial(_revealed, self._proved_values(seq))).changes:
                    if (change.table, change.key) == (kind.TABLE, key):
                        values.update(change.values)
            return kind(**values)
        except (KeyError, TypeError, ValueError, AttributeError, RecursionError):  # not what this program wrote
            return None

    def _proved_values(self, seq: int) -> dict[str, Plain]:
        """Returns the personal values of an event that are the ones it committed to."""
        query = select_columns(PERSONAL.c.commitment, PERSONAL.c.salt, PERSONAL.c.value).where(PERSONAL.c.event == seq)
        held = {row.commitment: (row.salt, json.loads(row.value)) for row in self._connection.execute(query)}
        return {key: value for key, (salt, value) in held.items() if commitment(salt, value) == key}

    def rows(self) -> Rows:
        """Returns every current row, in the form that `record.events.fold` produces."""
        return {(kind.TABLE, row.key): values_of(row) for kind in BY_TABLE.values() for row in self.find(kind)}


@contextmanager
def _readable(table: str) -> Iterator[None]:
    """Raises RowUnreadable for values of rows that cannot be converted."""
    try:
        yield
    except (ValueError, TypeError) as error:
        raise RowUnreadable(
            f"{table}: a row holds a value that this program never writes; `flaggermail audit verify` names it"
        ) from error
    except OperationalError as error:
        if "decode" in str(error.orig):  # SQLite: text that is no UTF-8
            raise RowUnreadable(f"{table}: a row holds octets that are no text") from error
        raise


def _columns(event: Event) -> dict[str, str | datetime | None]:
    """Returns the values of an event that have their own column, for queries."""
    return {
        "at": event.at,
        "kind": event.kind.value,
        "actor": event.actor,
        "case": event.case,
        "notification": event.notification,
        "message": event.message,
    }


def _revealed(values: Mapping[str, Plain], key: str) -> Plain:
    return values.get(key, key)
