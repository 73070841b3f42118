# SPDX-License-Identifier: EUPL-1.2
"""When a temporarily refused mail is retried, and when it is given up: pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

SPREAD = 0.1  # the largest fraction of a wait added to it, so that mails refused together are not retried together


LOGIN_WAITS = (1, 2, 5, 10, 15, 30)  # minutes; seven refused logins in a minute lock an account at many providers
DOUBT_WAITS = (1, 20, 40, 60, 120, 240)  # minutes; any three in a row last an hour: at most three handovers in doubt


def next_try(
    tries: int, waits: Sequence[int], queued_at: datetime, now: datetime, give_up: timedelta | None, chance: float
) -> datetime | None:
    """Returns the instant of the next try after `tries` tries; None if the mail is given up.

    `waits` are minutes, the last one repeated; `give_up` is the longest time from `queued_at` to the last try, None for
    a mail that is never given up; `chance` in [0, 1) scales the spread added to the wait.
    """
    wait = timedelta(minutes=waits[min(tries, len(waits)) - 1])
    at = now + wait
    if give_up is None:
        return at + wait * SPREAD * chance
    return min(at + wait * SPREAD * chance, queued_at + give_up) if at - queued_at <= give_up else None


def fraction(salt: bytes) -> float:
    """Converts random octets to a number in [0, 1)."""
    return int.from_bytes(salt[:4]) / (1 << 32)
