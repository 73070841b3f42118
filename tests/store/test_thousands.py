# SPDX-License-Identifier: EUPL-1.2
"""Thousands of old mails and hundreds of open cases: no work takes the square of their number, none asks for each."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from flaggermail.adapters.db.store import SqlStore
from flaggermail.commands.cases import OpenCase
from flaggermail.desk.desk import Caller
from flaggermail.desk.desk import Desk as AskedDesk
from flaggermail.errors import StoreFailure
from flaggermail.intake import census, ingest
from flaggermail.intake.ingest import ingest_batches
from flaggermail.intake.triage import IntakeFacts, Reading, Triaged, judge
from flaggermail.notices import digest
from flaggermail.ports import OctetSource, RawMessage, Role
from flaggermail.record.case_values import CaseType, Origin
from flaggermail.record.events import EventKind, changed
from flaggermail.record.kinds import Direction, Kind
from flaggermail.reminders import handover, open_clocks, quarantine_ageing, sending
from flaggermail.services import UnitOfWork
from flaggermail.stories.doubles import SetClock
from tests.store.desk_fixtures import START, Desk, mail
from tests.store.test_reading_once import statements

OLD = START - timedelta(hours=9)
CALLS_A_MAIL = 60  # of functions, for the few fields that a long list needs; a whole row takes three times as many


def old_mail(desk: Desk, count: int, first: int = 0, sender: str = "", at: datetime = OLD) -> None:
    """Takes in mails that fit nowhere and came long ago, together; from one sender, or each from another."""
    raws = [
        RawMessage(
            mail(sender or f"who{number}@elsewhere.example", f"Vraag {number}", f"Wat is {number}?", at=at),
            at, "INBOX", "1", str(first + number + 1), Role.INBOX, source=OctetSource.IMAP,
        )
        for number in range(first, first + count)
    ]  # fmt: skip
    assert [len(outcomes) for outcomes in ingest_batches(desk.env, [raws])] == [count]


class SlowClock(SetClock):
    """A clock that a fifth of a second passes on each look at it."""

    def now(self) -> datetime:
        """Returns the instant, and moves on."""
        self.set(super().now() + timedelta(seconds=0.2))
        return super().now()


def test_old_mail_holds_the_record_for_a_moment_only(desk: Desk) -> None:
    """A batch that takes long is recorded in several transactions, each mail once and in its order."""
    old_mail(desk, 3)
    quick = begun(desk, lambda: old_mail(desk, 7, 10))
    desk.env = replace(desk.env, clock=SlowClock(START))
    slow = begun(desk, lambda: old_mail(desk, 7, 20))
    assert (quick, slow) == (1, 4)  # two mails a transaction: the third would begin after half a second
    subjects = [row.subject for row in sorted(desk.messages(), key=lambda row: row.id)]
    assert subjects == [f"Vraag {number}" for number in (*range(3), *range(10, 17), *range(20, 27))]
    desk.assert_whole()


def test_a_fault_after_the_first_transaction_takes_the_rest_apart(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was committed stays; the mail whose triage fails waits in the quarantine, and those behind it go on."""

    def fails(facts: IntakeFacts, reading: Reading) -> Triaged:
        if b"Vraag 5\r\n" in facts.raw.octets:
            raise ZeroDivisionError
        return judge(facts, reading)

    monkeypatch.setattr(ingest, "judge", fails)
    desk.env = replace(desk.env, clock=SlowClock(START))
    tried = begun(desk, lambda: old_mail(desk, 8))
    assert tried == 2 + 1 + 4 + 1  # two parts, one that fails, its mails alone, and again the one whose fault it is
    came = desk.messages(direction=Direction.IN)
    rows = sorted(came, key=lambda row: row.id)
    assert [row.subject for row in rows] == [f"Vraag {number}" for number in range(8)]
    assert [row.subject for row in rows if "ZeroDivisionError" in row.reason.english] == ["Vraag 5"]
    desk.assert_whole()


