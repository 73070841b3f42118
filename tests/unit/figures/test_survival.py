# SPDX-License-Identifier: EUPL-1.2
"""The median wait, with those who still wait."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaggermail.figures.survival import FEWEST, median

MINUTES = st.lists(st.integers(0, 40), max_size=12)


@pytest.mark.parametrize(
    ("answered", "waiting", "found"),
    [
        ([10, 20, 30, 40, 50], [], 30),
        ([10, 20, 30, 40, 50, 60], [], 30),  # at 30 exactly half are unanswered
        ([10, 20, 30, 40], [], None),  # fewer than five
        ([10, 20, 30, 40], [5], 20),  # five with the open one, which ended before the first answer
        ([10, 20, 30], [90, 90, 90], 30),  # exactly half may still wait
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
def test_without_open_waits_it_is_the_lower_median(answered: list[int]) -> None:
    """Then the estimate is the share that is unanswered, and the median an observed wait in the middle."""
    expected = sorted(answered)[(len(answered) - 1) // 2] if len(answered) >= FEWEST else None
    assert median(answered, []) == expected


@given(MINUTES, MINUTES)
def test_an_open_wait_never_shortens_the_median(answered: list[int], waiting: list[int]) -> None:
    """It is an observed wait or none, and to turn an answer into an open wait makes it no shorter."""
    found = median(answered, waiting)
    assert found is None or found in answered
    if answered and found is not None:
        *rest, last = sorted(answered)
        later = median(rest, [*waiting, last])
        assert later is None or later >= found


@given(MINUTES, MINUTES)
def test_it_agrees_with_the_estimate_by_its_definition(answered: list[int], waiting: list[int]) -> None:
    """Held against the product taken minute by minute over the whole range."""
    left, found = 1.0, None
    for minute in range(41):
        at_risk = sum(one >= minute for one in answered) + sum(one >= minute for one in waiting)
        if at_risk and found is None:
            left *= 1 - answered.count(minute) / at_risk
            found = minute if left <= 0.5 + 1e-9 else None
    enough = len(answered) + len(waiting) >= FEWEST
    assert median(answered, waiting) == (found if enough and answered else None)
