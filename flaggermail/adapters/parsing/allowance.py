# SPDX-License-Identifier: EUPL-1.2
"""Processor time that reading one mail may take, counted in the process that reads: what is cut short is a defect.

The parent's limit ends the process, and then no more than the header is known. This one comes before it, and costs no
more than the part that took the time.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_LEAST = 0.001  # seconds; 0 would be no limit


class OutOfTime(BaseException):
    """The allowance is used up. No Exception: libraries catch those on their way through what a stranger wrote."""


def allow(seconds: float) -> None:
    """Raise OutOfTime, once, in the main thread when so many seconds of processor time are used; 0: no longer."""
    signal.signal(signal.SIGPROF, _end)
    signal.setitimer(signal.ITIMER_PROF, seconds)


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Within, no more than so many seconds of the allowance; the rest is there again afterwards.

    Where nothing was allowed (another process than the one that reads) nothing is limited.
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
            signal.setitimer(signal.ITIMER_PROF, max(left - used, _LEAST))


def _end(number: int, frame: FrameType | None) -> None:
    del number, frame
    raise OutOfTime
