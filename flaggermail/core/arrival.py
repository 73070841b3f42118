# SPDX-License-Identifier: EUPL-1.2
"""Whether the instant at which a mail arrived can be relied on: every latency runs to it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from flaggermail.core.authres import own_received_line
from flaggermail.core.message import Message

TOLERANCE = timedelta(minutes=2)


def disputed(
    message: Message, internaldate: datetime, looked_at: datetime | None, authserv_id: str | None
) -> str | None:
    """Why the INTERNALDATE is disputed, or nothing.

    It is when it lies before a complete look at the folder that did not show the mail (`looked_at`), or far from the
    instant at which our own receiving server says it took the mail (RFC 5322, section 3.6.7).
    """
    if looked_at is not None and internaldate < looked_at - TOLERANCE:
        return f"dated before our look of {looked_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC, which did not show it"
    taken = _taken_at(message, authserv_id)
    if taken is not None and abs(internaldate - taken) > TOLERANCE:
        return f"our own server took it at {taken.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    return None


def _taken_at(message: Message, authserv_id: str | None) -> datetime | None:
    line = own_received_line(message, authserv_id) if authserv_id else None
    if line is None or ";" not in line:
        return None
    try:
        taken = parsedate_to_datetime(line.rpartition(";")[2].strip())
    except ValueError:
        return None
    return taken if taken.tzinfo is not None else None
