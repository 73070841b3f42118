# SPDX-License-Identifier: EUPL-1.2
"""The threads of one process take the write lock in the order in which they asked for it.

SQLite gives its lock to whoever asks first after a release, and its waiters ask ten times a second: a thread that takes
the lock again at once keeps all others from it. PostgreSQL has a queue of its own.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Lock

from flaggermail.errors import StoreBusy

BY_ANOTHER = "the database is being written by another process that does not end"
BY_THIS = "the database is being written by this process, whose other work does not end"


class Turns:
    """Thread-safe. `monotonic` returns seconds."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic, self._guard = monotonic, Lock()
        self._queue: deque[Event] = deque()  # the first has its turn
        self._has_lock = False  # whether the first has the lock of the database, too

    @contextmanager
    def turn(self, wait: float) -> Iterator[float]:
        """Waits for a turn, and holds it within the block; yields how many of the `wait` seconds are left.

        Raises StoreBusy if the turn does not come in time. A thread that asks within its own turn waits in vain.
        """
        mine, until = Event(), self._monotonic() + wait
        with self._guard:
            self._queue.append(mine)
            self._queue[0].set()
        try:
            if not mine.wait(wait):
                raise StoreBusy(BY_THIS if self._has_lock else BY_ANOTHER)
            yield max(0.0, until - self._monotonic())
        finally:
            self._leave(mine)

    @property
    def waiting(self) -> int:
        """The number of threads whose turn is still to come."""
        return max(0, len(self._queue) - 1)

    def locked(self) -> None:
        """Notes that the thread whose turn it is has the lock of the database."""
        self._has_lock = True

    def _leave(self, mine: Event) -> None:
        with self._guard:
            if self._queue[0] is mine:
                self._has_lock = False
            self._queue.remove(mine)
            if self._queue:
                self._queue[0].set()
