# SPDX-License-Identifier: EUPL-1.2
"""The figure in the report: minutes that anyone can check, hours in tenths, words in both languages."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from math import floor
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaggermail.record.clocks import hours, in_sentence, minutes, spoken, tenths
from tests.corpus import each

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
HALF = Fraction(1, 2)
INSTANTS = st.datetimes(
    datetime(2024, 1, 1),  # noqa: DTZ001 - the zone is drawn
    datetime(2030, 1, 1),  # noqa: DTZ001 - as above
    timezones=st.sampled_from([UTC, AMSTERDAM, ZoneInfo("Asia/Kathmandu"), ZoneInfo("America/Caracas")]),
)


def test_tenths_are_the_exact_fraction_rounded_half_up() -> None:
    """For each of the first 720 minutes the tenths equal exact arithmetic, rounded half up."""
    for count in range(720):
        wanted = floor(Fraction(count, 60) * 10 + HALF)
        assert tenths(count) == wanted, count
        assert hours(count) == f"{wanted // 10}.{wanted % 10}", count
        assert hours(count, "nl") == f"{wanted // 10},{wanted % 10}", count


@each(("count", "text"), [(0, "0.0"), (2, "0.0"), (3, "0.1"), (15, "0.3"), (51, "0.9"), (152, "2.5"), (599, "10.0")])
def test_halves_go_up_where_a_float_would_go_down(count: int, text: str) -> None:
    """Halves are rounded up exactly: 15 minutes are 0.3 hours, 51 are 0.9, 152 are 2.5."""
    assert hours(count) == text


@each(
    ("sent", "received", "count"),
    [
        ("2024-06-06T10:34:59+02:00", "2024-06-06T13:06:00+02:00", 152),
        ("2024-06-06T10:34:00+02:00", "2024-06-06T13:06:59+02:00", 152),
        ("2024-06-06T10:34:59.999999+02:00", "2024-06-06T10:35:00+02:00", 1),
        ("2024-06-06T10:34:00+02:00", "2024-06-06T10:34:59+02:00", 0),
        ("2024-06-06T10:34:59+02:00", "2024-06-06T10:34:00+02:00", 0),
        ("2024-06-06T10:34:00+02:00", "2024-06-06T08:35:00+00:00", 1),
        ("2024-06-06T10:35:00+02:00", "2024-06-06T10:34:59+02:00", -1),
    ],
)
def test_minutes_are_those_of_the_printed_times(sent: str, received: str, count: int) -> None:
    """Both instants are cut to the minute before the subtraction, whatever their seconds and offsets."""
    assert minutes(datetime.fromisoformat(sent), datetime.fromisoformat(received)) == count


@pytest.mark.parametrize(
    ("sent", "received", "count"),
    [
        ((2027, 3, 28, 1, 30, 0), (2027, 3, 28, 3, 30, 0), 60),  # the hour from two to three does not exist
        ((2027, 3, 27, 9, 0, 0), (2027, 3, 28, 9, 0, 0), 23 * 60),
        ((2027, 10, 31, 2, 30, 0), (2027, 10, 31, 2, 30, 1), 60),  # half past two occurs twice
        ((2027, 10, 31, 2, 59, 0), (2027, 10, 31, 2, 0, 1), 1),
        ((2027, 10, 30, 9, 0, 0), (2027, 10, 31, 9, 0, 0), 25 * 60),
    ],
)
def test_nights_on_which_the_clock_changes(
    sent: tuple[int, int, int, int, int, int], received: tuple[int, int, int, int, int, int], count: int
) -> None:
    """Elapsed time is counted, not the difference of local times; the last number is the fold."""
    begin, end = (
        datetime(y, month, d, h, minute, tzinfo=AMSTERDAM, fold=fold)
        for y, month, d, h, minute, fold in (sent, received)
    )
    assert minutes(begin, end) == count


def test_across_the_date_line() -> None:
    """A notification of Tuesday in Kiritimati answered on Monday in Honolulu took ten minutes."""
    sent = datetime(2027, 3, 16, 10, 0, tzinfo=ZoneInfo("Pacific/Kiritimati"))
    received = datetime(2027, 3, 15, 10, 10, tzinfo=ZoneInfo("Pacific/Honolulu"))
    assert minutes(sent, received) == 10


@given(INSTANTS, st.integers(0, 10_000), st.integers(0, 59), st.integers(0, 59))
def test_seconds_and_zone_never_change_the_count(begin: datetime, count: int, early: int, late: int) -> None:
    """Neither the seconds of the instants nor their zones change the minutes."""
    start = begin.astimezone(UTC).replace(second=0, microsecond=0)
    end = start + timedelta(minutes=count, seconds=late)
    assert minutes(start.replace(second=early).astimezone(begin.tzinfo), end.astimezone(AMSTERDAM)) == count


@each(
    ("count", "dutch", "english"),
    [
        (0, "0,0 uur (minder dan een minuut)", "0.0 hours (less than a minute)"),
        (1, "0,0 uur (1 minuut)", "0.0 hours (1 minute)"),
        (2, "0,0 uur (2 minuten)", "0.0 hours (2 minutes)"),
        (60, "1,0 uur (1 uur)", "1.0 hours (1 hour)"),
        (61, "1,0 uur (1 uur en 1 minuut)", "1.0 hours (1 hour and 1 minute)"),
        (120, "2,0 uur (2 uur)", "2.0 hours (2 hours)"),
        (152, "2,5 uur (2 uur en 32 minuten)", "2.5 hours (2 hours and 32 minutes)"),
        (1500, "25,0 uur (25 uur)", "25.0 hours (25 hours)"),
        (2879, "48,0 uur (47 uur en 59 minuten)", "48.0 hours (47 hours and 59 minutes)"),
        (2880, "48,0 uur (2 dagen)", "48.0 hours (2 days)"),
        (2881, "48,0 uur (2 dagen en 1 minuut)", "48.0 hours (2 days and 1 minute)"),
        (13_020, "217,0 uur (9 dagen en 1 uur)", "217.0 hours (9 days and 1 hour)"),
        (13_152, "219,2 uur (9 dagen, 3 uur en 12 minuten)", "219.2 hours (9 days, 3 hours and 12 minutes)"),
    ],
)
def test_spoken_figure(count: int, dutch: str, english: str) -> None:
    """The figure has hours with one decimal and the exact time, a comma in Dutch, and correct singulars."""
    assert spoken(count, "nl") == dutch
    assert spoken(count, "en") == english


@each(
    ("count", "dutch", "english"),
    [
        (0, "minder dan een minuut", "less than a minute"),
        (1, "1 minuut", "1 minute"),
        (2, "2 minuten", "2 minutes"),
        (3, "0,1 uur (3 minuten)", "0.1 hours (3 minutes)"),
        (152, "2,5 uur (2 uur en 32 minuten)", "2.5 hours (2 hours and 32 minutes)"),
        (2879, "48,0 uur (47 uur en 59 minuten)", "48.0 hours (47 hours and 59 minutes)"),
        (2880, "2 dagen (2880 minuten)", "2 days (2880 minutes)"),
        (13_152, "9 dagen, 3 uur en 12 minuten (13152 minuten)", "9 days, 3 hours and 12 minutes (13152 minutes)"),
    ],
)
def test_running_text_counts_days_from_two_on(count: int, dutch: str, english: str) -> None:
    """Nobody reads 26,182.3 hours; below a tenth of an hour the minutes are enough."""
    assert in_sentence(count, "nl") == dutch
    assert in_sentence(count, "en") == english
