# SPDX-License-Identifier: EUPL-1.2
"""The first page counts cases without a decision, and reads those alone whose clocks it lists."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text, update
from sqlalchemy.exc import IntegrityError

from flaggermail.adapters.db.mapping import table_of
from flaggermail.adapters.db.store import SqlStore
from flaggermail.commands.oncall import Acknowledge
from flaggermail.desk.desk import Caller
from flaggermail.desk.desk import Desk as AskedDesk
from flaggermail.desk.views.oncall import clock_place
from flaggermail.mail.message import Json
from flaggermail.notices.duty import readers
from flaggermail.record.case_values import Decision
from flaggermail.record.events import Event, EventKind, added
from flaggermail.record.rows import Case
from flaggermail.record.states import CaseState, ClockKind
from flaggermail.reminders import due_steps, sending
from flaggermail.reminders import open_clocks as open_clocks_module
from flaggermail.reminders.open_clocks import (
    Deciding,
    UndecidedCases,
    clocks_of_cases,
    deciding,
    open_clocks,
    undecided_cases,
)
from flaggermail.services import DAEMON
from flaggermail.settings.steps import Step, read_steps, write_steps
from tests.store.desk_fixtures import REFERRER, START, Desk, mail
from tests.store.samples import UndoneError
from tests.store.test_reading_once import statements
from tests.store.test_thousands import calls_of

POLICIES = tuple(
    write_steps([Step(ClockKind.DECISION, after) for after in minutes]) for minutes in ((30, 60), (45, 15), (), (0,))
)


def one_case(desk: Desk) -> Case:
    """Returns a case without a decision."""
    return desk.case(desk.receive(mail(REFERRER, "Bericht", "Stem niet op donderdag.")).case or "")


def others(case: Case, count: int, first: int = 0) -> list[Case]:
    """Returns so many more cases like one, a minute apart."""
    return [
        replace(case, number=f"X-{number:05d}", token=f"{number:032d}", opened_at=START - timedelta(minutes=number))
        for number in range(first, first + count)
    ]


def plainly(cases: list[Case], now: datetime, most: int) -> UndecidedCases:
    """Returns the same from a look at each case."""
    found = sorted(
        (min(step.due_at(case.opened_at) for step in steps), case.number, case.exercise)
        for case in cases
        if case.state == CaseState.OPEN and case.decision is None and (steps := read_steps(case.steps))
    )
    late = sum(at <= now and not exercise for at, _, exercise in found)
    return UndecidedCases([number for _, number, _ in found[:most]], len(found), late)


def test_they_are_those_of_a_look_at_each_case(desk: Desk) -> None:
    """Over random cases, with any of several policies, the latest and the counts are the same."""
    case = one_case(desk)

    @settings(max_examples=60)
    @given(st.randoms(use_true_random=True))
    def holds(chance: Random) -> None:
        rows = [
            replace(
                row, opened_at=START - timedelta(minutes=chance.randrange(60)), steps=chance.choice(POLICIES),
                exercise=chance.random() < 0.3, state=chance.choice((*CaseState, CaseState.OPEN, CaseState.OPEN)),
                decision=chance.choice((None, None, None, Decision.NOTIFY)),
            )
            for row in others(case, chance.choice((1, 30)))
        ]  # fmt: skip
        with suppress(UndoneError), desk.env.store.begin() as tx:
            tx.append(Event(EventKind.CASE_OPENED, START, DAEMON, tuple(map(added, rows))))
            for most in (1, 5, 100):
                assert undecided_cases(tx, START, most) == plainly([case, *rows], START, most)
            raise UndoneError

    holds()


def pages(desk: Desk, limit: int) -> list[tuple[Json, Json, Json]]:
    """Returns what each clock of the coming reminders is about, part after part, and the whole of it."""
    found, ask = list[tuple[Json, Json, Json]](), AskedDesk(lambda: desk.env, Caller(officer="officer1")).answer
    part = ask("oncall next", {"limit": limit})
    while True:
        clocks = part["clocks"]
        assert isinstance(clocks, list | tuple)
        found += [(one["about"], one["clock"], one) for one in clocks if isinstance(one, dict)]
        if part["next"] is None:
            return found
        following = ask("oncall next", {"limit": limit, "cursor": part["next"]})
        assert following["next_reminder_due"] == part["next_reminder_due"]
        part = following


@pytest.mark.parametrize(("minutes", "untold"), [(0, 9), (20, 9), (31, 9), (95, 9), (31, 0), (46, 0), (95, 0)])
def test_the_next_reminder_is_that_of_a_look_at_each_clock(desk: Desk, minutes: int, untold: int) -> None:
    """With notifications that wait, cases of which somebody was told or said "ok", and others."""
    if untold:  # without it, what those are reminded of next comes first
        desk.notified()
    for number in range(3):
        desk.receive(mail(REFERRER, f"Bericht {number}", f"Stem niet op donderdag, {number}."))
    desk.go_on(minutes)
    for told in [one for one in desk.reminders() if one.notification is None][:1]:
        desk.do(Acknowledge(reminder=told.id))
    with desk.env.store.begin() as tx:
        rows = [
            replace(row, steps=POLICIES[number % 4], opened_at=desk.clock.now() - timedelta(minutes=number))
            for number, row in enumerate(others(tx.find(Case)[-1], untold))
        ]
        rows += [replace(row, number=f"{row.number}-2", token=f"{row.token}-2") for row in rows[:2]]
        tx.append(Event(EventKind.CASE_OPENED, START, DAEMON, tuple(map(added, rows))))
    with desk.env.store.read() as tx:
        clocks, who = sorted(open_clocks(tx), key=clock_place), readers(desk.env.settings, tx)
        of_clocks = [due_steps.next_due(one.silence, one.steps, who) for one in clocks]
        none = Deciding((), (), None)
        plain = min(at for at in (*of_clocks, sending.next_due(desk.env, tx, (), none)) if at is not None)
        assert sending.next_due(desk.env, tx) == plain
    every, parts = pages(desk, 100), pages(desk, 2)
    assert parts == every
    assert [found[:2] for found in every] == [(one.about, one.clock) for one in clocks]


def test_very_many_of_which_somebody_was_told_are_asked_for_in_parts(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More than a statement takes values have the same next reminder."""
    for number in range(5):
        desk.receive(mail(REFERRER, f"Bericht {number}", f"Stem niet op donderdag, {number}."))
    desk.go_on(40)
    found = []
    for together in (10_000, 2):
        monkeypatch.setattr(open_clocks_module, "TOGETHER", together)
        with desk.env.store.read() as tx:
            told = deciding(tx).told
            found.append((len(told), [one.about for one in clocks_of_cases(tx, told)], sending.next_due(desk.env, tx)))
    assert found[0][0] == 5
    assert found[1] == found[0]


