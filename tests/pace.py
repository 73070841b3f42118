# SPDX-License-Identifier: EUPL-1.2
"""Limits of processor time that hold on a slower machine: they grow with how much slower it is, now.

Other programs take no processor time from a test, but a slow processor makes it longer, as do programs that heat it or
fill its caches. So what exceeds its limit is measured against a fixed piece of work, there and then.
"""

from __future__ import annotations

import re
from time import process_time

WORK = 0.03  # seconds that the piece of work takes on the machine for which the limits are written
_WORDS = "een zin van acht woorden, en nog twee. " * 4000
_PATTERN = re.compile(r"(?:\w+[ ,.]+){3}twee\b")


def within(spent: float, seconds: float) -> bool:
    """Returns whether the processor time that was just spent is below a limit, as it is on this machine."""
    return spent < seconds or spent < seconds * max(work() for _ in range(3)) / WORK


def work() -> float:
    """Does a piece of work like that of parsing, with numbers, texts, a dictionary and a pattern; returns its time."""
    begun, counts, total = process_time(), dict[str, int](), 0
    for number in range(600_000):
        total += number * number % 7
    for word in _WORDS.split():
        counts[word] = counts.get(word, 0) + 1
    assert (total, len(_PATTERN.findall(_WORDS)), len(counts)) == (1_199_997, 4000, 8)
    return process_time() - begun
