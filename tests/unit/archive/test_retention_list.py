# SPDX-License-Identifier: EUPL-1.2
"""Which class a case or a mail falls in, until when it is kept, and what stands on the destruction list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaggermail.archive import retention_list
from flaggermail.archive.retention_list import Dated, DatedCase, KeepingClass, KeptThing, Schedule, ThingKept
from flaggermail.record.case_values import CaseType, Origin
from flaggermail.record.kinds import Direction, Kind, Place
from flaggermail.record.rows import Case, Election, LegalHold, StoredMessage
from flaggermail.record.terms import Appraisal, Standing, Term, TermStart

ARRIVED, CLOSED = date(2024, 6, 6), date(2024, 9, 30)
ELECTION = Election(
    code="EP2024", name_nl="E", name_en="E", polling_days=(ARRIVED,), period_from=date(2024, 4, 22),
    period_until=date(2024, 6, 14),
)  # fmt: skip
HOLD = LegalHold(
    id="h00000001", election="EP2024", reason="a question", placed_at=datetime(2024, 7, 3, tzinfo=UTC), placed_by="o"
)


def keeping(
    code: str, period: str, start: TermStart = TermStart.CLOSING, appraisal: Appraisal = Appraisal.DESTROY
) -> KeepingClass:
    """Builds a class."""
    return KeepingClass(code, Term.parse(period), start, appraisal, f"entry of {code}")


USUAL = keeping("usual", "P10Y")
WARNINGS = keeping("warnings", "P20Y", TermStart.ELECTION, Appraisal.KEEP)
MACHINES = keeping("machines", "P1Y", TermStart.ARRIVAL)
BOUNCES = keeping("bounces", "P15Y", TermStart.ARRIVAL)
SCHEDULE = Schedule(
    USUAL, {Kind.NOISE: MACHINES, Kind.AUTO_REPLY: MACHINES, Kind.BOUNCE: BOUNCES},
    {CaseType.GENERAL_WARNING: WARNINGS}, Term.parse("P10W"),
)  # fmt: skip


def case(kind: CaseType = CaseType.CONTENT, closed: date | None = CLOSED, *, held: bool = False) -> DatedCase:
    """Builds a case of the election."""
    row = Case(
        number="VF-EP2024-0001", election="EP2024", type=kind, origin=Origin.REFERRAL, token="t",
        opened_at=datetime.combine(ARRIVED, time(12), UTC), opened_by="officer1",
    )  # fmt: skip
    return DatedCase(row, ARRIVED, closed, (HOLD,) if held else ())


def mail(
    place: Place = Place.CASE, *kinds: Kind, arrived: date = ARRIVED, held: bool = False, key: str = "m00000001"
) -> Dated:
    """Builds a received message."""
    at = datetime.combine(arrived, time(12), UTC)
    row = StoredMessage(
        id=key, message_id=None, content_key="k", digest="d", direction=Direction.IN, received_at=at,
        first_seen_at=at, place=place, kinds=kinds, case="VF-EP2024-0001" if place is Place.CASE else None,
    )  # fmt: skip
    return Dated(row, arrived, (HOLD,) if held else ())


def kept(as_of: str, cases: Sequence[DatedCase] = (), messages: Sequence[Dated] = ()) -> list[KeptThing]:
    """Returns the overview on that day."""
    day = date.fromisoformat(as_of)
    return list(retention_list.overview(SCHEDULE, day, [ELECTION], cases, messages))


def one(as_of: str, *things: DatedCase | Dated) -> KeptThing:
    """Returns the only thing of the overview on that day."""
    (found,) = kept(
        as_of,
        [thing for thing in things if isinstance(thing, DatedCase)],
        [thing for thing in things if isinstance(thing, Dated)],
    )
    return found


# ---------------------------------------------------------------- cases


@pytest.mark.parametrize(
    ("as_of", "standing"),
    [("2024-09-29", Standing.OPEN), ("2024-09-30", Standing.RUNNING), ("2034-09-30", Standing.RUNNING),
     ("2034-10-01", Standing.DUE)],
)  # fmt: skip
def test_a_case_is_kept_up_to_and_including_its_last_day(as_of: str, standing: Standing) -> None:
    """The term of the default class runs from the closing; the day after its last the case is due."""
    assert one(as_of, case()).standing is standing


def test_a_case_that_is_not_closed_is_never_due() -> None:
    """Whatever its class counts from, an open case has no term yet."""
    for kind in CaseType:
        found = one("2099-01-01", case(kind, None))
        assert (found.standing, found.begins, found.last_day) == (Standing.OPEN, None, None)


def test_what_is_kept_for_good_is_transferred_and_never_destroyed() -> None:
    """A case of appraisal B counts from the end of the election and never stands on the destruction list."""
    found = one("2044-06-14", case(CaseType.GENERAL_WARNING))
    assert (found.of, found.begins, found.standing) == (WARNINGS, ELECTION.period_until, Standing.RUNNING)
    assert one("2044-06-15", case(CaseType.GENERAL_WARNING)).standing is Standing.TRANSFER
    assert one("2044-06-15", case(CaseType.GENERAL_WARNING, held=True)).standing is Standing.TRANSFER


def test_what_is_due_and_on_hold_is_held() -> None:
    """A hold is named while the term runs, and keeps what is due from the list."""
    assert one("2030-01-01", case(held=True)).held_by == ("h00000001",)
    assert one("2035-01-01", case(held=True)).standing is Standing.HELD


def test_a_case_goes_with_its_mail_except_what_its_kind_keeps_longer() -> None:
    """A shorter class of a kind never takes a mail out of its case; a longer one keeps it when the case goes."""
    messages = [mail(Place.CASE, Kind.REFERRAL), mail(Place.CASE, Kind.AUTO_REPLY), mail(Place.CASE, Kind.BOUNCE)]
    (found,) = kept("2034-10-01", [case()], messages)
    assert (found.standing, found.messages, found.kept_longer, found.leaving) == (Standing.DUE, 3, 1, 2)
    (later,) = kept("2039-06-07", [case()], messages)
    assert (later.messages, later.leaving) == (3, 3)
    (before,) = kept("2030-01-01", [case()], messages)
    assert before.standing is Standing.RUNNING


# ---------------------------------------------------------------- mail without a case


def test_mail_without_a_case_counts_from_its_arrival() -> None:
    """The default class names the closing of a case; without a case the arrival stands in for it."""
    found = one("2034-06-07", mail(Place.OWN, Kind.DIGEST))
    assert (found.of, found.begins, found.last_day) == (USUAL, ARRIVED, date(2034, 6, 6))
    assert (found.what, found.election, found.standing) == (ThingKept.MESSAGE, "EP2024", Standing.DUE)


def test_a_kind_without_a_class_falls_to_the_default() -> None:
    """Every kind of mail is kept by some class."""
    for kind in Kind:
        found = one("2024-07-01", mail(Place.OWN, kind))
        assert found.of is SCHEDULE.kinds.get(kind, USUAL)


def test_of_several_kinds_the_longest_counts() -> None:
    """A mail of two kinds is kept as long as the longer of their classes says."""
    assert one("2030-01-01", mail(Place.NOISE, Kind.NOISE, Kind.BOUNCE)).of is BOUNCES
    assert one("2030-01-01", mail(Place.NOISE, Kind.BOUNCE, Kind.NOISE)).of is BOUNCES


def test_what_waits_for_a_person_is_never_due() -> None:
    """Mail in the quarantine has no term before somebody has filed it."""
    assert one("2099-01-01", mail(Place.QUARANTINE, Kind.NOISE)).standing is Standing.OPEN


def test_mail_outside_every_election_counts_from_its_arrival() -> None:
    """A class that counts from an election's end counts from the arrival where there is none."""
    schedule = replace(SCHEDULE, default=keeping("elections", "P5Y", TermStart.ELECTION))
    days = [ARRIVED, date(2025, 1, 1)]
    found = list(
        retention_list.overview(
            schedule, date(2026, 1, 1), [ELECTION], (), [mail(Place.OWN, arrived=day, key=str(day)) for day in days]
        )
    )
    assert [(thing.election, thing.begins) for thing in found] == [("EP2024", date(2024, 6, 14)), (None, days[1])]


