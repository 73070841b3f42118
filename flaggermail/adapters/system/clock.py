# SPDX-License-Identifier: EUPL-1.2
"""The system's clock and random number generator, and an interrupt that ends every wait, also for a socket."""

from __future__ import annotations

import os
import select
import time
import weakref
from datetime import UTC, datetime, timedelta


class SystemClock:
    """Implements `ports.Clock`."""

    def now(self) -> datetime:
        """Returns the current instant in UTC."""
        return datetime.now(UTC)


def clock_lead() -> timedelta:
    """Returns the lead of the wall clock over the boot-time clock, which cannot be set and counts suspended time."""
    return timedelta(seconds=time.time() - time.clock_gettime(time.CLOCK_BOOTTIME))


class SystemRandomness:
    """Implements `ports.Randomness` with the kernel's generator, as `secrets` does, which loads more than a view."""

    def token(self) -> str:
        """Returns 128 random bits as 32 hexadecimal digits."""
        return os.urandom(16).hex()

    def salt(self) -> bytes:
        """Returns 16 fresh random octets."""
        return os.urandom(16)


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