def test_very_many_copies_that_are_gone_are_recorded_in_parts(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that was emptied holds up no other writer for long."""
    monkeypatch.setattr(census, "AT_ONCE", 3)
    old_mail(desk, 8)
    gone = [changed(copy, replace(copy, gone_at=START)) for copy in desk.deliveries()]
    assert begun(desk, lambda: census.record(desk.env, gone)) == 3
    assert {copy.gone_at for copy in desk.deliveries()} == {START}
    desk.assert_whole()


def begun(desk: Desk, act: Callable[[], object]) -> int:
    """Returns how many transactions `act` begins."""
    assert isinstance(desk.env.store, SqlStore)
    with statements(desk.env.store) as sent:
        act()
    return sum(statement.startswith("BEGIN IMMEDIATE") for statement in sent)


def untold(desk: Desk) -> int:
    """Returns how many mails still wait for a digest."""
    return len(desk.messages(pending_digest=True))


def digests(desk: Desk) -> int:
    """Returns how many digests were queued."""
    return len(desk.mails(kind=Kind.DIGEST))


def test_very_many_are_one_digest_and_several_transactions(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """One mail tells of all; no transaction marks more than a part, so that none holds up a lease or a reminder."""
    monkeypatch.setattr(digest, "TOGETHER", 3)
    old_mail(desk, 8)
    assert digest.send_digest(desk.env) == 8
    assert (untold(desk), digests(desk), desk.happened(EventKind.DIGEST_SENT)) == (0, 1, 3)
    assert digest.send_digest(desk.env) == 0
    desk.assert_whole()


def test_what_a_fault_left_unmarked_is_told_again(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a digest that could not be finished the next one tells of the rest; no mail is told of by none."""
    monkeypatch.setattr(digest, "TOGETHER", 3)
    old_mail(desk, 8)
    begin, begun = desk.env.store.begin, list[int]()

    def failing() -> object:
        begun.append(1)
        if len(begun) == 2:
            raise StoreFailure("the disk is full")
        return begin()

    monkeypatch.setattr(desk.env.store, "begin", failing)
    with pytest.raises(StoreFailure):
        digest.send_digest(desk.env)
    assert (untold(desk), digests(desk)) == (5, 1)
    assert digest.send_digest(desk.env) == 5
    assert (untold(desk), digests(desk)) == (0, 2)


def calls_of(act: Callable[[], object]) -> int:
    """Returns how many functions are called for `act`."""
    calls = 0

    def count(_: object, event: str, __: object) -> None:
        nonlocal calls
        calls += event == "call"

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        act()
    finally:
        sys.setprofile(before)
    return calls


def test_a_digest_takes_work_by_the_number_of_its_mails(desk: Desk) -> None:
    """Of four times as many mails, it takes about four times the work."""
    old_mail(desk, 100)
    few = calls_of(lambda: digest.send_digest(desk.env))
    old_mail(desk, 400, 100)
    assert calls_of(lambda: digest.send_digest(desk.env)) < 4.4 * few


def test_how_things_stand_takes_work_by_the_number_of_open_cases(desk: Desk) -> None:
    """Of four times as many late cases, an officer who asks waits about four times as long, and so does the record."""
    few = calls_of_a_stand(desk, 300)
    assert calls_of_a_stand(desk, 900) < 4.4 * few


def opened(desk: Desk, count: int) -> None:
    """Opens so many cases."""
    case = OpenCase(election="EP2024", type=CaseType.CONTENT, origin=Origin.MEDIA, title="Stemmen op donderdag")
    with desk.env.store.begin() as tx:
        work = UnitOfWork(desk.env, tx, desk.clock.now(), "officer1")
        for _ in range(count):
            case.perform(work)


def calls_of_a_stand(desk: Desk, more: int) -> int:
    """Opens so many cases; returns how many functions are called an hour later to say how things stand."""
    opened(desk, more)
    desk.clock.set(desk.clock.now() + timedelta(hours=1))
    with desk.env.store.read() as tx:
        work = UnitOfWork(desk.env, tx, desk.clock.now())
        calls, said = calls_of(lambda: handover.values(work)), handover.values(work)["counts"]
    assert isinstance(said, dict)
    assert (said["late"], said["running"]) == (len(desk.cases()), 0)
    return calls


def test_a_hand_over_reads_little_of_each_waiting_mail(desk: Desk) -> None:
    """Of very many in the quarantine, the rows of those alone are read that a part of the note lists."""

    def part() -> object:
        return AskedDesk(lambda: desk.env, Caller(officer="officer1")).answer("oncall handover", {"limit": 5})

    old_mail(desk, 20, 0, "who@elsewhere.example")
    part()
    few = calls_of(part)
    old_mail(desk, 100, 20, "who@elsewhere.example")
    assert calls_of(part) - few < 100 * CALLS_A_MAIL


def test_the_next_reminders_cost_the_same_however_many_cases_are_open(desk: Desk) -> None:
    """Nothing is read of those beyond the listed ones; of those alone that somebody was told of, the next reminder."""
    store = desk.env.store
    assert isinstance(store, SqlStore)
    ask = AskedDesk(lambda: desk.env, Caller(officer="officer1")).answer

    def part() -> object:
        return ask("oncall next", {"limit": 5})

    def asked() -> int:
        with statements(store) as sent:
            part()
        return len(sent)

    for already in (20, 3):  # with nobody told yet, then of some
        opened(desk, already)
        if already == 3:
            desk.go_on(31)
            opened(desk, 100)
        part()
        found = list[tuple[int, int]]()
        for more in (0, 200):
            opened(desk, more)
            found.append(min((asked(), calls_of(part)) for _ in range(3)))  # now and then one does what is due
        assert found[0] == found[1]


def test_the_first_lines_of_a_hand_over_cost_the_same_however_many_follow(desk: Desk) -> None:
    """Cases come first, in the order of an index: neither those behind them nor what waits elsewhere is read."""

    def part() -> object:
        return AskedDesk(lambda: desk.env, Caller(officer="officer1")).answer("oncall handover", {"limit": 5})

    def least() -> int:
        return min(calls_of(part) for _ in range(3))  # now and then one calls what is due in the process

    opened(desk, 6)
    part()
    few = least()
    opened(desk, 50)
    old_mail(desk, 50)
    assert least() == few


def test_when_thousands_are_overdue_one_of_them_says_so(desk: Desk) -> None:
    """Nobody was told of any yet: the mail that came first is read, and the answer is that of all of them."""
    old_mail(desk, 5, 0, "who@elsewhere.example", START)
    desk.clock.set(START + timedelta(hours=1))

    def due() -> datetime | None:
        with desk.env.store.read() as tx:
            return quarantine_ageing.next_due(desk.env, tx)

    due()
    few, at = calls_of(due), due()
    assert at is not None
    assert at > desk.clock.now()  # when its recipient may next be reminded
    old_mail(desk, 50, 10, "who@elsewhere.example", START)
    assert (calls_of(due), due()) == (few, at)
    assert quarantine_ageing.tick(desk.env) == 55
    assert due() != at


def test_a_tick_asks_as_much_for_many_clocks_as_for_few(desk: Desk) -> None:
    """Cases without a decision, and notifications without an answer, are asked for together."""
    assert isinstance(desk.env.store, SqlStore)
    asked = []
    for more in (2, 4):
        for number in range(more):
            desk.receive(mail("desk@lindewaard.example", f"Bericht {more} {number}", "Stem niet op donderdag."))
            desk.notified()
        desk.settle()
        with statements(desk.env.store) as sent:
            assert sending.tick(desk.env) == 0
        asked.append(len(sent))
    assert asked[1] == asked[0] > 0


def test_the_clocks_of_very_many_cases_are_asked_for_in_parts(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """More cases than a statement takes values have the same clocks and the same reminders, and one statement more."""
    for number in range(3):
        desk.receive(mail("desk@lindewaard.example", f"Bericht {number}", "Stem niet op donderdag."))
    desk.go_on(300)
    assert isinstance(desk.env.store, SqlStore)
    found, asked = list[list[open_clocks.OpenClock]](), list[int]()
    for together in (10_000, 2):
        monkeypatch.setattr(open_clocks, "TOGETHER", together)
        with statements(desk.env.store) as sent, desk.env.store.read() as tx:
            found.append(list(open_clocks.open_clocks(tx)))
        asked.append(len(sent))
    assert [len(clock.told) > 0 for clock in found[0]] == [True] * 3
    assert found[1] == found[0]
    assert asked[1] == asked[0] + 1
