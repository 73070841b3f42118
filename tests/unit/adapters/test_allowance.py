# SPDX-License-Identifier: EUPL-1.2
"""The limit of processor time for one mail."""

from __future__ import annotations

import signal
import time

import pytest

from flaggermail.adapters.parsing.unpacking import OutOfTime, allow, at_most


def work(seconds: float) -> None:
    """Uses that many seconds of processor time."""
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass


def left() -> float:
    """Returns the seconds still allowed."""
    return signal.getitimer(signal.ITIMER_PROF)[0]


def test_what_is_used_up_ends_the_work_once() -> None:
    """Exceeding the limit raises OutOfTime once, which `except Exception` does not catch."""
    allow(0.05)
    with pytest.raises(OutOfTime):
        work(2)
    assert left() == 0
    assert not issubclass(OutOfTime, Exception)


def test_nothing_ends_what_is_no_longer_limited() -> None:
    """A cancelled limit ends nothing."""
    allow(0.05)
    allow(0)
    work(0.1)


def test_a_share_ends_the_part_and_leaves_the_rest() -> None:
    """A partial limit ends its part and leaves the rest of the time."""
    allow(5)
    with pytest.raises(OutOfTime), at_most(0.05):
        work(2)
    assert 4 < left() < 5
    with at_most(3):
        work(0.05)
    assert 4 < left() < 5
    allow(0)


def test_a_share_of_nothing_is_no_limit() -> None:
    """Without an overall limit a partial limit has no effect."""
    allow(0)
    with at_most(0.01):
        work(0.05)
    assert left() == 0
