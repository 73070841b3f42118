# SPDX-License-Identifier: EUPL-1.2
"""Conditions on the rows that a unit of work finds, checked by mypy: `where(Case.state).is_(CaseState.OPEN)`.

To a type checker `Case.state` has the type of the field, so a misspelt field, one that the record does not have and a
value of another type are errors. At run time it is the descriptor of the field's slot, which knows its record and name.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from types import MemberDescriptorType
from typing import Generic, NamedTuple, TypeVar

T = TypeVar("T")


class Comparison(StrEnum):
    """How a condition compares a field with its value."""

    EQUAL = "equal"
    NULL = "null"
    ONE_OF = "one of"
    ONE_OF_OR_NULL = "one of or null"
    AFTER = "after"


class FieldCondition(NamedTuple):
    """A comparison of a field; `value` is a tuple for ONE_OF and ONE_OF_OR_NULL, without the None. Hashable."""

    record: type
    name: str
    comparison: Comparison
    value: object


@dataclass(frozen=True, slots=True)
class Where(Generic[T]):
    """A field of type T that is to be compared."""

    record: type
    name: str

    def is_(self, value: T | None) -> FieldCondition:
        """The field has this value; None: it has none."""
        return FieldCondition(self.record, self.name, Comparison.NULL if value is None else Comparison.EQUAL, value)

    def in_(self, values: Collection[T | None]) -> FieldCondition:
        """The field has one of these values, None included. No row fits an empty collection."""
        if isinstance(values, str):
            raise TypeError(f"{self.record.__name__}.{self.name} is compared with several values, and one was given")
        several = tuple(value for value in values if value is not None)
        comparison = Comparison.ONE_OF if len(several) == len(values) else Comparison.ONE_OF_OR_NULL
        return FieldCondition(self.record, self.name, comparison, several)

    def after(self, value: T) -> FieldCondition:
        """The field is later than this instant; a row without it does not fit."""
        return FieldCondition(self.record, self.name, Comparison.AFTER, value)


def where(field: T) -> Where[T]:
    """Compares a field of a record, such as `Case.state`. Raises TypeError for anything else, such as a row's value."""
    found: object = field
    if not isinstance(found, MemberDescriptorType):
        raise TypeError(f"where() takes a field such as Case.state, not a value ({type(found).__name__})")
    return Where(found.__objclass__, found.__name__)
