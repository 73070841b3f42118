# SPDX-License-Identifier: EUPL-1.2
"""Exponential backoff for reconnecting to the mailbox: with jitter, and slowly after a refused login."""

from __future__ import annotations

FIRST = 1.0  # seconds: upper bound after the first failure
LONGEST = 60.0  # seconds: one client asks, and what it waits for may be urgent
LOGIN_FIRST, LOGIN_LONGEST = 60.0, 1800.0  # seconds after a refused login: seven tries a minute lock an account
_DOUBLINGS = 6  # 2 ** 6 is more than either bound: more doublings change nothing


def delay(failures: int, fraction: float) -> float:
    """Returns the seconds to wait after `failures` failures in a row: `fraction` of a bound, doubled up to 60 s.

    `fraction` is a random number in [0, 1): with waits spread over the whole bound, the clients of a restarted server
    do not all reconnect in the same second. Raises ValueError outside [0, 1).
    """
    if not 0 <= fraction < 1:
        raise ValueError(f"fraction {fraction} is not in [0, 1)")
    if failures < 1:
        return 0.0
    return fraction * min(LONGEST, FIRST * 2.0 ** min(failures - 1, _DOUBLINGS))


def login_delay(refusals: int) -> float:
    """Returns the seconds to wait after `refusals` refused logins in a row: from one minute, doubled up to thirty."""
    return min(LOGIN_LONGEST, LOGIN_FIRST * 2.0 ** min(max(refusals, 1) - 1, _DOUBLINGS))
