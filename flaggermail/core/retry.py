# SPDX-License-Identifier: EUPL-1.2
"""When a mail that was refused for now is tried again, and when it is given up: pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta


def next_try(
    tries: int, waits: Sequence[int], queued_at: datetime, now: datetime, give_up: timedelta
) -> datetime | None:
    """The instant of the next try after `tries` tries, or nothing when the mail is given up.

    `waits` are minutes, the last one repeated; `give_up` is how long after `queued_at` the last try may be.
    """
    at = now + timedelta(minutes=waits[min(tries, len(waits)) - 1])
    return at if at - queued_at <= give_up else None
