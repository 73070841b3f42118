# SPDX-License-Identifier: EUPL-1.2
"""The system's clock and random number generator."""

from __future__ import annotations

import os
import time
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
