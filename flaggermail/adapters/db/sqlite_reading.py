# SPDX-License-Identifier: EUPL-1.2
"""What a command reads of a desk on SQLite, through the standard library's driver alone.

SQLAlchemy and SQLModel take a command longer to import than all its own work, and a view writes nothing. So a view
reads here, and whatever writes or proves goes through `store`. Both give the same rows for the same conditions, and the
same errors: `tests/store/test_sqlite_reading.py` asks both.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from datetime import UTC, date, datetime
from functools import cache, partial
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, TypeVar, TypeVarTuple, cast
from urllib.parse import quote

from flaggermail.adapters.db.full_text import search_sqlite
from flaggermail.adapters.db.known_rows import (
    KnownRows,
    ReadableRows,
    Shape,
    as_readable,
    checked,
    is_empty,
    names_of,
    plain_words,
    shape_of,
)
from flaggermail.adapters.db.sqlite_errors import fault_of
from flaggermail.errors import StoreBusy, StoreFailure
from flaggermail.record.audit import Head
from flaggermail.record.definition import Comparison, FieldCondition, FieldFacts, facts_of
from flaggermail.record.event_codec import GENESIS, Plain, decode_each, row_of
from flaggermail.record.events import Event, EventKind
from flaggermail.record.rows import BY_TABLE, Record

if TYPE_CHECKING:
    from flaggermail.ports import Bookmark, Cursor, KeptAnswer, ReadingLog, SearchTerm, Transaction
    from flaggermail.record.audit import AuditResult
    from flaggermail.record.readings import ReadAccess, ReadItem

R = TypeVar("R", bound=Record)
Fields = TypeVarTuple("Fields")
PAGE = 500  # events
WAIT, READING_WAIT = 10.0, 2.0  # seconds for a lock, as in `store`
_KEPT = "SELECT 1 FROM reading WHERE kind = ? AND item = ? AND hour = ? AND person = ?"
_KEEP = "INSERT INTO reading (kind, item, hour, person) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"
_Raw = str | int | bytes | None
_READ_ONLY = "the database says: attempt to write a readonly database"
_by_key = attrgetter("key")


@contextmanager
def reading(file: Path, whole: Callable[[], AbstractContextManager[Transaction]]) -> Iterator[SqliteReading]:
    """Begins a read-only transaction on the database `file` with one consistent snapshot. Raises StoreFailure.

    `whole` begins one that can prove what it reads.
    """
    with _as_store_fault():
        address = f"file:{quote(str(file))}?mode=rw"  # a reader of a write-ahead log may have to make its index
        with closing(sqlite3.connect(address, uri=True, timeout=WAIT, isolation_level=None)) as connection:
            connection.execute("PRAGMA query_only = 1")
            connection.execute("BEGIN")
            yield SqliteReading(connection, whole)


class SqliteReading(ReadableRows):
    """Implements the reading half of `ports.Transaction`; refuses to write as SQLite does."""

    def __init__(
        self, connection: sqlite3.Connection, whole: Callable[[], AbstractContextManager[Transaction]]
    ) -> None:  # fmt: skip
        self._connection, self._whole = connection, whole
        self._known = KnownRows()

    def get(self, kind: type[R], key: str) -> R | None:
        """Returns the row with that key, or None."""
        found = self.find(kind, FieldCondition(kind, kind.KEY, Comparison.EQUAL, key))
        return found[0] if found else None

    def find(self, kind: type[R], *conditions: FieldCondition) -> list[R]:
        """Returns the rows that meet the conditions, ordered by key."""
        found = self._known.find(kind, conditions)
        if found is None:
            found = sorted(self._rows(kind, conditions), key=_by_key)
            self._known.learn(kind, conditions, list(found))
        return found

    def newest(self, kind: type[R], most: int, *conditions: FieldCondition) -> list[R]:
        """Returns the last `most` rows that `find` would return, last first."""
        return self._rows(kind, conditions, f'ORDER BY "{kind.KEY}" DESC LIMIT {int(most)}')

    def in_order(
        self, kind: type[R], by: datetime, most: int, after: Bookmark | None = None, *conditions: FieldCondition
    ) -> list[R]:  # fmt: skip
        """Returns the first rows behind a place in the order of a field, then of the key; see `ports.Transaction`."""
        (name,), key, begun, values = names_of(kind, (by,)), kind.KEY, "", list[object]()
        if after is not None:
            begun = f'{"AND" if conditions else "WHERE"} "{name}" >= ? AND ("{name}" > ? OR "{key}" > ?)'
            values = [_held(after.at), _held(after.at), after.key]
        return self._rows(kind, conditions, f'{begun} ORDER BY "{name}", "{key}" LIMIT {int(most)}', values)

    def columns(
        self, kind: type[R], fields: tuple[*Fields], *conditions: FieldCondition
    ) -> list[tuple[*Fields]]:  # fmt: skip
        """Returns fields of the rows that `find` would return; a view asks this of few."""
        values = attrgetter("key", *names_of(kind, fields))
        return cast("list[tuple[*Fields]]", [values(row)[1:] for row in self.find(kind, *conditions)])

    def _rows(
        self, kind: type[R], conditions: Sequence[FieldCondition], end: str = "", more: Sequence[object] = ()
    ) -> list[R]:  # fmt: skip
        columns, convert = _columns(kind.TABLE)
        query, values = _asked(columns, kind, conditions, end)
        if is_empty(conditions):
            return []
        with as_readable(kind.TABLE, sqlite3.OperationalError):
            found = self._connection.execute(query, [*values, *more]).fetchall()
            return [row_of(kind, [change(value) for change, value in zip(convert, row, strict=True)]) for row in found]

    def keys(self, kind: type[R], *conditions: FieldCondition) -> list[str]:
        """Returns the keys of the rows that `find` would return, also of rows with values that cannot be read."""
        return sorted(str(key) for (key,) in self._select(f'"{kind.KEY}"', kind, conditions))

    def exists(self, kind: type[R], *conditions: FieldCondition) -> bool:
        """True if `find` would return a row; the cost does not depend on how many match."""
        return bool(self._select("1", kind, conditions, "LIMIT 1"))

    def look_for(self, kind: type[R], condition: FieldCondition) -> None:
        """Asks nothing ahead: a view reads few rows."""
        checked(kind, [condition])

    def count(self, kind: type[R], *conditions: FieldCondition) -> int:
        """Counts the rows that `find` would return, without reading them."""
        return sum(int(str(number)) for (number,) in self._select("count(*)", kind, conditions))

    def _select(
        self, what: str, kind: type[Record], conditions: Sequence[FieldCondition], end: str = ""
    ) -> list[tuple[_Raw, ...]]:  # fmt: skip
        query, values = _asked(what, kind, conditions, end)
        return [] if is_empty(conditions) else self._connection.execute(query, values).fetchall()

    def reached(self, counter: str) -> int:
        """Returns the last number issued by a counter; 0 if there is none."""
        found = self._connection.execute("SELECT value FROM counter WHERE name = ?", (counter,)).fetchone()
        return int(found[0]) if found else 0

    def cursor(self, folder: str) -> Cursor | None:
        """Returns how far `folder` has been read, or None."""
        return self.cursors().get(folder)

    def cursors(self) -> dict[str, Cursor]:
        """Returns how far each folder has been read that ever was."""
        from flaggermail.ports import Cursor  # noqa: PLC0415 - few views ask for it

        found = self._connection.execute("SELECT folder, position, looked_at, held FROM cursor").fetchall()
        return {row[0]: Cursor(row[1], row[2] and _instant(row[2]), row[3]) for row in sorted(found)}

    def search(self, texts: Sequence[str], terms: Sequence[SearchTerm]) -> list[int]:
        """Returns the numbers of the texts in which every term occurs; see `ports.Transaction`."""
        return search_sqlite(texts, terms)

    def events(
        self, after: int = 0, kind: EventKind | None = None, *,
        case: str | None = None, since: datetime | None = None, most: int | None = None,
    ) -> Iterator[tuple[int, Event]]:  # fmt: skip
        """Yields the events after number `after` with their numbers; see `ports.Transaction`."""
        given = {"kind = ?": kind and kind.value, '"case" = ?': case, "at >= ?": since and _held(since)}
        asked = {test: value for test, value in given.items() if value is not None}
        tests = " AND ".join([*asked, "seq > ?"])
        chain = f"SELECT seq, octets FROM event WHERE {tests} ORDER BY seq LIMIT ?"  # noqa: S608 - our names
        left = PAGE if most is None else most
        while page := self._connection.execute(chain, (*asked.values(), after, min(left, PAGE))).fetchall():
            values = f"SELECT commitment, value FROM personal WHERE event IN ({', '.join('?' * len(page))})"  # noqa: S608 - marks
            found = self._connection.execute(values, [seq for seq, _ in page])
            yield from decode_each(page, partial(_revealed, {key: json.loads(value) for key, value in found}), kind)
            after = page[-1][0]
            left -= 0 if most is None else len(page)

    def last_about(self, key: str, most: int) -> list[Event]:
        """Returns the last events with that case, notification or message, in a snapshot of its own."""
        with self._whole() as tx:
            return tx.last_about(key, most)

    def head(self, seq: int | None = None) -> Head | None:
        """Returns number, digest and instant of an event, by default of the last; None if there is no such event."""
        if seq is None:
            last = self._connection.execute("SELECT seq FROM chain_head").fetchone()
            if last is None or not isinstance(last[0], int):
                return None
            seq = last[0]
        if seq == 0:
            return Head(0, GENESIS)
        with as_readable("event", sqlite3.OperationalError):
            found = self._connection.execute("SELECT digest, at FROM event WHERE seq = ?", (seq,)).fetchone()
            return Head(seq, found[0], _instant(found[1])) if found else None

    def verify(self) -> AuditResult:
        """Compares everything with the events, in a snapshot of its own."""
        with self._whole() as tx:
            return tx.verify()

    def from_events(self, kind: type[R], key: str) -> R | None:
        """Returns the row as its events give it, in a snapshot of its own; None if they do not give a row."""
        with self._whole() as tx:
            return tx.from_events(kind, key)

    def number(self, counter: str) -> int:
        """Raises StoreFailure: a reader writes nothing."""
        _refuse(counter)

    def set_number(self, counter: str, value: int) -> None:
        """Raises StoreFailure: a reader writes nothing."""
        _refuse(counter, value)

    def append(self, *events: Event) -> None:
        """Raises StoreFailure: a reader writes nothing."""
        _refuse(events)

    def gather(self) -> None:
        """Gathers nothing: a reader writes nothing."""

    def erase(self, kind: type[Record], keys: Collection[str], names: Collection[str], since: datetime) -> None:
        """Raises StoreFailure: a reader writes nothing."""
        _refuse(kind, keys, names, since)

    def advance(self, folder: str, cursor: Cursor) -> None:
        """Raises StoreFailure: a reader writes nothing."""
        _refuse(folder, cursor)

    def kept_answer(self, key: str) -> KeptAnswer | None:
        """Returns the answer that is kept under a key; None if there is none."""
        with self._whole() as tx:
            return tx.kept_answer(key)

    def keep_answer(self, answer: KeptAnswer) -> None:
        """Raises StoreFailure: a reader writes nothing."""
        _refuse(answer)

    def forget_answers(self, before: datetime) -> int:
        """Raises StoreFailure: a reader writes nothing."""
        _refuse(before)

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Undoes nothing: a reader has nothing to undo."""
        yield


