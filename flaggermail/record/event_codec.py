# SPDX-License-Identifier: EUPL-1.2
"""Events as octets: canonical JSON (sorted names, no blanks, UTF-8), one encoding and one digest per event.

Personal values are encoded as salted commitments. The value and its salt are kept outside the chain and can be erased
without breaking it.

Events are never rewritten: each keeps its octets, and its digest, for good, and names the version of its words. A
release that changes a stored name takes the next version, and `stored_event` alone reads the earlier ones.

Reads the values of rows and events back into the types of their fields, and refuses what no field can hold.

The functions that read a record are chosen once, from its definition: every row and every event passes here.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, date, datetime
from enum import StrEnum
from functools import cache
from json.encoder import encode_basestring
from typing import TypedDict, TypeVar

from flaggermail.record.definition import FieldFacts, Record, facts_of, usable
from flaggermail.record.events import Change, Event, EventKind, Scalar
from flaggermail.record.rows import BY_TABLE
from flaggermail.wording.said import StoredText

# ---- values read back


R = TypeVar("R", bound=Record)
S = TypeVar("S", str, int, datetime, date)
Reader = Callable[[object], Scalar]


def typed(record: type[Record], name: str, value: object) -> Scalar:
    """Returns the typed value: the inverse of `event_codec.plain` for field `name` of `record`.

    Raises TypeError or ValueError for a value that the field cannot hold, such as a word outside its closed set, and
    KeyError for an unknown field.
    """
    return readers_of(record.TABLE)[name](value)


def row_of(kind: type[R], values: Iterable[object]) -> R:
    """Returns the row with these values, given in the order of its fields. Raises as `typed` does."""
    readers = readers_of(kind.TABLE)
    found = [read(value) for read, value in zip(readers.values(), values, strict=True)]
    return kind(**dict(zip(readers, found, strict=True)))


@cache
def readers_of(table: str) -> Mapping[str, Reader]:
    """Returns what reads each field of a table, in the order of its fields; each raises as `typed` does."""
    return {name: _reader(facts) for name, facts in facts_of(BY_TABLE[table]).items()}


def _reader(facts: FieldFacts) -> Reader:
    kind = facts.kind
    if issubclass(kind, StrEnum):
        return _fitting(facts, _word(kind))
    if issubclass(kind, StoredText):
        return _fitting(facts, _said)
    if issubclass(kind, str):
        return _fitting(facts, _exactly(kind))
    if issubclass(kind, int):
        return _fitting(facts, _exactly(kind))
    return _fitting(facts, _instant) if kind is datetime else _fitting(facts, _day)


def _fitting(facts: FieldFacts, single: Callable[[object], S]) -> Reader:
    """Returns the reader of a field whose values `single` reads one by one."""

    def several(value: object) -> tuple[S, ...]:
        if isinstance(value, list):
            return tuple(single(item) for item in value)
        raise _impossible(list, value)

    found = several if facts.several else single
    return (lambda value: None if value is None else found(value)) if facts.optional else found


def _exactly(kind: type[S]) -> Callable[[object], S]:
    """Returns the reader of values of this very type: a bool is an int too."""

    def single(value: object) -> S:
        if type(value) is kind:
            return value
        raise _impossible(kind, value)

    return single


_text = _exactly(str)


def _said(value: object) -> StoredText:
    return value if isinstance(value, StoredText) else StoredText(_text(value))


def _instant(value: object) -> datetime:
    found = value if type(value) is datetime else datetime.fromisoformat(value) if isinstance(value, str) else None
    if found is not None and found.tzinfo is not None:
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


Plain = str | int | bool | None | list[str] | list[int]
COMMITMENT = "sha256:"
GENESIS = "0" * 64

VERSION = 1  # of the words in an event


class StoredChange(TypedDict):
    """A change as encoded in the octets of an event."""

    table: str
    key: str
    values: dict[str, Plain]


class StoredEvent(TypedDict):
    """An event as encoded in its octets."""

    version: int
    kind: str
    at: str
    actor: str
    case: str | None
    notification: str | None
    message: str | None
    reason: str
    facts: dict[str, str | int | bool | list[str] | None]
    changes: list[StoredChange]


def plain(value: Scalar) -> Plain:
    """Returns a field's JSON value: instants in UTC with microseconds, days in ISO 8601, tuples as lists.

    Raises ValueError for values that not every database can store: an instant without a zone, text with NUL.
    """
    if value is None:
        return value
    if isinstance(value, str):
        if "\0" in value:
            raise ValueError("text with NUL cannot be recorded")
        if type(value) is str:
            return value
        return value.value if isinstance(value, StrEnum) else str(value)
    if isinstance(value, int):
        return value
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError("an instant without a zone cannot be recorded")
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, date):
        return value.isoformat()
    if all(isinstance(item, int) for item in value):
        return [item for item in value if isinstance(item, int)]
    return [item.isoformat() if isinstance(item, date) else str(item) for item in value]


def commitment(salt: bytes, value: Plain) -> str:
    """Returns the commitment that replaces a personal value: SHA-256 over salt and the value's canonical JSON."""
    return COMMITMENT + hashlib.sha256(salt + _json(value)).hexdigest()


