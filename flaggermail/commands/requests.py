# SPDX-License-Identifier: EUPL-1.2
"""Requests at the edge: a JSON object becomes the frozen value of a command or a view, or is refused in one line."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, TypeVar
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, ConfigDict, TypeAdapter, ValidationError, ValidationInfo

from flaggermail.errors import Refusal
from flaggermail.mail.message import Json
from flaggermail.record.definition import YEARS
from flaggermail.wording.pieces import RefusalPart
from flaggermail.wording.refusals import CommandRefusal, RequestFault, RequestValue

if TYPE_CHECKING:
    from _typeshed import DataclassInstance
    from pydantic_core import ErrorDetails

    from flaggermail.wording.said import StoredText

T = TypeVar("T")
STRICT = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)
"""How the base classes of commands and views have their fields read."""
LONGEST_SHOWN = 60  # characters of a wrong value that a refusal quotes
MOST_FAULTS = 3
_LENGTH_OF_A_DAY = len("2024-06-06")
_BOUNDS = {  # fault of pydantic -> the sentence, and where it says the bound
    "greater_than_equal": (RequestFault.TOO_SMALL, "ge"),
    "less_than_equal": (RequestFault.TOO_LARGE, "le"),
    "string_too_long": (RequestFault.TOO_LONG, "max_length"),
}
_READERS: dict[type[object], TypeAdapter[object]] = {}  # built on first use: a command line needs one of them


def _reader(kind: type[object]) -> TypeAdapter[object]:
    if kind not in _READERS:
        _READERS[kind] = TypeAdapter(kind)
    return _READERS[kind]


class _FieldFault(ValueError):
    """The value of a field is wrong: the sentence that says so, and what would be right."""

    def __init__(self, sentence: RequestFault, wanted: str) -> None:
        super().__init__(sentence.value)
        self.sentence, self.wanted = sentence, wanted


def _instant(value: object, asked: ValidationInfo) -> datetime:
    """Returns the instant; without an offset it is local time in the zone of the desk."""
    if isinstance(value, datetime):
        return value
    text = value if isinstance(value, str) else ""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or len(text) <= _LENGTH_OF_A_DAY or found.year not in YEARS:
        raise _FieldFault(RequestFault.NO_INSTANT, "2024-06-06T10:34+02:00")
    zone = asked.context
    if found.tzinfo is None and isinstance(zone, ZoneInfo):
        found = _local(found, zone)
    if found.tzinfo is None:
        raise _FieldFault(RequestFault.NO_OFFSET, "2024-06-06T10:34+02:00")
    return found


def _local(found: datetime, zone: ZoneInfo) -> datetime:
    earlier = found.replace(tzinfo=zone)
    later = earlier.replace(fold=1)
    if earlier.utcoffset() != later.utcoffset():
        choices = RefusalPart.OR(one=earlier.isoformat(), other=later.isoformat())
        raise _FieldFault(RequestFault.TWO_INSTANTS, choices)
    return earlier


def _day(value: object) -> date:
    """Returns the day, which is written in one way only."""
    try:
        found = date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        found = None
    if found is None or found.isoformat() != value or found.year not in YEARS:
        raise _FieldFault(RequestFault.NO_DAY, "2024-06-06")
    return found


Day = Annotated[date, BeforeValidator(_day)]
"""A day as people type it: YYYY-MM-DD."""
Instant = Annotated[datetime, BeforeValidator(_instant)]
"""An instant as people type it: ISO 8601, in the desk's zone unless an offset says otherwise."""


def read_request(
    kind: type[T], name: str, request: Mapping[str, Json], zone: ZoneInfo | None = None, *, most: int | None = None
) -> T:  # fmt: skip
    """Returns `request` as a value of the frozen dataclass `kind`; raises Refusal naming what is wrong in it.

    `zone` is that of instants without an offset; `most` limits the length of the request as JSON, in characters.
    """
    try:
        written = json.dumps(request, allow_nan=False)
        if most is not None and len(written) > most:
            raise Refusal(CommandRefusal.REQUEST_TOO_LONG(name=name, length=len(written), most=most))
        if "\\u0000" in written.replace("\\\\", ""):  # PostgreSQL stores no text with NUL
            raise Refusal(CommandRefusal.REQUEST_WITH_NUL(name=name))
        found = _reader(kind).validate_json(written, context=zone)
    except ValidationError as fault:
        found_faults = fault.errors(include_url=False)
        faults = [_said(one) for one in found_faults[:MOST_FAULTS]]
        if len(found_faults) > MOST_FAULTS:
            faults.append(RequestFault.MORE(more=len(found_faults) - MOST_FAULTS))
        raise Refusal(CommandRefusal.REQUEST_FAULTY(name=name, faults=faults)) from fault
    except (RecursionError, TypeError, ValueError) as fault:
        raise Refusal(CommandRefusal.REQUEST_UNREADABLE(name=name)) from fault
    if not isinstance(found, kind):
        raise TypeError(f"{name}: read as {type(found).__name__}")
    return found


@contextmanager
def naming_fields_of(request: DataclassInstance, *more: str) -> Iterator[None]:
    """A refusal within names a field that the command or view has, one of `more`, or none."""
    try:
        yield
    except Refusal as refusal:
        refusal.within({*more, *(spec.name for spec in fields(request))})
        raise


def _said(fault: ErrorDetails) -> StoredText:
    """Returns what is wrong with one field, and what would be right."""
    kind, context = fault["type"], fault.get("ctx", {})
    said = {"field": _where(fault), "given": shown(fault["input"])}
    found = context.get("error")
    if isinstance(found, _FieldFault):
        return found.sentence(**said, wanted=found.wanted)
    if kind == "json_invalid":
        return RequestFault.NO_JSON(field=said["field"], message=str(found))
    if kind == "missing":
        return RequestFault.MISSING(field=said["field"])
    if kind in {"unexpected_keyword_argument", "extra_forbidden"}:
        return RequestFault.NOT_KNOWN(field=said["field"])
    if kind in {"enum", "literal_error"}:
        allowed = str(context.get("expected", "")).replace("'", "").replace(" or ", ", ")
        return RequestFault.NOT_ONE_OF(**said, wanted=allowed.split(", "))
    if kind.upper() in RequestValue.__members__:
        return RequestFault.OF_ANOTHER_KIND(**said, wanted=RequestValue[kind.upper()]())
    if kind in _BOUNDS:
        sentence, bound = _BOUNDS[kind]
        return sentence(**said, wanted=str(context.get(bound, "")))
    message = found if kind == "value_error" else f"{fault['msg'][:1].lower()}{fault['msg'][1:]}"
    return RequestFault.NOT_RIGHT(**said, message=str(message))


def _where(fault: ErrorDetails) -> str:
    return ".".join(str(part)[:LONGEST_SHOWN] for part in fault["loc"])


def shown(value: object) -> str:
    """Returns a value of a request for a refusal: its beginning, in one line."""
    text = repr(value)
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}..."