def test_citizens_mail_and_destroyed_mail_are_no_part_of_it() -> None:
    """A timer destroys declined mail and our answers; what is destroyed is not kept."""
    gone = mail(Place.NOISE, Kind.NOISE)
    gone = Dated(replace(gone.row, discarded_at=datetime(2024, 7, 1, tzinfo=UTC)), gone.arrived, gone.held_by)
    answer = mail(Place.OWN, Kind.DECLINE)
    answer = Dated(replace(answer.row, direction=Direction.OUT), answer.arrived, answer.held_by)
    assert kept("2024-07-01", (), [gone, mail(Place.DECLINED, Kind.CITIZEN_REPORT), answer]) == []


def test_what_came_later_is_left_out() -> None:
    """On an earlier day there is nothing of what arrived or was opened after it."""
    assert kept("2024-06-05", [case()], [mail(Place.OWN)]) == []


# ---------------------------------------------------------------- the review window


@pytest.mark.parametrize(
    ("as_of", "there"), [("2024-06-05", 0), ("2024-06-06", 1), ("2024-08-15", 1), ("2024-08-16", 0)]
)
def test_the_review_window_is_ten_weeks_from_arrival(as_of: str, there: int) -> None:
    """Noise and mail that waits can be taken out from the day of arrival up to and including the window's last."""
    found = list(retention_list.in_review(SCHEDULE, date.fromisoformat(as_of), [mail(Place.NOISE, Kind.NOISE)]))
    assert [last for _, last in found] == [date(2024, 8, 15)] * there


