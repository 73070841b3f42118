# SPDX-License-Identifier: EUPL-1.2
"""Who must be told what, and when: product.md's reminder policy once more, written from its words alone.

    Receipt clock: remind the officer on call at 60 and 120 minutes, escalate to the head at 240. Human clock: remind
    once at 180 minutes when only an automatic receipt came. A stopped clock stops its reminders. An acknowledgement
    silences the officer's reminders until it expires, never the escalation. A new case without a decision reminds after
    30 minutes. After an outage, one reminder for the highest step.

Nothing of the product is imported: what both had wrong would never be found. Instants are those of the desk's clock.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

RECEIPT, HUMAN, DECISION = "receipt", "human", "decision"
OFFICER, HEAD = "officer", "head"
ACKNOWLEDGED = timedelta(minutes=60)

Policy = Mapping[str, tuple[tuple[int, str], ...]]
"""Clock -> steps, each minutes and who is told."""

DEFAULT: Policy = {
    RECEIPT: ((60, OFFICER), (120, OFFICER), (240, HEAD)), HUMAN: ((180, OFFICER),), DECISION: ((30, OFFICER),),
}  # fmt: skip
EDITED: Policy = {
    RECEIPT: ((25, OFFICER), (50, OFFICER), (75, OFFICER), (100, HEAD)), HUMAN: ((80, OFFICER),),
    DECISION: ((12, OFFICER), (45, HEAD)),
}  # fmt: skip


@dataclass(frozen=True, order=True)
class Told:
    """One step that somebody is told of: case, platform (empty: the decision), clock, minutes, to whom."""

    case: str
    platform: str
    clock: str
    step: int
    to: str


@dataclass
class Silence:
    """Something that waits for an answer: an exchange with a platform, or (no platform) a case for its decision."""

    case: str
    platform: str
    policy: Policy
    started_at: datetime | None = None
    ended: bool = False  # decided, or taken back by a bounce
    answers: list[tuple[datetime, frozenset[str]]] = field(default_factory=list)
    acknowledged_until: datetime | None = None
    told: dict[str, int] = field(default_factory=dict)  # clock -> the highest step

    def acknowledge(self, at: datetime) -> None:
        """Somebody is on it."""
        until = at + ACKNOWLEDGED
        self.acknowledged_until = max(until, self.acknowledged_until or until)

    def stopped(self, clock: str) -> bool:
        """Whether an answer stopped that clock; one of the same minute as the sending counts."""
        begin = self.started_at.replace(second=0) if self.started_at else None
        return any(clock in stops and begin is not None and at >= begin for at, stops in self.answers)

    def clock(self) -> str | None:
        """The one clock that reminds now: the receipt's, after an automatic receipt the human one, or none."""
        if self.ended or self.started_at is None:
            return None
        if not self.platform:
            return DECISION
        if not self.stopped(RECEIPT):
            return RECEIPT
        return None if self.stopped(HUMAN) else HUMAN

    def _untold(self) -> Iterator[tuple[datetime, int, str]]:
        """Instant, minutes and addressee of every step that is still to come."""
        clock = self.clock()
        if clock is None or self.started_at is None:
            return
        for minutes, who in self.policy[clock]:
            if minutes > self.told.get(clock, 0):
                at = self.started_at + timedelta(minutes=minutes)
                hushed = who == OFFICER and self.acknowledged_until is not None
                yield (max(at, self.acknowledged_until) if hushed and self.acknowledged_until else at), minutes, who

    def due(self, now: datetime) -> tuple[int, str] | None:
        """Minutes and addressee of the highest step that has run out."""
        return max(((minutes, who) for at, minutes, who in self._untold() if at <= now), default=None)

    def next_due(self, now: datetime) -> datetime | None:
        """When the next step runs out."""
        return min((at for at, _, _ in self._untold() if at > now), default=None)


@dataclass
class Oracle:
    """All that waits."""

    silences: list[Silence] = field(default_factory=list)

    def watch(self, silence: Silence) -> Silence:
        """Wait for one more."""
        self.silences.append(silence)
        return silence

    def due(self, now: datetime, addresses: Mapping[str, str]) -> list[tuple[Silence, Told]]:
        """What a tick at `now` must tell; `addresses`: of officer and head."""
        found = ((silence, silence.due(now)) for silence in self.silences)
        return [
            (silence, Told(silence.case, silence.platform, silence.clock() or "", due[0], addresses[due[1]]))
            for silence, due in found
            if due is not None
        ]

    @staticmethod
    def note(told: Iterable[tuple[Silence, Told]]) -> None:
        """That was told."""
        for silence, step in told:
            silence.told[step.clock] = step.step

    def next_due(self, now: datetime) -> datetime | None:
        """When the next step of any runs out."""
        return min((at for s in self.silences if (at := s.next_due(now)) is not None), default=None)
