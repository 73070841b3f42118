# SPDX-License-Identifier: EUPL-1.2
"""The shape of what is asked of the record: which fields are compared, and how. It holds no values."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from functools import cache

from flaggermail.record.definition import facts_of
from flaggermail.record.finding import Comparison, FieldCondition, where
from flaggermail.record.rows import BY_TABLE, Record

Shape = tuple[tuple[str, Comparison], ...]  # the names of the fields, each with its comparison


def checked(kind: type[Record], conditions: Sequence[FieldCondition]) -> None:
    """Raises TypeError for a condition on a field of another record, or on one that holds several values."""
    for condition in conditions:
        named = f"{condition.record.__name__}.{condition.name}"
        if condition.record is not kind:
            raise TypeError(f"a condition on {named} finds no {kind.__name__}")
        if condition.name in _lists(kind.TABLE) and condition.comparison is not Comparison.NULL:
            raise TypeError(f"{named} holds several values, and the database compares no lists")


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
