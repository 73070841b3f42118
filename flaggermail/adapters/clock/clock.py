# SPDX-License-Identifier: EUPL-1.2
"""The system's clock and random number generator."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime, timedelta
from threading import Lock

_SALT, _DRAWN = 16, 256  # octets of a salt, and salts that are drawn at once


class SystemClock:
    """Implements `ports.Clock`."""

    def now(self) -> datetime:
        """Returns the current instant in UTC."""
        return datetime.now(UTC)


def lead() -> timedelta:
    """Returns how far the wall's clock is ahead of the one that nobody sets, and that runs while the machine sleeps."""
    return timedelta(seconds=time.time() - time.clock_gettime(time.CLOCK_BOOTTIME))


class SystemRandomness:
    """Implements `ports.Randomness` with the kernel's generator, as `secrets` does, which loads more than a view.

    Thread-safe.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._salts: list[bytes] = []
        self._drawn_by = 0  # the process

    def token(self) -> str:
        """Returns 128 random bits as 32 hexadecimal digits."""
        return os.urandom(16).hex()

    def salt(self) -> bytes:
        """Returns 16 random octets, which nobody got before.

        Each drawing costs a thread its turn, so many are drawn at once. A forked process draws its own.
        """
        with self._lock:
            if not self._salts or self._drawn_by != os.getpid():
                self._drawn_by = os.getpid()
                drawn = os.urandom(_SALT * _DRAWN)
                self._salts = [drawn[at : at + _SALT] for at in range(0, len(drawn), _SALT)]
            return self._salts.pop()
