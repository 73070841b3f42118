# SPDX-License-Identifier: EUPL-1.2
"""The median wait, with those who still wait."""

from __future__ import annotations

import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaggermail.figures.survival import FEWEST, median, shares

MINUTES = st.lists(st.integers(0, 40), max_size=12)


@pytest.mark.parametrize(
    ("answered", "waiting", "found"),
    [
        ([10, 20, 30, 40, 50], [], 30),
        ([10, 20, 30, 40, 50, 60], [], 35),  # from 30 to 40 exactly half are unanswered
        ([10, 20, 30, 41, 50, 60], [], 36),  # half a minute up
        ([10, 20, 30, 60], [40, 50], 45),  # the next answer counts, not the open waits before it
        ([10, 20, 30, 40], [], None),  # fewer than five
        ([10, 20, 30, 40], [5], 25),  # five with the open one, which ended before the first answer
        ([10, 20, 30], [90, 90, 90], None),  # exactly half may still wait, and nothing says how long
        ([10], [90, 90, 90, 90], None),  # most still wait: the median is not reached
        ([], [10, 20, 30, 40, 50], None),
        ([7, 7, 7, 7, 7], [], 7),
        ([7, 7, 7], [7, 7], 7),  # the open waits of that minute were at risk of its answers
    ],
)
def test_the_median_of_a_few_waits(answered: list[int], waiting: list[int], found: int | None) -> None:
    """Waits short enough to count on the fingers."""
    assert median(answered, waiting) == found


def test_an_example_worked_by_hand() -> None:
    """Six answers and four open waits, with the estimate after each answer.

    After minute 25: 9/10. An open wait ends at 60. After 97: 9/10 x 7/8 = 0.7875. After 152, twice: 0.7875 x 5/7 =
    0.5625. An open wait ends at 160. After 310: 0.5625 x 3/4 = 0.421875, at most a half.
    """
    assert median([25, 97, 152, 152, 310, 400], [60, 160, 500, 900]) == 310


def test_leaving_the_open_ones_out_would_flatter() -> None:
    """Five quick answers and six silences: half did not answer, whatever the five took."""
    assert median([10, 11, 12, 13, 14], []) == 12
    assert median([10, 11, 12, 13, 14], [600] * 6) is None


@given(MINUTES)
def test_without_open_waits_it_is_the_ordinary_median(answered: list[int]) -> None:
    """Then the estimate is the share that is unanswered, and the median that of every textbook, half a minute up."""
    expected = int(statistics.median(answered) + 0.5) if len(answered) >= FEWEST else None
    assert median(answered, []) == expected


@given(MINUTES, MINUTES)
def test_an_open_wait_never_shortens_the_median(answered: list[int], waiting: list[int]) -> None:
    """It is between two observed waits or none, and to turn an answer into an open wait makes it no shorter."""
    found = median(answered, waiting)
    assert found is None or min(answered) <= found <= max(answered)
    if answered and found is not None:
        *rest, last = sorted(answered)
        later = median(rest, [*waiting, last])
        assert later is None or later >= found


@given(MINUTES, MINUTES)
def test_it_agrees_with_the_estimate_by_its_definition(answered: list[int], waiting: list[int]) -> None:
    """Held against the product taken minute by minute over the whole range."""
    left, half, found = 1.0, None, None
    for minute in range(41):
        at_risk = sum(one >= minute for one in answered) + sum(one >= minute for one in waiting)
        if at_risk and found is None:
            left *= 1 - answered.count(minute) / at_risk
            if left < 0.5 - 1e-9:
                found = minute if half is None else int((half + minute) / 2 + 0.5)
            elif half is None and left < 0.5 + 1e-9:
                half = minute
    enough = len(answered) + len(waiting) >= FEWEST
    assert median(answered, waiting) == (found if enough and answered else None)


def test_shares_are_counted_from_ten_on() -> None:
    """Of ten uses, four were answered within an hour; of one that waits for two hours, nothing is known of four yet."""
    answered = [0, 25, 48, 60, 61, 240, 241, 1441]
    assert shares(answered, [120]) == {}
    assert shares(answered, [120, 9000]) == {1: (4, 10), 4: (6, 9), 24: (7, 9)}