def encode(event: Event, commit: Callable[[Plain], str]) -> bytes:
    """Encodes `event`; `commit` stores a personal value elsewhere and returns its commitment."""
    return _json(
        {
            "version": VERSION,
            "kind": event.kind.value,
            "at": plain(event.at),
            "actor": event.actor,
            "case": event.case,
            "notification": event.notification,
            "message": event.message,
            "reason": event.reason,
            "facts": {name: plain(value) for name, value in event.facts.items()},
            "changes": [
                {"table": change.table, "key": change.key, "values": _values(change, commit)}
                for change in event.changes
            ],
        }
    )


def _values(change: Change, commit: Callable[[Plain], str]) -> dict[str, Plain]:
    personal = BY_TABLE[change.table].PERSONAL
    return {
        name: commit(plain(value)) if name in personal and value not in {None, ""} else plain(value)
        for name, value in change.values.items()
    }


def decode(octets: bytes, reveal: Callable[[str], Plain]) -> Event:
    """Decodes an event; `reveal` returns the value behind a commitment, or the commitment itself once erased."""
    return _event(stored_event(octets), reveal)


def decode_each(
    numbered: Iterable[tuple[int, bytes]], reveal: Callable[[str], Plain], kind: EventKind | None = None
) -> Iterator[tuple[int, Event]]:
    """Decodes numbered events; where a `kind` is named, those of that kind, and no value of another is read."""
    for seq, octets in numbered:
        found = stored_event(octets)
        if kind is None or found["kind"] == kind:
            yield seq, _event(found, reveal)


def _event(found: StoredEvent, reveal: Callable[[str], Plain]) -> Event:
    return Event(
        kind=EventKind(found["kind"]),
        at=usable(datetime.fromisoformat(found["at"])),
        actor=found["actor"],
        case=found["case"],
        notification=found["notification"],
        message=found["message"],
        reason=found["reason"],
        facts={name: tuple(value) if isinstance(value, list) else value for name, value in found["facts"].items()},
        changes=tuple(_change(change, reveal) for change in found["changes"]),
    )


def stored_event(octets: bytes) -> StoredEvent:
    """The event as it stands in its octets; personal values stay commitments.

    Octets that this program did not write raise ValueError, TypeError, KeyError, AttributeError or RecursionError.
    """
    found: StoredEvent = json.loads(octets)
    if found["version"] != VERSION:
        raise ValueError("an event in words that this version does not know")
    return found


def _change(found: StoredChange, reveal: Callable[[str], Plain]) -> Change:
    table, record = found["table"], BY_TABLE[found["table"]]
    shown = {
        name: reveal(value) if name in record.PERSONAL and isinstance(value, str) else value
        for name, value in found["values"].items()
    }
    return Change(table, found["key"], {name: typed(record, name, value) for name, value in shown.items()})


def link(previous: str, octets: bytes) -> str:
    """Returns the digest that links an event to its predecessor; the first event is linked to `GENESIS`."""
    return hashlib.sha256(previous.encode("ascii") + octets).hexdigest()


def seal(table: str, *values: Plain) -> str:
    """Returns the digest that is stored with a row which no event gives: SHA-256 over its values' canonical JSON."""
    return hashlib.sha256(_json([table, *values])).hexdigest()


_ENCODED = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode


def _json(value: object) -> bytes:
    text = encode_basestring(value) if type(value) is str else _ENCODED(value)  # what the encoder does with a text
    return text.encode("utf-8")
