# SPDX-License-Identifier: EUPL-1.2
"""The threads of the door, shared fairly: no account has so many of them that another waits for it."""

from __future__ import annotations

import queue
import threading
from collections import Counter, OrderedDict, deque
from typing import Generic, Protocol, TypeVar

THREADS = 10
EACH = 4
"""Requests of one account that are answered at once; the others of it wait their turn."""
MOST_WAITING = 64  # connections of one account with a request that waits for a thread


class Owned(Protocol):
    """What an account has sent."""

    @property
    def uid(self) -> int:
        """The account, by the number that the kernel gave."""
        ...


C = TypeVar("C", bound=Owned)


class FairQueue(Generic[C]):
    """A queue in which each account has its own line, and the lines take turns.

    `own` is the account of the door itself: one thread is left to it, so that it always hears itself.
    """

    def __init__(self, own: int, threads: int = THREADS, each: int = EACH, most: int = MOST_WAITING) -> None:
        self._own, self._threads, self._each, self._most = own, threads, each, most
        self._lines: OrderedDict[int, deque[C]] = OrderedDict()
        self._running: Counter[int] = Counter()
        self._ends: deque[object] = deque()  # each tells one thread to end
        self._changed = threading.Condition()

    def put(self, item: C, block: bool = True, timeout: float | None = None) -> None:  # noqa: FBT001, FBT002 - as queue.Queue
        """Adds what was sent to the line of its account. Raises queue.Full if that is too long. Never waits."""
        del block, timeout
        with self._changed:
            uid = getattr(item, "uid", None)
            if uid is None:
                self._ends.append(item)
            else:
                line = self._lines.setdefault(uid, deque())
                if len(line) >= self._most:
                    raise queue.Full
                line.append(item)
            self._changed.notify()

    def get(self) -> object:
        """Returns the next of the account whose turn it is; waits for one. `done` must follow."""
        with self._changed:
            while True:
                uid = next((uid for uid in self._lines if self._may_run(uid)), None)
                if uid is not None:
                    return self._next_of(uid)
                if self._ends:
                    return self._ends.popleft()
                self._changed.wait()

    def done(self, uid: int) -> None:
        """Says that what `get` returned of that account is answered."""
        with self._changed:
            self._running[uid] -= 1
            self._running += Counter()  # forgets accounts of whom nothing runs
            self._changed.notify_all()

    def qsize(self) -> int:
        """Returns how many wait."""
        with self._changed:
            return sum(map(len, self._lines.values()))

    def _may_run(self, uid: int) -> bool:
        if uid == self._own:
            return self._running[uid] < self._each
        others = self._running.total() - self._running[self._own]
        return self._running[uid] < self._each and others < self._threads - 1

    def _next_of(self, uid: int) -> C:
        line = self._lines.pop(uid)
        found = line.popleft()
        if line:
            self._lines[uid] = line  # at the end: the other accounts are next
        self._running[uid] += 1
        return found