class FileReadings:
    """Implements `ports.ReadingLog` on the database `file` of a command, which keeps one reading and ends."""

    def __init__(self, file: Path, whole: Callable[[], ReadingLog]) -> None:
        self._file, self._whole = file, whole

    def keep(self, kept: Collection[ReadAccess]) -> None:
        """Keeps each reading once; see `ports.ReadingLog`."""
        address = f"file:{quote(str(self._file))}?mode=rw"
        with (
            _as_store_fault(writing=True),
            closing(sqlite3.connect(address, uri=True, timeout=READING_WAIT, isolation_level=None)) as connection,
        ):
            rows = [(one.item.kind.value, one.item.key, _held(one.hour), one.person) for one in kept]
            new = [row for row in rows if connection.execute(_KEPT, row).fetchone() is None]
            if new:
                connection.execute("BEGIN IMMEDIATE")
                connection.executemany(_KEEP, new)
                connection.execute("COMMIT")

    def of(self, items: Collection[ReadItem]) -> list[ReadAccess]:
        """Returns the readings of these items, in no order."""
        return self._whole().of(items)

    def forget(self, before: datetime) -> int:
        """Removes the readings of the hours before; returns their number."""
        return self._whole().forget(before)


def _refuse(*_given: object) -> NoReturn:
    raise StoreFailure(_READ_ONLY)


