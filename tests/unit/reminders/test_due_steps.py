# SPDX-License-Identifier: EUPL-1.2
"""Which reminders and escalations a silence causes, to whom and at which second."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaggermail.record.states import ClockKind, Means
from flaggermail.reminders.due_steps import (
    Acknowledgement,
    Call,
    Due,
    NotDue,
    NothingDue,
    SentStep,
    Silence,
    due,
    next_due,
    upcoming,
)
from flaggermail.settings.steps import BOTH, HEAD, OFFICER, Step, quickened, read_steps, write_steps
from tests.corpus import each

START = datetime(2024, 6, 6, 8, 34, tzinfo=UTC)
FIRST, SECOND, ESCALATION = (
    Step(ClockKind.RECEIPT, 60),
    Step(ClockKind.RECEIPT, 120),
    Step(ClockKind.RECEIPT, 240, HEAD),
)
POLICY = (FIRST, SECOND, ESCALATION)
SECOND_OF_TIME = timedelta(seconds=1)
A, B, CHIEF = "a.jansen", "b.devries", "c.bakker"


def who(reader: str, _: datetime) -> str:
    """Resolves a role: A. Jansen is on call, C. Bakker is the head, an officer's id is itself."""
    persons: dict[str, str] = {OFFICER: A, HEAD: CHIEF}
    return persons.get(reader, reader)


def b_from(minute: float) -> Callable[[str, datetime], str]:
    """Returns a schedule on which B. de Vries is on call from that minute."""
    return lambda reader, instant: B if reader == OFFICER and instant >= at(minute) else who(reader, instant)


def at(minutes: float) -> datetime:
    """Returns the instant that many minutes after the clock started."""
    return START + timedelta(minutes=minutes)


def told(*steps: int, until: float | None = None, said: float | None = None, by: str = A) -> Silence:
    """Builds a silence in which these steps were sent on time.

    It is acknowledged until minute `until`; the acknowledgement was given an hour before that, or at `said`.
    """
    tellings = [SentStep(step, CHIEF if step == 240 else A, at(step), escalates=step == 240) for step in steps]
    if until is None:
        return Silence(START, tellings)
    given = at(until - 60 if said is None else said)
    return Silence(START, tellings, [Acknowledgement(frozenset({by}), given, at(until))])


def one(found: tuple[Due, ...] | NothingDue) -> tuple[Step, timedelta]:
    """Returns the only step that is due, and its lateness."""
    assert isinstance(found, tuple), found
    ((single),) = found
    return single.call.step, single.late


NO_TIME = timedelta(0)


@each(
    ("now", "step"),
    [
        (at(60) - SECOND_OF_TIME, None),
        (at(60), FIRST),
        (at(120) - SECOND_OF_TIME, FIRST),
        (at(120), SECOND),
        (at(240) - SECOND_OF_TIME, SECOND),
        (at(240), ESCALATION),
        (at(6000), ESCALATION),
        (at(-5), None),
    ],
)
def test_step_falls_due_at_its_second(now: datetime, step: Step | None) -> None:
    """No step is sent a second too early; from its second on the highest step reached is due."""
    found = due(told(), POLICY, who, now)
    if step is None:
        assert found == NothingDue(NotDue.NONE_FELL_DUE)
    else:
        assert one(found) == (step, now - step.due_at(START))


def test_a_step_is_told_once() -> None:
    """A step is sent once, however long the silence lasts; the next step is sent at its own time."""
    assert due(told(60), POLICY, who, at(119)) == NothingDue(NotDue.ALL_TOLD)
    assert one(due(told(60), POLICY, who, at(120))) == (SECOND, NO_TIME)
    assert due(told(60, 120, 240), POLICY, who, at(9999)) == NothingDue(NotDue.ALL_TOLD)
    assert next_due(told(60, 120, 240), POLICY, who) is None


def test_after_an_outage_only_the_highest_step_is_told_with_its_lateness() -> None:
    """After an outage only the highest step is sent, with its lateness; lower steps are never sent."""
    assert one(due(told(), POLICY, who, at(250))) == (ESCALATION, timedelta(minutes=10))
    assert due(told(240), POLICY, who, at(251)) == NothingDue(NotDue.ALL_TOLD)
    assert one(due(told(), POLICY, who, at(130))) == (SECOND, timedelta(minutes=10))


def test_acknowledgement_silences_the_officers_steps() -> None:
    """An acknowledgement suppresses the officer's steps until the second it expires; then the step is sent."""
    silence = told(60, until=125)
    assert due(silence, POLICY, who, at(125) - SECOND_OF_TIME) == NothingDue(NotDue.ACKNOWLEDGED, at(125))
    assert one(due(silence, POLICY, who, at(125))) == (SECOND, timedelta(minutes=5))
    assert next_due(silence, POLICY, who) == at(125)


