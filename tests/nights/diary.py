# SPDX-License-Identifier: EUPL-1.2
"""The record of a simulated night, for the verdict. Nothing in it is read from the product's tables."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from tests.nights.leaving import Hindrance, Outgoing
from tests.nights.oracle import Silence, Told
from tests.nights.reading import Read
from tests.nights.world import HandOver


@dataclass(frozen=True)
class Violation:
    """A broken promise; `promise` is its number in `verdict.PROMISES`."""

    promise: int
    text: str

    def __str__(self) -> str:
        return f"promise {self.promise}: {self.text}"


@dataclass
class Incoming:
    """A mail that was delivered to the mailbox."""

    octets: bytes
    arrived_at: datetime
    what: str
    taken_at: datetime | None = None  # by the desk's clock

    @property
    def digest(self) -> str:
        """Returns the digest under which it is archived."""
        return hashlib.sha256(self.octets).hexdigest()


@dataclass
class Use:
    """A notification that the officer approved."""

    id: str
    case: str
    platform: str
    to: str
    digest: str  # of the octets that were frozen with the draft
    approved_at: datetime
    silence: Silence
    message_id: str = ""
    again: int = 0  # how often an officer asked to send it again
    resolved: bool = False
    bounced_at: datetime | None = None  # by the desk's clock, when a report counted that it came back
    unverified_at: datetime | None = None  # by the desk's clock, arrival of an unverified answer

    @property
    def bounced(self) -> bool:
        """Whether it came back."""
        return self.bounced_at is not None


@dataclass
class Referral:
    """A referral that was taken in."""

    sender: str
    message_id: str
    case: str
    late: bool


@dataclass
class Tick:
    """One reminder tick."""

    at: datetime  # by the desk's clock
    due: list[tuple[Silence, Told]]
    running: dict[tuple[str, str], set[str]]  # case and platform -> the clock that reminds


@dataclass
class Diary:
    """The record of one night."""

    lines: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    incoming: list[Incoming] = field(default_factory=list)
    uses: list[Use] = field(default_factory=list)
    decided: dict[str, str] = field(default_factory=dict)  # decisions by case
    referrals: list[Referral] = field(default_factory=list)
    ticks: list[Tick] = field(default_factory=list)
    handed_over: list[HandOver] = field(default_factory=list)
    outgoing: list[Outgoing] = field(default_factory=list)
    hindrances: list[Hindrance] = field(default_factory=list)
    left: list[tuple[str, datetime]] = field(default_factory=list)  # who left the desk, by its clock
    ended_at: datetime | None = None  # of true time
    violations: list[Violation] = field(default_factory=list)

    def broken(self, promise: int, text: str) -> None:
        """Records a broken promise."""
        self.violations.append(Violation(promise, text))

    def read(self) -> list[Read]:
        """Returns the mails that were received, each once, in order."""
        first = {(h.digest, h.recipient): Read(h.octets, h.recipient) for h in reversed(self.handed_over) if h.received}
        return list(reversed(first.values()))

    def use_of(self, digest: str) -> Use | None:
        """Returns the notification with these octets, or None."""
        return next((use for use in self.uses if use.digest == digest), None)
