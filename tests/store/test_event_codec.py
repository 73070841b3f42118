# SPDX-License-Identifier: EUPL-1.2
"""The octets of an event contain all of it, and those of earlier versions are read with today's names."""

import json
from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import get_args, get_origin, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from flaggermail.adapters.db.store import SqlStore
from flaggermail.mail.signature_facts import Dnssec, SignatureState
from flaggermail.record.clocks import InstantBasis
from flaggermail.record.event_codec import (
    COMMITMENT,
    GENESIS,
    VERSION,
    Plain,
    decode,
    decode_each,
    encode,
    link,
    stored_kind,
)
from flaggermail.record.events import Change, Event, EventKind, Scalar
from flaggermail.record.kinds import ArrivalBasis, Kind, OctetSource, Place
from flaggermail.record.reading import typed
from flaggermail.record.rows import BY_TABLE, RECORDS, Record, StoredMessage
from flaggermail.wording.filing import Basis, Filed, Hint, Vouched
from flaggermail.wording.said import Said, as_written
from tests.store.samples import NOON
from tests.store.test_chain import behind_its_back, broken

WORDS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12)
NUMBERS = st.integers(-(2**31), 2**31 - 1)
# The names used by version 1, repeated here so that the codec forgets none.
OLD_KIND = {
    "delivery superseded": "better delivery seen",
    "case reverted to notified": "case waits again",
    "mail unrenderable": "mail impossible",
}
OLD_TABLE = {"thread_key": "learned_key"}
NEW_FIELD = {
    "message": ("enclosed_in", "placed_by", "from_junk", "confirmed_by", "corrected_by"),
    "alarm": ("officer",),
    "outbox": ("shows",),
    "held_back": ("shows",),
    "notification": ("sent_basis",),
    "delivery": (
        "source",
        "role",
        "verdict",
        "verdict_basis",
        "signature",
        "signature_basis",
        "signer",
        "selector",
        "key_record",
        "key_digest",
        "dnssec",
        "resolver",
        "looked_up_at",
    ),
}
OLD_FIELD = {
    "message": {"match_basis": "basis", "pending_digest": "missed"},
    "notification": {"counted": "use"},
    "outbox": {"at_most_once": "once"},
    "watched": {"failing": "wrong"},
}


SAID = WORDS.map(as_written)
INSTANTS = st.datetimes(datetime(1970, 1, 2), datetime(2199, 12, 30), timezones=st.just(UTC))  # noqa: DTZ001 - see there
SUGGESTED = WORDS.filter(bool).map(as_written)  # nothing is ever suggested without words


