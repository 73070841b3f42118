# SPDX-License-Identifier: EUPL-1.2
"""The reminder policy of product.md, implemented a second time from its words alone.

Receipt clock: remind the officer on call at 60 and 120 minutes, escalate to the head at 240. Human clock: remind once
at 180 minutes when only an automatic receipt came. A stopped clock stops its reminders. An officer's acknowledgement
silences their reminders until it expires (60 minutes, "still on it?"); it never silences the escalation to the head. A
new case without a decision reminds after 30 minutes. Substance clock: once the next morning, then one line a week; it
asks for nothing. After an outage, one reminder for the highest step.

The acknowledgement covers the officer who got the reminder and the officer who acknowledged it: a colleague who comes
on call is reminded at the step's own time. "Still on it?" goes to the officer on call, once, when nothing else is due
and no officer got a reminder since the acknowledgement.

Nothing of the product is imported: an error shared by both would never be found. Instants are those of the desk's
clock.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

RECEIPT, HUMAN, SUBSTANCE, DECISION = "receipt", "human", "substance", "decision"
OFFICER, HEAD = "officer", "head"
ACKNOWLEDGED = timedelta(minutes=60)
ZONE = ZoneInfo("Europe/Amsterdam")
MORNING, MONDAY = 8, 0  # the hour; the day of the week
NEXT, LATER = timedelta(hours=4), timedelta(hours=28)  # at least, until the next morning and the first weekly line

Policy = Mapping[str, tuple[tuple[int, str], ...]]
"""Clock -> steps, each with its minutes and recipient."""

DEFAULT: Policy = {
    RECEIPT: ((60, OFFICER), (120, OFFICER), (240, HEAD)), HUMAN: ((180, OFFICER),), DECISION: ((30, OFFICER),),
}  # fmt: skip
EDITED: Policy = {
    RECEIPT: ((25, OFFICER), (50, OFFICER), (75, OFFICER), (100, HEAD)), HUMAN: ((80, OFFICER),),
    DECISION: ((12, OFFICER), (45, HEAD)),
}  # fmt: skip


@dataclass(frozen=True, order=True)
class Told:
    """One step sent: case, platform (empty: the decision), clock, minutes and recipient.

    The question "still on it?" is not a step: it has no minutes, and `until` is the expiry of the acknowledgement
    (HH:MM). Nor has what is told of substance any minutes.
    """

    case: str
    platform: str
    clock: str
    step: int
    to: str
    until: str = ""


@dataclass
class InHand:
    """An acknowledgement by officers (by address) of a reminder about `clock`."""

    officers: frozenset[str]
    clock: str
    at: datetime
    told_since: bool = False  # an officer got a later reminder of that clock

    @property
    def until(self) -> datetime:
        """Returns when it expires."""
        return self.at + ACKNOWLEDGED


@dataclass
class Silence:
    """An open exchange with a platform, or (without platform) a case that needs a decision."""

    case: str
    platform: str
    policy: Policy
    started_at: datetime | None = None
    ended: bool = False  # decided, or bounced
    answers: list[tuple[datetime, frozenset[str]]] = field(default_factory=list)
    in_hand: list[InHand] = field(default_factory=list)
    told: dict[str, int] = field(default_factory=dict)  # clock -> the highest step sent
    awaited_at: datetime | None = None  # when it was last told that substance is awaited

    def start(self, at: datetime, policy: Policy) -> None:
        """Starts the clocks under the policy in force at the sending."""
        self.started_at, self.policy = at, policy

    def acknowledge(self, officers: Iterable[str], clock: str, at: datetime) -> None:
        """Records an acknowledgement."""
        self.in_hand.append(InHand(frozenset(officers), clock, at))

    def stopped(self, clock: str) -> bool:
        """Returns whether an answer stopped that clock; one in the minute of the sending counts."""
        begin = self.started_at.replace(second=0) if self.started_at else None
        return any(clock in stops and begin is not None and at >= begin for at, stops in self.answers)

    def clock(self) -> str | None:
        """Returns the clock that reminds now: receipt, human after an automatic receipt, or None."""
        if self.ended or self.started_at is None:
            return None
        if not self.platform:
            return DECISION
        if not self.stopped(RECEIPT):
            return RECEIPT
        return None if self.stopped(HUMAN) else HUMAN

    def clocks(self) -> set[str]:
        """Returns the clocks of which something may be told."""
        return {clock for clock in (self.clock(), SUBSTANCE if self.is_awaited() else None) if clock is not None}

    def is_awaited(self) -> bool:
        """Returns whether a platform was asked and has not answered the matter."""
        return bool(self.platform) and not self.ended and self.started_at is not None and not self.stopped(SUBSTANCE)

    def awaited(self, now: datetime, officer: str) -> Told | None:
        """Returns what is due of substance to the officer on call."""
        if self.started_at is None or not self.is_awaited() or self._hushed(officer, now):
            return None
        passed = [at for at in mornings(self.started_at) if at <= now and (not self.awaited_at or at > self.awaited_at)]
        return Told(self.case, self.platform, SUBSTANCE, 0, officer) if passed else None

    def due(self, now: datetime, officer: str, head: str) -> Told | None:
        """Returns the highest step that is due to its recipient, the officer on call or the head."""
        clock, hushed = self.clock(), self._hushed(officer, now)
        if clock is None or self.started_at is None:
            return None
        run_out = [
            (minutes, who)
            for minutes, who in self.policy[clock]
            if minutes > self.told.get(clock, 0) and self.started_at + timedelta(minutes=minutes) <= now
        ]
        heard = [(minutes, who) for minutes, who in run_out if who == HEAD or not hushed]
        if heard:
            minutes, who = max(heard)
            return Told(self.case, self.platform, clock, minutes, officer if who == OFFICER else head)
        asked = self._expired(clock)
        if asked is None or hushed or asked.until > now:
            return None
        return Told(self.case, self.platform, clock, 0, officer, f"{asked.until.astimezone(ZONE):%H:%M}")

    def _hushed(self, officer: str, now: datetime) -> bool:
        """Returns whether that officer has an acknowledgement in force."""
        return any(officer in hand.officers and now < hand.until for hand in self.in_hand)

    def _expired(self, clock: str) -> InHand | None:
        """Returns the acknowledgement that causes a question when it expires."""
        last = max((hand for hand in self.in_hand if hand.clock == clock), key=lambda hand: hand.until, default=None)
        return None if last is None or last.told_since else last

    def note(self, told: Told, head: str, now: datetime) -> None:
        """Records a step that was sent."""
        if told.clock == SUBSTANCE:
            self.awaited_at = now
        if told.step:
            self.told[told.clock] = told.step
        for hand in self.in_hand:
            hand.told_since |= hand.clock == told.clock and told.to != head

    def instants(self) -> Iterator[datetime]:
        """Yields the instants at which a step falls due or an acknowledgement expires."""
        clock = self.clock()
        if clock is not None and self.started_at is not None:
            yield from (self.started_at + timedelta(minutes=minutes) for minutes, _ in self.policy[clock])
            yield from (hand.until for hand in self.in_hand)
        if self.started_at is not None and self.is_awaited():
            yield from mornings(self.started_at)
            yield from (hand.until for hand in self.in_hand)


def mornings(start: datetime) -> tuple[datetime, ...]:
    """Returns when it is told that substance is awaited: the next morning, and the first Monday after that."""
    days = [(start.astimezone(ZONE) + timedelta(days=ahead)).replace(
        hour=MORNING, minute=0, second=0, microsecond=0
    ) for ahead in range(10)]  # fmt: skip
    begin = start.replace(second=0, microsecond=0)
    instants = [day.astimezone(UTC) for day in days]
    mondays = [at for at in instants if at.astimezone(ZONE).weekday() == MONDAY]
    return next(at for at in instants if at >= begin + NEXT), next(at for at in mondays if at >= begin + LATER)


@dataclass
class Oracle:
    """All open exchanges and cases."""

    silences: list[Silence] = field(default_factory=list)

    def watch(self, silence: Silence) -> Silence:
        """Adds one and returns it."""
        self.silences.append(silence)
        return silence

    def due(self, now: datetime, officer: str, head: str) -> list[tuple[Silence, Told]]:
        """Returns what a tick at `now` must send to the officer on call and the head (addresses)."""
        found = [(silence, silence.due(now, officer, head)) for silence in self.silences]
        found += [(silence, silence.awaited(now, officer)) for silence in self.silences]
        return [(silence, due) for silence, due in found if due is not None]

    def next_due(self, now: datetime) -> datetime | None:
        """Returns the next instant at which something may fall due."""
        return min((at for silence in self.silences for at in silence.instants() if at > now), default=None)
