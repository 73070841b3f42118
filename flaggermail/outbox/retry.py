# SPDX-License-Identifier: EUPL-1.2
"""When a mail that was refused for now is tried again, and when it is given up: pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

SPREAD = 0.1  # of a wait, added at most: mails refused together do not come back together


def next_try(
    tries: int, waits: Sequence[int], queued_at: datetime, now: datetime, give_up: timedelta, chance: float
) -> datetime | None:
    """The instant of the next try after `tries` tries, or nothing when the mail is given up.

    `waits` are minutes, the last one repeated; `give_up` is how long after `queued_at` the last try may be; `chance` in
    [0, 1) says how much of the spread is added to the wait.
    """
    wait = timedelta(minutes=waits[min(tries, len(waits)) - 1])
    at = now + wait
    return min(at + wait * SPREAD * chance, queued_at + give_up) if at - queued_at <= give_up else None


def fraction(salt: bytes) -> float:
    """Random octets as a number in [0, 1)."""
    return int.from_bytes(salt[:4]) / (1 << 32)
