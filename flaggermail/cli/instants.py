# SPDX-License-Identifier: EUPL-1.2
"""Parses days and instants from a command line and formats instants."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import click

from flaggermail.cli.session import Session
from flaggermail.notifications.latency import minutes

INSTANT_HELP = "ISO 8601 with offset; without one it is local time in the configured zone."
_LENGTH_OF_A_DAY = len("2024-06-06")


def day(text: str) -> date:
    """Parses a day written as YYYY-MM-DD; for `type=` of an option. Raises click.BadParameter."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.isoformat() != text:
        raise click.BadParameter(f"{text!r} is no day; write it as 2024-06-06")
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


def instant(text: str) -> datetime:
    """Parses an instant in ISO 8601; for `type=` of an option. Raises click.BadParameter.

    Without an offset it is local time in the configured zone. If a clock change makes that time ambiguous or
    nonexistent, the offset is required.
    """
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or len(text) <= _LENGTH_OF_A_DAY:
        raise click.BadParameter(f"{text!r} is no instant; write it as 2024-06-06T10:34 or 2024-06-06T10:34+02:00")
    if found.tzinfo is not None:
        return found
    session = click.get_current_context().ensure_object(Session)
    earlier = found.replace(tzinfo=session.zone)
    later = earlier.replace(fold=1)
    if earlier.utcoffset() != later.utcoffset():
        choices = f"{earlier.isoformat()} or {later.isoformat()}"
        raise click.BadParameter(f"{text!r} is not one instant, the clock changes then; write the offset: {choices}")
    return earlier


def shown(at: datetime | None, zone: ZoneInfo) -> str:
    """Formats an instant to the minute, in `zone` with its offset; empty for None."""
    return "" if at is None else at.astimezone(zone).isoformat(sep=" ", timespec="minutes")


def age(since: datetime, now: datetime) -> str:
    """Formats the time since `since` in hours and minutes: `26h05`."""
    return hours(minutes(since, now))


def hours(minutes_: int) -> str:
    """Formats minutes as hours and minutes: `26h05`."""
    whole, rest = divmod(max(minutes_, 0), 60)
    return f"{whole}h{rest:02}"