def test_acknowledgement_never_silences_the_head() -> None:
    """The escalation is sent on time even if an officer has acknowledged."""
    silence = told(60, 120, until=300)
    assert due(silence, POLICY, who, at(240) - SECOND_OF_TIME) == NothingDue(NotDue.ALL_TOLD)
    assert one(due(silence, POLICY, who, at(240))) == (ESCALATION, NO_TIME)
    assert next_due(silence, POLICY, who) == at(240)
    after_the_head = (*POLICY, Step(ClockKind.RECEIPT, 300))
    assert one(due(told(120, until=400), after_the_head, who, at(310))) == (ESCALATION, timedelta(minutes=70))


def test_the_head_is_told_though_he_said_ok_himself() -> None:
    """A head's own "ok", given as the officer on call, suppresses their reminders but never an escalation."""
    silence = told(60, until=300, by=CHIEF)
    assert one(due(silence, POLICY, who, at(240))) == (ESCALATION, NO_TIME)
    assert due(silence, POLICY, lambda _, __: CHIEF, at(120)) == NothingDue(NotDue.ACKNOWLEDGED, at(300))


def test_acknowledgement_silences_only_the_officer_who_gave_it() -> None:
    """An officer who comes on call later, or is named by id, gets the step at its own time."""
    silence, named = told(60, until=125), (FIRST, Step(ClockKind.RECEIPT, 120, B))
    assert one(due(silence, POLICY, b_from(110), at(120))) == (SECOND, NO_TIME)
    assert one(due(silence, named, who, at(120))) == (named[1], NO_TIME)
    assert due(told(60, until=125, by=B), named, who, at(120)) == NothingDue(NotDue.ACKNOWLEDGED, at(125))
    assert one(due(told(60, until=125, by=B), POLICY, who, at(120))) == (SECOND, NO_TIME)


def test_what_was_told_to_the_officer_before_is_not_told_to_the_next() -> None:
    """A shift change repeats no step: the next officer has the hand-over note."""
    assert due(told(60), POLICY, b_from(61), at(119)) == NothingDue(NotDue.ALL_TOLD)


def test_an_acknowledgement_that_expires_is_asked_about_once() -> None:
    """At the second of expiry the officer on call is asked "still on it?" once, if nothing else is due."""
    silence = told(60, until=118, said=70)
    assert due(silence, POLICY, who, at(118) - SECOND_OF_TIME) == NothingDue(NotDue.ALL_TOLD)
    asked = due(silence, POLICY, who, at(118))
    assert asked == (Due(Call(Step(ClockKind.RECEIPT, 118), at(118), asks=True), A, NO_TIME),)
    assert next_due(silence, POLICY, who) == at(118)
    again = Silence(START, [*silence.told, SentStep(118, A, at(118))], silence.acknowledged)
    assert due(again, POLICY, who, at(119)) == NothingDue(NotDue.ALL_TOLD)
    assert one(due(again, POLICY, who, at(120))) == (SECOND, NO_TIME)


def test_an_ok_by_a_clock_set_back_is_asked_about_once_too() -> None:
    """An "ok" that expires before the last step, because a clock was set back, is asked about once too."""
    silence = told(60, until=50, said=60)
    assert next_due(silence, POLICY, who) == at(50)
    assert due(silence, POLICY, who, at(50)) == (Due(Call(Step(ClockKind.RECEIPT, 50), at(50), asks=True), A, NO_TIME),)
    again = Silence(START, [*silence.told, SentStep(50, A, at(50))], silence.acknowledged)
    assert due(again, POLICY, who, at(51)) == NothingDue(NotDue.NONE_FELL_DUE)
    assert due(again, POLICY, who, at(61)) == NothingDue(NotDue.ALL_TOLD)


def test_nobody_is_asked_where_a_colleague_was_told_meanwhile() -> None:
    """No question follows the first officer's "ok" if a colleague was reminded in the meantime."""
    tellings = [SentStep(60, A, at(60)), SentStep(120, B, at(120))]
    silence = Silence(START, tellings, [Acknowledgement(frozenset({A}), at(65), at(125))])
    assert due(silence, POLICY, b_from(110), at(126)) == NothingDue(NotDue.ALL_TOLD)


def test_the_heads_ok_asks_nobody() -> None:
    """The expiry of an acknowledged escalation asks no question."""
    silence = told(60, 120, 240)
    taken = Acknowledgement(frozenset({CHIEF}), at(241), at(301), asks=False)
    assert next_due(Silence(START, silence.told, [taken]), POLICY, who) is None


# ---- repeated steps


