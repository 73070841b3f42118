# SPDX-License-Identifier: EUPL-1.2
"""The system's clock and random number generator."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime


class SystemClock:
    """Implements `ports.Clock`."""

    def now(self) -> datetime:
        """Returns the current instant in UTC."""
        return datetime.now(UTC)


class SystemRandomness:
    """Implements `ports.Randomness`."""

    def token(self) -> str:
        """Returns 128 random bits as 32 hexadecimal digits."""
        return secrets.token_hex(16)

    def salt(self) -> bytes:
        """Returns 16 random octets."""
        return secrets.token_bytes(16)
