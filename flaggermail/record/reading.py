# SPDX-License-Identifier: EUPL-1.2
"""Reads the values of rows and events back into the types of their fields, and refuses what no field can hold.

The functions that read a record are chosen once, from its definition: every row and every event passes here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from enum import StrEnum
from functools import cache
from typing import TypeVar

from flaggermail.record.definition import FieldFacts, Record, facts_of
from flaggermail.record.events import Scalar
from flaggermail.record.instants import usable
from flaggermail.record.rows import BY_TABLE
from flaggermail.wording.said import Said

R = TypeVar("R", bound=Record)
S = TypeVar("S", str, int, datetime, date)
Reader = Callable[[object], Scalar]


def typed(record: type[Record], name: str, value: object) -> Scalar:
    """Returns the typed value: the inverse of `event_codec.plain` for field `name` of `record`.

    Raises TypeError or ValueError for a value that the field cannot hold, such as a word outside its closed set, and
    KeyError for an unknown field.
    """
    return _readers(record.TABLE)[name](value)


def row_of(kind: type[R], values: Iterable[object]) -> R:
    """Returns the row with these values, given in the order of its fields. Raises as `typed` does."""
    readers = _readers(kind.TABLE).items()
    return kind(**{name: read(value) for (name, read), value in zip(readers, values, strict=True)})


@cache
def _readers(table: str) -> Mapping[str, Reader]:
    return {name: _reader(facts) for name, facts in facts_of(BY_TABLE[table]).items()}


def _reader(facts: FieldFacts) -> Reader:
    kind = facts.kind
    if issubclass(kind, StrEnum):
        return _fitting(facts, _word(kind))
    if issubclass(kind, Said):
        return _fitting(facts, _said)
    if kind is str:
        return _fitting(facts, _text)
    if kind is bool:
        return _fitting(facts, _truth)
    if kind is int:
        return _fitting(facts, _number)
    if kind is datetime:
        return _fitting(facts, _instant)
    return _fitting(facts, _day)


def _fitting(facts: FieldFacts, single: Callable[[object], S]) -> Reader:
    """Returns the reader of a field whose values `single` reads one by one."""

    def several(value: object) -> tuple[S, ...]:
        if isinstance(value, list):
            return tuple(single(item) for item in value)
        raise _impossible(list, value)

    found = several if facts.several else single
    return (lambda value: None if value is None else found(value)) if facts.optional else found


def _text(value: object) -> str:
    if type(value) is str:
        return value
    raise _impossible(str, value)


def _said(value: object) -> Said:
    return value if isinstance(value, Said) else Said(_text(value))


def _number(value: object) -> int:
    if type(value) is int:  # a bool is one too
        return value
    raise _impossible(int, value)


def _truth(value: object) -> bool:
    if type(value) is bool:
        return value
    raise _impossible(bool, value)


def _instant(value: object) -> datetime:
    found = datetime.fromisoformat(value) if isinstance(value, str) else value
    if type(found) is datetime and found.tzinfo is not None:
        return usable(found)
    raise _impossible(datetime, value)


def _day(value: object) -> date:
    found = date.fromisoformat(value) if isinstance(value, str) else value
    if type(found) is date:  # an instant is one too
        return found
    raise _impossible(date, value)


def _word(kind: type[StrEnum]) -> Callable[[object], str]:
    words = {member.value: member for member in kind}  # several times as fast as to call the set

    def member(value: object) -> str:
        if not isinstance(value, str):
            raise _impossible(kind, value)
        return words.get(value) or kind(value)

    return member


def _impossible(kind: type, value: object) -> TypeError:
    return TypeError(f"no {kind.__name__}, but {type(value).__name__}")  # without the value, which may be personal
