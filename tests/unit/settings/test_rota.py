# SPDX-License-Identifier: EUPL-1.2
"""Who is on call at an instant."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaggermail.record.states import OfficerRole
from flaggermail.settings.rota import Officer, Rota, Shift, WeeklyShift, changes, gaps, on_call, planned, running
from tests.corpus import each

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
DAY = datetime(2027, 3, 17, tzinfo=UTC)
A = Officer("a", "A. Jansen", "A.Jansen@bzk.example", login="ajansen", roles=frozenset({OfficerRole.OFFICER}))
B = Officer("b", "B. de Vries", "b.devries@bzk.example", roles=frozenset({OfficerRole.OFFICER}))
CHIEF = Officer("c", "C. Bakker", "c.bakker@bzk.example", roles=frozenset({OfficerRole.HEAD}))
OFFICERS = (A, B, CHIEF)


def shift(officer: str, begins: float, ends: float) -> Shift:
    """Returns a shift between two hours of the day."""
    return Shift(officer, DAY + timedelta(hours=begins), DAY + timedelta(hours=ends))


def who(rota: Rota, hour: float, *overrides: Shift) -> str | None:
    """Returns the id of the officer on call at that hour."""
    found = on_call(rota, overrides, DAY + timedelta(hours=hour))
    return found.id if found else None


SHIFTS = Rota(OFFICERS, (shift("a", 8, 16), shift("b", 16, 24)))


@pytest.mark.parametrize(("hour", "officer"), [(8, "a"), (15.9999, "a"), (16, "b"), (23.9999, "b")])
def test_shift_lasts_up_to_the_instant_at_which_the_next_begins(hour: float, officer: str) -> None:
    """At the second of a shift change only the new officer is on call."""
    assert who(SHIFTS, hour) == officer


def test_outside_every_shift_nobody_is_on_call() -> None:
    """Before the first shift and after the last one only a fallback officer is on call, if one is named."""
    assert who(SHIFTS, 7.9999) is None
    assert who(SHIFTS, 24) is None
    assert who(Rota(OFFICERS, SHIFTS.shifts, fallback_officer="c"), 24) == "c"
    assert who(Rota(OFFICERS, SHIFTS.shifts, fallback_officer="c"), 9) == "a"


def test_override_comes_before_the_shift_for_as_long_as_it_lasts() -> None:
    """An override holds from its first second to its last; then the shift continues."""
    swap = shift("c", 9, 10)
    assert [who(SHIFTS, hour, swap) for hour in (8.9999, 9, 9.9999, 10)] == ["a", "c", "c", "a"]


def test_latest_override_wins() -> None:
    """Of two overlapping overrides the later entry holds; when it ends, the earlier one holds again."""
    earlier, later = shift("b", 9, 12), shift("c", 10, 11)
    assert [who(SHIFTS, hour, earlier, later) for hour in (9, 10, 11, 12)] == ["b", "c", "b", "a"]
    assert who(SHIFTS, 10, later, earlier) == "b"


def test_override_fills_a_gap() -> None:
    """An override needs no underlying shift."""
    assert who(SHIFTS, 3, shift("b", 2, 4)) == "b"


@pytest.mark.parametrize(
    ("begins", "ends", "hours"),
    [((2027, 3, 27, 22), (2027, 3, 28, 6), 7), ((2027, 10, 30, 22), (2027, 10, 31, 6), 9)],
)
def test_night_shift_when_the_clock_changes(
    begins: tuple[int, int, int, int], ends: tuple[int, int, int, int], hours: int
) -> None:
    """A night shift from 22:00 to 06:00 covers seven hours in spring and nine in autumn."""
    night = Shift("a", datetime(*begins, tzinfo=AMSTERDAM), datetime(*ends, tzinfo=AMSTERDAM))
    rota = Rota(OFFICERS, (night,))
    first = night.begins_at.astimezone(UTC)
    covered = [hour for hour in range(-2, 12) if on_call(rota, (), first + timedelta(hours=hour)) is A]
    assert covered == list(range(hours))


def test_hour_that_comes_twice_is_two_hours() -> None:
    """A shift change at 03:00 summer time gives the repeated hour after it to the next officer."""
    change = datetime(2027, 10, 31, 1, 0, tzinfo=UTC)  # 03:00 summer time, 02:00 winter time
    rota = Rota(
        OFFICERS, (Shift("a", change - timedelta(hours=8), change), Shift("b", change, change + timedelta(hours=8)))
    )
    first = datetime(2027, 10, 31, 2, 30, tzinfo=AMSTERDAM, fold=0)
    second = datetime(2027, 10, 31, 2, 30, tzinfo=AMSTERDAM, fold=1)
    assert on_call(rota, (), first.astimezone(UTC)) is A
    assert on_call(rota, (), second.astimezone(UTC)) is B


def test_officers_are_found_by_id_address_and_login() -> None:
    """Capitals and blanks in an address are ignored; a login must match exactly; unknown keys match no officer."""
    assert SHIFTS.officer("b") is B
    assert SHIFTS.officer("z") is None
    assert SHIFTS.by_address(" a.jansen@BZK.example ") is A
    assert SHIFTS.by_address("a.jansen@bzk.example.elsewhere.example") is None
    assert SHIFTS.by_login("ajansen") is A
    assert SHIFTS.by_login("AJANSEN") is None


def test_the_head_is_whoever_has_the_role() -> None:
    """The escalation goes to the first officer with the role of head, if there is one."""
    assert SHIFTS.head() is CHIEF
    assert Rota((A, B)).head() is None


# ---- weekly shifts

MONDAY = date(2027, 3, 22)
DAYS = tuple(WeeklyShift("a", day, time(7), time(19)) for day in range(7))
WEEK = Rota(OFFICERS, (), None, (*DAYS, *(WeeklyShift("b", day, time(19), time(7)) for day in range(7))), AMSTERDAM)


def local(day: date, hour: int, minute: int = 0, *, fold: int = 0) -> datetime:
    """Returns that local time as an instant."""
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=AMSTERDAM, fold=fold).astimezone(UTC)


@pytest.mark.parametrize(
    ("hour", "minute", "officer"), [(6, 59, "b"), (7, 0, "a"), (18, 59, "a"), (19, 0, "b"), (0, 0, "b")]
)
def test_a_weekly_shift_begins_and_ends_by_the_wall(hour: int, minute: int, officer: str) -> None:
    """A weekly shift follows local time; one that ends no later than it begins lasts until the next day."""
    found = on_call(WEEK, (), local(MONDAY, hour, minute))
    assert found is not None
    assert found.id == officer


def test_a_dated_shift_comes_before_one_of_the_week_and_an_override_before_both() -> None:
    """A dated shift replaces the weekly one, and an override replaces both."""
    dated = Shift("c", local(MONDAY, 9), local(MONDAY, 11))
    rota = Rota(OFFICERS, (dated,), None, WEEK.weekly, AMSTERDAM)
    swap = Shift("b", local(MONDAY, 10), local(MONDAY, 12))
    found = [on_call(rota, (swap,), local(MONDAY, hour)) for hour in (8, 9, 10, 11, 12)]
    assert [officer.id if officer else None for officer in found] == ["a", "c", "b", "b", "a"]


@pytest.mark.parametrize(("day", "hours"), [(date(2026, 3, 28), 11), (date(2026, 10, 24), 13), (MONDAY, 12)])
def test_a_weekly_night_is_shorter_or_longer_when_the_clock_changes(day: date, hours: int) -> None:
    """A weekly shift from 19:00 to 07:00 lasts eleven real hours in spring and thirteen in autumn."""
    (night,) = [s for s in planned(WEEK, local(day, 20), local(day, 21)) if s.officer == "b"]
    assert night.ends_at - night.begins_at == timedelta(hours=hours)


@pytest.mark.parametrize(
    ("day", "edge"),
    [(date(2026, 3, 29), "2026-03-29T01:30:00+00:00"), (date(2026, 10, 25), "2026-10-25T00:30:00+00:00")],
)
def test_a_change_at_half_past_two_happens_once(day: date, edge: str) -> None:
    """A change at 02:30 moves to 03:30 in the skipped hour and counts once, first, in the repeated hour."""
    days = range(7)
    weekly = [WeeklyShift("a", d, time(12), time(2, 30)) for d in days] + [
        WeeklyShift("b", d, time(2, 30), time(12)) for d in days
    ]
    rota = Rota(OFFICERS, (), None, tuple(weekly), AMSTERDAM)
    found = changes(rota, (), local(day, 0), local(day, 11))
    assert [(at.isoformat(), officer) for at, officer in found] == [(edge, B)]


def test_two_weeks_of_seven_days_have_no_gap_however_the_clock_changes() -> None:
    """Weekly day and night shifts leave no gap, whether or not the clock changes."""
    for day in (date(2026, 3, 20), date(2026, 10, 16), MONDAY):
        assert gaps(WEEK, (), local(day, 3), local(day, 3) + timedelta(days=14)) == ()
    holed = Rota(OFFICERS, (), None, DAYS, AMSTERDAM)
    assert len(gaps(holed, (), local(MONDAY, 12), local(MONDAY, 12) + timedelta(days=14))) == 14


WALL = st.times().map(lambda at: at.replace(second=0, microsecond=0, tzinfo=None))


@given(
    st.lists(st.builds(WeeklyShift, st.sampled_from("abc"), st.integers(0, 6), WALL, WALL), max_size=5),
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC)),  # noqa: DTZ001 - the zone is given beside
)
def test_who_is_on_call_by_the_week_is_who_the_wall_says(weekly: list[WeeklyShift], at: datetime) -> None:
    """Outside March and October local time alone decides who is on call by the week."""
    if at.astimezone(AMSTERDAM).month in {3, 10}:
        return
    rota = Rota(OFFICERS, (), None, tuple(weekly), AMSTERDAM)
    wall = at.astimezone(AMSTERDAM)
    minute = wall.weekday() * 1440 + wall.hour * 60 + wall.minute

    def covers(shift: WeeklyShift) -> bool:
        begins = shift.weekday * 1440 + shift.begins.hour * 60 + shift.begins.minute
        length = (shift.ends.hour - shift.begins.hour) * 60 + shift.ends.minute - shift.begins.minute
        return (minute - begins) % (7 * 1440) < (length if length > 0 else length + 1440)

    found = on_call(rota, (), at)
    holders = {shift.officer for shift in weekly if covers(shift)}
    assert (found.id in holders) if found else not holders


def test_what_is_left_of_a_shift_ends_with_the_next_and_never_lasts_longer_than_half_a_day() -> None:
    """The rest of a shift lasts until the next planned change, or twelve hours if nothing is planned."""
    assert running(WEEK, (), local(MONDAY, 10)) == Shift("a", local(MONDAY, 10), local(MONDAY, 19))
    alone = Rota(OFFICERS, fallback_officer="a")
    assert running(alone, (), local(MONDAY, 10)) == Shift("a", local(MONDAY, 10), local(MONDAY, 22))
    assert running(Rota(OFFICERS), (), local(MONDAY, 10)) is None


@each(
    ("words", "officer"),
    [
        ("b", B),
        ("B. de Vries", B),
        ("de vries", B),
        ("  DE   VRIES ", B),
        ("vries", B),
        ("ries", None),
        ("", None),
        ("z", None),
    ],
)
def test_an_officer_is_found_by_what_a_colleague_writes(words: str, officer: Officer | None) -> None:
    """An officer is found by id, by name, or by whole words at the end of the name."""
    assert SHIFTS.by_name(words) is officer


def test_a_name_that_two_officers_have_names_nobody() -> None:
    """A name that two officers share matches neither."""
    assert Rota((*OFFICERS, Officer("d", "D. de Vries", "d@bzk.example"))).by_name("de Vries") is None


ZONES = ("Europe/Amsterdam", "Australia/Lord_Howe", "America/New_York", "Europe/London")
NIGHTS = ((2026, 3, 29), (2026, 10, 25), (2026, 4, 5), (2026, 10, 4), (2026, 3, 8), (2026, 11, 1), (2026, 6, 7))


def test_a_weekly_shift_that_begins_in_the_skipped_hour_has_a_length() -> None:
    """On 29 March 2026 no clock shows 02:30: the shift from then to 03:15 begins with the skipped hour's end."""
    found = WeeklyShift("a", 6, time(2, 30), time(3, 15)).on(date(2026, 3, 29), AMSTERDAM)
    assert (found.begins_at.isoformat(), found.ends_at.isoformat()) == (
        "2026-03-29T01:00:00+00:00", "2026-03-29T01:15:00+00:00",
    )  # fmt: skip
    rota = Rota(OFFICERS, weekly=(WeeklyShift("a", 6, time(2, 30), time(3, 15)),), zone=AMSTERDAM)
    assert on_call(rota, (), found.begins_at) is A
    assert planned(rota, found.begins_at, found.ends_at) == [found]


@each("zone", ZONES)
@each("night", NIGHTS)
def test_weekly_shifts_have_a_length_and_no_gap_when_the_clock_changes(night: tuple[int, int, int], zone: str) -> None:
    """Whatever edges lie in the hour that is skipped or comes twice, each shift lasts, and somebody is on call."""
    place, day = ZoneInfo(zone), date(*night)
    edges = [time(0), time(1, 45), time(2, 10), time(2, 20), time(2, 45), time(3, 10), time(0)]
    weekly = [
        WeeklyShift(OFFICERS[number % 3].id, day.weekday(), edges[number], edges[number + 1]) for number in range(6)
    ]
    rota = Rota(OFFICERS, weekly=tuple(weekly), zone=place)
    begins, ends = (datetime.combine(one, time(), place).astimezone(UTC) for one in (day, day + timedelta(days=1)))
    shifts = planned(rota, begins, ends)
    assert len(shifts) == len(weekly)
    assert all(one.begins_at < one.ends_at for one in shifts)
    assert gaps(rota, (), begins, ends) == ()