def values(hint: object) -> st.SearchStrategy[Scalar]:
    """Builds values of a field with that type."""
    known: dict[object, st.SearchStrategy[Scalar]] = {
        str: WORDS, Said: SAID,
        int: NUMBERS, bool: st.booleans(), date: st.dates(), datetime: INSTANTS,
        type(None): st.none(),
        tuple[str, ...]: st.lists(WORDS, max_size=2).map(tuple),
        tuple[Said, ...]: st.lists(SUGGESTED, max_size=2).map(tuple),
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


def as_before(octets: bytes) -> bytes:
    """Returns the same event as version 1 wrote it, without the fields that it did not have."""
    found = json.loads(octets)
    assert found.pop("version") == VERSION
    found["kind"] = OLD_KIND.get(found["kind"], found["kind"])
    for change in found["changes"]:
        for name in NEW_FIELD.get(change["table"], ()):
            change["values"].pop(name, None)
        names = OLD_FIELD.get(change["table"], {})
        change["values"] = {names.get(name, name): value for name, value in change["values"].items()}
        change["table"] = OLD_TABLE.get(change["table"], change["table"])
    return json.dumps(found, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def without_new(event: Event) -> Event:
    """Returns the event without the fields that versions 1 and 2 had not."""
    return replace(
        event,
        changes=tuple(
            replace(
                change,
                values={n: v for n, v in change.values.items() if n not in NEW_FIELD.get(change.table, ())},
            )
            for change in event.changes
        ),
    )


# What versions 1 and 2 said in sentences and keys, and the fields and codes that say it now.
UNKNOWN = Filed.UNKNOWN()
SENTENCES: list[tuple[str, dict[str, Scalar], dict[str, Scalar]]] = [
    ("message", {"match_basis": "forwarded in m00000012"},
     {"match_basis": Basis.ENCLOSED(message="m00000012"), "enclosed_in": "m00000012", "placed_by": None}),
    ("message", {"match_basis": "placed by officer1"},
     {"match_basis": Basis.BY_HAND(officer="officer1"), "enclosed_in": None, "placed_by": "officer1"}),
    ("message", {"match_basis": "names #5519"},
     {"match_basis": as_written("names #5519"), "enclosed_in": None, "placed_by": None}),
    ("message", {"reason": f"{UNKNOWN.english}; in the junk folder: its arrival"},
     {"reason": as_written(f"{UNKNOWN.english}; in the junk folder: its arrival"), "from_junk": True}),
    ("message", {"reason": UNKNOWN.english}, {"reason": UNKNOWN, "from_junk": False}),
    ("message", {"suggestions": ("VF-1 (60): its number is named; the texts match", "VF-2: its number is named")},
     {"suggestions": (Hint.SUGGESTION(case="VF-1", score=60, why=[Hint.NUMBER(), as_written("the texts match")]),
                      Hint.SUGGESTION(case="VF-2", score=0, why=[Hint.NUMBER()]))}),
    ("message", {"verdict_basis": "confirmed by officer1"},
     {"verdict_basis": Vouched.CONFIRMED(officer="officer1"), "confirmed_by": "officer1"}),
    ("message", {"verdict_basis": "refused by officer1: no"},
     {"verdict_basis": as_written("refused by officer1: no"), "confirmed_by": None}),
    ("message", {"rule": "corrected by head1"}, {"corrected_by": "head1"}),
    ("message", {"rule": None}, {"corrected_by": None}),
    ("outbox", {"dedupe": "notice/m00000003/a@b.example", "shows": None}, {"shows": "m00000003"}),
    ("outbox", {"dedupe": "notice/m00000003/a@b.example", "shows": "m00000009"}, {"shows": "m00000009"}),
    ("outbox", {"dedupe": "alarm/refused/o1/a@b.example"}, {}),
    ("held_back", {"dedupe": "notice/m00000003"}, {"shows": "m00000003"}),
    ("alarm", {"kind": "mail waits", "text": "officer2"}, {"text": as_written("officer2"), "officer": "officer2"}),
    ("alarm", {"kind": "refused", "text": "officer2"}, {"text": as_written("officer2")}),
]  # fmt: skip


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize(("table", "said", "fields_now"), SENTENCES)
def test_what_an_old_event_says_in_a_sentence_has_its_field(
    table: str, said: dict[str, Scalar], fields_now: dict[str, Scalar], version: int
) -> None:
    """An event of version 1 or 2 is read with the fields of today, also where the sentence is a personal value."""
    kept = Kept()
    found = json.loads(encode(Event(EventKind.MESSAGE_PLACED, NOON, "o1", (Change(table, "k", said),)), kept.commit))
    found["version"] = version
    (change,) = decode(json.dumps(found).encode(), kept.reveal).changes
    assert change.values == said | fields_now


BASES: list[tuple[dict[str, Scalar], dict[str, Scalar]]] = [
    ({"by_hand": True, "message_id": "typed@desk.example", "digest": ""}, {"sent_basis": InstantBasis.SENT_COPY}),
    ({"by_hand": True, "message_id": None, "digest": ""}, {"sent_basis": InstantBasis.BY_HAND}),
    ({"by_hand": True, "message_id": "ours@desk.example", "digest": "ab"}, {"sent_basis": InstantBasis.BY_HAND}),
    ({"by_hand": True, "sent_at": NOON}, {"sent_basis": InstantBasis.BY_HAND}),
    ({"by_hand": False, "message_id": "ours@desk.example"}, {}),
    ({"sent_at": NOON}, {}),
]


@pytest.mark.parametrize("version", [1, 2, 3, 4])
@pytest.mark.parametrize(("said", "fields_now"), BASES)
def test_an_old_sending_by_hand_has_its_basis(
    said: dict[str, Scalar], fields_now: dict[str, Scalar], version: int
) -> None:
    """Before version 5 only "by hand" was said: a copy in Sent has a Message-ID and no octets of ours."""
    found = json.loads(
        encode(Event(EventKind.NOTIFICATION_SENT, NOON, "o1", (Change("notification", "k", said),)), str)
    )
    found["version"] = version
    (change,) = decode(json.dumps(found).encode(), str).changes
    assert change.values == said | fields_now


UNCHECKED: dict[str, Scalar] = {"signature": SignatureState.NOT_CHECKED, "dnssec": Dnssec.UNKNOWN}
COPIES: list[tuple[dict[str, object], dict[str, Scalar]]] = [
    ({"id": "INBOX/7/3", "uidvalidity": 7, "uid": 3}, {"id": "INBOX/7/3", "numbering": "7", "item": "3"}),
    ({"uidvalidity": 8}, {"numbering": "8"}),  # renumbered, and the mail kept its UID
    ({"uidvalidity": 8, "uid": 1, "gone_at": None}, {"numbering": "8", "item": "1", "gone_at": None}),
    ({"gone_at": None}, {"gone_at": None}),
    (
        {"id": "file:x/1/5", "uidvalidity": 1, "uid": 5, "arrival": "mbox line"},
        {"id": "file:x/1/5", "numbering": "1", "item": "5", "arrival": ArrivalBasis.MBOX, "source": OctetSource.FILE},
    ),
    (
        {"id": "exercise X/0/2", "uidvalidity": 0, "uid": 2, "arrival": "server"},
        {
            "id": "exercise X/0/2", "numbering": "0", "item": "2", "arrival": ArrivalBasis.SERVER,
            "source": OctetSource.PLAYED,
        },
    ),
]  # fmt: skip


@pytest.mark.parametrize("version", [1, 5])
@pytest.mark.parametrize(("said", "fields_now"), COPIES)
def test_an_old_copy_has_its_names_and_its_source(
    said: dict[str, object], fields_now: dict[str, Scalar], version: int
) -> None:
    """Before version 6 a copy had the numbers of IMAP, and one that was renumbered often a new UIDVALIDITY alone."""
    found = json.loads(encode(Event(EventKind.COPIES_COUNTED, NOON, "o1"), str))
    found |= {"version": version, "changes": [{"table": "delivery", "key": "k", "values": said}]}
    (change,) = decode(json.dumps(found).encode(), str).changes
    assert change.values == fields_now | (UNCHECKED if "id" in said else {})


@pytest.mark.parametrize("version", [1, 6, 7])
def test_nothing_is_guessed_about_the_signature_of_an_old_copy(version: int) -> None:
    """Before version 7 nobody recorded what was found at receipt: not checked, and no verdict is put in its place."""
    found = json.loads(encode(Event(EventKind.MESSAGE_TAKEN_IN, NOON, "o1"), str))
    row = {"table": "delivery", "key": "k", "values": {"id": "k", "message": "m1"}}
    later = {"table": "delivery", "key": "k", "values": {"gone_at": None}}
    about = {"table": "message", "key": "m1", "values": {"id": "m1", "verdict": "verified"}}
    found |= {"version": version, "changes": [row, later, about]}
    copy, gone, message = decode(json.dumps(found).encode(), str).changes
    assert copy.values == {"id": "k", "message": "m1"} | (UNCHECKED if version < 7 else {})
    assert gone.values == {"gone_at": None}
    assert "signature" not in message.values


def test_an_erased_sentence_implies_nothing() -> None:
    """If the personal value of an old event was erased, its fields are those of a row without the sentence."""
    event = Event(EventKind.MESSAGE_PLACED, NOON, "o1", (Change("message", "k", {"verdict_basis": "confirmed by o1"}),))
    found = json.loads(encode(event, Kept().commit))
    found["version"] = 2
    (change,) = decode(json.dumps(found).encode(), lambda key: key).changes
    assert change.values == {"verdict_basis": f"{COMMITMENT}0", "confirmed_by": None}


def test_this_version_reads_no_sentence() -> None:
    """An event of this version says only what its fields say."""
    said = Change("message", "k", {"match_basis": Basis.BY_HAND(officer="officer1")})
    (change,) = decode(encode(Event(EventKind.MESSAGE_PLACED, NOON, "o1", (said,)), str), str).changes
    assert change == said


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
def test_an_event_is_read_as_it_was_written_in_old_words_too(event: Event) -> None:
    """Every kind and every field of every row, personal or not, is read as written, with old names too."""
    kept = Kept()
    octets = encode(event, kept.commit)
    assert decode(octets, kept.reveal) == event
    assert without_new(decode(as_before(octets), kept.reveal)) == without_new(event)


@given(st.lists(EVENTS, max_size=4), st.sampled_from(EventKind))
def test_events_of_one_kind_are_found_in_old_words_too(events: list[Event], kind: EventKind) -> None:
    """They are the events of that kind among all of them, with their numbers; none of another."""
    kept = Kept()
    written = [encode(event, kept.commit) for event in events]
    for octets in (written, list(map(as_before, written))):
        each = list(zip(range(1, len(events) + 1), octets, strict=True))
        found = list(decode_each(each, kept.reveal, kind))
        assert found == [(seq, decode(one, kept.reveal)) for seq, one in each if events[seq - 1].kind is kind]
        assert list(decode_each(each, kept.reveal)) == [(seq, decode(one, kept.reveal)) for seq, one in each]


RENAMED = [
    *(Event(EventKind(kind), NOON, "o1") for kind in OLD_KIND),
    *(Event(EventKind.KEY_LEARNED, NOON, "o1", (Change(table, "k", {}),)) for table in OLD_TABLE),
    *(
        Event(
            EventKind.WATCH_CHANGED,
            NOON,
            "o1",
            (Change(table, "k", {name: Basis.OURS() if name == "match_basis" else True}),),
        )
        for table, names in OLD_FIELD.items()
        for name in names
    ),
]


@pytest.mark.parametrize("event", RENAMED, ids=repr)
def test_each_old_word_is_read_as_the_new_one(event: Event) -> None:
    """Each old name is tested singly, since random events may leave one out."""
    octets = encode(event, str)
    before = as_before(octets)
    assert json.loads(before) != {name: value for name, value in json.loads(octets).items() if name != "version"}
    assert without_new(decode(before, str)) == decode(octets, str) == event


def test_nothing_is_written_in_old_words() -> None:
    """All new names are in use and no old one is; otherwise a new event could be read as an old one."""
    tables = {table: {spec.name for spec in fields(record)} for table, record in BY_TABLE.items()}
    assert OLD_KIND.keys() <= {*EventKind}
    assert not {*EventKind} & {*OLD_KIND.values()}
    assert OLD_TABLE.keys() <= tables.keys()
    assert not tables.keys() & {*OLD_TABLE.values()}
    for table, names in OLD_FIELD.items():
        assert names.keys() <= tables[table]
        assert not tables[table] & {*names.values()}


# The changes of two events of the version with schema 0001.
BEFORE: tuple[tuple[str, Mapping[str, object]], ...] = (
    (
        "watch changed",
        {
            "table": "watched", "key": "clock",
            "values": {"id": "clock", "since": "2024-06-06T10:00:00.000000+00:00", "value": "120 s", "wrong": True},
        },
    ),
    ("case waits again", {"table": "watched", "key": "clock", "values": {"wrong": False}}),
)  # fmt: skip


def write_before(store: SqlStore) -> None:
    """Writes the events to the chain as that version did."""
    digest = GENESIS
    insert = (
        "INSERT INTO event (seq, at, kind, actor, octets, digest) VALUES (:seq, :at, :kind, 'o1', :octets, :digest)"
    )
    for seq, (kind, change) in enumerate(BEFORE, 1):
        found = json.loads(encode(Event(EventKind.WATCH_CHANGED, NOON, "o1"), str))
        del found["version"]
        found |= {"kind": kind, "changes": [change]}
        octets = json.dumps(found, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
        digest = link(digest, octets)
        with store.engine.begin() as connection:
            at = NOON if store.engine.dialect.name == "postgresql" else NOON.astimezone(UTC).strftime("%F %T.%f")
            connection.execute(text(insert), {"seq": seq, "at": at, "kind": kind, "octets": octets, "digest": digest})
            connection.execute(
                text("UPDATE chain_head SET seq = :seq, digest = :digest"), {"seq": seq, "digest": digest}
            )


def test_events_of_before_are_proved_as_they_stand(store: SqlStore) -> None:
    """The chain covers the old names; changing the column to the new name is detected."""
    write_before(store)
    assert broken(store) == (None, None)
    with store.read() as tx:
        assert [event.kind for _, event in tx.events()] == [
            EventKind.WATCH_CHANGED, EventKind.CASE_REVERTED_TO_NOTIFIED
        ]  # fmt: skip
        assert [dict(event.changes[0].values) for _, event in tx.events()][1] == {"failing": False}
    behind_its_back(store, "UPDATE event SET kind = 'case reverted to notified' WHERE seq = 2")
    assert broken(store)[0] == 2


def test_a_stored_kind_is_the_word_in_the_octets() -> None:
    """The stored kind is the name in the octets, old or new."""
    octets = encode(Event(EventKind.CASE_REVERTED_TO_NOTIFIED, NOON, "o1"), str)
    assert (stored_kind(octets), stored_kind(as_before(octets))) == ("case reverted to notified", "case waits again")


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
