# SPDX-License-Identifier: EUPL-1.2
"""Whom silence makes us tell, and when, to the second."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaggermail.core.escalation import (
    HEAD,
    OFFICER,
    Due,
    Nothing,
    Silence,
    Step,
    due,
    next_due,
    read_steps,
    write_steps,
)

START = datetime(2024, 6, 6, 8, 34, tzinfo=UTC)
FIRST, SECOND, ESCALATION = Step("receipt", 60), Step("receipt", 120), Step("receipt", 240, HEAD)
POLICY = (FIRST, SECOND, ESCALATION)
SECOND_OF_TIME = timedelta(seconds=1)


def at(minutes: float) -> datetime:
    """That long after the clock started."""
    return START + timedelta(minutes=minutes)


def told(*steps: int, until: float | None = None) -> Silence:
    """A silence of which these steps were told, acknowledged until that minute."""
    return Silence(START, steps, None if until is None else at(until))


@pytest.mark.parametrize(
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
    """Nobody is told a second too early; from the second on the highest step reached is told."""
    found = due(told(), POLICY, now)
    if step is None:
        assert found == Nothing("no step has fallen due")
    else:
        assert found == Due(step, step.due_at(START), now - step.due_at(START))


def test_a_step_is_told_once() -> None:
    """What was told is not told again, however long it lasts; the next one comes at its time."""
    assert due(told(60), POLICY, at(119)) == Nothing("every step that fell due was told")
    assert due(told(60), POLICY, at(120)) == Due(SECOND, at(120), timedelta(0))
    assert due(told(60, 120, 240), POLICY, at(9999)) == Nothing("every step that fell due was told")
    assert next_due(told(60, 120, 240), POLICY) is None


def test_after_an_outage_only_the_highest_step_is_told_with_its_lateness() -> None:
    """One mail says how late it is; the lower steps are history and do not follow it."""
    assert due(told(), POLICY, at(250)) == Due(ESCALATION, at(240), timedelta(minutes=10))
    assert due(told(240), POLICY, at(251)) == Nothing("every step that fell due was told")
    assert due(told(), POLICY, at(130)) == Due(SECOND, at(120), timedelta(minutes=10))


def test_acknowledgement_silences_the_officers_steps() -> None:
    """While it holds the officer hears nothing, to the second; when it ends he is asked again."""
    silence = told(60, until=125)
    assert due(silence, POLICY, at(125) - SECOND_OF_TIME) == Nothing("acknowledged")
    assert due(silence, POLICY, at(125)) == Due(SECOND, at(120), timedelta(minutes=5))
    assert next_due(silence, POLICY) == at(125)


def test_acknowledgement_never_silences_the_head() -> None:
    """The escalation comes at its time though an officer is on it."""
    silence = told(60, 120, until=300)
    assert due(silence, POLICY, at(240) - SECOND_OF_TIME) == Nothing("every step that fell due was told")
    assert due(silence, POLICY, at(240)) == Due(ESCALATION, at(240), timedelta(0))
    assert next_due(silence, POLICY) == at(240)
    after_the_head = (*POLICY, Step("receipt", 300))
    assert due(told(120, until=400), after_the_head, at(310)) == Due(ESCALATION, at(240), timedelta(minutes=70))


def test_acknowledgement_that_ended_before_a_step_changes_nothing() -> None:
    """An old "ok" does not delay what falls due later."""
    assert next_due(told(60, until=90), POLICY) == at(120)


def test_without_a_policy_nobody_is_told() -> None:
    """A clock without steps runs in silence."""
    assert due(told(), (), at(9999)) == Nothing("no step has fallen due")
    assert next_due(told(), ()) is None


def test_order_of_the_steps_does_not_matter() -> None:
    """A policy may be written in any order."""
    assert due(told(), POLICY[::-1], at(130)) == due(told(), POLICY, at(130))


def test_policy_is_stamped_and_read_back_unchanged() -> None:
    """What stands on a notification is the policy in force when it was sent, to the step."""
    assert read_steps(write_steps(POLICY)) == POLICY
    assert read_steps(write_steps(())) == ()


POLICIES = st.lists(st.integers(1, 600), max_size=6, unique=True).flatmap(
    lambda after: st.tuples(
        *(st.builds(Step, st.just("receipt"), st.just(minute), st.sampled_from([OFFICER, HEAD])) for minute in after)
    )
)
SILENCES = st.builds(
    lambda steps, until: told(*steps, until=until),
    st.lists(st.integers(1, 600), max_size=3),
    st.none() | st.integers(0, 700),
)


@given(SILENCES, POLICIES)
def test_next_due_is_the_first_instant_at_which_due_answers(silence: Silence, policy: tuple[Step, ...]) -> None:
    """At that instant there is a step to tell and at no instant before; when it names none, there never is."""
    instant = next_due(silence, policy)
    edges = {at(minute) for step in policy for minute in (step.after, step.after - 1 / 60)}
    edges |= {START, at(0.5), at(100_000)} | ({silence.acknowledged_until} if silence.acknowledged_until else set())
    if instant is None:
        assert not [edge for edge in edges if isinstance(due(silence, policy, edge), Due)]
        return
    assert isinstance(due(silence, policy, instant), Due)
    before = {*(edge for edge in edges if edge < instant), instant - SECOND_OF_TIME}
    assert not [edge for edge in before if isinstance(due(silence, policy, edge), Due)]


@given(POLICIES, st.lists(st.integers(0, 700), min_size=1, max_size=12, unique=True).map(sorted))
def test_in_any_rhythm_of_ticks_each_step_is_told_once_and_in_rising_order(
    policy: tuple[Step, ...], ticks: list[int]
) -> None:
    """Whenever the ticks come, no step is told twice, none before its time, and never a lower one after a higher."""
    heard: list[int] = []
    for tick in ticks:
        found = due(told(*heard), policy, at(tick))
        if isinstance(found, Due):
            assert found.step.after <= tick
            heard.append(found.step.after)
    assert all(lower < higher for lower, higher in pairwise(heard))
    if policy and ticks[-1] >= max(step.after for step in policy):
        assert heard[-1] == max(step.after for step in policy)
