# SPDX-License-Identifier: EUPL-1.2
"""Whether the instant at which a mail arrived can be relied on: every latency runs to it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from flaggermail.mail.fields import DATE_WITHOUT_ZONE, read_date

TOLERANCE = timedelta(minutes=2)


def disputed(internaldate: datetime, looked_at: datetime | None, received: str | None) -> str | None:
    """Why the INTERNALDATE is disputed, or nothing.

    It is when it lies before a complete look at the folder that did not show the mail (`looked_at`), or far from the
    instant at which our own receiving server says it took the mail (`received`: its line; RFC 5322, section 3.6.7).
    """
    if looked_at is not None and internaldate < looked_at - TOLERANCE:
        return f"dated before our look of {looked_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC, which did not show it"
    taken = _taken_at(received) if received else None
    if taken is not None and abs(internaldate - taken) > TOLERANCE:
        return f"our own server took it at {taken.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    return None


def _taken_at(line: str) -> datetime | None:
    """The instant behind the last semicolon of a Received field; nothing when it is unreadable or has no zone."""
    if ";" not in line:
        return None
    taken, defect = read_date(line.rpartition(";")[2].strip())
    return None if defect == DATE_WITHOUT_ZONE else taken