def test_steps_of_their_own_take_no_statement_each(desk: Desk) -> None:
    """Before an election the steps of each case count the minutes to it: of any number all is told by a few looks."""
    assert isinstance(desk.env.store, SqlStore)
    case, asked = one_case(desk), list[int]()
    every = [case]
    ask = partial(AskedDesk(lambda: desk.env, Caller(officer="officer1")).answer, "oncall next", {"limit": 5})
    for first, count in ((0, 130), (130, 60)):
        rows = [
            replace(row, steps=write_steps([Step(ClockKind.DECISION, 40 + at)]), exercise=at % 7 == 0)
            for at, row in enumerate(others(case, count, first), first)
        ]
        every += rows
        with desk.env.store.begin() as tx:
            tx.append(Event(EventKind.CASE_OPENED, START, DAEMON, tuple(map(added, rows))))
        ask()
        with statements(desk.env.store) as sent, desk.env.store.read() as tx:
            assert undecided_cases(tx, START, 5) == plainly(every, START, 5)
            ask()
        asked.append(len(sent))
    assert asked[0] == asked[1] < 60
    assert [about for about, _, _ in pages(desk, 30)] == sorted(one.number for one in every)


def test_a_decided_case_that_cannot_be_read_stops_no_reminder(desk: Desk) -> None:
    """Somebody was told of it; with a decision that no program wrote it is left out, as the database leaves it out."""
    case = one_case(desk)
    (other,) = others(case, 1)
    with desk.env.store.begin() as tx:
        tx.append(Event(EventKind.CASE_OPENED, START, DAEMON, (added(other),)))
    desk.go_on(31)
    assert isinstance(desk.env.store, SqlStore)
    with desk.env.store.read() as tx:
        assert set(deciding(tx).told) == {case.number, other.number}
        before = sending.next_due(desk.env, tx)
    with desk.env.store.engine.begin() as connection:
        table = table_of("case_file")
        connection.execute(update(table).where(table.c.number == other.number).values(decision="no word of ours"))
    with desk.env.store.read() as tx:
        assert [one.about for one in clocks_of_cases(tx, [case.number, other.number])] == [case.number]
        assert sending.next_due(desk.env, tx) == before


def test_a_case_hides_behind_no_word_between_true_and_false(desk: Desk) -> None:
    """SQLite would take any number, and the steps over an index look at two words alone."""
    case = one_case(desk)
    assert isinstance(desk.env.store, SqlStore)
    with pytest.raises(IntegrityError, match="case_file_exercise"), desk.env.store.engine.begin() as connection:
        connection.execute(text("UPDATE case_file SET exercise = 2 WHERE number = :number"), {"number": case.number})


def test_ten_times_as_many_are_counted_with_as_many_calls(desk: Desk) -> None:
    """Also where one of them holds a value that no program wrote, the others are told of as before."""
    assert isinstance(desk.env.store, SqlStore)
    case, taken = one_case(desk), list[int]()

    def told() -> UndecidedCases:
        with desk.env.store.read() as tx:
            return undecided_cases(tx, START, 5)

    for first, count in ((0, 50), (50, 500)):
        with desk.env.store.begin() as tx:
            tx.append(Event(EventKind.CASE_OPENED, START, DAEMON, tuple(map(added, others(case, count, first)))))
        told()
        taken.append(calls_of(told))
    assert taken[1] < taken[0] + 50
    before = told()
    assert before.latest == [f"X-{number:05d}" for number in range(549, 544, -1)]
    with desk.env.store.engine.begin() as connection:
        cases = table_of("case_file")
        connection.execute(update(cases).where(cases.c.number == "X-00547").values(priority="none at all"))
    assert told() == before
