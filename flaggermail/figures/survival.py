# SPDX-License-Identifier: EUPL-1.2
"""The median wait where some still wait: Kaplan and Meier's estimate, in whole numbers.

Kaplan, E. L., and Meier, P. (1958), "Nonparametric estimation from incomplete observations", Journal of the American
Statistical Association 53, 457-481. Leaving the open ones out would make a platform that never answers look quick.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

FEWEST = 5
"""Waits below this number have no median: one answer more or less would move it anywhere."""


def median(answered: Sequence[int], waiting: Sequence[int]) -> int | None:
    """Returns the shortest wait after which at most half are estimated to be unanswered; None if there is none.

    `answered` are the minutes until the answer, `waiting` those of the open ones so far, which say only that the answer
    takes longer. None, too, if there are fewer than `FEWEST` of both together.
    """
    if len(answered) + len(waiting) < FEWEST:
        return None
    unanswered = Fraction(1)
    for minutes in sorted(set(answered)):
        # Who has waited exactly as long is still at risk: an open wait ends after the answers of its minute.
        at_risk = sum(one >= minutes for one in (*answered, *waiting))
        unanswered *= 1 - Fraction(answered.count(minutes), at_risk)
        if 2 * unanswered <= 1:
            return minutes
    return None
