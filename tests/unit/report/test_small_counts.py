# SPDX-License-Identifier: EUPL-1.2
"""No small count can be computed from what is printed, whatever the numbers are."""

from __future__ import annotations

from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from flaggermail.report.small_counts import protected

NAMES = ("media", "fact_checker", "government_body", "fellow_authority")
COUNTS = st.fixed_dictionaries(dict.fromkeys(NAMES, st.integers(0, 6)))


@given(counts=COUNTS, least=st.integers(3, 4), further=st.integers(0, 5))
def test_a_reader_learns_no_small_count(counts: dict[str, int], least: int, further: int) -> None:
    """An attacker tries every table that agrees with the printed one: each small count could still be any."""
    ceiling = sum(counts.values()) + further
    printed = protected(counts, least, ceiling)
    assert set(printed.small) == {name for name, count in counts.items() if 0 < count < least}
    possible: dict[str, set[int]] = {name: set() for name in printed.small}
    for table in product(range(least + 1), repeat=len(printed.small)):
        guess = counts | dict(zip(printed.small, table, strict=True))
        if any(not 0 < guess[name] < least for name in printed.small):
            continue
        if printed.total and sum(guess.values()) != sum(counts.values()):
            continue
        if printed.ceiling and sum(guess.values()) > ceiling:
            continue
        for name in printed.small:
            possible[name].add(guess[name])
    assert all(found == set(range(1, least)) for found in possible.values())


def test_a_lone_small_count_takes_its_total_with_it() -> None:
    """Four and one: the total would give the one away; five cases in all would bound it."""
    assert protected({"media": 4, "fact_checker": 1}, 3, 9) == protected({"media": 4, "fact_checker": 2}, 3, 9)
    alone = protected({"media": 4, "fact_checker": 1}, 3, 5)
    assert (alone.small, alone.total, alone.ceiling) == (("fact_checker",), False, False)


def test_large_and_absent_counts_are_printed() -> None:
    """Nothing is hidden where nothing is small."""
    whole = protected({"media": 3, "fact_checker": 0}, 3, 3)
    assert (whole.small, whole.total, whole.ceiling) == ((), True, True)