@pytest.mark.parametrize("place", [Place.CASE, Place.DECLINED, Place.OWN])
def test_mail_of_a_case_is_never_in_the_review_window(place: Place) -> None:
    """Only received mail without a case is noise or private."""
    assert list(retention_list.in_review(SCHEDULE, ARRIVED, [mail(place, Kind.NOISE)])) == []


# ---------------------------------------------------------------- properties

DAYS = st.dates(date(2024, 1, 1), date(2060, 12, 31))


@given(
    DAYS,
    st.one_of(st.none(), DAYS),
    st.sampled_from(CaseType),
    st.lists(st.tuples(st.sampled_from(Kind), DAYS), max_size=4),
    st.sampled_from([(), (HOLD,)]),
)
def test_nothing_is_due_that_is_open_kept_for_good_or_on_hold(
    as_of: date, closed: date | None, kind: CaseType, kinds: list[tuple[Kind, date]], holds: tuple[LegalHold, ...]
) -> None:
    """Whatever the classes say, only what was closed, has appraisal V, is over and is not on hold is due."""
    messages = [mail(Place.CASE, of, arrived=day, key=str(at)) for at, (of, day) in enumerate(kinds)]
    for thing in kept(as_of.isoformat(), [case(kind, closed, held=bool(holds))], messages):
        assert 0 <= thing.kept_longer <= thing.messages
        if thing.standing is Standing.DUE:
            assert not holds
            assert thing.of.appraisal is Appraisal.DESTROY
            assert closed is not None
            assert closed <= as_of
            assert thing.last_day is not None
            assert thing.last_day < as_of


@given(DAYS, DAYS, st.sampled_from(CaseType), st.sampled_from(Kind))
def test_what_is_due_stays_due(one_day: date, other: date, kind: CaseType, of: Kind) -> None:
    """No later day takes back that a term is over."""
    first, second = sorted((one_day, other))
    things = ([case(kind)], [mail(Place.NOISE, of)])
    before = {thing.key for thing in kept(first.isoformat(), *things) if thing.standing is Standing.DUE}
    assert before <= {thing.key for thing in kept(second.isoformat(), *things) if thing.standing is Standing.DUE}
