# SPDX-License-Identifier: EUPL-1.2
"""How far a folder is read, in the numbers of IMAP; outside this room it is an opaque text.

A position is stored as `UIDVALIDITY/UID`: every UID up to and including that one is stored (RFC 9051, section 2.3.1.1).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from flaggermail.ports import Continuity

_STORED = re.compile(r"([0-9]{1,10})/([0-9]{1,10})")


@dataclass(frozen=True, slots=True)
class Position:
    """UIDVALIDITY of a folder, and a UID in it."""

    uidvalidity: int
    uid: int

    def __str__(self) -> str:
        """Returns the text that is stored."""
        return f"{self.uidvalidity}/{self.uid}"


def read(stored: str) -> Position | None:
    """Returns the position behind a stored text; None if another kind of mailbox wrote it."""
    found = _STORED.fullmatch(stored)
    return Position(int(found[1]), int(found[2])) if found else None


def continuity(stored: str | None, here: Position) -> Continuity:
    """Returns what a folder whose end is `here` says of a stored position."""
    if stored is None:
        return Continuity.FIRST
    found = read(stored)
    same = found is not None and found.uidvalidity == here.uidvalidity
    return Continuity.CONTINUED if same else Continuity.RENUMBERED


def since(stored: str | None, here: Position) -> int:
    """Returns the UID above which a folder is read on; 0 if its UIDs are not those of the stored position."""
    found = read(stored) if stored is not None else None
    return found.uid if found is not None and found.uidvalidity == here.uidvalidity else 0
