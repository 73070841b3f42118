# SPDX-License-Identifier: EUPL-1.2
"""Lines of the log on standard error, written without waiting for a reader that has stopped."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue

LOG_WAIT = 1.0  # seconds that a line may take


class LogLines:
    """Writes to the current standard error through a thread, so that only that thread blocks on a slow reader.

    A line that is not written within a second leaves its caller, and until it is written all further lines are
    dropped. One that cannot be written, as the disk is full or the stream closed, is dropped too.
    """

    def __init__(self, tell: Callable[[int], None]) -> None:
        """`tell` logs how many lines were dropped."""
        self._tell = tell
        self._queue: SimpleQueue[tuple[int, bytes, threading.Event]] = SimpleQueue()
        self._turn = threading.Lock()
        self._writer: threading.Thread | None = None
        self._stalled = False  # a line is not written for a second
        self._dropped = 0

    def say(self, line: str) -> None:
        """Writes the line, after the number of those dropped before it."""
        self.tell_dropped()
        octets = f"{line}\n".encode(errors="backslashreplace")
        stream = sys.stderr
        try:
            descriptor = stream.fileno()
        except (OSError, ValueError, AttributeError):  # closed, not a file, or no stderr at all
            with suppress(OSError, ValueError, AttributeError):
                stream.write(f"{line}\n")
                stream.flush()
            return
        if self._stalled:
            self._drop()
        elif sys.is_finalizing():  # no thread gets a turn any more
            self._write(descriptor, octets)
        else:
            self._hand_over(descriptor, octets)

    info = warning = error = critical = say

    def tell_dropped(self) -> int:
        """Returns how many lines were dropped so far while none can be written; logs the number afterwards."""
        with self._turn:
            count = self._dropped
            if not count or self._stalled:
                return count
            self._dropped = 0
        self._tell(count)
        return self._dropped

    def _hand_over(self, descriptor: int, octets: bytes) -> None:
        """Has the line written, and waits for that, so that lines and acts keep their order."""
        with self._turn:
            if self._writer is None or not self._writer.is_alive():  # as in a process that was forked
                self._writer = threading.Thread(target=self._write_all, name="log", daemon=True)
                self._writer.start()
        written = threading.Event()
        self._queue.put((descriptor, octets, written))
        if not written.wait(LOG_WAIT):
            with self._turn:
                self._stalled = not written.is_set()

    def _write_all(self) -> None:
        while True:
            descriptor, octets, written = self._queue.get()
            self._write(descriptor, octets)
            with self._turn:
                self._stalled = False
                written.set()

    def _write(self, descriptor: int, octets: bytes) -> None:
        """Writes past Python's own buffer, whose lock would be held at the end of the process."""
        try:
            while octets:
                octets = octets[os.write(descriptor, octets) :]
        except OSError:
            self._drop()

    def _drop(self) -> None:
        with self._turn:
            self._dropped += 1
