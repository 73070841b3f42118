# SPDX-License-Identifier: EUPL-1.2
"""Signs of life from the loops that do the work.

A loop asks its `Interrupt`, again and again, whether to go on; that question is its sign of life. The supervisor is
told that the daemon lives only as long as every loop has asked within its bound, so one that is stuck starves the
watchdog, however busy the others are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from flaggermail.ports import Interrupt, Supervisor


class Pulse:
    """`bounds`: for each loop the seconds that its longest single step may take; `monotonic` gives seconds."""

    def __init__(self, supervisor: Supervisor, bounds: Mapping[str, float], monotonic: Callable[[], float]) -> None:
        self._supervisor, self._bounds, self._monotonic = supervisor, bounds, monotonic
        self._last = dict.fromkeys(bounds, monotonic())
        self._told = monotonic()

    def beat(self, loop: str) -> None:
        """Note that `loop` has made progress. The loop itself calls this, so that nothing else lives for it."""
        now = self._last[loop] = self._monotonic()
        # Twice as often as asked for: the next question may come only after one whole interval.
        if now - self._told >= self._supervisor.interval / 2 and not self.stuck():
            self._told = now
            self._supervisor.alive()

    def stuck(self) -> list[str]:
        """The loops that have not made progress within their bound."""
        now = self._monotonic()
        return [loop for loop, bound in self._bounds.items() if now - self._last[loop] > bound]


class WatchedStop:
    """Implements `ports.Interrupt` for one loop: as `stop`, and every question whether it is set is a sign of life."""

    def __init__(self, stop: Interrupt, pulse: Pulse, loop: str) -> None:
        self._stop, self._pulse, self._loop = stop, pulse, loop

    def set(self) -> None:
        """End every present and later wait."""
        self._stop.set()

    def is_set(self) -> bool:
        """Whether an end was asked for."""
        self._pulse.beat(self._loop)
        return self._stop.is_set()

    def wait(self, seconds: float) -> bool:
        """Wait until the end is asked for, `seconds` at most; answers whether it was."""
        self._stop.wait(seconds)
        return self.is_set()

    def fileno(self) -> int:
        """A descriptor that becomes readable when the end is asked for."""
        return self._stop.fileno()
