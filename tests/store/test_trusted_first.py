# SPDX-License-Identifier: EUPL-1.2
"""The mails of the most trusted senders come first, and each sender is looked at once, whatever they sent."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from functools import partial
from random import Random
from sqlite3 import Connection
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flaggermail.adapters.db.store import SqlStore
from flaggermail.cases.attention import most_trusted, trust_of
from flaggermail.desk.desk import Caller
from flaggermail.desk.desk import Desk as AskedDesk
from flaggermail.mail.message import SenderVerdict
from flaggermail.ports import Transaction
from flaggermail.record.case_values import Priority, SenderTrust, Source
from flaggermail.record.events import Event, EventKind, added
from flaggermail.record.kinds import FROM_MAILBOX, ArrivalBasis, Direction, Place
from flaggermail.record.rows import Record, RememberedDomain, StoredMessage
from flaggermail.reminders import handover, quarantine_ageing
from flaggermail.services import DAEMON, UnitOfWork
from tests.store.desk_fixtures import CITIZEN, META, OFFICER, REFERRER, START, Desk, mail
from tests.store.samples import UndoneError
from tests.store.test_habits import statements as asked_of
from tests.store.test_reading_once import statements
from tests.store.test_thousands import calls_of
from tests.store.test_undecided_cases import others

UNKNOWN = [f"iemand@onbekend{number}.example" for number in range(4)]
SENDERS = (OFFICER, REFERRER, CITIZEN, META, "krant@pers.example", "x@nieuws.pers.example", "", None, *UNKNOWN)

AN_ENTRY = 4  # instructions of SQLite's machine; read and compared with the one before, it takes twenty


def written(tx: Transaction, *rows: Record) -> None:
    """Writes rows as they are."""
    tx.append(Event(EventKind.MESSAGE_TAKEN_IN, START, DAEMON, tuple(added(row) for row in rows)))


def several(row: StoredMessage, count: int, first: int = 0) -> list[StoredMessage]:
    """Returns so many mails like one, a minute apart."""
    return [
        replace(row, id=f"x{number:07d}", message_id=f"{number}@x.example", place=Place.QUARANTINE, case=None,
                received_at=START - timedelta(minutes=number))
        for number in range(first, first + count)
    ]  # fmt: skip


@pytest.fixture
def received(desk: Desk) -> StoredMessage:
    """Returns a mail of a referrer, filed in a case."""
    return desk.receive(mail(REFERRER, "Bericht", "Stem niet op donderdag."))


def test_they_are_the_first_of_all_in_the_order_of_trust(desk: Desk, received: StoredMessage) -> None:
    """Over random mails, of any number of senders, those shown and their number are those of a look at each mail."""
    pers = RememberedDomain(id="pers.example", source=Source.MEDIA, added_at=START, added_by="officer1")
    seen = set[SenderTrust]()

    @settings(max_examples=100)
    @given(st.randoms(use_true_random=True))
    def holds(chance: Random) -> None:
        senders = chance.sample(SENDERS, chance.choice((1, 3, len(SENDERS))))
        rows = [
            replace(
                row, from_address=chance.choice(senders), verdict=chance.choice(tuple(SenderVerdict)),
                direction=chance.choice((Direction.IN, Direction.IN, Direction.OUT)),
                case=chance.choice((None, None, received.case)), arrival=chance.choice(tuple(ArrivalBasis)),
                place=chance.choice((Place.QUARANTINE, Place.QUARANTINE, Place.NOISE)),
                received_at=START - timedelta(minutes=chance.randrange(12)),
            )
            for row in several(received, chance.choice((2, 12, 40)))
        ]  # fmt: skip
        with suppress(UndoneError), desk.env.store.begin() as tx:
            written(tx, pers, *rows)
            work = UnitOfWork(desk.env, tx, START)
            plain = handover.quarantined(work)
            for most in (1, 4, 25, 100):
                found, number = most_trusted(work, most, Place.QUARANTINE, FROM_MAILBOX)
                assert ([row.id for row in found], number) == ([row.id for row in plain[:most]], len(plain))
            seen.update(trust_of(work, row) for row in plain)
            raise UndoneError

    holds()
    assert seen == set(SenderTrust)


def test_many_mails_of_a_sender_are_not_read(desk: Desk, received: StoredMessage) -> None:
    """Ten times as many mails of the same senders take as many calls and statements, and come behind each other."""
    assert isinstance(desk.env.store, SqlStore)

    def shown() -> object:
        return AskedDesk(lambda: desk.env, Caller(officer="officer1")).answer("tonight", {})["messages"]

    few, asked = 0, list[int]()
    for first, count in ((0, 120), (120, 1000)):
        with desk.env.store.begin() as tx:
            for row in several(received, count, first):
                written(tx, replace(row, from_address=UNKNOWN[int(row.id[1:]) % 4]))
        shown()
        with statements(desk.env.store) as sent:
            shown()
        asked.append(len(sent))
        few = few or calls_of(shown)
    assert asked[0] == asked[1] > 0
    assert calls_of(shown) < few + 100


def instructions(desk: Desk, act: Callable[[], object]) -> int:
    """Returns how many instructions SQLite's machine runs for what `act` asks."""
    assert isinstance(desk.env.store, SqlStore)
    with asked_of(desk.env.store.engine) as asked:
        act()
    run = 0

    def count() -> int:
        nonlocal run
        run += 1
        return 0

    with desk.env.store.engine.connect() as connection:
        driver = connection.connection.driver_connection
        assert isinstance(driver, Connection)
        driver.set_progress_handler(count, 1)
        try:
            for statement, parameters in asked:
                if statement.startswith(("SELECT", "WITH")):
                    connection.exec_driver_sql(statement, tuple(parameters)).all()
        finally:
            driver.set_progress_handler(None, 1)
    return run


