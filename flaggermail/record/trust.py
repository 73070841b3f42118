# SPDX-License-Identifier: EUPL-1.2
"""The classes of trust by which the attention of officers is shared out."""

from __future__ import annotations

from enum import StrEnum


class SenderTrust(StrEnum):
    """How far the sender of a mail is trusted, the most trusted first. Each class has limits of its own."""

    KNOWN = "known"  # verified, and an officer, a platform, of a list in the rules, or in a case of theirs
    VERIFIED = "verified"  # verified, but unknown; or unverified with a key of a case
    UNVERIFIED = "unverified"
    FAILED = "failed"

    @property
    def rank(self) -> int:
        """0 for the most trusted class; what is listed together is listed in this order."""
        return list(SenderTrust).index(self)
