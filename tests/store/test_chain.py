# SPDX-License-Identifier: EUPL-1.2
"""The past cannot be changed unnoticed, and personal values in it can still be erased."""

import hashlib
import sqlite3
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from flaggermail.adapters.db.store import SqlStore
from flaggermail.record.case_values import CaseType, ContactMeans, Origin
from flaggermail.record.event_codec import COMMITMENT, GENESIS
from flaggermail.record.events import Event, EventKind, added, changed, fold
from flaggermail.record.kinds import Direction, Place
from flaggermail.record.rows import Case, ContactNote, Election, Record, StoredMessage
from flaggermail.record.states import CaseState
from flaggermail.wording.said import as_written
from tests.store.conftest import new_store
from tests.store.samples import NOON, alarm, broken_commitment, broken_link, happened

CANARY = "canary-7d1f"
NEVER = "the past is never changed"
ELECTION = Election(
    code="GR26", name_nl="Raad", name_en="Council", polling_days=(NOON.date(),), period_from=NOON.date(),
    period_until=NOON.date(),
)  # fmt: skip
CASE = Case(
    number="GR26-1", election="GR26", type=CaseType.CONTENT, origin=Origin.REFERRAL, title=f"{CANARY} title",
    token="t1",
    referrer_address=f"{CANARY}@town.example", referrer_name=f"{CANARY} name", opened_at=NOON, opened_by="o1",
)  # fmt: skip
MESSAGE = StoredMessage(
    id="m1", message_id=None, content_key="k", digest="d", direction=Direction.IN, place=Place.CASE, case="GR26-1",
    from_address=f"{CANARY}@town.example", from_name=f"{CANARY} name", subject=f"{CANARY} subject",
    reason=as_written(f"{CANARY} waits"),
    verdict_basis=as_written(f"refused: {CANARY}"), received_at=NOON, first_seen_at=NOON,
)  # fmt: skip
NOTE = ContactNote(
    id="n1",
    case="GR26-1",
    means=ContactMeans.PHONE,
    text=f"{CANARY} said",
    effective_at=NOON,
    entered_at=NOON,
    author="o1",
)
PERSONAL: tuple[Record, ...] = (ELECTION, CASE, MESSAGE, NOTE)


def write(store: SqlStore, *events: Event) -> None:
    """Writes each event in its own transaction."""
    for event in events:
        with store.begin() as tx:
            tx.append(event)


def alarms(number: int) -> list[Event]:
    """Builds that many events, each of which adds an alarm."""
    return [happened(added(alarm(f"a{serial}"))) for serial in range(1, number + 1)]


def behind_its_back(store: SqlStore, *statements: str, **values: object) -> None:
    """Changes the database as an intruder would who also removes its triggers."""
    triggers = (
        ("event_no_update", "event_no_delete", "event_no_replace")
        if store.engine.dialect.name == "sqlite"
        else ("event_append_only ON event",)
    )
    with store.engine.begin() as connection:
        for statement in (*(f"DROP TRIGGER IF EXISTS {trigger}" for trigger in triggers), *statements):
            connection.execute(text(statement), values if ":" in statement else {})


def broken(store: SqlStore) -> tuple[int | None, int | None]:
    """Returns the first broken link and the first broken commitment."""
    with store.read() as tx:
        return broken_link(tx), broken_commitment(tx)


def test_a_chain_left_alone_is_whole(store: SqlStore) -> None:
    """An unchanged chain is intact, empty or with events in several transactions and several in one."""
    assert broken(store) == (None, None)
    write(store, *alarms(3))
    with store.begin() as tx:
        tx.append(*(happened(added(row)) for row in PERSONAL))
    assert broken(store) == (None, None)
    with store.read() as tx:
        assert [seq for seq, _ in tx.events()] == [1, 2, 3, 4, 5, 6, 7]
        assert [seq for seq, _ in tx.events(after=5)] == [6, 7]


def test_the_digest_is_what_the_documentation_says(store: SqlStore) -> None:
    """SHA-256 over the previous digest, in hexadecimal, and the stored octets: verifiable without this program."""
    write(store, *alarms(2))
    with store.engine.connect() as connection:
        digest = GENESIS
        for octets, stored in connection.execute(text("SELECT octets, digest FROM event ORDER BY seq")):
            digest = hashlib.sha256(digest.encode() + bytes(octets)).hexdigest()
            assert digest == stored


