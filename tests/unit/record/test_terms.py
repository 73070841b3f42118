# SPDX-License-Identifier: EUPL-1.2
"""Retention terms are calendar arithmetic: leap days, ends of months and clock changes shorten none."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaggermail.record.case_values import LanguageCode
from flaggermail.record.terms import Term, day_of

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
DAYS = st.dates(date(1995, 1, 1), date(2200, 12, 31))
TERMS = st.one_of(
    st.builds("P{}Y".format, st.integers(1, 100)),
    st.builds("P{}M".format, st.integers(1, 1200)),
    st.builds("P{}W".format, st.integers(1, 1000)),
    st.builds("P{}D".format, st.integers(1, 9999)),
    st.builds("P{}Y{}M{}D".format, st.integers(0, 50), st.integers(0, 30), st.integers(1, 400)),
)


@pytest.mark.parametrize(
    ("term", "start", "last"),
    [
        ("P10Y", "2024-12-06", "2034-12-06"),  # the example of the MDTO documentation
        ("P1Y", "2024-02-29", "2025-02-28"),
        ("P4Y", "2024-02-29", "2028-02-29"),
        ("P1M", "2026-01-31", "2026-02-28"),
        ("P1M", "2024-01-31", "2024-02-29"),
        ("P13M", "2026-11-30", "2027-12-30"),
        ("P1Y6M", "2026-08-31", "2028-02-29"),
        ("P10W", "2026-03-01", "2026-05-10"),  # over the change of the clock of 29 March
        ("P70D", "2026-03-01", "2026-05-10"),
        ("P999Y", "9990-01-01", "9999-12-31"),
        ("P9999D", "9999-12-30", "9999-12-31"),
    ],
)
def test_the_last_day_is_that_of_the_calendar(term: str, start: str, last: str) -> None:
    """Years and months go to the same day, or to the last day of a month that lacks it; weeks are seven days."""
    assert Term.parse(term).last_day(date.fromisoformat(start)) == date.fromisoformat(last)


@pytest.mark.parametrize(
    "text",
    ["", "P", "10Y", "P10", "PY", "P0Y", "P0D", "P-10Y", "-P10Y", "P1.5Y", "P10Y ", "p10y", "P1W2D", "P1D1Y", "PT10H",
     "P1YT1H", "P10000Y", "P\u0661Y", "P10Y\n", "P" + "9" * 100_000 + "Y"],
)  # fmt: skip
def test_what_is_no_period_is_refused(text: str) -> None:
    """Negative and empty periods, fractions, hours, other orders and other digits are refused at once."""
    with pytest.raises(ValueError, match="is no period of ISO 8601"):
        Term.parse(text)


@given(TERMS, DAYS)
def test_no_term_ends_on_the_day_it_begins(text: str, start: date) -> None:
    """A term is at least a day long, and keeps the words in which it was written."""
    term = Term.parse(text)
    assert term.last_day(start) > start
    assert term.written == text


@given(TERMS, DAYS, DAYS)
def test_what_begins_later_ends_no_sooner(text: str, one: date, other: date) -> None:
    """The order of two starts is the order of their ends."""
    first, second = sorted((one, other))
    term = Term.parse(text)
    assert term.last_day(first) <= term.last_day(second)


@given(st.integers(1, 150), DAYS)
def test_years_end_on_the_same_day_but_for_leap_days(years: int, start: date) -> None:
    """Month and day stay; only 29 February becomes 28 in a year without one, and a year is twelve months."""
    last = Term.parse(f"P{years}Y").last_day(start)
    assert last.year == start.year + years
    assert (last.month, last.day) in {(start.month, start.day), (2, 28) if (start.month, start.day) == (2, 29) else ()}
    assert last == Term.parse(f"P{years * 12}M").last_day(start)


@given(st.integers(1, 1400), DAYS)
def test_months_end_on_that_day_or_on_the_last(months: int, start: date) -> None:
    """The day of the month stays, or the next day would be in another month."""
    last = Term.parse(f"P{months}M").last_day(start)
    assert (last.year * 12 + last.month) - (start.year * 12 + start.month) == months
    assert last.day == start.day or (last.day < start.day and (last + timedelta(days=1)).day == 1)


@given(st.integers(1, 1000), st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)))  # noqa: DTZ001 - wall times
def test_a_change_of_the_clock_moves_no_day(weeks: int, wall: datetime) -> None:
    """Ten weeks after any time of a day, it is the same weekday: days are counted in the desk's zone, not in hours."""
    arrived = wall.replace(tzinfo=AMSTERDAM).astimezone(UTC)
    start = day_of(arrived, AMSTERDAM)
    last = Term.parse(f"P{weeks}W").last_day(start)
    assert (last - start).days == 7 * weeks
    assert last.weekday() == start.weekday()


@given(st.datetimes(timezones=st.just(UTC)))
def test_every_instant_has_a_day(at: datetime) -> None:
    """No instant that a server may give stops the arithmetic."""
    assert abs((day_of(at, AMSTERDAM) - at.date()).days) <= 1


def test_an_evening_belongs_to_the_day_on_the_wall() -> None:
    """Half past eleven in the evening of UTC is the next day in summer."""
    assert day_of(datetime(2026, 6, 30, 23, 30, tzinfo=UTC), AMSTERDAM) == date(2026, 7, 1)


@pytest.mark.parametrize(
    ("term", "nl", "en"),
    [
        ("P10Y", "10 jaar", "10 years"),
        ("P1Y6M", "1 jaar en 6 maanden", "1 year and 6 months"),
        ("P18M", "1 jaar en 6 maanden", "1 year and 6 months"),
        ("P10W", "10 weken", "10 weeks"),
        ("P70D", "70 dagen", "70 days"),
        ("P1Y1M1D", "1 jaar en 1 maand en 1 dag", "1 year and 1 month and 1 day"),
    ],
)
def test_a_term_is_said_in_both_languages(term: str, nl: str, en: str) -> None:
    """The declaration names a period in words beside its ISO 8601 form."""
    assert Term.parse(term).spoken(LanguageCode.NL) == nl
    assert Term.parse(term).spoken(LanguageCode.EN) == en
