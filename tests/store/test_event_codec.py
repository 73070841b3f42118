# SPDX-License-Identifier: EUPL-1.2
"""The octets of an event contain all of it, and say in which version's words."""

import json
from dataclasses import fields
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import get_args, get_origin, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaggermail.record.event_codec import (
    COMMITMENT,
    VERSION,
    Plain,
    decode,
    decode_each,
    encode,
    stored_event,
    typed,
)
from flaggermail.record.events import Change, Event, EventKind, Scalar
from flaggermail.record.kinds import Kind, Place
from flaggermail.record.rows import RECORDS, Record, StoredMessage
from flaggermail.wording.said import StoredText, as_written
from tests.store.samples import NOON

WORDS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12)
NUMBERS = st.integers(-(2**31), 2**31 - 1)
SAID = WORDS.map(as_written)
INSTANTS = st.datetimes(datetime(1970, 1, 2), datetime(2199, 12, 30), timezones=st.just(UTC))  # noqa: DTZ001 - see there
SUGGESTED = WORDS.filter(bool).map(as_written)  # nothing is ever suggested without words


def values(hint: object) -> st.SearchStrategy[Scalar]:
    """Builds values of a field with that type."""
    known: dict[object, st.SearchStrategy[Scalar]] = {
        str: WORDS, StoredText: SAID,
        int: NUMBERS, bool: st.booleans(), date: st.dates(), datetime: INSTANTS,
        type(None): st.none(),
        tuple[str, ...]: st.lists(WORDS, max_size=2).map(tuple),
        tuple[StoredText, ...]: st.lists(SUGGESTED, max_size=2).map(tuple),
        tuple[int, ...]: st.lists(NUMBERS, max_size=2).map(tuple),
        tuple[date, ...]: st.lists(st.dates(), max_size=2).map(tuple),
    }  # fmt: skip
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return st.sampled_from(hint)
    if get_origin(hint) is tuple and hint not in known:
        return st.lists(values(get_args(hint)[0]), max_size=2).map(lambda items: tuple(map(str, items)))
    return known[hint] if hint in known else st.one_of([values(one) for one in get_args(hint)])


def changes_of(record: type[Record]) -> st.SearchStrategy[Change]:
    """Builds changes of any fields of a row."""
    hints = get_type_hints(record)
    every = {spec.name: values(hints[spec.name]) for spec in fields(record)}
    return st.builds(Change, st.just(record.TABLE), WORDS, st.fixed_dictionaries({}, optional=every))


EVENTS = st.builds(
    Event, kind=st.sampled_from(EventKind), at=INSTANTS, actor=WORDS,
    changes=st.lists(st.sampled_from(RECORDS).flatmap(changes_of), max_size=3).map(tuple),
    case=WORDS | st.none(), notification=WORDS | st.none(), message=WORDS | st.none(), reason=WORDS,
    facts=st.dictionaries(WORDS, WORDS | NUMBERS | st.booleans() | st.none() | st.lists(WORDS, max_size=2).map(tuple)),
)  # fmt: skip


class Kept:
    """The personal values behind their commitments."""

    def __init__(self) -> None:
        self.values: dict[str, Plain] = {}

    def commit(self, value: Plain) -> str:
        """Returns a separate commitment for each value."""
        key = f"{COMMITMENT}{len(self.values)}"
        self.values[key] = value
        return key

    def reveal(self, key: str) -> Plain:
        """Returns the value, or a key that is no commitment unchanged."""
        return self.values.get(key, key)


@given(EVENTS)
def test_an_event_is_read_as_it_was_written(event: Event) -> None:
    """Every kind and every field of every row, personal or not, is read as written."""
    kept = Kept()
    assert decode(encode(event, kept.commit), kept.reveal) == event


@given(st.lists(EVENTS, max_size=4), st.sampled_from(EventKind))
def test_events_of_one_kind_are_found(events: list[Event], kind: EventKind) -> None:
    """They are the events of that kind among all of them, with their numbers; none of another."""
    kept = Kept()
    each = [(seq, encode(event, kept.commit)) for seq, event in enumerate(events, 1)]
    found = list(decode_each(each, kept.reveal, kind))
    assert found == [(seq, event) for seq, event in enumerate(events, 1) if event.kind is kind]
    assert list(decode_each(each, kept.reveal)) == list(enumerate(events, 1))


@pytest.mark.parametrize("version", [None, 0, VERSION + 1, str(VERSION)])
def test_words_of_another_version_are_not_guessed(version: object) -> None:
    """An event that names no version of ours, such as one of a later program, is refused by its reader."""
    found = json.loads(encode(Event(EventKind.PROBE_CHANGED, NOON, "o1"), str))
    assert found["version"] == VERSION
    octets = json.dumps(found | {"version": version}).encode()
    with pytest.raises(ValueError, match="this version does not know"):
        decode(octets, str)
    with pytest.raises(ValueError, match="this version does not know"):
        stored_event(octets)


def test_values_of_closed_sets_are_stored_as_their_words() -> None:
    """A member and its word give the same octets and the same commitment; a word outside the set is refused."""
    for place in (Place.NOISE, "noise"):
        event = Event(EventKind.MESSAGE_PLACED, NOON, "o1", (Change("message", "m1", {"place": place}),))
        assert json.loads(encode(event, str))["changes"][0]["values"] == {"place": "noise"}
    assert typed(StoredMessage, "kinds", ["bounce"]) == (Kind.BOUNCE,)
    assert isinstance(typed(StoredMessage, "place", "noise"), Place)
    for name, value in (("place", "elsewhere"), ("kinds", ["bounce", "elsewhere"])):
        with pytest.raises(ValueError, match="elsewhere"):
            typed(StoredMessage, name, value)