REPEATED = Step(ClockKind.RECEIPT, 30, repeat=15, times=4)  # 30, 45, 60, 75


@pytest.mark.parametrize(
    ("step", "minutes"),
    [
        (REPEATED, [30, 45, 60, 75]),
        (Step(ClockKind.RECEIPT, 30, repeat=15, until=70), [30, 45, 60]),
        (Step(ClockKind.RECEIPT, 30, repeat=15, until=75), [30, 45, 60, 75]),
        (Step(ClockKind.RECEIPT, 30), [30]),
        (Step(ClockKind.RECEIPT, 170, repeat=10), [170, 180, 190]),
    ],
)
def test_a_step_is_told_again_until_its_end(step: Step, minutes: list[int]) -> None:
    """A step repeats `times` times in all, until a minute, or while the clock runs, each time at its minute."""
    silence, heard = Silence(START), []
    for minute in range(191):
        found = due(silence, (step,), who, at(minute))
        if isinstance(found, tuple):
            (single,) = found
            heard.append(minute)
            telling = SentStep(step.after, A, at(minute), single.call.repetition)
            silence = Silence(START, [*silence.told, telling])
    assert heard == minutes


def test_head_and_officer_are_both_told_where_steps_meet() -> None:
    """A repetition due in the same minute as another step is sent with it; one at a lower minute is never sent."""
    steps = (Step(ClockKind.RECEIPT, 60, repeat=60), Step(ClockKind.RECEIPT, 120, HEAD))
    both = due(told(60), steps, who, at(120))
    assert isinstance(both, tuple)
    assert {(d.call.reader, d.call.repetition, d.officer) for d in both} == {(OFFICER, 1, A), (HEAD, 0, CHIEF)}
    late = due(told(60), steps, who, at(190))
    assert isinstance(late, tuple)
    assert [(d.call.reader, d.call.repetition) for d in late] == [(OFFICER, 2)]


def test_both_is_one_mail_where_the_head_is_on_call() -> None:
    """A head who is also on call gets one call, as the head, and the officer's half is not sent later."""
    step = (Step(ClockKind.RECEIPT, 60, BOTH),)

    def alone(_: str, __: datetime) -> str:
        return CHIEF

    assert due(Silence(START), step, alone, at(60)) == (Due(Call(step[0], at(60), HEAD), CHIEF, NO_TIME),)
    after = Silence(START, [SentStep(60, CHIEF, at(60), escalates=True)])
    assert due(after, step, alone, at(61)) == NothingDue(NotDue.ALL_TOLD)
    half = due(after, step, who, at(61))
    assert half == (Due(Call(step[0], at(60)), A, timedelta(minutes=1)),)


def test_what_is_to_come_is_listed_with_its_reader() -> None:
    """The forecast lists each step's next call, earliest first; an acknowledged one is listed at the expiry."""
    found = upcoming(told(60, until=125), POLICY, who)
    assert [(e.call.step, e.at, e.officer, e.held) for e in found] == [
        (SECOND, at(125), A, True), (Step(ClockKind.RECEIPT, 125), at(125), A, False), (ESCALATION, at(240), CHIEF,
        False),
    ]  # fmt: skip


def test_without_a_policy_nobody_is_told() -> None:
    """A clock without steps causes no calls."""
    assert due(told(), (), who, at(9999)) == NothingDue(NotDue.NONE_FELL_DUE)
    assert next_due(told(), (), who) is None


def test_order_of_the_steps_does_not_matter() -> None:
    """The order of the steps in a policy does not matter."""
    assert due(told(), POLICY[::-1], who, at(130)) == due(told(), POLICY, who, at(130))


def test_minutes_are_real_minutes_when_the_clock_changes() -> None:
    """Steps count real minutes: 240 minutes after 23:30 is 04:30 in spring and 02:30 in autumn."""
    zone = ZoneInfo("Europe/Amsterdam")
    for day, wall in (
        (datetime(2026, 3, 28, 23, 30, tzinfo=zone), "04:30"),
        (datetime(2026, 10, 24, 23, 30, tzinfo=zone), "02:30"),
    ):
        started = day.astimezone(UTC)
        (*_, head) = upcoming(Silence(started), POLICY, who)
        assert head.at - started == timedelta(minutes=240)
        assert f"{head.at.astimezone(zone):%H:%M}" == wall


def test_policy_is_stamped_and_read_back_unchanged() -> None:
    """The policy stored on a notification reads back unchanged, step by step."""
    policy = (*POLICY, REPEATED, Step(ClockKind.HUMAN, 9, "b.devries", (Means.PAGER,), 30, until=99))
    assert read_steps(write_steps(policy)) == policy
    assert read_steps(write_steps(())) == ()


