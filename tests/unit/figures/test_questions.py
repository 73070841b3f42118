# SPDX-License-Identifier: EUPL-1.2
"""Uses between two days, by platform, election, year, type and channel: none counted twice, none left out."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from flaggermail.figures.ledger import Ledger
from flaggermail.figures.uses import SummaryBy, UseAnswer, UseGroup, UseQuestion, UseState, answer, figures
from flaggermail.record.case_values import CaseType
from flaggermail.record.rows import Case, ClockRow, Election, Notification, Platform
from flaggermail.record.states import ClockKind, ClockState
from tests.corpus import each
from tests.doubles.sample_uses import AMSTERDAM
from tests.unit.figures.test_uses import CASE, ELECTION, USE

AS_OF = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
PLATFORMS = [Platform(code=name.casefold(), name=name, domains=()) for name in ("X", "Meta", "Google")]


def election(code: str, polling_day: str, *, exercise: bool = False) -> Election:
    """Returns an election whose period is the month before its polling day."""
    day = date.fromisoformat(polling_day)
    return replace(
        ELECTION,
        code=code,
        polling_days=(day,),
        period_from=day - timedelta(days=30),
        period_until=day,
        exercise=exercise,
    )


ELECTIONS = [
    election("PS2019", "2019-03-20"), election("TK2023", "2023-11-22"), election("EP2024", "2024-06-06"),
    election("EP2014", "2014-05-22"), election("DRILL", "2024-06-06", exercise=True),
]  # fmt: skip


def used(
    serial: int, code: str, sent: str, platform: str = "x", waited: int | None = 30, kind: CaseType = CaseType.CONTENT
) -> tuple[Case, Notification, ClockRow]:
    """Returns a case of an election with one use, answered after some minutes or open."""
    at = datetime.fromisoformat(sent)
    case = replace(CASE, number=f"VF-{code}-{serial:04}", election=code, type=kind, exercise=code == "DRILL")
    use = replace(
        USE, id=f"{case.number}/1", case=case.number, platform=platform, channel=f"{platform}-urgent", sent_at=at,
        exercise=case.exercise,
    )  # fmt: skip
    clock = ClockRow(id=f"{use.id}/human", notification=use.id, kind=ClockKind.HUMAN, started_at=at)
    if waited is not None:
        clock = replace(clock, state=ClockState.STOPPED, stopped_at=at + timedelta(minutes=waited), stopped_by="m1")
    return case, use, clock


def ledger(*used_: tuple[Case, Notification, ClockRow]) -> Ledger:
    """Returns the ledger of some uses."""
    cases, uses, clocks = zip(*used_, strict=True) if used_ else ((), (), ())
    return Ledger(elections=ELECTIONS, platforms=PLATFORMS, cases=cases, notifications=uses, clocks=clocks)


LEDGER = ledger(
    used(1, "PS2019", "2019-03-18T10:00+01:00"),
    used(1, "TK2023", "2023-11-22T09:45+01:00", waited=None),
    used(2, "TK2023", "2023-12-31T23:30+00:00", "meta", 90),  # the first of January in Amsterdam
    used(1, "EP2024", "2024-06-06T10:34+02:00", waited=152, kind=CaseType.GENERAL_WARNING),
    used(2, "EP2024", "2024-06-06T11:34+02:00", "meta", 152),
    used(1, "DRILL", "2024-06-06T12:00+02:00"),
)


def counts(found: UseAnswer) -> dict[str, int]:
    """Returns how many uses each group has, in its order."""
    return {group.summary.name: group.summary.sent for group in found.groups}


def asked(by: SummaryBy, since: str | None = None, until: str | None = None, platform: str | None = None) -> UseAnswer:
    """Returns the answer to a question."""
    days = [None if day is None else date.fromisoformat(day) for day in (since, until)]
    return answer(LEDGER, AS_OF, UseQuestion(by, AMSTERDAM, days[0], days[1], platform))


@each(("by", "expected"), [
    (SummaryBy.PLATFORM, {"Google": 0, "Meta": 2, "X": 3}),
    (SummaryBy.ELECTION, {"EP2014": 0, "PS2019": 1, "TK2023": 2, "EP2024": 2}),
    (SummaryBy.YEAR, {"2019": 1, "2020": 0, "2021": 0, "2022": 0, "2023": 1, "2024": 3, "2025": 0, "2026": 0}),
    (SummaryBy.TYPE, {"A_content": 4, "B_channel": 0, "C_advert": 0, "D_general_warning": 1, "other": 0}),
    (SummaryBy.CHANNEL, {"meta-urgent": 2, "x-urgent": 3}),
])  # fmt: skip
def test_every_use_is_in_one_group(by: SummaryBy, expected: dict[str, int]) -> None:
    """What was not used is shown with 0; an exercise is in no group; a use at midnight has the year of Amsterdam."""
    found = asked(by)
    assert counts(found) == expected
    assert list(counts(found)) == list(expected)
    assert found.total.summary.sent == sum(expected.values()) == len(figures(LEDGER, AS_OF).uses)


def test_days_are_those_of_the_desk() -> None:
    """Both days are included; half an hour before midnight in universal time is the next day in Amsterdam."""
    assert counts(asked(SummaryBy.YEAR, "2024-01-01", "2024-12-31")) == {"2024": 3}
    assert counts(asked(SummaryBy.ELECTION, "2023-01-01", "2023-12-31")) == {"TK2023": 1}
    assert asked(SummaryBy.PLATFORM, "2024-06-06", "2024-06-06").total.summary.sent == 2
    assert asked(SummaryBy.PLATFORM, "2024-06-07").total.summary.sent == 0


def test_an_election_outside_the_days_is_not_shown_as_unused() -> None:
    """A zero for 2014 would answer another question than "since 2019"; a late use keeps its election."""
    assert counts(asked(SummaryBy.ELECTION, "2019-01-01")) == {"PS2019": 1, "TK2023": 2, "EP2024": 2}
    assert counts(asked(SummaryBy.ELECTION, "2024-01-01", "2024-03-01")) == {"TK2023": 1}


def test_one_platform() -> None:
    """No other platform has a line then; every election has one all the same."""
    assert counts(asked(SummaryBy.PLATFORM, platform="Meta")) == {"Meta": 2}
    assert counts(asked(SummaryBy.ELECTION, platform="Google")) == {"EP2014": 0, "PS2019": 0, "TK2023": 0, "EP2024": 0}


def test_the_uses_behind_each_figure() -> None:
    """All that were sent, answered, open, and those with the longest wait."""
    found = asked(SummaryBy.PLATFORM)
    assert _behind(found.groups[2]) == (
        ["VF-PS2019-0001/1", "VF-TK2023-0001/1", "VF-EP2024-0001/1"], ["VF-PS2019-0001/1", "VF-EP2024-0001/1"],
        ["VF-TK2023-0001/1"], ["VF-TK2023-0001/1"],
    )  # fmt: skip
    by_type = asked(SummaryBy.ELECTION, "2024-06-01")
    assert _behind(by_type.groups[0])[3] == ["VF-EP2024-0001/1", "VF-EP2024-0002/1"]
    assert _behind(found.groups[0]) == ([], [], [], [])


def _behind(group: UseGroup) -> tuple[list[str], ...]:
    lists = (group.uses, group.in_state(UseState.ANSWERED), group.in_state(UseState.OPEN), group.longest)
    return tuple([use.notification for use in one] for one in lists)


def test_no_median_below_five() -> None:
    """Five uses in all have one, an open one among them; the three to one platform have none."""
    found = asked(SummaryBy.PLATFORM)
    assert found.total.summary.median_minutes == 152
    assert {group.summary.median_minutes for group in found.groups} == {None}


@given(
    st.lists(st.tuples(st.integers(0, 4000), st.sampled_from(["x", "meta"]), st.booleans()), max_size=12),
    st.sampled_from(list(SummaryBy)), st.integers(0, 4000), st.integers(0, 4000),
)  # fmt: skip
def test_groups_add_up(uses: list[tuple[int, str, bool]], by: SummaryBy, first: int, last: int) -> None:
    """Whatever the days: each use between them is in exactly one group, and no other is in any."""
    start = datetime(2015, 1, 1, tzinfo=UTC)
    rows = [
        used(at, "EP2024", (start + timedelta(days=day, hours=12)).isoformat(), platform, 30 if answered else None)
        for at, (day, platform, answered) in enumerate(uses)
    ]
    since, until = sorted((start.date() + timedelta(days=first), start.date() + timedelta(days=last)))
    found = answer(ledger(*rows), AS_OF, UseQuestion(by, AMSTERDAM, since, until))
    between = [use.id for _, use, _ in rows if use.sent_at and since <= use.sent_at.date() <= until]
    grouped = [use.notification for group in found.groups for use in group.uses]
    assert sorted(grouped) == sorted(between) == sorted(use.notification for use in found.total.uses)
    for group in (*found.groups, found.total):
        assert group.summary.sent == group.summary.answered + group.summary.open == len(group.uses)
