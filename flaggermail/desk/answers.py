# SPDX-License-Identifier: EUPL-1.2
"""What a view answers: a frozen value, its JSON document in a reader's language, and the schema of that document.

Both are made from the fields of the class. An instant is written in the desk's zone; a sentence in the reader's
language, and beside it, under the field's name with `_said`, its code and its details. A field marked `FLAT`, such as
`row: Annotated[Case, FLAT]`, gives its own fields to the document. A field named after a word of Python ends in an
underscore, which the document leaves out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import date, datetime
from enum import Enum, auto
from functools import cache
from types import NoneType, UnionType
from typing import (
    Annotated,
    Literal,
    NamedTuple,
    Self,
    TypeAlias,
    Union,
    cast,
    get_args,
    get_origin,
    get_type_hints,
)
from zoneinfo import ZoneInfo

from flaggermail.mail.message import Json
from flaggermail.record.rows import Record
from flaggermail.wording.said import ENGLISH, StoredText

Schema: TypeAlias = "dict[str, Json]"


class FieldMark(Enum):
    """How a field stands in the document, where its name and value do not say it."""

    FLAT = auto()


FLAT = FieldMark.FLAT
_AS_IS = frozenset({str, int, float, bool, NoneType})
SECRET = frozenset({"token"})  # a token authorises acts by mail
SAID = "_said"
"""Ends the name of the field that holds the code and the details of a sentence."""
# Programs that read `--json` know these fields of rows by their earlier names.
_OF_ROWS = {"at_most_once": "once", "counted": "use", "match_basis": "basis", "pending_digest": "missed"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewAnswer:
    """Base class of what views answer, and of the parts of it; the fields are those of the JSON document."""

    @classmethod
    def from_fields(cls, source: object, /, **others: object) -> Self:
        """Returns what is shown of `source`: the fields that both have, and `others` with another name or value."""
        alike = {spec.name: getattr(source, spec.name) for spec in fields(cls) if hasattr(source, spec.name)}
        return cls(**{**alike, **others})


@dataclass(frozen=True, slots=True)
class AnswerReader:
    """For whom a document is written: the zone of its instants and the language of its sentences."""

    zone: ZoneInfo
    language: str = ENGLISH


class _Field(NamedTuple):
    """A field of a class: its attribute and its name in the document.

    `said`: it holds a sentence or several; `flat`: a part whose fields stand in the document.
    """

    attribute: str
    name: str
    hint: object
    said: bool
    flat: bool


@cache
def _fields_of(kind: type) -> tuple[_Field, ...]:
    hints = get_type_hints(kind, include_extras=True)
    of_row = issubclass(kind, Record)
    names = [spec.name for spec in fields(kind) if not (of_row and spec.name in SECRET)]
    return tuple(
        _Field(
            attribute=name,
            name=_OF_ROWS.get(name, name) if of_row else name.removesuffix("_"),
            hint=hints[name],
            said=_is_said(hints[name]),
            flat=FLAT in getattr(hints[name], "__metadata__", ()),
        )
        for name in names
    )


def document_of(value: object, reader: AnswerReader) -> dict[str, Json]:
    """Returns the JSON document of an answer, a part of one, or a row. Raises TypeError for what JSON does not know."""
    document: dict[str, Json] = {}
    kind: type = type(value)
    for spec in _fields_of(kind):
        held = getattr(value, spec.attribute)
        if spec.flat:
            document |= document_of(held, reader)
            continue
        if spec.said:
            document[spec.name], document[spec.name + SAID] = _said(held, reader)
        else:
            document[spec.name] = json_of(held, reader)
    return document


def json_of(value: object, reader: AnswerReader) -> Json:  # noqa: PLR0911 - one line for each kind of value
    """Returns the JSON of a field's value. Raises TypeError for what JSON does not know."""
    if type(value) in _AS_IS:  # most fields
        return cast("Json", value)
    if isinstance(value, StoredText):
        return value.in_language(reader.language)
    if isinstance(value, str):
        return str(value.value) if isinstance(value, Enum) else value
    if isinstance(value, datetime):
        return value.astimezone(reader.zone).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return [json_of(one, reader) for one in value]
    if isinstance(value, frozenset):
        return sorted(str(one) for one in value)
    if isinstance(value, Mapping):
        return {str(name): json_of(one, reader) for name, one in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        return document_of(value, reader)
    raise TypeError(f"{type(value).__name__} is not known in JSON")


def _said(held: object, reader: AnswerReader) -> tuple[Json, Json]:
    """Returns the words of a sentence, and its code and details, or those of each of several; None for the unsaid."""
    if isinstance(held, list | tuple):
        several = [_said(one, reader) for one in held]
        return [words for words, _ in several], [said for _, said in several]
    found = held.document() if isinstance(held, StoredText) else None
    if not isinstance(held, StoredText) or found is None:
        return json_of(held, reader), None
    details, english = found.get("details"), str(found["text"])
    words = english if reader.language == ENGLISH else held.in_language(reader.language)
    return words, {"code": str(found["code"]), "details": dict(details) if isinstance(details, Mapping) else {}}


def _is_said(hint: object) -> bool:
    return StoredText in {hint, *(part for choice in _choices(hint) for part in (choice, *get_args(choice)))}


def _choices(hint: object) -> tuple[object, ...]:
    """Returns the types that a hint allows, one for all but a union."""
    while get_origin(hint) is Annotated:
        hint = get_args(hint)[0]
    return get_args(hint) if get_origin(hint) in {Union, UnionType} else (hint,)


# ---- the schema of a document


class Schemas:
    """The schemas of answers (JSON Schema 2020-12); each class is written once and referred to by its name."""

    def __init__(self, prefix: str = "#/components/schemas/") -> None:
        self._prefix = prefix
        self.held: dict[str, Json] = {}

    def of(self, hint: object) -> Schema:
        """Returns the schema of a type. Raises TypeError for one that no answer may have."""
        choices = [self._of_one(choice) for choice in _choices(hint)]
        return choices[0] if len(choices) == 1 else {"anyOf": list(choices)}

    def _of_one(self, hint: object) -> Schema:
        if hint in _PLAIN:
            return dict(_PLAIN[hint])
        origin, inner = get_origin(hint), get_args(hint)
        if origin is Literal:
            return {"enum": list(inner)}
        if origin in {tuple, list, frozenset} or (isinstance(origin, type) and issubclass(origin, list | tuple)):
            return {"type": "array", "items": self.of(inner[0])}
        if isinstance(origin, type) and issubclass(origin, Mapping):
            return {"type": "object", "additionalProperties": self.of(inner[1])}
        if isinstance(hint, type) and issubclass(hint, Enum):
            return {"type": "string", "enum": [str(member.value) for member in hint]}
        if isinstance(hint, type) and is_dataclass(hint):
            return self._of_class(hint)
        if hint in _JSON:
            return {}
        raise TypeError(f"no type of an answer: {hint!r}")

    def _of_class(self, kind: type) -> Schema:
        if kind.__name__ not in self.held:
            self.held[kind.__name__] = {}  # a class may hold itself
            properties = self._properties(kind)
            self.held[kind.__name__] = {
                "type": "object", "properties": properties, "required": sorted(properties),
                "additionalProperties": False, "description": (kind.__doc__ or "").strip().split("\n", 1)[0],
            }  # fmt: skip
        return {"$ref": self._prefix + kind.__name__}

    def _properties(self, kind: type) -> dict[str, Json]:
        found: dict[str, Json] = {}
        for spec in _fields_of(kind):
            if spec.flat:
                (part,) = _choices(spec.hint)
                found |= self._properties(part) if isinstance(part, type) else {}
                continue
            found[spec.name] = self.of(spec.hint)
            if spec.said:
                found[spec.name + SAID] = dict(_SAID_SCHEMA)
        return found


_PLAIN: Mapping[object, Schema] = {
    str: {"type": "string"},
    StoredText: {"type": "string"},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    NoneType: {"type": "null"},
    datetime: {"type": "string", "format": "date-time"},
    date: {"type": "string", "format": "date"},
}
_JSON = (Json, object)
_SAID_SCHEMA: Schema = {
    "description": "The code and the details of the sentence, or of each sentence; null if nothing is said.",
    "type": ["object", "array", "null"],
}
