# SPDX-License-Identifier: EUPL-1.2
"""Parses days and instants from a command line and formats instants."""

from __future__ import annotations

from datetime import UTC, date, datetime

import click

INSTANT_HELP = "ISO 8601 with offset; without one it is local time in the configured zone."
_LENGTH_OF_A_DAY = len("2024-06-06")
_LENGTH_OF_A_YEAR = len("2024")


def day(text: str) -> str:
    """Returns a day as it was typed, for the desk; for `type=` of an option. Raises BadParameter unless YYYY-MM-DD."""
    try:
        found = date.fromisoformat(text).isoformat()
    except ValueError:
        found = None
    if found != text:
        raise click.BadParameter(f"{text!r} is no day; write it as 2024-06-06")
    return text


def first_day(text: str) -> str:
    """Returns a day, or the first of a year: `2019`; for `type=` of an option. Raises click.BadParameter."""
    return _day_or_year(text, "01-01")


def last_day(text: str) -> str:
    """Returns a day, or the last of a year: `2026`; for `type=` of an option. Raises click.BadParameter."""
    return _day_or_year(text, "12-31")


def _day_or_year(text: str, of_year: str) -> str:
    is_year = len(text) == _LENGTH_OF_A_YEAR and text.isascii() and text.isdigit()
    try:
        found = day(f"{text}-{of_year}" if is_year else text)
    except click.BadParameter:
        found = None
    from flaggermail.record.definition import YEARS

    if found is None or date.fromisoformat(found).year not in YEARS:
        raise click.BadParameter(f"{text!r} is no year and no day; write it as 2019 or 2019-03-20")
    return found


def typed_instant(text: str) -> str:
    """Returns an instant in ISO 8601 as it was typed, for the desk; for `type=` of an option. Raises BadParameter."""
    try:
        datetime.fromisoformat(text)
    except ValueError:
        found = False
    else:
        found = len(text) > _LENGTH_OF_A_DAY
    if not found:
        raise click.BadParameter(f"{text!r} is no instant; write it as 2024-06-06T10:34 or 2024-06-06T10:34+02:00")
    return text


def age(since: datetime, now: datetime) -> str:
    """Formats the time since `since` in hours and minutes: `26h05`."""
    return hours(int((_minute(now) - _minute(since)).total_seconds()) // 60)


def _minute(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(second=0, microsecond=0)


def hours(minutes_: int) -> str:
    """Formats minutes as hours and minutes: `26h05`."""
    whole, rest = divmod(max(minutes_, 0), 60)
    return f"{whole}h{rest:02}"
