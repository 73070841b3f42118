# SPDX-License-Identifier: EUPL-1.2
"""The rows that a transaction has read or written, by what was asked for: no question goes to the database twice.

Only one transaction writes at a time, so an answer stays right until this transaction changes a row that it names. A
change is applied to the answers themselves, where the row as it was is known; otherwise the answers about its table are
forgotten.

The shape of what is asked of the record: which fields are compared, and how. It holds no values.

What a reader does where a row holds a value that this program never writes.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from functools import cache
from operator import attrgetter
from typing import TypeVar

from sqlalchemy.exc import OperationalError

from flaggermail.errors import RowUnreadable
from flaggermail.record.definition import Column, Comparison, FieldCondition, facts_of, where
from flaggermail.record.event_codec import plain, typed
from flaggermail.record.events import Change, Scalar
from flaggermail.record.rows import BY_TABLE, Record
from flaggermail.wording.said import StoredText

# ---- the shape of a question


Shape = tuple[tuple[str, Comparison], ...]  # the names of the fields, each with its comparison


def checked(kind: type[Record], conditions: Sequence[FieldCondition]) -> None:
    """Raises TypeError for a condition on a field of another record, or on one that holds several values."""
    for condition in conditions:
        named = f"{condition.record.__name__}.{condition.name}"
        if condition.record is not kind:
            raise TypeError(f"a condition on {named} finds no {kind.__name__}")
        several = condition.name in _lists(kind.TABLE)
        if several and condition.comparison not in {Comparison.NULL, Comparison.SOME}:
            raise TypeError(f"{named} holds several values, and the database compares no lists")
        if condition.comparison is Comparison.SOME and not several:
            raise TypeError(f"{named} holds one value")


@cache
def _lists(table: str) -> frozenset[str]:
    return frozenset(name for name, facts in facts_of(BY_TABLE[table]).items() if facts.several)


def shape_of(conditions: Sequence[FieldCondition]) -> Shape:
    """Returns what is compared, and how."""
    return tuple((condition.name, condition.comparison) for condition in conditions)


def is_empty(conditions: Sequence[FieldCondition]) -> bool:
    """True if a field is compared with no value at all, so that no row can match."""
    return any(one.comparison is Comparison.ONE_OF and one.value == () for one in conditions)


def plain_words(value: object) -> object:
    """Returns a value as a driver takes it: a word of a closed set as text."""
    if isinstance(value, tuple):
        return [plain_words(item) for item in value]
    return value.value if isinstance(value, StrEnum) else value


def names_of(kind: type[Record], fields: Sequence[object]) -> tuple[str, ...]:
    """Returns the names of fields such as `Case.state`. Raises TypeError for one of another record."""
    wanted = [where(field) for field in fields]
    for one in wanted:
        if one.record is not kind:
            raise TypeError(f"{one.record.__name__}.{one.name} is no field of {kind.__name__}")
    return tuple(one.name for one in wanted)


def words_of(
    kind: type[Record], names: Sequence[str], conditions: Sequence[FieldCondition]
) -> tuple[tuple[Scalar, ...], ...]:  # fmt: skip
    """Returns the words that each of these fields may have; nothing if one of them may hold any other.

    The database refuses all others, or they are not asked for: a row with a word of no program is passed over nowhere.
    """
    given = ((one.name, one.value) for one in conditions if one.comparison is Comparison.ONE_OF)
    asked = [(name, tuple(map(plain_words, value))) for name, value in given if isinstance(value, tuple)]
    closed, named = _closed(kind.TABLE), {name for name, _ in asked}
    words = (closed[name][0] if name in closed and (closed[name][1] or name in named) else () for name in names)
    found = tuple(
        tuple(word for word in some if all(word in wanted for by, wanted in asked if by == name))
        for name, some in zip(names, words, strict=True)
    )
    return found if all(found) else ()


@cache
def _closed(table: str) -> Mapping[str, tuple[tuple[Scalar, ...], bool]]:
    """Returns the words of each closed set, and whether the database refuses any other."""
    single = [fact for fact in facts_of(BY_TABLE[table]).values() if not (fact.optional or fact.several)]
    words: dict[str, tuple[tuple[Scalar, ...], bool]] = {
        fact.name: (tuple(word.value for word in fact.kind), Column.CHECKED in fact.marks)
        for fact in single
        if issubclass(fact.kind, StrEnum)
    }
    return words | {fact.name: ((False, True), Column.CHECKED in fact.marks) for fact in single if fact.kind is bool}


# ---- what is known


R = TypeVar("R", bound=Record)
_Values = tuple[object, ...]
Answers = dict[Shape, dict[_Values, list[Record]]]
_Latest = dict[tuple[Sequence[FieldCondition], int], list[Record]]
FEW = 50  # changes; most units of work have fewer
_EXACT = frozenset({Comparison.EQUAL, Comparison.NULL})
_COMPARED = _EXACT | {Comparison.ONE_OF}
_by_key = attrgetter("key")


class KnownRows:
    """Answers of one transaction. Not thread-safe."""

    def __init__(self, kept: Mapping[str, Answers] | None = None) -> None:
        """`kept`: answers of an earlier transaction about whole tables, which still hold; see `answers_about`."""
        self._answers: dict[str, Answers] = {
            table: {shape: dict(found) for shape, found in answers.items()} for table, answers in (kept or {}).items()
        }
        self._rows: dict[str, dict[str, Record]] = {}
        self._latest: dict[
            str, dict[str, dict[object, _Latest]]
        ] = {}  # by table, and name and value of the first condition
        self._absent: dict[str, dict[str, set[object]]] = {}  # by table and field, the values that no row has

    def answers_about(self, tables: Iterable[str]) -> dict[str, Answers]:
        """Returns the cached rows of these tables, for a later transaction that finds the same head of the chain."""
        return {table: self._answers[table] for table in tables if self._answers.get(table)}

    def find(self, kind: type[R], conditions: Sequence[FieldCondition]) -> list[R] | None:
        """Returns the rows that meet the conditions, ordered by key; None if the database has to be asked."""
        if self.lacks(kind, conditions):
            return []
        if len(conditions) == 1 and _is_key(kind, conditions[0]):
            row = self._rows.get(kind.TABLE, {}).get(str(conditions[0].value))
            if isinstance(row, kind):
                return [row]
        asked = self._answers.get(kind.TABLE, {}).get(shape_of(conditions))
        found = None if asked is None else asked.get(_values_of(conditions))
        return None if found is None else [row for row in found if isinstance(row, kind)]

    def row(self, table: str, key: str) -> Record | None:
        """Returns the current row if it is cached."""
        return self._rows.get(table, {}).get(key)

    def lacks(self, kind: type[Record], conditions: Sequence[FieldCondition]) -> bool:
        """True if a field must have a value that no row has; False says nothing."""
        absent = self._absent.get(kind.TABLE)
        return absent is not None and any(
            one.value in absent.get(one.name, ()) for one in conditions if one.comparison is Comparison.EQUAL
        )

    def miss(self, kind: type[Record], name: str, values: Iterable[object]) -> None:
        """Keeps that no row has any of these values in this field."""
        self._absent.setdefault(kind.TABLE, {}).setdefault(name, set()).update(values)

    def newest(self, kind: type[R], most: int, conditions: Sequence[FieldCondition]) -> list[R] | None:
        """Returns the last `most` rows that meet the conditions, last first; None if the database has to be asked."""
        if self.lacks(kind, conditions):
            return []
        latest = self._latest.get(kind.TABLE)
        if not latest or not conditions:
            return None
        first = conditions[0]
        asked = latest.get(first.name, {}).get(first.value, {}).get((conditions, most))
        return None if asked is None else [row for row in asked if isinstance(row, kind)]

    def see(self, kind: type[Record], most: int, conditions: Sequence[FieldCondition], rows: list[Record]) -> None:
        """Keeps the last `most` rows that meet the conditions, last first."""
        self.hold(rows)
        first = conditions[0] if conditions else None
        if first is not None and first.comparison is Comparison.EQUAL and comparable(conditions):
            by_value = self._latest.setdefault(kind.TABLE, {}).setdefault(first.name, {})
            by_value.setdefault(first.value, {})[conditions, most] = rows

    def hold(self, rows: Iterable[Record]) -> None:
        """Keeps rows as the database has them now."""
        for row in rows:
            self._rows.setdefault(row.TABLE, {})[row.key] = row

    def learn(self, kind: type[Record], conditions: Sequence[FieldCondition], rows: list[Record]) -> None:
        """Keeps what the database returned, ordered by key."""
        answers = self._answers.setdefault(kind.TABLE, {})
        answers.setdefault(shape_of(conditions), {})[_values_of(conditions)] = rows
        self.hold(rows)

    def apply_each(self, changes: Sequence[Change]) -> None:
        """Applies changes that were written together; of many, it forgets what it knows about their tables.

        To move a row takes the longer, the more rows are in its answer: to move them all would take the square of it.
        """
        if len(changes) <= FEW:
            for change in changes:
                self.apply(change)
        else:
            for table in {change.table for change in changes}:
                self._forget(table)

    def _forget(self, table: str) -> None:
        for held in (self._answers, self._rows, self._latest, self._absent):
            held.pop(table, None)

    def apply(self, change: Change) -> None:
        """Applies a change that was written to the database."""
        record, table = BY_TABLE[change.table], change.table
        for name, values in self._absent.get(table, {}).items():
            if name in change.values:
                values.discard(change.values[name])
        before = self._rows.get(table, {}).get(change.key)
        creates = record.KEY in change.values
        held = self._answers.get(table) or self._latest.get(table)
        if not change.values or (not creates and before is None and not held):
            return
        after = _row_after(record, before, change, creates=creates)
        if after is None or (before is None) is not creates:
            for known in (self._answers, self._rows, self._latest):
                known.pop(table, None)
            return
        self._rows.setdefault(table, {})[change.key] = after
        self._renew_latest(before, after)
        for shape, answers in list(self._answers.get(table, {}).items()):
            if all(comparison in _EXACT for _, comparison in shape):
                _move(answers, [name for name, _ in shape], before, after)
            else:
                del self._answers[table][shape]

    def _renew_latest(self, before: Record | None, after: Record) -> None:
        """Puts a row where it is now among the latest ones, and takes it from where it was."""
        for name, by_value in self._latest.get(after.TABLE, {}).items():
            for value in {getattr(row, name) for row in (before, after) if row is not None}:
                _renew(by_value.get(value, {}), after)

    def forget(self) -> None:
        """Forgets everything: what this transaction did was undone."""
        for held in (self._answers, self._rows, self._latest, self._absent):
            held.clear()


def comparable(conditions: Sequence[FieldCondition]) -> bool:
    """True if rows can be compared with the conditions without the database, see `meets`."""
    return all(one.comparison in _COMPARED for one in conditions)


def meets(row: Record, conditions: Sequence[FieldCondition]) -> bool:
    """True if each field has the value given, or one of several; None for one that is empty."""
    for one in conditions:
        found = getattr(row, one.name)
        if one.comparison is Comparison.ONE_OF and isinstance(one.value, tuple):
            if found not in one.value:
                return False
        elif found != one.value:
            return False
    return True


def by_value(conditions: Sequence[FieldCondition]) -> tuple[FieldCondition, ...]:
    """Returns the only condition that names several values, if the others name one each; otherwise nothing."""
    several = tuple(one for one in conditions if one.comparison is not Comparison.EQUAL)
    return several if len(several) == 1 and several[0].comparison is Comparison.ONE_OF else ()


def with_one(conditions: Sequence[FieldCondition], several: FieldCondition, value: object) -> list[FieldCondition]:
    """Returns the conditions with one value in place of several."""
    single = several._replace(comparison=Comparison.EQUAL, value=value)
    return [single if one is several else one for one in conditions]


def _is_key(kind: type[Record], condition: FieldCondition) -> bool:
    return condition.name == kind.KEY and condition.comparison is Comparison.EQUAL


def _renew(latest: _Latest, after: Record) -> None:
    for (conditions, most), rows in list(latest.items()):
        others = [row for row in rows if row.key != after.key]
        fits = meets(after, conditions)
        if len(rows) == most and len(others) < most and not fits:
            del latest[conditions, most]  # the one that comes after the last is not known
        elif fits or len(others) < len(rows):
            now = sorted([*others, after] if fits else others, key=_by_key, reverse=True)
            latest[conditions, most] = now[:most]


def _values_of(conditions: Sequence[FieldCondition]) -> _Values:
    return tuple(condition.value for condition in conditions)


def _values_in(row: Record, names: Sequence[str]) -> _Values:
    return tuple(getattr(row, name) for name in names)


def _row_after(record: type[Record], before: Record | None, change: Change, *, creates: bool) -> Record | None:
    """Returns the row as the database gives it back after the change; None if that is not known."""
    exact = _exact(record.TABLE)
    values = {
        name: value if value is None or type(value) is exact.get(name) else typed(record, name, plain(value))
        for name, value in change.values.items()
    }
    if before is not None:
        return replace(before, **values)
    try:
        return record(**values) if creates else None
    except TypeError:  # a change that leaves fields to the database
        return None


@cache
def _exact(table: str) -> Mapping[str, type]:
    """Returns the types of the fields whose values the database gives back as they are."""
    facts = facts_of(BY_TABLE[table]).values()
    changed = datetime, StoredText  # an instant comes back in UTC, a sentence without what it was made of
    return {fact.name: fact.kind for fact in facts if not fact.several and not issubclass(fact.kind, changed)}


def _move(answers: dict[_Values, list[Record]], names: Sequence[str], before: Record | None, after: Record) -> None:
    """Takes a row out of the answer it was in, and puts it into the one it is in now, where those were asked for."""
    if before is not None:
        at = _values_in(before, names)
        if at in answers:
            answers[at] = [row for row in answers[at] if row.key != before.key]
    at = _values_in(after, names)
    if at in answers:
        found = [*answers[at]]
        insort(found, after, key=_by_key)
        answers[at] = found


# ---- rows that cannot be read


@contextmanager
def as_readable(table: str) -> Iterator[None]:
    """Raises RowUnreadable for values of rows that cannot be converted, such as text that is no UTF-8."""
    try:
        yield
    except (ValueError, TypeError) as error:
        raise RowUnreadable(
            f"{table}: a row holds a value that this program never writes; `flaggermail audit verify` names it"
        ) from error
    except OperationalError as error:
        if "decode" in str(error.orig):
            raise RowUnreadable(f"{table}: a row holds octets that are no text") from error
        raise