@contextmanager
def _as_store_fault(*, writing: bool = False) -> Iterator[None]:
    """Raises StoreBusy and StoreFailure for errors of the database itself, worded as in `faults`."""
    try:
        yield
    except sqlite3.Error as error:
        if str(getattr(error, "sqlite_errorname", "")).startswith("SQLITE_BUSY"):
            raise StoreBusy(f"the database does not give a lock in time: {' '.join(str(error).split())}") from error
        fault = fault_of(error, writing=writing)
        if fault is None:
            raise
        raise fault from error


@cache
def _columns(table: str) -> tuple[str, tuple[Callable[[_Raw], object], ...]]:
    """Returns the columns of a table for SELECT, and what makes values of them."""
    facts = facts_of(BY_TABLE[table])
    return ", ".join(f'"{name}"' for name in facts), tuple(_conversion(one) for one in facts.values())


def _conversion(facts: FieldFacts) -> Callable[[_Raw], object]:
    """Returns the function from a column as SQLite holds it to what `record.event_codec` takes; see `raw`."""
    if facts.several:
        return _list
    if facts.kind is bool:
        return _truth
    return _optional_instant if facts.kind is datetime else _same


def _same(raw: _Raw) -> object:
    return raw


def _truth(raw: _Raw) -> object:
    return None if raw is None else bool(raw)


