# SPDX-License-Identifier: EUPL-1.2
"""The servers that relayed a mail, as its Received fields name them (RFC 5321, section 4.4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from flaggermail.mail.message import is_sane

if TYPE_CHECKING:
    from flaggermail.mail.message import Json


@dataclass(frozen=True, slots=True)
class Hop:
    """A server that took the mail over. Only our own server's words are trustworthy; empty is what a field lacks."""

    by: str  # the name it gave itself
    sender: str  # whom it names as the server before it
    protocol: str  # such as ESMTPS (RFC 3848)
    at: datetime | None  # aware, by its own clock
    delay: float | None = None  # seconds since the hop before it, below zero if their clocks differ; None if unknown

    def document(self) -> dict[str, Json]:
        """Returns the hop for JSON; `hop_of` is the inverse."""
        return {
            "by": self.by,
            "from": self.sender,
            "protocol": self.protocol,
            "at": self.at.isoformat() if self.at else None,
            "delay_seconds": self.delay,
        }


def hop_of(found: Mapping[str, object]) -> Hop:
    """Returns the hop of such a document. Raises KeyError, ValueError and TypeError for another."""
    words = [found[name] for name in ("by", "from", "protocol")]
    at, delay = found["at"], found["delay_seconds"]
    by, sender, protocol = (word for word in words if isinstance(word, str))
    instant = datetime.fromisoformat(at) if isinstance(at, str) else None
    if instant is not None and (instant.tzinfo is None or not is_sane(instant)):
        raise ValueError("no instant of a mail")
    return Hop(by, sender, protocol, instant, float(delay) if isinstance(delay, int | float) else None)