@pytest.mark.parametrize(
    ("statement", "first"),
    [
        ("UPDATE event SET octets = :other WHERE seq = 2", 2),
        ("UPDATE event SET digest = 'other' WHERE seq = 3", 3),
        ("UPDATE event SET actor = 'other' WHERE seq = 2", 2),
        ("UPDATE event SET kind = 'alarm raised' WHERE seq = 4", 4),
        ("UPDATE event SET at = at, \"case\" = '9' WHERE seq = 1", 1),
        ("UPDATE event SET message = 'm9', notification = 'n9' WHERE seq = 3", 3),
        ("DELETE FROM event WHERE seq = 1", 1),
        ("DELETE FROM event WHERE seq = 3", 3),
        ("DELETE FROM event WHERE seq = 4", 4),
        ("DELETE FROM event", 1),
        ("UPDATE event SET seq = 9 WHERE seq = 4", 4),
    ],
)
def test_the_first_changed_event_is_named(store: SqlStore, statement: str, first: int) -> None:
    """A change of octets, digest or a column is located, and so is an event removed at any place."""
    write(store, *alarms(4))
    behind_its_back(store, statement, other=b"{}")
    assert broken(store)[0] == first


def test_a_changed_instant_is_noticed(store: SqlStore) -> None:
    """The column with the instant must agree with the octets."""
    write(store, *alarms(3))
    behind_its_back(store, "UPDATE event SET at = (SELECT raised_at FROM alarm WHERE id = 'a3') WHERE seq = 2")
    assert broken(store)[0] is None, "the same instant is no change"
    with store.begin() as tx:
        tx.append(happened(added(replace(alarm("late"), raised_at=NOON + timedelta(microseconds=1)))))
    behind_its_back(store, "UPDATE event SET at = (SELECT raised_at FROM alarm WHERE id = 'late') WHERE seq = 2")
    assert broken(store)[0] == 2


def test_two_events_that_changed_places_are_noticed(store: SqlStore) -> None:
    """Exchanging two events breaks the chain."""
    write(store, *alarms(4))
    behind_its_back(
        store,
        "UPDATE event SET seq = 90 WHERE seq = 2",
        "UPDATE event SET seq = 2 WHERE seq = 3",
        "UPDATE event SET seq = 3 WHERE seq = 90",
    )
    assert broken(store)[0] == 2


def test_an_event_behind_the_head_is_noticed(store: SqlStore) -> None:
    """The head names the last event; a further event, though correctly linked, is not part of the record."""
    write(store, *alarms(2))
    behind_its_back(store, "UPDATE chain_head SET seq = 1, digest = (SELECT digest FROM event WHERE seq = 1)")
    assert broken(store)[0] == 2


REFUSED = (
    "UPDATE event SET actor = 'other'",
    "UPDATE event SET actor = 'x' WHERE seq = 9 OR 1 = 1",
    "DELETE FROM event",
)
AGAIN = """event SELECT seq, at, kind, 'other', "case", notification, message, octets, digest FROM event """
REPLACED = "INSERT OR REPLACE INTO " + AGAIN
UPSERTED = "INSERT INTO " + AGAIN + "WHERE true ON CONFLICT (seq) DO UPDATE SET actor = 'other'"


@pytest.mark.parametrize("statement", [*REFUSED, UPSERTED])
def test_the_database_itself_refuses_to_change_the_past(store: SqlStore, statement: str) -> None:
    """The database refuses UPDATE, DELETE and an INSERT that turns into one of them, from any program."""
    write(store, *alarms(2))
    with pytest.raises(DBAPIError, match=NEVER), store.engine.begin() as connection:
        connection.execute(text(statement))
    assert broken(store) == (None, None)


def test_postgresql_refuses_truncate(postgres_url: str) -> None:
    """TRUNCATE is not a DELETE, but is refused too."""
    store = new_store(postgres_url)
    write(store, *alarms(1))
    with pytest.raises(DBAPIError, match=NEVER), store.engine.begin() as connection:
        connection.execute(text("TRUNCATE event CASCADE"))
    store.close()


