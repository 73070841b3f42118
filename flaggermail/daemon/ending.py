# SPDX-License-Identifier: EUPL-1.2
"""The end of the daemon: its workers share the seconds of a stop; one that waits for a server is left behind."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Thread

from flaggermail import logbook
from flaggermail.ports import Ticker

STOP_WITHIN = 8.0  # seconds for the workers; the process ends within ten seconds of the signal
JOBS_END = 1.0  # seconds of it, or a quarter, that a silent mailbox leaves to the calls of the ticker


@dataclass
class Ending:
    """Ends workers, and names those that did not end in time: their unfinished work is as after a crash."""

    monotonic: Callable[[], float]
    within: float = STOP_WITHIN
    overdue: list[str] = field(default_factory=list)
    _deadline: float = math.inf  # by `monotonic`

    def begin(self) -> float:
        """Begins the seconds of the stop; returns the instant, by `monotonic`."""
        begun = self.monotonic()
        self._deadline = begun + self.within
        return begun

    def end_ticker(self, ticker: Ticker) -> None:
        """Stops the ticker in the time that is left."""
        if not ticker.stop(self._left()):
            self._abandon("ticker")

    def end_watcher(self, watcher: Thread) -> None:
        """Waits for the worker that watches the mailbox, and leaves some time to the ticker, which ends after it."""
        left = self._left()
        self._await(watcher, max(left - JOBS_END, 0.75 * left))

    def end_with(self, last: Callable[[], None]) -> None:
        """Does the last thing in the time that is left, as another process may lock the database."""
        releasing = Thread(target=last, name="lease", daemon=True)
        releasing.start()
        self._await(releasing, self._left())

    def _left(self) -> float:
        return max(0.0, min(self.within, self._deadline - self.monotonic()))

    def _await(self, worker: Thread, seconds: float) -> None:
        worker.join(seconds)
        if worker.is_alive():
            self._abandon(worker.name)

    def _abandon(self, worker: str) -> None:
        self.overdue.append(worker)
        logbook.stop_overdue(worker)
