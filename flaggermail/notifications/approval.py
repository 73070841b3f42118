# SPDX-License-Identifier: EUPL-1.2
"""The code with which one person approves one draft by mail.

It is derived from the token of the mail that shows the draft, the digest of the draft's octets, and the officer:
another officer, another draft, or the same draft with one octet changed has another code. The token is random and
stored in the record, so there is no secret to keep or rotate. The code expires two hours after that mail.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

APPROVES = frozenset({"approver", "head"})  # the roles that may approve
_SIGNS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # 32 characters, without the easily confused I, O, 0 and 1
_LENGTH, _BITS = 6, 5


@dataclass(frozen=True, slots=True)
class Offer:
    """A draft that was shown to one officer (an id) in a mail with that token."""

    draft: str
    token: str
    digest: str
    officer: str
    expires_at: datetime

    @property
    def code(self) -> str:
        """The code that this officer writes to approve the draft."""
        seal = hashlib.sha256(f"{self.token} {self.digest} {self.officer}".encode("ascii")).digest()
        number = int.from_bytes(seal[:4], "big")
        return "".join(_SIGNS[number >> _BITS * place & len(_SIGNS) - 1] for place in range(_LENGTH))


@dataclass(frozen=True, slots=True)
class Void:
    """Why a code approves nothing; `draft` is the draft it was for, if any."""

    reason: str
    draft: str | None = None


def read(written: str, officer: str, offers: Iterable[Offer], now: datetime) -> Offer | Void:
    """Returns the offer that `officer` accepts with the code they wrote; case, spaces and punctuation are ignored."""
    code = "".join(sign for sign in written.upper() if sign.isalnum())
    found = [offer for offer in offers if offer.code == code]
    own = next((offer for offer in found if offer.officer == officer), None)
    if own is None:
        return Void("this code is another person's" if found else "there is no such code")
    if now >= own.expires_at:
        return Void("this code has run out", own.draft)
    return own
