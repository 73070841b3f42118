# SPDX-License-Identifier: EUPL-1.2
"""Ends a wait from another thread or from a signal handler, through a descriptor that a poll can watch."""

from __future__ import annotations

import os
import select
import weakref


def _descriptors() -> tuple[int, int]:
    """The end to poll and the end to write to; one and the same for an eventfd (Linux), two for a pipe."""
    if hasattr(os, "eventfd"):
        both = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        return both, both
    return os.pipe()


class EventInterrupt:
    """Implements `ports.Interrupt`. Nobody reads the descriptor, so once set it stays readable for every waiter.

    The descriptors are closed with the object itself: no waiter can be left polling a number that was given anew.
    """

    def __init__(self) -> None:
        # A plain attribute, no threading.Event: a signal handler may come while the same thread holds an Event's lock.
        self._set = False
        self._poll_end, self._write_end = _descriptors()
        for descriptor in {self._poll_end, self._write_end}:
            weakref.finalize(self, os.close, descriptor)

    def set(self) -> None:
        """End every present and later wait; safe to repeat, also from a signal handler."""
        if not self._set:
            self._set = True
            os.write(self._write_end, (1).to_bytes(8, "little"))  # eventfd(2) wants 8 octets, other than zero

    def is_set(self) -> bool:
        """Whether an end was asked for."""
        return self._set

    def wait(self, seconds: float) -> bool:
        """Wait until the end is asked for, `seconds` at most; answers whether it was."""
        poll = select.poll()
        poll.register(self._poll_end, select.POLLIN)
        poll.poll(max(0.0, seconds) * 1000)
        return self._set

    def fileno(self) -> int:
        """A descriptor that becomes readable when the end is asked for."""
        return self._poll_end
