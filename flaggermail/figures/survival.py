# SPDX-License-Identifier: EUPL-1.2
"""The median wait and the shares where some still wait: Kaplan and Meier's estimate, in whole numbers.

Kaplan, E. L., and Meier, P. (1958), "Nonparametric estimation from incomplete observations", Journal of the American
Statistical Association 53, 457-481. Leaving the open ones out would make a platform that never answers look quick.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

FEWEST = 5
"""Waits below this number have no median: one answer more or less would move it anywhere."""
FEWEST_OF_SHARES = 10
"""Below this number every wait is shown, and no share: one use would be more than ten percent."""
LIMITS = (1, 4, 24)
"""Hours within which shares are counted; there is no norm behind them."""


def median(answered: Sequence[int], waiting: Sequence[int]) -> int | None:
    """Returns the shortest wait after which less than half are estimated to be unanswered; None if there is none.

    If exactly half are unanswered from one answer to the next, it is the midpoint of these two, half a minute up.
    `answered` are the minutes until the answer, `waiting` those of the open ones so far, which say only that the answer
    takes longer. None, too, if there are fewer than `FEWEST` of both together.
    """
    if len(answered) + len(waiting) < FEWEST:
        return None
    unanswered, half = Fraction(1), None
    for minutes in sorted(set(answered)):
        # Who has waited exactly as long is still at risk: an open wait ends after the answers of its minute.
        at_risk = sum(one >= minutes for one in (*answered, *waiting))
        unanswered *= 1 - Fraction(answered.count(minutes), at_risk)
        if 2 * unanswered < 1:
            return minutes if half is None else (half + minutes + 1) // 2
        if 2 * unanswered == 1:
            half = minutes
    return None


def shares(answered: Sequence[int], waiting: Sequence[int]) -> Mapping[int, tuple[int, int]]:
    """Returns for each of `LIMITS` how many were answered within these hours, and of how many that is known.

    It is not known of one that has waited for less than that so far. Empty below `FEWEST_OF_SHARES`.
    """
    if len(answered) + len(waiting) < FEWEST_OF_SHARES:
        return {}
    return {
        hours: (
            sum(minutes <= 60 * hours for minutes in answered),
            len(answered) + sum(minutes >= 60 * hours for minutes in waiting),
        )
        for hours in LIMITS
    }
