# SPDX-License-Identifier: EUPL-1.2
"""How long to wait before a lost connection is tried again."""

from __future__ import annotations

FIRST = 1.0  # seconds: the longest wait after the first failure
LONGEST = 300.0  # seconds
_DOUBLINGS = 9  # 2 ** 9 is past LONGEST: no need to count higher, however long the server stays away


def delay(failures: int, fraction: float) -> float:
    """Seconds to wait after `failures` failures in a row: `fraction` of a span that doubles each time, 300 s at most.

    `fraction` is a random number in [0, 1) of the caller's: spread over the whole span, the clients of a server that
    comes back do not all return in one second. Raises ValueError outside [0, 1).
    """
    if not 0 <= fraction < 1:
        raise ValueError(f"fraction {fraction} is not in [0, 1)")
    if failures < 1:
        return 0.0
    return fraction * min(LONGEST, FIRST * 2.0 ** min(failures - 1, _DOUBLINGS))