STEPS = st.builds(
    Step,
    st.just("receipt"),
    st.integers(1, 300),
    st.sampled_from([OFFICER, HEAD, BOTH, B]),
    repeat=st.none() | st.integers(5, 120),
    times=st.none() | st.integers(1, 5),
    until=st.none() | st.integers(1, 400),
)
POLICIES = st.lists(STEPS, max_size=5, unique_by=lambda step: step.after).map(tuple)
MINUTES = st.lists(st.integers(0, 400), min_size=1, max_size=12, unique=True).map(sorted)


class Night:
    """A running clock whose due calls each tick records; an "ok" may follow each call."""

    def __init__(self, policy: tuple[Step, ...]) -> None:
        self.policy, self.tellings, self.said = policy, list[SentStep](), list[Acknowledgement]()

    @property
    def silence(self) -> Silence:
        """Returns the clock, its calls and its acknowledgements so far."""
        return Silence(START, tuple(self.tellings), tuple(self.said))

    def tick(self, minute: float, *, ok: bool = False) -> tuple[Due, ...]:
        """Records the calls due at that minute; with `ok` each officer called acknowledges for an hour."""
        found = due(self.silence, self.policy, who, at(minute))
        for single in found if isinstance(found, tuple) else ():
            call = single.call
            assert single.officer is not None
            self.tellings.append(SentStep(call.step.after, single.officer, at(minute), call.repetition, call.escalates))
            if ok and not call.escalates:
                self.said.append(Acknowledgement(frozenset({single.officer}), at(minute), at(minute + 60)))
        return found if isinstance(found, tuple) else ()


@given(POLICIES, MINUTES, st.data())
def test_next_due_is_the_first_instant_at_which_due_answers(
    policy: tuple[Step, ...], ticks: list[int], data: st.DataObject
) -> None:
    """`next_due` returns the first instant at which a call is due, and None if none ever will be."""
    night, last = Night(policy), ticks[-1]
    for minute in ticks:
        night.tick(minute, ok=data.draw(st.booleans()))
    instant = next_due(night.silence, policy, who)
    until = last + 240 if instant is None else int((instant - START) / timedelta(minutes=1))
    before = [at(m) for m in range(last, until)] + ([instant - SECOND_OF_TIME] if instant else [])
    assert not [edge for edge in before if isinstance(due(night.silence, policy, who, edge), tuple)]
    if instant is not None:
        assert isinstance(due(night.silence, policy, who, instant), tuple)


@given(POLICIES, MINUTES, st.data())
def test_in_any_rhythm_of_ticks_each_call_is_told_once_and_in_rising_order(
    policy: tuple[Step, ...], ticks: list[int], data: st.DataObject
) -> None:
    """At any rhythm of ticks each call is sent once to each person, never early and never after a higher one.

    Only the question after an acknowledgement may follow an escalation.
    """
    night, heard = Night(policy), list[int]()
    keys = list[tuple[int, int, str | None]]()
    for minute in ticks:
        for single in night.tick(minute, ok=data.draw(st.booleans())):
            assert single.call.due_at <= at(minute)
            heard += [] if single.call.asks else [single.call.minute]
            keys.append((single.call.step.after, single.call.repetition, single.officer))
    assert all(lower <= higher for lower, higher in pairwise(heard))
    assert len(keys) == len(set(keys))


@given(POLICIES)
def test_who_ticks_every_minute_misses_nothing(policy: tuple[Step, ...]) -> None:
    """With a tick every minute and no acknowledgements, each repetition is sent at its minute to each recipient."""
    night = Night(policy)
    heard = {(single.call.minute, single.officer) for minute in range(301) for single in night.tick(minute)}
    assert heard == {
        (minute, who(reader, START))
        for step in policy
        for minute in range(step.after, 301, step.repeat or 301)
        if step.last is None or minute <= step.minute(step.last)
        for reader in step.readers
    }


@pytest.mark.parametrize("speed", [1, 7, 60, 240])
def test_a_rehearsal_divides_every_minute_of_a_step(speed: int) -> None:
    """Minutes are whole and rounded up, so that none becomes 0; steps that become equal are one."""
    steps = (
        Step(ClockKind.RECEIPT, 60),
        Step(ClockKind.RECEIPT, 61),
        Step(ClockKind.RECEIPT, 120, HEAD),
        Step(ClockKind.HUMAN, 60, repeat=30, until=600),
    )
    paced = quickened(steps, speed)
    assert all(step.after >= 1 and (step.repeat is None or step.repeat >= 1) for step in paced)
    assert [step.after for step in paced if step.tell == HEAD] == [-(-120 // speed)]
    assert len(paced) == len(set(paced)) == (3 if speed in {7, 240} else 4)
    assert quickened(steps, 1) == steps
