# SPDX-License-Identifier: EUPL-1.2
"""Reads INTERNALDATE (RFC 9051, section 2.3.3) as imapclient gives it.

The server stores what a client appended, so a zone of 26 hours or a 60th second may come back. imapclient gives a zone
of any size, whose instant raises in arithmetic, and None for what is no date.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timezone

DATED = "INTERNALDATE"
_NOT_READ = "not a date"


@dataclass(frozen=True, slots=True)
class Arrival:
    """An aware instant; `written` is the server's text if no calendar holds it, and `at` then when we saw the mail."""

    at: datetime
    written: str = ""


def arrival_in(items: Mapping[bytes, object]) -> Arrival:
    """Returns the arrival in a FETCH response."""
    found = items.get(DATED.encode())
    if not isinstance(found, datetime):
        return _unreadable(_NOT_READ)
    try:
        offset = found.utcoffset()
        at = found.replace(tzinfo=timezone(offset)) if offset is not None else None
        if at is not None and at.astimezone(UTC):
            return Arrival(at)
    except (ValueError, OverflowError):  # a zone beyond a day, or an instant beyond the calendar
        pass
    return _unreadable(f"{found.replace(tzinfo=None)} {found.tzname() or ''}".rstrip())


def _unreadable(written: str) -> Arrival:
    return Arrival(datetime.now(UTC), written)