def _list(raw: _Raw) -> object:
    return None if raw is None else json.loads(raw if isinstance(raw, bytes) else str(raw))


def _optional_instant(raw: _Raw) -> object:
    return None if raw is None else _instant(raw)


def _instant(raw: _Raw) -> datetime:
    """Returns an instant, which is held in UTC without its zone. Raises ValueError or TypeError for what is none."""
    if not isinstance(raw, str):
        raise TypeError("no instant")
    at = datetime.fromisoformat(raw)
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)


def _asked(
    what: str, kind: type[Record], conditions: Sequence[FieldCondition], end: str
) -> tuple[str, list[object]]:  # fmt: skip
    """Returns a query with its values. Raises TypeError or ValueError for conditions that no row can meet."""
    checked(kind, conditions)
    sizes = tuple(len(one.value) if isinstance(one.value, tuple) else 1 for one in conditions)
    query = f'SELECT {what} FROM "{kind.TABLE}" {_where(shape_of(conditions), sizes)} {end}'  # noqa: S608 - our names
    return query, [value for one in conditions for value in _values(one)]


@cache
def _where(shape: Shape, sizes: tuple[int, ...]) -> str:
    """Returns the WHERE clause of conditions; `sizes`: how many values each names."""
    tests = [_test(f'"{name}"', comparison, size) for (name, comparison), size in zip(shape, sizes, strict=True)]
    return f"WHERE {' AND '.join(tests)}" if tests else ""


def _test(column: str, comparison: Comparison, size: int) -> str:
    match comparison:
        case Comparison.NULL:
            return f"{column} IS NULL"
        case Comparison.EQUAL:
            return f"{column} = ?"
        case Comparison.AFTER:
            return f"{column} > ?"
        case Comparison.BEFORE:
            return f"{column} < ?"
        case Comparison.SOME:
            return f"{column} <> '[]'"
        case Comparison.ONE_OF:
            return f"{column} IN ({', '.join('?' * size)})"
        case Comparison.ONE_OF_OR_NULL:
            return f"({column} IN ({', '.join('?' * size)}) OR {column} IS NULL)"


def _values(condition: FieldCondition) -> list[object]:
    """Returns the values of a condition as SQLite holds them."""
    if condition.comparison in {Comparison.NULL, Comparison.SOME}:
        return []
    held = condition.value if isinstance(condition.value, tuple) else (condition.value,)
    return [_held(plain_words(value)) for value in held]


def _held(value: object) -> object:
    if isinstance(value, datetime):
        if value.utcoffset() is None:
            raise ValueError("an instant has a zone")
        return value.astimezone(UTC).replace(tzinfo=None).isoformat(sep=" ", timespec="microseconds")
    return value.isoformat() if isinstance(value, date) else value


def _revealed(values: dict[str, Plain], key: str) -> Plain:
    return values.get(key, key)
