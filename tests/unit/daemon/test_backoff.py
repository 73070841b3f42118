# SPDX-License-Identifier: EUPL-1.2
"""Waits before reconnecting are spread, so that clients do not return at once, and limited to one minute."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaggermail.daemon.backoff import LONGEST, delay
from tests.corpus import each

FRACTIONS = st.floats(min_value=0, max_value=1, exclude_max=True)


@each(("failures", "span"), [(0, 0), (1, 1), (2, 2), (3, 4), (5, 16), (6, 32), (7, 60), (10**9, 60)])
def test_the_span_doubles_up_to_one_minute(failures: int, span: float) -> None:
    """The span doubles with each failure up to 60 seconds; at the fraction 0.5 half of it is waited."""
    assert delay(failures, 0.5) == span / 2


@given(st.integers(min_value=0), FRACTIONS)
def test_every_wait_is_within_bounds(failures: int, fraction: float) -> None:
    """No wait is negative or longer than a minute."""
    assert 0 <= delay(failures, fraction) <= LONGEST == 60


@given(st.integers(min_value=1), FRACTIONS, FRACTIONS)
def test_waits_are_spread_over_the_whole_span(failures: int, one: float, other: float) -> None:
    """A larger fraction never gives a shorter wait; the fraction 0 gives none."""
    assert (delay(failures, one) <= delay(failures, other)) or one > other
    assert delay(failures, 0) == 0


@pytest.mark.parametrize("fraction", [-0.1, 1.0, float("nan")])
def test_a_fraction_outside_is_a_mistake(fraction: float) -> None:
    """A fraction outside [0, 1) raises ValueError."""
    with pytest.raises(ValueError, match="fraction"):
        delay(1, fraction)
