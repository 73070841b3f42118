# SPDX-License-Identifier: EUPL-1.2
"""A unit of work on one connection: rows for the current state, the event chain for the history.

The rows of the record are read and written by statements on their tables, of which there are many and small ones: an
entity costs as much again as its query. The store's own tables are read in a session, as entities.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import asdict
from datetime import datetime
from functools import partial
from math import prod
from typing import TypeVar, TypeVarTuple, cast

from sqlalchemy import Connection, Select, bindparam, delete, insert, update
from sqlalchemy import select as select_columns
from sqlmodel import select

from flaggermail.adapters.db import sealed
from flaggermail.adapters.db.chain_reading import ChainReader
from flaggermail.adapters.db.full_text import search_postgresql, search_sqlite
from flaggermail.adapters.db.gathered import GatheredRows
from flaggermail.adapters.db.known_rows import (
    KnownRows,
    Shape,
    as_readable,
    by_value,
    checked,
    is_empty,
    names_of,
    shape_of,
    with_one,
    words_of,
)
from flaggermail.adapters.db.mapping import (
    AT,
    BEHIND,
    KEY,
    MOST,
    VALUES,
    adding,
    changing,
    counting,
    finding,
    grouping,
    having,
    keys,
    latest,
    leading,
    looking,
    ordering,
    parameters,
    selecting,
    stepping,
    table_of,
    to_columns,
    to_fields,
    to_record,
)
from flaggermail.adapters.db.nodes import ask_hand_over
from flaggermail.adapters.db.own_tables import EventRow
from flaggermail.adapters.db.prepared import fetched, written
from flaggermail.adapters.db.verification import Verification, proved_row
from flaggermail.errors import NotFound, RowUnreadable
from flaggermail.ports import Bookmark, Cursor, KeptAnswer, SearchTerm
from flaggermail.record.audit import AuditResult, Head
from flaggermail.record.definition import Comparison, FieldCondition
from flaggermail.record.event_codec import GENESIS, Plain, stored_event
from flaggermail.record.events import Change, Event, Rows, values_of
from flaggermail.record.rows import BY_TABLE, Record
from flaggermail.wording.refusals import CommandRefusal

R = TypeVar("R", bound=Record)
Fields = TypeVarTuple("Fields")
_Asked = Callable[[Shape], Select[*tuple[object, ...]]]
EVENT, HEAD, PERSONAL = table_of("event"), table_of("chain_head"), table_of("personal")
CURSOR, KEPT_ANSWER = table_of("cursor"), table_of("kept_answer")
FEW_ALIKE = 100  # different values that are found in steps over an index
MOST_ASKED = 10_000  # values in one statement: SQLite takes 32,766
# Of the statements that every unit of work runs: columns of tables, at half the cost of a model's.
_HEAD = select_columns(HEAD.c.seq, HEAD.c.digest)
_NEW_HEAD = update(HEAD)
_CURSORS = select_columns(CURSOR.c.folder, CURSOR.c.position, CURSOR.c.looked_at, CURSOR.c.held)
_ERASE = delete(PERSONAL).where(PERSONAL.c.commitment == bindparam("erased"))


class SqlTransaction(ChainReader):
    """Implements `ports.Transaction`, plus the checks that prove the record intact.

    Rows are written at once, so that the database checks them, unless `gather` was called; events, counters and cursors
    together at the end, or before something reads them.
    """

    def __init__(
        self, connection: Connection, salt: Callable[[], bytes], locked: sealed.LockedHead | None = None
    ) -> None:
        """`locked`: what a writing transaction found as it took the lock; None if it only reads."""
        self._bare = connection
        self._gathered: GatheredRows | None = None
        self._salt = salt
        self.erased = False  # whether personal values were erased
        self._locked = locked
        self._head: tuple[int, str] | None = None  # the chain's head after our appends, until `finish` writes it
        self._links = sealed.ChainWriter(connection)
        self._counters = sealed.SealedValues(connection, sealed.COUNTERS)
        self._cursors = sealed.SealedValues(connection, sealed.CURSORS)
        self.known = KnownRows(locked.kept if locked else None)

    @property
    def _connection(self) -> Connection:
        """The connection, on which a statement finds all rows written."""
        if self._gathered is not None:
            self._gathered.write_out()
        return self._bare

    def gather(self) -> None:
        """Keeps new rows until the end, or until the database has to be asked about them; see `ports.Transaction`."""
        self._gathered = self._gathered or GatheredRows(self._bare)

    def _kept(self, kind: type[R], conditions: Sequence[FieldCondition]) -> list[R]:
        """Returns the rows that meet the conditions and are not written yet."""
        return [] if self._gathered is None else self._gathered.matching(kind, conditions)

    def get(self, kind: type[R], key: str) -> R | None:
        """Returns the row with that key, or None."""
        known = self.known.row(kind.TABLE, key)
        if isinstance(known, kind):
            return known
        found = self.find(kind, FieldCondition(kind, kind.KEY, Comparison.EQUAL, key))
        return found[0] if found else None

    def find(self, kind: type[R], *conditions: FieldCondition) -> list[R]:
        """Returns the rows that meet the conditions, ordered by key."""
        known = self.known.find(kind, conditions)
        if known is not None:
            return known
        if is_empty(conditions):
            checked(kind, conditions)
            return []
        several = by_value(conditions)
        if several:
            return self._find_each(kind, conditions, *several)
        found = self._select(kind, conditions)
        self.known.learn(kind, conditions, list(found))
        return found

    def look_for(self, kind: type[R], condition: FieldCondition) -> None:
        """Asks once which of several values rows have; see `ports.Transaction`."""
        checked(kind, [condition])
        if condition.comparison is not Comparison.ONE_OF or not isinstance(condition.value, tuple):
            raise TypeError(f"{condition.name} is looked for by several values, none of them None")
        here = having(kind.TABLE, condition.name)
        wanted = sorted({str(value) for value in condition.value})
        for part in (wanted[first : first + MOST_ASKED] for first in range(0, len(wanted), MOST_ASKED)):
            found = self._connection.execute(here, {VALUES: part}).scalars()
            self.known.miss(kind, condition.name, set(part).difference(found))

    def _find_each(
        self, kind: type[R], conditions: Sequence[FieldCondition], several: FieldCondition
    ) -> list[R]:  # fmt: skip
        """Returns the rows with one of several values; asks for those alone that were not asked for before."""
        checked(kind, conditions)
        values = dict.fromkeys(several.value if isinstance(several.value, tuple) else ())
        single = {value: with_one(conditions, several, value) for value in values}
        missing = tuple(value for value in values if self.known.find(kind, single[value]) is None)
        rows: dict[object, list[Record]] = {value: [] for value in missing}
        for part in (missing[first : first + MOST_ASKED] for first in range(0, len(missing), MOST_ASKED)):
            some = [one._replace(value=part) if one is several else one for one in conditions]
            for row in self._select(kind, some if part[1:] else single[part[0]]):
                rows[getattr(row, several.name)].append(row)
        for value, found in rows.items():
            self.known.learn(kind, single[value], found)
        every = (row for value in values for row in self.known.find(kind, single[value]) or ())
        return sorted(every, key=lambda row: row.key)

    def _select(self, kind: type[R], conditions: Sequence[FieldCondition]) -> list[R]:
        checked(kind, conditions)
        if is_empty(conditions):
            return []
        found = self._kept(kind, conditions)
        with as_readable(kind.TABLE):
            query = finding(kind.TABLE, shape_of(conditions))
            found += [to_record(kind, row) for row in fetched(self._bare, query, parameters(conditions))]
        return sorted(found, key=lambda row: row.key)  # not in SQL, where the order depends on the server's locale

    def columns(
        self, kind: type[R], fields: tuple[*Fields], *conditions: FieldCondition
    ) -> list[tuple[*Fields]]:  # fmt: skip
        """Returns fields of the rows that meet the conditions, unordered; see `ports.Transaction`."""
        asked = partial(selecting, kind.TABLE, names_of(kind, fields))
        return self._fields(kind, fields, conditions, asked)[0]

    def leading(
        self, kind: type[R], fields: tuple[*Fields], most: int, after: str, *conditions: FieldCondition
    ) -> list[tuple[*Fields]]:  # fmt: skip
        """Returns fields of the first rows behind a text in the last of them; see `ports.Transaction`."""
        here = self._bare.dialect.name == "postgresql"
        asked = partial(leading, kind.TABLE, names_of(kind, fields), in_postgresql=here)
        return self._fields(kind, fields, conditions, asked, **{MOST: most, BEHIND: after})[0]

    def alike(
        self, kind: type[R], by: datetime, fields: tuple[*Fields], *conditions: FieldCondition
    ) -> list[tuple[int, tuple[datetime, *Fields]]]:  # fmt: skip
        """Returns the different values of fields, their number and first instant; see `ports.Transaction`."""
        (name,), names = names_of(kind, (by,)), names_of(kind, fields)
        others = [one for one in conditions if one.name not in names[:-1] or one.comparison is not Comparison.ONE_OF]
        asked = partial(grouping, kind.TABLE, name, names)
        words = words_of(kind, names[:-1], conditions)
        here = self._bare.dialect.name == "sqlite"  # PostgreSQL goes by another index, and finds no NULL by one
        stepwise = here and bool(words) and prod(map(len, words)) <= FEW_ALIKE
        if stepwise:
            steps = partial(stepping, kind.TABLE, name, names, words=words)
            found, rows = self._fields(kind, (by, *fields), others, steps, **{MOST: FEW_ALIKE})
        if not stepwise or len(rows) == FEW_ALIKE:  # of many, one look at all is quicker
            found, rows = self._fields(kind, (by, *fields), conditions, asked)
        return [(int(str(row[-1])), values) for values, row in zip(found, rows, strict=True)]

    def _fields(
        self, kind: type[R], fields: tuple[*Fields], conditions: Sequence[FieldCondition], asked: _Asked,
        **others: object,
    ) -> tuple[list[tuple[*Fields]], Sequence[Sequence[object]]]:  # fmt: skip
        """Returns the values of these fields in the rows of a statement for those conditions, and the rows."""
        checked(kind, conditions)
        names = names_of(kind, fields)
        if is_empty(conditions):
            return [], []
        with as_readable(kind.TABLE):
            rows = fetched(self._connection, asked(shape_of(conditions)), {**parameters(conditions), **others})
            found = to_fields(kind, names, rows)
        return cast("list[tuple[*Fields]]", found), rows

    def newest(self, kind: type[R], most: int, *conditions: FieldCondition) -> list[R]:
        """Returns the last `most` rows that `find` would return, last first. Keys must all have the same length."""
        checked(kind, conditions)
        known = self.known.newest(kind, most, conditions)
        if known is not None:
            return known
        query = latest(kind.TABLE, kind.KEY, shape_of(conditions))
        found = self._kept(kind, conditions)
        with as_readable(kind.TABLE):
            rows = fetched(self._bare, query, {**parameters(conditions), MOST: most})
            found += [to_record(kind, row) for row in rows]
        found = sorted(found, key=lambda row: row.key, reverse=True)[:most] if self._gathered else found
        self.known.see(kind, most, conditions, list(found))
        return found

    def in_order(
        self, kind: type[R], by: datetime, most: int, after: Bookmark | None = None, *conditions: FieldCondition
    ) -> list[R]:  # fmt: skip
        """Returns the first rows behind a place in the order of a field, then of the key; see `ports.Transaction`."""
        checked(kind, conditions)
        (name,), shape, here = names_of(kind, (by,)), shape_of(conditions), self._bare.dialect.name == "postgresql"
        query = ordering(kind.TABLE, kind.KEY, name, shape, begun=after is not None, in_postgresql=here)
        values = {**parameters(conditions), MOST: most, **dict(zip((AT, BEHIND), after or (), strict=False))}
        with as_readable(kind.TABLE):
            return [to_record(kind, row) for row in self._connection.execute(query, values)]

    def keys(self, kind: type[R], *conditions: FieldCondition) -> list[str]:
        """Returns the keys of the rows that `find` would return, also of rows with values that cannot be read."""
        checked(kind, conditions)
        query = keys(kind.TABLE, kind.KEY, shape_of(conditions))
        return sorted(str(found) for found in self._connection.execute(query, parameters(conditions)).scalars())

    def readable(self, kind: type[R], *conditions: FieldCondition) -> list[R]:
        """Returns what `find` returns, without rows that hold a value which cannot be read."""
        try:
            return self.find(kind, *conditions)
        except RowUnreadable:
            found: list[R] = []
            for key in self.keys(kind, *conditions):
                with suppress(RowUnreadable):
                    row = self.get(kind, key)
                    found += [] if row is None else [row]
            return found

    def exists(self, kind: type[R], *conditions: FieldCondition) -> bool:
        """True if `find` would return a row; the cost does not depend on how many match."""
        checked(kind, conditions)
        if self.known.lacks(kind, conditions):
            return False
        if self._kept(kind, conditions):
            return True
        query = looking(kind.TABLE, kind.KEY, shape_of(conditions))
        return bool(fetched(self._bare, query, parameters(conditions)))

    def count(self, kind: type[R], *conditions: FieldCondition) -> int:
        """Counts the rows that `find` would return, without reading them."""
        checked(kind, conditions)
        if is_empty(conditions):
            return 0
        query = counting(kind.TABLE, shape_of(conditions))
        return self._connection.execute(query, parameters(conditions)).scalar_one()

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
