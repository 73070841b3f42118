# SPDX-License-Identifier: EUPL-1.2
"""The period of an election to which a day belongs."""

from __future__ import annotations

from datetime import date

from flaggermail.cases.periods import next_polling_day, period, stricter_days
from flaggermail.record.states import Period
from tests.corpus import each


@each(
    ("today", "wanted"),
    [
        (date(2024, 4, 22), Period.QUIET),
        (date(2024, 4, 23), Period.ELECTION),
        (date(2024, 6, 5), Period.ELECTION),
        (date(2024, 6, 6), Period.POLLING_DAY),
        (date(2024, 6, 7), Period.ELECTION),
        (date(2024, 6, 20), Period.ELECTION),
        (date(2024, 6, 21), Period.QUIET),
    ],
)
def test_the_first_and_last_day_of_the_period_belong_to_it(today: date, wanted: Period) -> None:
    """The first and the last day belong to the election period, and a polling day is a period of its own."""
    assert period((date(2024, 6, 6),), date(2024, 4, 23), date(2024, 6, 20), today) is wanted


DAYS = ((date(2024, 6, 6), date(2024, 6, 20)), date(2024, 4, 23), date(2024, 6, 30))


@each(
    ("today", "wanted"),
    [
        (date(2024, 4, 22), [(date(2024, 4, 23), Period.ELECTION), (date(2024, 6, 6), Period.POLLING_DAY)]),
        (date(2024, 4, 23), [(date(2024, 6, 6), Period.POLLING_DAY)]),
        (date(2024, 6, 5), [(date(2024, 6, 6), Period.POLLING_DAY)]),
        (date(2024, 6, 6), []),
        (date(2024, 6, 7), [(date(2024, 6, 20), Period.POLLING_DAY)]),
        (date(2024, 6, 21), []),
        (date(2024, 7, 1), []),
    ],
)
def test_what_becomes_stricter_than_today(today: date, wanted: list[tuple[date, Period]]) -> None:
    """The period, and in it the next polling day; what is as strict as today or less is no step up."""
    assert list(stricter_days(*DAYS, today)) == wanted


def test_a_period_that_begins_with_its_polling_day_is_one_step() -> None:
    """Nothing comes between a quiet day and a polling day that opens the period."""
    day = date(2024, 6, 6)
    assert list(stricter_days((day,), day, day, date(2024, 6, 1))) == [(day, Period.POLLING_DAY)]


def test_the_next_polling_day() -> None:
    """Today's counts, and after the last one that one is meant."""
    asked = (date(2024, 6, 6), date(2024, 6, 7), date(2024, 6, 20), date(2024, 6, 21))
    assert [next_polling_day(DAYS[0], day).day for day in asked] == [6, 20, 20, 20]