def test_the_database_counts_what_is_alike_and_passes_over_it(desk: Desk, received: StoredMessage) -> None:
    """Of a further mail of one sender, or case with the same steps, it counts the entry of an index, and is done."""
    case, found = desk.case(received.case or ""), dict[str, list[int]]()
    for first, count in ((0, 120), (120, 1000)):
        for view, rows in (("oncall next", others(case, count, first)), ("tonight", several(received, count, first))):
            with desk.env.store.begin() as tx:
                written(tx, *rows)
            ask = partial(AskedDesk(lambda: desk.env, Caller(officer="officer1")).answer, view, {})
            ask()
            found.setdefault(view, []).append(instructions(desk, ask))
    few, many = found["oncall next"]
    assert many - few < 1000 * AN_ENTRY
    few, many = found["tonight"]  # with the cases
    assert many - few < 2 * 1000 * AN_ENTRY


def test_a_mail_that_cannot_be_read_hides_no_other(desk: Desk, received: StoredMessage) -> None:
    """A value that no program wrote, in a mail behind those shown, leaves the first page as it was."""
    assert isinstance(desk.env.store, SqlStore)
    ask = partial(AskedDesk(lambda: desk.env, Caller(officer="officer1")).answer, "tonight", {})
    with desk.env.store.begin() as tx:
        written(tx, *(replace(row, from_address=UNKNOWN[int(row.id[1:]) % 2]) for row in several(received, 60)))
    before = ask()["messages"]
    with desk.env.store.engine.begin() as connection:  # the latest of a sender whose first mails are shown
        connection.exec_driver_sql("""UPDATE message SET kinds = '["no kind"]' WHERE id = 'x0000020'""")
    assert ask()["messages"] == before
    assert "x0000020" not in str(before)


def test_the_list_of_the_quarantine_begins_with_what_is_urgent(desk: Desk, received: StoredMessage) -> None:
    """A mail that names an authority is urgent: it stands above older ones, however many lines are asked for."""
    ask = AskedDesk(lambda: desk.env, Caller(officer="officer1")).answer
    with desk.env.store.begin() as tx:
        rows = several(received, 6)
        written(tx, *(replace(row, priority=Priority.URGENT) if row.id in "x0000001 x0000004" else row for row in rows))
    for limit in (1, 2, 3, 6, 9):
        found, cursor = "", ""
        while cursor or not found:
            answer = cast(
                "dict[str, Any]", ask("quarantine list", {"limit": limit} | ({"cursor": cursor} if cursor else {}))
            )
            found += "".join(one["id"][-1] for one in answer["messages"])
            cursor = answer["next"]
        assert found == "415320"


def test_mail_in_a_place_is_read_in_the_order_of_an_index(desk: Desk, received: StoredMessage) -> None:
    """The index by trust tempts SQLite away from the one by instants, without which it sorts all that lies there."""
    assert isinstance(desk.env.store, SqlStore)
    ask = AskedDesk(lambda: desk.env, Caller(officer="officer1")).answer
    with desk.env.store.begin() as tx:
        written(tx, *several(received, 3))
    with statements(desk.env.store) as sent:
        for place in Place:
            ask("message list", {"place": place.value})
        ask("quarantine list", {})
        ask("tonight", {})
        with desk.env.store.read() as tx:
            quarantine_ageing.next_due(desk.env, tx)
    inorder = [text for text in sent if "FROM message" in text and "ORDER BY" in text]
    assert len(inorder) > len(Place)
    with desk.env.store.engine.connect() as connection:
        for text in inorder:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", (None,) * text.count("?")).all()
            assert "TEMP B-TREE FOR ORDER" not in str(plan), text
