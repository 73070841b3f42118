# SPDX-License-Identifier: EUPL-1.2
"""Rows and histories that hypothesis builds only from the records' types and the tables' constraints."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta, timezone
from enum import StrEnum
from functools import cache
from types import NoneType, UnionType
from typing import get_args, get_origin, get_type_hints

from hypothesis import strategies as st
from sqlalchemy import BigInteger, CheckConstraint, Column

from flaggermail.adapters.db.mapping import all_tables, table_of
from flaggermail.adapters.db.transaction import SqlTransaction
from flaggermail.record.audit import Subject
from flaggermail.record.events import Change, Event, EventKind, Scalar, added, changed
from flaggermail.record.rows import BY_TABLE, Alarm, Record
from flaggermail.record.rows.alarms import AlarmKind
from flaggermail.wording.said import StoredText, as_written

NOON = datetime(2026, 3, 18, 12, tzinfo=UTC)
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
ZONES = st.builds(lambda minutes: timezone(timedelta(minutes=minutes)), st.integers(-14 * 60, 14 * 60))
SAID = TEXTS.filter(bool).map(as_written)
INSTANTS = st.datetimes(datetime(1970, 1, 3), datetime(2199, 12, 29), timezones=ZONES)  # noqa: DTZ001 - zones are drawn
INTEGERS = st.integers(-(2**31), 2**31 - 1)
PLAIN: Mapping[object, st.SearchStrategy[Scalar]] = {
    str: TEXTS,
    StoredText: SAID,
    bool: st.booleans(),
    int: INTEGERS,
    date: st.dates(),
    datetime: INSTANTS,
}
LISTS: Mapping[object, st.SearchStrategy[Scalar]] = {
    str: st.lists(TEXTS, min_size=1, max_size=3).map(tuple),
    StoredText: st.lists(SAID, min_size=1, max_size=3).map(tuple),
    int: st.lists(INTEGERS, min_size=1, max_size=3).map(tuple),
    date: st.lists(st.dates(), min_size=1, max_size=3).map(tuple),
}
Draw = Callable[[st.SearchStrategy[Scalar]], Scalar]
Known = dict[str, list[str]]

# Parents come before the tables that refer to them.
KINDS: tuple[type[Record], ...] = tuple(
    BY_TABLE[table.name] for table in all_tables().sorted_tables if table.name in BY_TABLE
)


class UndoneError(Exception):
    """Ends a transaction that must be rolled back."""


def hints_of(kind: type[Record]) -> Mapping[str, object]:
    """Returns the type of each field."""
    return HINTS[kind.TABLE]


def _hints(kind: type[Record]) -> Mapping[str, object]:
    hints = get_type_hints(kind)
    return {spec.name: hints[spec.name] for spec in fields(kind)}


# Read once: Python evaluates every annotation of a record anew each time it is asked.
HINTS = {kind.TABLE: _hints(kind) for kind in KINDS}


def is_optional(hint: object) -> bool:
    """Returns whether a field may be None."""
    return isinstance(hint, UnionType) and NoneType in get_args(hint)


def allowed(kind: type[Record], name: str) -> Sequence[str]:
    """Returns the texts that a CHECK allows in a column; empty without such a CHECK."""
    return _allowed(kind.TABLE, name)


@cache
def _allowed(table: str, name: str) -> Sequence[str]:
    checks = [str(rule.sqltext) for rule in table_of(table).constraints if isinstance(rule, CheckConstraint)]
    return [text for check in checks if check.startswith(f"{name} IN") for text in re.findall(r"'([^']*)'", check)]


def closed_set(hint: object) -> type[StrEnum] | None:
    """Returns the StrEnum that is the type of a field, or None."""
    return hint if isinstance(hint, type) and issubclass(hint, StrEnum) else None


def has_room(kind: type[Record], known: Known) -> bool:
    """Returns whether another row fits: a CHECK or another table may limit the keys."""
    target = parent(table_of(kind.TABLE).c[kind.KEY])
    keys = known.get(target, []) if target else allowed(kind, kind.KEY)
    return not (keys or target) or len(known.get(kind.TABLE, [])) < len(keys)


def parent(column: Column[object]) -> str | None:
    """Returns the table to which a column refers."""
    return next((key.column.table.name for key in column.foreign_keys), None)


def values_for(kind: type[Record], name: str, known: Known, *, optional: bool | None) -> st.SearchStrategy[Scalar]:
    """Builds values of field `name`; with `optional` None an optional field may be filled or not."""
    hint, column = hints_of(kind)[name], table_of(kind.TABLE).c[name]
    target = parent(column)
    if is_optional(hint):
        (hint,) = (inner for inner in get_args(hint) if inner is not NoneType)
        if optional is False or (target and not known.get(target)):
            return st.none()
        found = _filled(kind, name, hint, known)
        return found if optional else st.none() | found
    return _filled(kind, name, hint, known)


def _filled(kind: type[Record], name: str, hint: object, known: Known) -> st.SearchStrategy[Scalar]:
    column = table_of(kind.TABLE).c[name]
    target, texts = parent(column), allowed(kind, name)
    taken = known.get(kind.TABLE, []) if column.primary_key else []
    if target or texts:
        found = [text for text in (known[target] if target else texts) if text not in taken]
        of_set = closed_set(hint)
        return st.sampled_from([of_set(text) for text in found] if of_set else found)
    if column.primary_key or column.unique:
        number = len(known.get(kind.TABLE, []))
        return TEXTS.map(lambda text: f"{number} {text}")  # the number makes it unique
    if isinstance(column.type, BigInteger):
        return st.integers(0, 2**32 - 1)
    of_set = closed_set(hint)
    if of_set:
        return st.sampled_from(of_set)
    if get_origin(hint) is tuple:
        of_set = closed_set(get_args(hint)[0])
        if of_set:
            return st.lists(st.sampled_from(of_set), min_size=1, max_size=3).map(tuple)
        return LISTS[get_args(hint)[0]]
    return PLAIN[hint]


def record(draw: Draw, kind: type[Record], known: Known, *, optional: bool | None = None) -> Record:
    """Builds a row of that kind whose references are in `known`, and adds it there."""
    names = hints_of(kind)
    values = {name: draw(values_for(kind, name, known, optional=optional)) for name in names}
    made = kind(**values)
    known.setdefault(kind.TABLE, []).append(made.key)
    return made


def alarm(key: str, *, kind: AlarmKind = AlarmKind.MAILBOX_SILENT, text: str = "", case: str | None = None) -> Alarm:
    """Builds an alarm for tests that need any row, with nothing personal in it unless they give a text."""
    return Alarm(id=key, kind=kind, text=as_written(text), case=case, raised_at=NOON)


def happened(*changes: Change) -> Event:
    """Builds an event with these changes."""
    return Event(EventKind.CASE_OPENED, NOON, "daemon", changes, reason="made up")


@st.composite
def family(draw: st.DrawFn, kind: type[Record], *, optional: bool) -> list[Record]:
    """Builds a row of that kind after all rows it may refer to; optional fields are all filled or all None."""
    known: Known = {}
    ancestors = [other for other in KINDS[: KINDS.index(kind)] if other in _ancestors(kind)]
    return [record(draw, other, known, optional=optional) for other in (*ancestors, kind)]


def _ancestors(kind: type[Record]) -> set[type[Record]]:
    parents = {BY_TABLE[target] for column in table_of(kind.TABLE).c if (target := parent(column))}
    return parents.union(*(_ancestors(other) for other in parents))


@st.composite
def histories(draw: st.DrawFn) -> list[Event]:
    """Builds events that add a row of every kind, then add and change rows in any order."""
    known: Known = {}
    rows = [record(draw, kind, known) for kind in KINDS]
    events = [happened(*(added(row) for row in rows))]
    more = draw(st.integers(1, 10))
    return events + [happened(*_changes(draw, rows, known)) for _ in range(more)]


def _changes(draw: st.DrawFn, rows: list[Record], known: Known) -> Iterator[Change]:
    for _ in range(draw(st.integers(0, 3))):
        if draw(st.booleans()):
            rows.append(record(draw, draw(st.sampled_from([kind for kind in KINDS if has_room(kind, known)])), known))
            yield added(rows[-1])
        else:
            place = draw(st.integers(0, len(rows) - 1))
            old, rows[place] = rows[place], _another(draw, rows[place], known)
            yield changed(old, rows[place])


def _another(draw: st.DrawFn, old: Record, known: Known) -> Record:
    """Returns the row with some fields changed, but no unique one."""
    columns = table_of(old.TABLE).c
    free = [name for name in hints_of(type(old)) if not (columns[name].primary_key or columns[name].unique)]
    names = draw(st.sets(st.sampled_from(free), max_size=4))
    return replace(old, **{name: draw(values_for(type(old), name, known, optional=None)) for name in sorted(names)})


def broken_link(tx: SqlTransaction) -> int | None:
    """Returns the number of the first event that was changed, moved or removed; None if the chain is intact."""
    return _first(tx, Subject.EVENT, Subject.HEAD)


def broken_commitment(tx: SqlTransaction) -> int | None:
    """Returns the number of the first event with a personal value that does not match its commitment, or None."""
    return _first(tx, Subject.PERSONAL)


def _first(tx: SqlTransaction, *subjects: Subject) -> int | None:
    tx.finish()
    return next((each.event for each in tx.verify().findings if each.subject in subjects), None)
