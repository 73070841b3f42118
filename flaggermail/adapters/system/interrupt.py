# SPDX-License-Identifier: EUPL-1.2
"""An interrupt that ends every wait of a process, also a wait for a socket."""

from __future__ import annotations

import os
import select
import weakref


class EventInterrupt:
    """Implements `ports.Interrupt`. The descriptor is never read, so once set it stays readable for every waiter.

    The descriptors are closed when this object is collected: no waiter can poll a descriptor number that was reused.
    """

    def __init__(self) -> None:
        # A plain attribute, not a threading.Event: a signal handler may run while its thread holds the Event's lock.
        self._set = False
        self._poll_end, self._write_end = _descriptors()
        for descriptor in {self._poll_end, self._write_end}:
            weakref.finalize(self, os.close, descriptor)

    def set(self) -> None:
        """Ends every current and later wait; idempotent and safe in a signal handler."""
        if not self._set:
            self._set = True
            os.write(self._write_end, (1).to_bytes(8, "little"))  # eventfd(2) requires 8 octets, not all zero

    def is_set(self) -> bool:
        """True if the interrupt is set."""
        return self._set

    def wait(self, seconds: float) -> bool:
        """Waits up to `seconds` for the interrupt; returns True if it is set."""
        poll = select.poll()
        poll.register(self._poll_end, select.POLLIN)
        poll.poll(max(0.0, seconds) * 1000)
        return self._set

    def fileno(self) -> int:
        """Returns a descriptor that becomes readable when the interrupt is set."""
        return self._poll_end


def _descriptors() -> tuple[int, int]:
    """Returns the descriptors to poll and to write: the same eventfd on Linux, elsewhere the two ends of a pipe."""
    if hasattr(os, "eventfd"):
        both = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        return both, both
    return os.pipe()
