# SPDX-License-Identifier: EUPL-1.2
"""What the sentences of a report say and what its tables count is compared before it is frozen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from flaggermail.record.case_values import Decision
from flaggermail.report.values import ElectionUses, NamedCount, ReportFacts, disagreements
from tests.corpus import each
from tests.unit.report.test_composing import inputs, stop, told, use


def agreeing() -> ReportFacts:
    """Returns the facts of a use that was decided on beforehand, one that was not, and a case that was declined."""
    early, late = told(use(answer=stop(152))), told(use("VF-EP2024-0002/1", answer=stop(30)))
    facts = inputs(replace(early, decision=Decision.NOTIFY), replace(late, is_decided=False)).facts
    return replace(
        facts,
        cases=("VF-EP2024-0001", "VF-EP2024-0002", "VF-EP2024-0003"),
        received=(NamedCount(name="media", count=1), NamedCount(name="earlier_cases", count=2)),
        decisions=tuple(NamedCount(name=name, count=1) for name in ("notify", "not_beforehand", "decline")),
        elections=(ElectionUses(election="EP2024", names={}, answered=(152, 30)),),
    )


def test_a_report_that_agrees_is_left_alone() -> None:
    """Every sum is that of the sentences."""
    assert list(disagreements(agreeing())) == []


def _one(counts: tuple[NamedCount, ...], by: int) -> tuple[NamedCount, ...]:
    """Returns counts of which the last is another."""
    return (*counts[:-1], replace(counts[-1], count=counts[-1].count + by))


def _first_use(facts: ReportFacts, **changed: object) -> ReportFacts:
    first, *others = facts.uses
    return replace(facts, uses=(replace(first, **changed), *others))  # type: ignore[arg-type]  # fields by name


BROKEN: dict[str, tuple[Callable[[ReportFacts], ReportFacts], str]] = {
    "four sources without a signal, and a use": (
        lambda facts: replace(facts, received=(NamedCount(name="media", count=1),)),
        "the table received adds up to 1, and there are 3",
    ),
    "a case more than was counted": (
        lambda facts: replace(facts, decisions=_one(facts.decisions, 1)), "the table decisions adds up to 4"
    ),
    "no decision beforehand, and a table that says it was decided": (
        lambda facts: _first_use(facts, is_decided=False),
        "the table of cases has 1 under notify, and the uses tell of 0",
    ),
    "a use that no platform has": (
        lambda facts: replace(facts, by_platform=_one(facts.by_platform, -1)), "the table by_platform adds up to 1"
    ),
    "a kind more than uses": (lambda facts: replace(facts, by_type=_one(facts.by_type, 2)), "the table by_type"),
    "a consequence of no use": (lambda facts: replace(facts, criteria=_one(facts.criteria, 1)), "the table criteria"),
    "another number beside the other elections": (
        lambda facts: replace(facts, elections=()), "the table elections adds up to 0, and there are 2"
    ),
    "declined, and sent all the same": (
        lambda facts: _first_use(facts, decision=Decision.DECLINE), "VF-EP2024-0001/1 was sent, and the decision on"
    ),
    "a use of a case that is not counted": (
        lambda facts: replace(facts, cases=("VF-EP2024-0009", *facts.cases[1:])), "VF-EP2024-0001/1 is told of"
    ),
    "minutes that nobody gets who subtracts": (
        lambda facts: _first_use(facts, use=use(answer=replace(stop(152), minutes=150))),
        "VF-EP2024-0001/1: the clock human says 150",
    ),
}  # fmt: skip


@each("name", sorted(BROKEN))
def test_each_contradiction_is_named(name: str) -> None:
    """Whichever figure is another one, what it contradicts is said, in both languages."""
    broken, words = BROKEN[name]
    found = list(disagreements(broken(agreeing())))
    assert any(words in one.english for one in found), found
    assert all(one.in_language("nl") != one.english for one in found)
