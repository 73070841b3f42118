# SPDX-License-Identifier: EUPL-1.2
"""Conditions on the rows that a unit of work finds, checked by mypy: `where(Case.its.state).is_(CaseState.OPEN)`.

`its` stands for any row of a record. To a type checker `Case.its.state` is the field of a row, so a misspelt field, a
field of another record and a value of another type are errors; at run time it is a `Field`, which only `where` reads.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, fields, is_dataclass
from enum import StrEnum
from typing import Generic, NamedTuple, TypeVar

R = TypeVar("R")
T = TypeVar("T")


class Comparison(StrEnum):
    """How a condition compares a field with its value."""

    EQUAL = "equal"
    NULL = "null"
    ONE_OF = "one of"
    ONE_OF_OR_NULL = "one of or null"
    AFTER = "after"


class Field(NamedTuple):
    """A field of a record."""

    record: type
    name: str

    def __str__(self) -> str:
        return f"{self.record.__name__}.{self.name}"


class Condition(NamedTuple):
    """A comparison of a field; `value` is a tuple for ONE_OF and ONE_OF_OR_NULL, without the None. Hashable."""

    field: Field
    comparison: Comparison
    value: object

    def of(self, record: type) -> Condition:
        """Returns this condition. Raises TypeError unless its field is one of `record`."""
        if self.field.record is not record:
            raise TypeError(f"a condition on {self.field} finds no {record.__name__}")
        return self


class Its:
    """The attribute `its` of a record: an object of its type whose values are its fields."""

    def __init__(self) -> None:
        self._made: dict[type, object] = {}

    def __get__(self, row: object, record: type[R]) -> R:
        made = self._made.get(record)
        if isinstance(made, record):
            return made
        found = object.__new__(record)
        for spec in fields(record) if is_dataclass(record) else ():
            object.__setattr__(found, spec.name, Field(record, spec.name))
        self._made[record] = found
        return found


@dataclass(frozen=True, slots=True)
class Where(Generic[T]):
    """A field of type T that is to be compared."""

    field: Field

    def is_(self, value: T) -> Condition:
        """The field has this value; None: it has none."""
        return Condition(self.field, Comparison.NULL if value is None else Comparison.EQUAL, value)

    def in_(self, values: Collection[T]) -> Condition:
        """The field has one of these values, None included. No row fits an empty collection."""
        if isinstance(values, str):
            raise TypeError(f"{self.field} is compared with several values, and one was given")
        several = tuple(value for value in values if value is not None)
        comparison = Comparison.ONE_OF if len(several) == len(values) else Comparison.ONE_OF_OR_NULL
        return Condition(self.field, comparison, several)

    def after(self, value: T) -> Condition:
        """The field is later than this instant; a row without it does not fit."""
        return Condition(self.field, Comparison.AFTER, value)


def where(field: T) -> Where[T]:
    """Compares a field of a record, such as `Case.its.state`. Raises TypeError for anything else."""
    found: object = field
    if not isinstance(found, Field):
        raise TypeError(f"where() takes a field such as Case.its.state, not a {type(found).__name__}")
    return Where(found)
