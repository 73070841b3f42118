# SPDX-License-Identifier: EUPL-1.2
"""Events as octets: canonical JSON (sorted names, no blanks, UTF-8), one encoding and one digest per event.

Personal values are encoded as salted commitments. The value and its salt are kept outside the chain and can be erased
without breaking it.

Events are never rewritten. What an earlier version wrote keeps its words, and its digest; the codec reads it in the
words of today. Only this module, `sentences` and the migrations know the old ones.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, date, datetime
from enum import StrEnum
from json.encoder import encode_basestring
from typing import NotRequired, TypedDict

from flaggermail.mail.signature_facts import Dnssec, SignatureState
from flaggermail.record import sentences
from flaggermail.record.events import Change, Event, EventKind, Scalar
from flaggermail.record.instants import usable
from flaggermail.record.kinds import ArrivalBasis, OctetSource
from flaggermail.record.reading import typed
from flaggermail.record.rows import BY_TABLE

Plain = str | int | bool | None | list[str] | list[int]
COMMITMENT = "sha256:"
GENESIS = "0" * 64

VERSION = 7  # of the words in an event; version 1 does not name itself
NAMED, COMPLETE, CODED, BASED, OPAQUE, FOUND = 2, 3, 4, 5, 6, 7
"""The first versions with the present names, without meaning in sentences, with codes, with the basis of a sending,
with the mailbox's own names of a copy in place of IMAP's numbers, and with what was found about a sender at receipt."""
OLD_KINDS = {
    "better delivery seen": EventKind.DELIVERY_SUPERSEDED,
    "case waits again": EventKind.CASE_REVERTED_TO_NOTIFIED,
    "mail impossible": EventKind.MAIL_UNRENDERABLE,
}
OLD_TABLES = {"learned_key": "thread_key"}
OLD_FIELDS = {
    "message": {"basis": "match_basis", "missed": "pending_digest"},
    "notification": {"use": "counted"},
    "outbox": {"once": "at_most_once"},
    "watched": {"wrong": "failing"},
}
"""What version 1 called a kind, a table and, by table, a field."""
OLD_NUMBERS = {"uidvalidity": "numbering", "uid": "item"}
"""What versions 1 to 5 called the numbers of a delivery."""


class StoredChange(TypedDict):
    """A change as it stands in the octets of an event."""

    table: str
    key: str
    values: dict[str, Plain]


class StoredEvent(TypedDict):
    """An event as it stands in its octets."""

    version: NotRequired[int]
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
    return _event(_raised(json.loads(octets)), reveal)


def decode_each(
    numbered: Iterable[tuple[int, bytes]], reveal: Callable[[str], Plain], kind: EventKind | None = None
) -> Iterator[tuple[int, Event]]:
    """Decodes numbered events; where a `kind` is named, those of that kind, and no value of another is read."""
    for seq, octets in numbered:
        found: StoredEvent = json.loads(octets)
        if kind is None or _kind(found) is kind:
            yield seq, _event(_raised(found), reveal)


def _kind(found: StoredEvent) -> EventKind:
    """The kind of an event as it is stored, in the words of today."""
    old = OLD_KINDS.get(found["kind"]) if found.get("version", 1) < NAMED else None
    return old or EventKind(found["kind"])


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
        changes=tuple(_change(found, change, reveal) for change in found["changes"]),
    )


def stored_kind(octets: bytes) -> str:
    """The kind that stands in the octets, be it an old word."""
    return str(json.loads(octets)["kind"])


def stored_event(octets: bytes) -> tuple[str, StoredEvent]:
    """The kind as it is written, and the event in the words of today; personal values stay commitments.

    Octets that no version of ours wrote raise ValueError, TypeError, KeyError, AttributeError or RecursionError.
    """
    found: StoredEvent = json.loads(octets)
    return found["kind"], _raised(found)


def stored_changes(octets: bytes) -> list[StoredChange]:
    """The changes in `octets` in the words of today; personal values stay commitments."""
    return _raised(json.loads(octets))["changes"]


def _raised(found: StoredEvent) -> StoredEvent:
    """The event in the present names; `completed` gives it the present fields, once personal values are revealed."""
    if found.get("version", 1) < NAMED:
        found["kind"] = OLD_KINDS.get(found["kind"], found["kind"])
        found["changes"] = [_raised_change(change) for change in found["changes"]]
    if found.get("version", 1) < OPAQUE:
        found["changes"] = [_named_copy(change) for change in found["changes"]]
    if found.get("version", 1) < FOUND:
        found["changes"] = [_unchecked_copy(change) for change in found["changes"]]
    return found


def _named_copy(found: StoredChange) -> StoredChange:
    """Names a copy as the mailbox does since version 6, and says who gave its octets.

    UIDVALIDITY and UID stay apart: a server that renumbered a folder changed the one, and often not the other. Played
    mail had UIDVALIDITY 0, which no server has; mail from files says what its arrival rests on.
    """
    if found["table"] != "delivery":
        return found
    values = {**found["values"]}
    source = OctetSource.PLAYED if values.get("uidvalidity") == 0 else None
    if ArrivalBasis(str(values.get("arrival", ArrivalBasis.SERVER))).in_file:
        source = OctetSource.FILE
    for old, new in OLD_NUMBERS.items():
        if old in values:
            values[new] = str(values.pop(old))
    if source is not None and "id" in values:
        values["source"] = source.value
    return StoredChange(table=found["table"], key=found["key"], values=values)


def _unchecked_copy(found: StoredChange) -> StoredChange:
    """Says of a copy that came in before version 7 that its signature was not recorded: nothing is inferred."""
    if found["table"] != "delivery" or "id" not in found["values"]:
        return found
    unknown: dict[str, Plain] = {"signature": SignatureState.NOT_CHECKED.value, "dnssec": Dnssec.UNKNOWN.value}
    return StoredChange(table=found["table"], key=found["key"], values={**unknown, **found["values"]})


def _raised_change(found: StoredChange) -> StoredChange:
    names = OLD_FIELDS.get(found["table"], {})
    values = {names.get(name, name): value for name, value in found["values"].items()}
    return StoredChange(table=OLD_TABLES.get(found["table"], found["table"]), key=found["key"], values=values)


def completed(event: StoredEvent, table: str, values: Mapping[str, Plain]) -> dict[str, Plain]:
    """Returns the values of a change, revealed, with the fields and the codes that an old event lacks."""
    found = {**values}
    if event.get("version", 1) < COMPLETE:
        found |= sentences.completed(table, values)
    if event.get("version", 1) < CODED:
        found |= sentences.coded(table, values)
    if event.get("version", 1) < BASED:
        found |= sentences.based(table, values)
    return found


def _change(event: StoredEvent, found: StoredChange, reveal: Callable[[str], Plain]) -> Change:
    table, record = found["table"], BY_TABLE[found["table"]]
    shown = {
        name: reveal(value) if name in record.PERSONAL and isinstance(value, str) else value
        for name, value in found["values"].items()
    }
    values = completed(event, table, shown)
    return Change(table, found["key"], {name: typed(record, name, value) for name, value in values.items()})


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
