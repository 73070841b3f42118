# SPDX-License-Identifier: EUPL-1.2
"""The clock and the randomness of the machine."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime


class SystemClock:
    """Implements `ports.Clock`."""

    def now(self) -> datetime:
        """The present instant, in UTC."""
        return datetime.now(UTC)


class SystemRandomness:
    """Implements `ports.Randomness`."""

    def token(self) -> str:
        """128 random bits as 32 hexadecimal digits."""
        return secrets.token_hex(16)

    def salt(self) -> bytes:
        """16 random octets."""
        return secrets.token_bytes(16)
