# SPDX-License-Identifier: EUPL-1.2
"""How long the answer of a parsing process is awaited: its own processor time counts, not what others take from it.

On a machine that is busy or was suspended, the clock alone would end a process that never got its turn, and its mail
would be read by its header alone. So a process that works is awaited for longer than one that does nothing.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable

LOADED = 6.0  # times its seconds that a process is awaited at most, by the clock
GLANCE = 0.1  # seconds between two looks at the process
_WORKING = frozenset("RD")  # running or runnable; in the kernel, as when it reads a page that was evicted
_LONGEST = 4096  # octets of what /proc says of a process in one line
_TICKS = os.sysconf("SC_CLK_TCK")  # a second


class TimeLimit:
    """What one process may take for one answer; made when it is asked."""

    def __init__(self, pid: int, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        """Allows `seconds` of the processor time of the process `pid`; doing nothing, that many of the clock."""
        self._pid = pid
        self.seconds = seconds
        self._clock = clock
        self._begun = clock()
        self._used_before = seen(self._pid)[1]

    @property
    def over(self) -> bool:
        """Whether the process has been awaited for as long as any is."""
        return self._elapsed() >= self.seconds * LOADED

    def passed(self) -> bool:
        """Returns whether to wait no longer. Beyond its seconds, only while it works and has not used that many."""
        state, used = seen(self._pid)
        works = state in _WORKING and used - self._used_before < self.seconds
        return self.over or (self._elapsed() >= self.seconds and not works)

    def spent(self) -> float:
        """Returns the seconds that count: processor time, or all that have passed if the process has ended."""
        state, used = seen(self._pid)
        return max(used - self._used_before, 0.0) if state else self._elapsed()

    def _elapsed(self) -> float:
        return self._clock() - self._begun


def seen(pid: int) -> tuple[str, float]:
    """Returns the state of a process and its seconds of processor time (proc_pid_stat(5)); "" and 0 if it has ended.

    The same where /proc does not show it.
    """
    try:
        # Twice for each mail: each call of the system lets other threads have their turn, so there are few.
        descriptor = os.open(f"/proc/{pid}/stat", os.O_RDONLY | os.O_CLOEXEC)
        try:
            octets = os.read(descriptor, _LONGEST)
        finally:
            os.close(descriptor)
        fields = octets.decode("ascii", "replace").rpartition(")")[2].split()
        return fields[0], (int(fields[11]) + int(fields[12])) / _TICKS
    except (OSError, ValueError, IndexError):
        return "", 0.0
