# SPDX-License-Identifier: EUPL-1.2
"""Who is on call at an instant."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from flaggermail.core.rota import Officer, Rota, Shift, on_call

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
DAY = datetime(2027, 3, 17, tzinfo=UTC)
A = Officer("a", "A. Jansen", "A.Jansen@bzk.example", login="ajansen", roles=frozenset({"officer"}))
B = Officer("b", "B. de Vries", "b.devries@bzk.example", roles=frozenset({"officer"}))
CHIEF = Officer("c", "C. Bakker", "c.bakker@bzk.example", roles=frozenset({"head"}))
OFFICERS = (A, B, CHIEF)


def shift(officer: str, begins: float, ends: float) -> Shift:
    """From one hour of the day to another."""
    return Shift(officer, DAY + timedelta(hours=begins), DAY + timedelta(hours=ends))


def who(rota: Rota, hour: float, *overrides: Shift) -> str | None:
    """The id of the officer on call at that hour."""
    found = on_call(rota, overrides, DAY + timedelta(hours=hour))
    return found.id if found else None


SHIFTS = Rota(OFFICERS, (shift("a", 8, 16), shift("b", 16, 24)))


@pytest.mark.parametrize(("hour", "officer"), [(8, "a"), (15.9999, "a"), (16, "b"), (23.9999, "b")])
def test_shift_lasts_up_to_the_instant_at_which_the_next_begins(hour: float, officer: str) -> None:
    """At the very second of a change the new officer is on call, and only he."""
    assert who(SHIFTS, hour) == officer


def test_outside_every_shift_nobody_is_on_call() -> None:
    """Before the first and after the last shift there is nobody, unless a standing officer is named."""
    assert who(SHIFTS, 7.9999) is None
    assert who(SHIFTS, 24) is None
    assert who(Rota(OFFICERS, SHIFTS.shifts, otherwise="c"), 24) == "c"
    assert who(Rota(OFFICERS, SHIFTS.shifts, otherwise="c"), 9) == "a"


def test_override_comes_before_the_shift_for_as_long_as_it_lasts() -> None:
    """Who took over is on call from the first second to the last; then the shift goes on."""
    swap = shift("c", 9, 10)
    assert [who(SHIFTS, hour, swap) for hour in (8.9999, 9, 9.9999, 10)] == ["a", "c", "c", "a"]


def test_latest_override_wins() -> None:
    """Of two overrides for one hour the one that was entered last holds; where it ends the earlier one holds again."""
    earlier, later = shift("b", 9, 12), shift("c", 10, 11)
    assert [who(SHIFTS, hour, earlier, later) for hour in (9, 10, 11, 12)] == ["b", "c", "b", "a"]
    assert who(SHIFTS, 10, later, earlier) == "b"


def test_override_fills_a_gap() -> None:
    """An override needs no shift under it."""
    assert who(SHIFTS, 3, shift("b", 2, 4)) == "b"


@pytest.mark.parametrize(
    ("begins", "ends", "hours"),
    [((2027, 3, 27, 22), (2027, 3, 28, 6), 7), ((2027, 10, 30, 22), (2027, 10, 31, 6), 9)],
)
def test_night_shift_when_the_clock_changes(
    begins: tuple[int, int, int, int], ends: tuple[int, int, int, int], hours: int
) -> None:
    """From ten at night until six in the morning are seven hours in spring and nine in autumn, all of them covered."""
    night = Shift("a", datetime(*begins, tzinfo=AMSTERDAM), datetime(*ends, tzinfo=AMSTERDAM))
    rota = Rota(OFFICERS, (night,))
    first = night.begins_at.astimezone(UTC)
    covered = [hour for hour in range(-2, 12) if on_call(rota, (), first + timedelta(hours=hour)) is A]
    assert covered == list(range(hours))


def test_hour_that_comes_twice_is_two_hours() -> None:
    """A change of shift at three, summer time, leaves the second hour of that name to the next officer."""
    change = datetime(2027, 10, 31, 1, 0, tzinfo=UTC)  # three o'clock in summer, two o'clock in winter
    rota = Rota(
        OFFICERS, (Shift("a", change - timedelta(hours=8), change), Shift("b", change, change + timedelta(hours=8)))
    )
    first = datetime(2027, 10, 31, 2, 30, tzinfo=AMSTERDAM, fold=0)
    second = datetime(2027, 10, 31, 2, 30, tzinfo=AMSTERDAM, fold=1)
    assert on_call(rota, (), first.astimezone(UTC)) is A
    assert on_call(rota, (), second.astimezone(UTC)) is B


def test_officers_are_found_by_id_address_and_login() -> None:
    """Capitals and blanks in an address do not matter; a login is exact; nobody is found by a stranger's."""
    assert SHIFTS.officer("b") is B
    assert SHIFTS.officer("z") is None
    assert SHIFTS.by_address(" a.jansen@BZK.example ") is A
    assert SHIFTS.by_address("a.jansen@bzk.example.elsewhere.example") is None
    assert SHIFTS.by_login("ajansen") is A
    assert SHIFTS.by_login("AJANSEN") is None


def test_the_head_is_whoever_has_the_role() -> None:
    """The escalation goes to the first officer with that role, and to nobody where there is none."""
    assert SHIFTS.head() is CHIEF
    assert Rota((A, B)).head() is None
