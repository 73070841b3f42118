# SPDX-License-Identifier: EUPL-1.2
"""Instants as a letter prints them."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from flaggermail.documents.dates import Calendar, DateForm

DUTCH = Calendar(("januari", "", "maart", "", "", "juni", "", "", "", "oktober", "", ""), "nl")
ENGLISH = Calendar(("January", "", "March", "", "", "June", "", "", "", "October", "", ""), "en")
AMSTERDAM = ZoneInfo("Europe/Amsterdam")
REPLY = datetime(2024, 6, 6, 11, 6, 41, tzinfo=UTC).astimezone(AMSTERDAM)


@pytest.mark.parametrize(
    ("calendar", "form", "expected"),
    [
        (ENGLISH, DateForm.ISO, "2024-06-06 13:06+02:00"),
        (DUTCH, DateForm.WORDS, "6 juni 2024 om 13.06 uur"),
        (ENGLISH, DateForm.WORDS, "6 June 2024 at 13:06"),
        (DUTCH, DateForm.ABBREVIATED, "Thu 06-Jun-2024 13:06"),  # as the report of 2024 prints it
        (ENGLISH, DateForm.ABBREVIATED, "Thu 06-Jun-2024 13:06"),
    ],
)
def test_an_instant_in_each_form(calendar: Calendar, form: DateForm, expected: str) -> None:
    """To the minute, cut and not rounded, so that subtracting printed times gives the printed minutes."""
    assert calendar.shown(REPLY, form) == expected


def test_the_hour_that_comes_twice_has_its_offset() -> None:
    """On the night of 25 October 2026, half past two comes twice in Amsterdam."""
    first, second = (datetime(2026, 10, 25, hour, 30, tzinfo=UTC).astimezone(AMSTERDAM) for hour in (0, 1))
    assert DUTCH.in_words(first) == "25 oktober 2026 om 02.30 uur (UTC+02:00)"
    assert ENGLISH.in_words(second) == "25 October 2026 at 02:30 (UTC+01:00)"
    assert DUTCH.shown(second, DateForm.ABBREVIATED) == "Sun 25-Oct-2026 02:30 (UTC+01:00)"


def test_the_day_before_a_change_has_none() -> None:
    """Only the day itself is ambiguous."""
    assert ENGLISH.in_words(datetime(2026, 3, 28, 23, 59, tzinfo=AMSTERDAM)) == "28 March 2026 at 23:59"
    assert ENGLISH.in_words(datetime(2026, 3, 29, 0, 1, tzinfo=AMSTERDAM)).endswith("(UTC+01:00)")
