# SPDX-License-Identifier: EUPL-1.2
"""Whether a mail's arrival time is reliable: every latency is computed from it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from flaggermail.mail.fields import DATE_WITHOUT_ZONE, read_date
from flaggermail.wording.filing import Dispute
from flaggermail.wording.said import Said

TOLERANCE = timedelta(minutes=2)


def disputed(internaldate: datetime, looked_at: datetime | None, received: str | None) -> Said | None:
    """Returns why the INTERNALDATE is disputed, or None.

    It is disputed if it lies before a complete look at the folder that did not show the mail (`looked_at`), or too far
    from the time in our own receiving server's Received field (`received`: its line; RFC 5322, section 3.6.7).
    """
    if looked_at is not None and internaldate < looked_at - TOLERANCE:
        return Dispute.BEFORE_LOOK(at=f"{looked_at.astimezone(UTC):%Y-%m-%d %H:%M}")
    taken = _taken_at(received) if received else None
    if taken is not None and abs(internaldate - taken) > TOLERANCE:
        return Dispute.SERVER_LINE(at=f"{taken.astimezone(UTC):%Y-%m-%d %H:%M}")
    return None


def _taken_at(line: str) -> datetime | None:
    """Returns the instant after the last semicolon of a Received field; None if it is unreadable or has no zone."""
    if ";" not in line:
        return None
    taken, defect = read_date(line.rpartition(";")[2].strip())
    return None if defect == DATE_WITHOUT_ZONE else taken
