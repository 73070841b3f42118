# SPDX-License-Identifier: EUPL-1.2
"""The period of an election to which a day belongs."""

from __future__ import annotations

from datetime import date

from flaggermail.oncall.periods import Period, period
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
