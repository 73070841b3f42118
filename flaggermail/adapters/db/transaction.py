# SPDX-License-Identifier: EUPL-1.2
"""A unit of work on one connection: rows for the current state, the event chain for the history.

The rows of the record are read and written by statements on their tables, of which there are many and small ones: an
entity costs as much again as its query. The store's own tables are read in a session, as entities.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import asdict
from datetime import datetime, timedelta
from functools import cached_property, partial
from typing import TypeVar

from sqlalchemy import ColumnElement, Connection, bindparam, delete, insert, update
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select

from flaggermail.adapters.db import sealed
from flaggermail.adapters.db.full_text import search_postgresql, search_sqlite
from flaggermail.adapters.db.gathered import GatheredRows
from flaggermail.adapters.db.known_rows import (
    KnownRows,
    as_readable,
)
from flaggermail.adapters.db.mapping import (
    KEY,
    adding,
    changing,
    table_of,
    to_columns,
)
from flaggermail.adapters.db.nodes import ask_hand_over
from flaggermail.adapters.db.own_tables import EventRow, PersonalRow
from flaggermail.adapters.db.prepared import written
from flaggermail.adapters.db.row_reading import RowReader
from flaggermail.adapters.db.verification import Verification, proved_row, revealed
from flaggermail.errors import NotFound
from flaggermail.ports import Cursor, KeptAnswer, SearchTerm
from flaggermail.record.audit import AuditResult, Head
from flaggermail.record.event_codec import GENESIS, Plain, decode, decode_each, stored_event
from flaggermail.record.events import Change, Event, EventKind, Rows, values_of
from flaggermail.record.rows import BY_TABLE, Record
from flaggermail.wording.refusals import CommandRefusal

R = TypeVar("R", bound=Record)
EVENT, HEAD, PERSONAL = table_of("event"), table_of("chain_head"), table_of("personal")
CURSOR, KEPT_ANSWER = table_of("cursor"), table_of("kept_answer")
PAGE = 500
# Of the statements that every unit of work runs: columns of tables, at half the cost of a model's.
_HEAD = select_columns(HEAD.c.seq, HEAD.c.digest)
_NEW_HEAD = update(HEAD)
_CURSORS = select_columns(CURSOR.c.folder, CURSOR.c.position, CURSOR.c.looked_at, CURSOR.c.held)
_ERASE = delete(PERSONAL).where(PERSONAL.c.commitment == bindparam("erased"))


class SqlTransaction(RowReader):
    """Implements `ports.Transaction`, plus the checks that prove the record intact.

    Rows are written at once, so that the database checks them, unless `gather` was called; events, counters and cursors
    together at the end, or before something reads them.
    """

    def __init__(
        self, connection: Connection, salt: Callable[[], bytes], locked: sealed.LockedHead | None = None
    ) -> None:
        """`locked`: what a writing transaction found as it took the lock; None if it only reads."""
        super().__init__(connection, KnownRows(locked.kept if locked else None))
        self._salt = salt
        self.erased = False  # whether personal values were erased
        self._locked = locked
        self._head: tuple[int, str] | None = None  # the chain's head after our appends, until `finish` writes it
        self._links = sealed.ChainWriter(connection)
        self._counters = sealed.SealedValues(connection, sealed.COUNTERS)
        self._cursors = sealed.SealedValues(connection, sealed.CURSORS)

    @cached_property
    def _session(self) -> Session:
        """The session on this connection, for the store's own tables. It writes nothing.

        It joins whatever is open: one first used within a savepoint would otherwise set a savepoint of its own, which
        nothing releases.
        """
        return Session(self._bare, autoflush=False, join_transaction_mode="rollback_only")

    def reached(self, counter: str) -> int:
        """Returns the last number issued by a counter."""
        found = self._counters.get(counter)
        return int(str(found["value"])) if found else 0

    def number(self, counter: str) -> int:
        """Issues the next number of a counter, starting at 1."""
        value = self.reached(counter) + 1
        self.set_number(counter, value)
        return value

    def set_number(self, counter: str, value: int) -> None:
        """Sets a counter, so that the next number issued is `value` + 1."""
        self._counters.put(counter, {"value": value})
        self._write_if_reader()

    def append(self, *events: Event) -> None:
        """Appends events to the chain and applies their changes to the rows; all of them or, on an error, none."""
        seq, digest = self._chain_head()
        links = []
        for event in events:
            links.append(sealed.linked(event, seq + 1, digest, self._salt))
            seq, digest = links[-1].seq, links[-1].digest
        changes = [change for event in events for change in event.changes if change.values]
        self._change(changes)
        self._links.add(links)
        self._head = seq, digest
        self._write_if_reader()

    def _change(self, changes: Sequence[Change]) -> None:
        if self._gathered is not None and all(BY_TABLE[change.table].KEY in change.values for change in changes):
            for change in changes:
                self._gather(change, self._gathered)
            return
        # A statement that fails undoes itself on SQLite; several, and any on PostgreSQL, need a savepoint.
        alone = not changes[1:] and self._bare.dialect.name == "sqlite"
        with nullcontext() if alone else self._connection.begin_nested():
            for change in changes:
                self._apply(change)
        self.known.apply_each(changes)

    def _gather(self, change: Change, gathered: GatheredRows) -> None:
        self.known.apply(change)
        row = self.known.row(change.table, change.key)
        if row is None or gathered.has(
            change.table, change.key
        ):  # a second row of that key is for the database to refuse
            self._apply(change)
        else:
            gathered.keep(row, to_columns(change.values))

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Undoes everything done within the block if it raises; the exception propagates."""
        self._write_out()
        head = self._head
        try:
            with self._connection.begin_nested():
                yield
                self._write_out()
        except BaseException:
            self._head = head
            for written in (self._links, self._counters, self._cursors, self.known, self._gathered):
                if written is not None:
                    written.forget()
            raise

    def kept_answer(self, key: str) -> KeptAnswer | None:
        """Returns the answer that is kept under a key; None if there is none."""
        row = self._connection.execute(select_columns(KEPT_ANSWER).where(KEPT_ANSWER.c.key == key)).one_or_none()
        return None if row is None else KeptAnswer(**row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for it

    def keep_answer(self, answer: KeptAnswer) -> None:
        """Keeps the answer to a command under its key, which no other may have."""
        self._connection.execute(insert(KEPT_ANSWER), asdict(answer))

    def forget_answers(self, before: datetime) -> int:
        """Forgets the answers that were kept before that instant; returns their number."""
        return self._connection.execute(delete(KEPT_ANSWER).where(KEPT_ANSWER.c.at < before)).rowcount

    def ask_hand_over(self, name: str, holder: str) -> bool:
        """Asks the holder of the lease to release it; see `ports.Transaction`."""
        return ask_hand_over(self._connection, name, holder)

    def finish(self) -> str:
        """Writes what was kept for the end, the chain's head last; returns its digest. Call once, before the commit."""
        self._write_out()
        if self._head is not None:
            written(self._connection, _NEW_HEAD, {"seq": self._head[0], "digest": self._head[1]})
        return self._chain_head()[1]

    def _write_out(self) -> None:
        if self._gathered is not None:
            self._gathered.write_out()
        self._links.write_out()
        self._counters.write_out()
        self._cursors.write_out()

    def _write_if_reader(self) -> None:
        """Lets the database refuse what a reader writes, since nothing calls `finish` for it."""
        if self._locked is None:
            self._write_out()

    @property
    def number_of_last(self) -> int:
        """The number of the last event, including those appended by this transaction; 0 without one."""
        return self._chain_head()[0]

    def _chain_head(self) -> tuple[int, str]:
        """Returns number and digest of the last event, including those appended by this transaction."""
        if self._head is not None:
            return self._head
        if self._locked is not None:
            return self._locked.seq, self._locked.digest
        row = self._connection.execute(_HEAD).one()
        return row.seq, row.digest

    def _apply(self, change: Change) -> None:
        record = BY_TABLE[change.table]
        if record.KEY in change.values:
            written(self._connection, adding(change.table), to_columns(change.values))
            return
        values = {KEY: change.key, **to_columns(change.values)}
        if written(self._connection, changing(change.table, record.KEY), values) != 1:
            raise NotFound(CommandRefusal.NO_SUCH_ROW(table=change.table, key=change.key))

    def erase(self, kind: type[Record], keys: Collection[str], names: Collection[str], since: datetime) -> None:
        """Erases earlier values of these personal fields, keeping the current ones; see `ports.Transaction`."""
        wanted = frozenset(keys)
        held: dict[tuple[str, str], Plain] = {}
        gone: list[dict[str, Plain]] = []
        for octets in self._octets_since(since) if wanted else ():
            for change in stored_event(octets)["changes"]:
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
        for page in self._chain([col(EventRow.at) >= since - timedelta(days=1)]):
            yield from (octets for _, octets in page)

    def advance(self, folder: str, cursor: Cursor) -> None:
        """Records how far `folder` has been read."""
        values = {"position": cursor.position, "looked_at": cursor.looked_at, "held": cursor.held}
        self._cursors.put(folder, values)
        self._write_if_reader()

    def cursor(self, folder: str) -> Cursor | None:
        """Returns how far `folder` has been read, or None."""
        found = self._cursors.get(folder)
        return None if found is None else sealed.cursor_of(found)

    def cursors(self) -> dict[str, Cursor]:
        """Returns how far each folder has been read that ever was."""
        self._cursors.write_out()
        rows = sorted(self._connection.execute(_CURSORS), key=lambda row: str(row.folder))
        return {row.folder: Cursor(row.position, row.looked_at, row.held) for row in rows}

    def search(self, texts: Sequence[str], terms: Sequence[SearchTerm]) -> list[int]:
        """Returns the numbers of the texts in which every term occurs; see `ports.Transaction`."""
        if self._connection.dialect.name == "sqlite":
            return search_sqlite(texts, terms)
        return search_postgresql(self._connection, texts, terms)

    def events(
        self, after: int = 0, kind: EventKind | None = None, *,
        case: str | None = None, since: datetime | None = None, most: int | None = None,
    ) -> Iterator[tuple[int, Event]]:  # fmt: skip
        """Yields the events after number `after` with their numbers; see `ports.Transaction`."""
        tests = [] if kind is None else [col(EventRow.kind) == kind.value]
        tests += [] if case is None else [col(EventRow.case) == case]
        tests += [] if since is None else [col(EventRow.at) >= since]
        for page in self._chain(tests, after, most):
            yield from decode_each(page, partial(revealed, self._values([seq for seq, _ in page])), kind)

    def last_about(self, key: str, most: int, before: int = 0) -> list[tuple[int, Event]]:
        """Returns the last events with that case, notification or message; see `ports.Transaction`."""
        self._links.write_out()
        newest = select(EventRow.seq, EventRow.octets).order_by(col(EventRow.seq).desc()).limit(most)
        older = [col(EventRow.seq) < before] * bool(before)
        columns = (EventRow.case, EventRow.notification, EventRow.message)  # each by its own index
        found = dict(row for one in columns for row in self._session.exec(newest.where(col(one) == key, *older)))
        last = sorted(found, reverse=True)[:most]
        values = self._values(last)
        return [(seq, decode(found[seq], partial(revealed, values))) for seq in last]

    def _values(self, events: Sequence[int]) -> dict[str, Plain]:
        """Returns the personal values of these events by commitment; erased ones are missing."""
        query = select(PersonalRow.commitment, PersonalRow.value).where(col(PersonalRow.event).in_(events))
        return {key: json.loads(value) for key, value in self._session.exec(query)}

    def _chain(
        self, tests: Sequence[ColumnElement[bool]], after: int = 0, most: int | None = None
    ) -> Iterator[Sequence[tuple[int, bytes]]]:  # fmt: skip
        """Yields pages of the events after number `after`. A reader may stop early: no cursor stays open."""
        query = select(EventRow.seq, EventRow.octets).where(*tests).order_by(col(EventRow.seq))
        left = PAGE if most is None else most
        self._links.write_out()
        while page := self._session.exec(query.where(EventRow.seq > after).limit(min(left, PAGE))).all():
            yield page
            after = page[-1][0]
            left -= 0 if most is None else len(page)

    def verify(self) -> AuditResult:
        """Compares everything with the events; see `ports.Transaction`."""
        self._write_out()
        return Verification(self._connection, sealed.INDEXED).proof()

    def head(self, seq: int | None = None) -> Head | None:
        """Returns number, digest and instant of an event, by default of the last; None if there is no such event.

        In a writing transaction the last event is the last one appended.
        """
        self._links.write_out()
        last = self._connection.execute(_HEAD).first()
        if seq is None and self._head is not None:
            seq = self._head[0]
        if seq is None and (last is None or not isinstance(last[0], int)):
            return None
        number = last[0] if seq is None and last is not None else seq
        if number == 0:
            return Head(0, GENESIS)
        with as_readable("event"):
            query = select(EventRow.digest, EventRow.at).where(EventRow.seq == number)
            row = self._session.exec(query).first()
        return None if row is None or number is None else Head(number, *row)

    def from_events(self, kind: type[R], key: str) -> R | None:
        """Returns the row as its events give it, found by the index; None if they do not give a row."""
        self._links.write_out()
        return proved_row(self._connection, kind, key)

    def rows(self) -> Rows:
        """Returns every current row, in the form that `record.events.fold` produces."""
        return {(kind.TABLE, row.key): values_of(row) for kind in BY_TABLE.values() for row in self.find(kind)}