@pytest.mark.parametrize("recursive", ["ON", "OFF"])
@pytest.mark.parametrize("statement", [*REFUSED, REPLACED])
def test_sqlite_refuses_it_to_any_connection(sqlite_path: Path, statement: str, recursive: str) -> None:
    """Without our pragmas REPLACE bypasses the DELETE trigger, and is refused nevertheless."""
    store = new_store(f"sqlite:///{sqlite_path}")
    write(store, *alarms(2))
    store.close()
    connection = sqlite3.connect(sqlite_path)
    connection.execute(f"PRAGMA recursive_triggers = {recursive}")
    with pytest.raises(sqlite3.IntegrityError, match=NEVER):
        connection.execute(statement)
    assert connection.execute("SELECT DISTINCT actor FROM event").fetchall() == [("daemon",)]
    connection.close()


def octets_of(store: SqlStore) -> bytes:
    """Returns all stored octets, concatenated."""
    with store.engine.connect() as connection:
        return b"".join(bytes(row.octets) for row in connection.execute(text("SELECT octets FROM event ORDER BY seq")))


def test_personal_values_never_stand_in_the_octets(store: SqlStore) -> None:
    """Octets contain personal fields only as salted commitments; rows and events as read show the values."""
    with store.begin() as tx:
        tx.append(happened(*(added(row) for row in PERSONAL)))
        tx.append(happened(changed(CASE, replace(CASE, title=f"{CANARY} new title", state=CaseState.DECIDED))))
    assert CANARY.encode() not in octets_of(store)
    assert octets_of(store).count(COMMITMENT.encode()) == 10
    with store.read() as tx:
        read = [event for _, event in tx.events()]
        assert read[0].changes[1].values["title"] == CASE.title
        assert dict(read[1].changes[0].values) == {"title": f"{CANARY} new title", "state": "decided"}
        assert tx.get(StoredMessage, "m1") == MESSAGE


def test_equal_personal_values_have_unequal_commitments(store: SqlStore) -> None:
    """Each value has its own salt, so equal values have different commitments."""
    twin = replace(CASE, number="GR26-2", token="t2")
    with store.begin() as tx:
        tx.append(happened(added(ELECTION), added(CASE), added(twin)))
    with store.engine.connect() as connection:
        kept = connection.execute(text("SELECT commitment, salt FROM personal")).all()
    assert len({row.commitment for row in kept}) == len({bytes(row.salt) for row in kept}) == 6


def test_erasing_personal_values_leaves_the_record_valid(store: SqlStore) -> None:
    """After erasure of value and salt the chain is intact, and the event shows the commitment instead of the value."""
    erasing = replace(happened(changed(MESSAGE, replace(MESSAGE, placed_by="o1"))), kind=EventKind.MESSAGE_EXCLUDED)
    with store.begin() as tx:
        tx.append(*(happened(added(row)) for row in PERSONAL), erasing)
    with store.engine.begin() as connection:
        connection.execute(text("DELETE FROM personal WHERE event = 3"))
    assert broken(store) == (None, None)
    with store.read() as tx:
        rows = fold(event for _, event in tx.events())
        for name in StoredMessage.PERSONAL:
            assert str(rows["message", "m1"][name]).startswith(COMMITMENT)
        assert rows["message", "m1"]["case"] == "GR26-1"
        assert rows["case_file", "GR26-1"]["title"] == CASE.title


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE personal SET value = '\"somebody else\"' WHERE event = 3",
        "UPDATE personal SET salt = :salt WHERE event = 3",
    ],
    ids=["value", "salt"],
)
def test_a_changed_personal_value_is_noticed(store: SqlStore, statement: str) -> None:
    """An altered value cannot be given a salt that fits its commitment."""
    with store.begin() as tx:
        tx.append(*(happened(added(row)) for row in PERSONAL))
    behind_its_back(store, statement, salt=b"0" * 16)
    assert broken(store) == (None, 3)


def test_every_part_of_an_event_comes_back(store: SqlStore) -> None:
    """Kind, instant, actor, subjects, reason and facts are read as written, with letters beyond ASCII."""
    event = Event(
        EventKind.CONTACT_NOTED, NOON, "o1", (added(alarm("a")),), "GR26-1", "N1", "m1", "häh? 見",
        {"minutes": 152, "oral": True, "who": None, "names": ("a", "b")},
    )  # fmt: skip
    write(store, event)
    with store.read() as tx:
        assert list(tx.events()) == [(1, event)]
