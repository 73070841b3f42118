# SPDX-License-Identifier: EUPL-1.2
"""A limit on the processor time for parsing one mail, enforced in the parsing process; what is cut off is a defect.

The parent's own limit kills the process and leaves only the header. This limit takes effect earlier and loses only the
part that took too long.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_SHORTEST_TIMER = 0.001  # seconds; 0 would disable the timer


class OutOfTime(BaseException):
    """The limit is reached. Not an Exception, which libraries catch while they parse a stranger's input."""


def allow(seconds: float) -> None:
    """Raises OutOfTime, once, in the main thread after `seconds` of processor time; 0 removes the limit."""
    signal.signal(signal.SIGPROF, _raise_out_of_time)
    signal.setitimer(signal.ITIMER_PROF, seconds)


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Limits the block to `seconds` of the remaining allowance and restores the rest afterwards.

    Has no effect where no allowance is set (outside the parsing process).
    """
    left, _ = signal.getitimer(signal.ITIMER_PROF)
    share = min(left, seconds)
    if left:
        signal.setitimer(signal.ITIMER_PROF, share)
    try:
        yield
    finally:
        if left:
            used = share - signal.getitimer(signal.ITIMER_PROF)[0]
            signal.setitimer(signal.ITIMER_PROF, max(left - used, _SHORTEST_TIMER))


def _raise_out_of_time(number: int, frame: FrameType | None) -> None:
    del number, frame
    raise OutOfTime
