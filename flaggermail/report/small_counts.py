# SPDX-License-Identifier: EUPL-1.2
"""Counts that are too small to print: one referral of a kind can point to one municipality.

A count below the least that may be printed is said to be "fewer than" that; none at all is printed as such. What is
printed beside it must not give it away, so a total, a further count, or another table with a total is left out where a
reader could compute a small count from them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product


@dataclass(frozen=True, slots=True)
class Protected:
    """Which counts are too small; whether their total, and the larger total of another table, may be printed."""

    small: tuple[str, ...]
    total: bool
    ceiling: bool


def protected(counts: Mapping[str, int], least: int, ceiling: int) -> Protected:
    """Returns what of `counts` may be printed so that no count below `least` can be computed.

    `ceiling` is a number elsewhere in the report that is known to be at least the total of `counts`.
    """
    small = tuple(name for name, count in counts.items() if 0 < count < least)
    shown, whole = sum(count for name, count in counts.items() if name not in small), sum(counts.values())
    guesses = [(guess, shown + sum(guess)) for guess in product(range(1, least), repeat=len(small))]
    for total, above in ((True, True), (False, True)):
        possible = [
            guess for guess, made in guesses if (made == whole or not total) and (made <= ceiling or not above)
        ]  # fmt: skip
        if all(len({guess[place] for guess in possible}) == least - 1 for place in range(len(small))):
            return Protected(small, total, above)
    return Protected(small, total=False, ceiling=False)
