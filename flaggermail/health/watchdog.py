# SPDX-License-Identifier: EUPL-1.2
"""Detects stuck loops for the supervisor's watchdog.

A loop regularly asks its `Interrupt` whether to stop; each question counts as progress. The watchdog is fed only as
long as every loop has made progress within its bound, so a single stuck loop starves it, however busy the others are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from flaggermail.ports import Interrupt, Supervisor


class LoopMonitor:
    """Tracks progress; `bounds`: longest permitted step of each loop in seconds; `monotonic` returns seconds."""

    def __init__(self, supervisor: Supervisor, bounds: Mapping[str, float], monotonic: Callable[[], float]) -> None:
        self._supervisor, self._bounds, self._monotonic = supervisor, bounds, monotonic
        self._last = dict.fromkeys(bounds, monotonic())
        self._last_alive = monotonic()

    def beat(self, loop: str) -> None:
        """Records progress of `loop`, if it is bounded. Called by the loop itself: nothing else can vouch for it."""
        if loop not in self._bounds:
            return
        now = self._last[loop] = self._monotonic()
        # Twice as often as required, because the next call may come only after a whole interval.
        if now - self._last_alive >= self._supervisor.interval / 2 and not self.stuck():
            self._last_alive = now
            self._supervisor.alive()

    def stuck(self) -> list[str]:
        """Returns the loops without progress within their bound."""
        now = self._monotonic()
        return [loop for loop, bound in self._bounds.items() if now - self._last[loop] > bound]


class WatchedStop:
    """Implements `ports.Interrupt` for one loop: forwards to `stop`, and records each question as progress."""

    def __init__(self, stop: Interrupt, pulse: LoopMonitor, loop: str) -> None:
        self._stop, self._pulse, self._loop = stop, pulse, loop

    def set(self) -> None:
        """Ends every current and later wait."""
        self._stop.set()

    def is_set(self) -> bool:
        """True if the interrupt is set."""
        self._pulse.beat(self._loop)
        return self._stop.is_set()

    def wait(self, seconds: float) -> bool:
        """Waits up to `seconds` for the interrupt; returns True if it is set."""
        self._stop.wait(seconds)
        return self.is_set()

    def fileno(self) -> int:
        """Returns a descriptor that becomes readable when the interrupt is set."""
        return self._stop.fileno()
