# SPDX-License-Identifier: EUPL-1.2
"""How a record is defined: a frozen dataclass whose fields say everything that its table needs to know.

A field is written once, in a class with the decorator `record`. Its type gives the type of the column, `| None` that
it may be empty, and `Annotated` the rest:

    token: Annotated[str, Column.UNIQUE]
    case: Annotated[str, References(Case), Column.INDEXED]
    urgent: Annotated[bool, Column.FILLED] = False

`adapters.db.tables` builds the tables from it, `event_codec` the conversion to and from events.

Conditions on the rows that a unit of work finds, checked by mypy: `where(Case.state).is_(CaseState.OPEN)`.

To a type checker `Case.state` has the type of the field, so a misspelt field, one that the record does not have and a
value of another type are errors. At run time it is the descriptor of the field's slot, which knows its record and name.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import MISSING, dataclass, fields
from datetime import UTC, date, datetime
from enum import StrEnum
from types import MemberDescriptorType, UnionType
from typing import (
    Annotated,
    ClassVar,
    Generic,
    NamedTuple,
    TypeVar,
    Union,
    dataclass_transform,
    get_args,
    get_origin,
    get_type_hints,
)

EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
"""What a mail or its server dates before this tells of a clock that was never set."""
YEARS = range(1970, 2200)
"""Of days and instants that people write, in a command or a file. What is past is also compared with the clock."""
FIRST, LAST = datetime(1969, 12, 31, tzinfo=UTC), datetime(2200, 1, 2, tzinfo=UTC)
"""Beyond the years that people write, in any zone. What lies between is shown in every zone and can be summed."""


def usable(at: datetime) -> datetime:
    """Returns an aware instant, or the nearest of `FIRST` and `LAST` if it lies beyond them.

    For instants that are shown and compared, never for one that is stored: rows and events keep what they hold.
    """
    return at if FIRST <= at <= LAST else min(max(at, FIRST), LAST)


TOO_FAR = f"is too far away; write a year from {YEARS[0]} to {YEARS[-1]}"
"""What is wrong with another year, and what would be right."""


K = TypeVar("K")


class Column(StrEnum):
    """What the database does with a column, apart from its type."""

    INDEXED = "indexed"
    UNIQUE = "unique"
    CHECKED = "checked"  # it refuses any value that is not in the field's closed set
    FILLED = "filled"  # it gives the field's default to rows that are older than the column
    LONG = "long"  # text whose length others decide
    BIG = "big"  # an integer beyond 31 bits


@dataclass_transform(frozen_default=True, kw_only_default=True)
def record(kind: type[K]) -> type[K]:
    """Makes a frozen dataclass with slots, by name only.

    Not `dataclass` itself: of a class with slots, mypy forbids `Case.state`, which `where` takes. At run time it
    is the descriptor of the slot.
    """
    return dataclass(frozen=True, slots=True, kw_only=True)(kind)


@record
class Record:
    """Base class of every row. `TABLE` is its name in the store and in events, `KEY` its identifying field.

    Fields named in `PERSONAL` contain personal values: events store them as salted commitments. `INDEXES` lists the
    indexes over several fields, `CHECKS` the conditions that the database enforces, by name, beside those of fields.
    """

    TABLE: ClassVar[str] = ""
    KEY: ClassVar[str] = "id"
    PERSONAL: ClassVar[frozenset[str]] = frozenset()
    INDEXES: ClassVar[tuple[tuple[str, ...], ...]] = ()
    CHECKS: ClassVar[tuple[tuple[str, str], ...]] = ()

    @property
    def key(self) -> str:
        """The value of the identifying field."""
        return str(getattr(self, self.KEY))


@dataclass(frozen=True, slots=True)
class References:
    """The field holds the key of a row of this record, and the database refuses any other value."""

    record: type[Record]


@dataclass(frozen=True, slots=True)
class FieldFacts:
    """What the definition says of a field: `kind` is the type of its value, or of each value if it holds several."""

    name: str
    kind: type
    several: bool
    optional: bool
    marks: frozenset[Column]
    references: type[Record] | None
    default: object  # `dataclasses.MISSING` if it has none


def facts_of(record: type[Record]) -> Mapping[str, FieldFacts]:
    """Returns what the definition says of each field, by name. Raises TypeError for one that no row can hold."""
    hints = get_type_hints(record, include_extras=True)
    return {spec.name: _facts(spec.name, hints[spec.name], spec.default) for spec in fields(record)}


def _facts(name: str, hint: object, default: object) -> FieldFacts:
    base, *notes = get_args(hint) if get_origin(hint) is Annotated else (hint,)
    choices = get_args(base) if get_origin(base) in {Union, UnionType} else (base,)
    (held, *others) = [choice for choice in choices if choice is not type(None)]
    several = get_origin(held) is tuple
    kind = get_args(held)[0] if several else held
    if others or not isinstance(kind, type) or not issubclass(kind, str | int | date | datetime):
        raise TypeError(f"a row cannot hold {hint!r}, as its field {name} says")
    unknown = [note for note in notes if not isinstance(note, Column | References)]
    if unknown:
        raise TypeError(f"no mark of a field: {unknown[0]!r}, at {name}")
    return FieldFacts(
        name=name,
        kind=kind,
        several=several,
        optional=len(choices) > 1,
        marks=frozenset(note for note in notes if isinstance(note, Column)),
        references=next((note.record for note in notes if isinstance(note, References)), None),
        default=default,
    )


def default_of(facts: FieldFacts) -> object:
    """Returns the value of the field in a row that does not name it. Raises TypeError if it has none."""
    if facts.default is MISSING:
        raise TypeError(f"{facts.name} has no default, so the database cannot fill it")
    return facts.default


# ---- conditions


T = TypeVar("T")


class Comparison(StrEnum):
    """How a condition compares a field with its value."""

    EQUAL = "equal"
    NULL = "null"
    ONE_OF = "one of"
    ONE_OF_OR_NULL = "one of or null"
    AFTER = "after"
    BEFORE = "before"
    SOME = "some"


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

    def before(self, value: T) -> FieldCondition:
        """The field is earlier than this instant; a row without it does not fit."""
        return FieldCondition(self.record, self.name, Comparison.BEFORE, value)

    def some(self) -> FieldCondition:
        """The field, which holds several values, holds one at least."""
        return FieldCondition(self.record, self.name, Comparison.SOME, None)


def in_sequence(key: str) -> tuple[int, str]:
    """Returns the place of a key among others of its form: that with a longer number comes later, 10000 after 9999."""
    return len(key), key


def where(field: T) -> Where[T]:
    """Compares a field of a record, such as `Case.state`. Raises TypeError for anything else, such as a row's value."""
    found: object = field
    if not isinstance(found, MemberDescriptorType):
        raise TypeError(f"where() takes a field such as Case.state, not a value ({type(found).__name__})")
    return Where(found.__objclass__, found.__name__)
