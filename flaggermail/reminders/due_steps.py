# SPDX-License-Identifier: EUPL-1.2
"""Which reminders and escalations are due for a running clock: pure functions of facts, policy and an instant.

A step can repeat, so what falls due is a *call*: a step, its repetition and its recipient role. Calls are ordered by
the minute after the start of the clock at which they fall due, whatever their recipient. Calls below the highest minute
already sent are never sent.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from flaggermail.record.states import ClockKind
from flaggermail.settings.steps import HEAD, OFFICER, ROLES, Step, Who


@dataclass(frozen=True, slots=True)
class SentStep:
    """A step sent to an officer (an id); `escalates` if it went to the head."""

    step: int  # minutes, as `Step.after`
    officer: str
    at: datetime
    repetition: int = 0
    escalates: bool = False


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """An acknowledgement by officers (the recipient and the writer), valid up to (not including) `until`."""

    officers: frozenset[str]
    at: datetime
    until: datetime
    asks: bool = True  # whether its expiry raises the question if somebody is still on it; not for an escalation


@dataclass(frozen=True, slots=True)
class Silence:
    """One running clock: its start, the calls already sent, and the acknowledgements."""

    started_at: datetime
    told: Collection[SentStep] = ()
    acknowledged: Collection[Acknowledgement] = ()

    def silent_until(self, officer: str | None) -> datetime | None:
        """Returns when the last acknowledgement of that officer expires; None without one."""
        return max((a.until for a in self.acknowledged if officer in a.officers), default=None)


@dataclass(frozen=True, slots=True)
class Call:
    """A step that falls due for one recipient role; `asks` if it asks whether the matter is still in hand."""

    step: Step
    due_at: datetime
    reader: str = OFFICER  # officer | head | an officer's id
    repetition: int = 0
    asks: bool = False

    @property
    def minute(self) -> int:
        """The minute after the start of the clock at which it falls due."""
        return self.step.minute(self.repetition)

    @property
    def escalates(self) -> bool:
        """True if it goes to the head, whom no officer's acknowledgement silences."""
        return self.reader == HEAD


@dataclass(frozen=True, slots=True)
class Due:
    """A call to send now; `late` is the time since it fell due."""

    call: Call
    officer: str | None
    late: timedelta


class NotDue(StrEnum):
    """Why no call is due."""

    ACKNOWLEDGED = "acknowledged"
    ALL_TOLD = "every step that fell due was told"
    NONE_FELL_DUE = "no step has fallen due"


@dataclass(frozen=True, slots=True)
class NothingDue:
    """No call is due, and why; `until` is set if only an acknowledgement suppresses one."""

    reason: NotDue
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Expected:
    """A future call, when it will be sent and to whom if nothing changes; an acknowledgement postpones it."""

    call: Call
    at: datetime
    officer: str | None

    @property
    def held(self) -> bool:
        """True if it will be sent later than it falls due."""
        return self.at > self.call.due_at


def due(silence: Silence, steps: Collection[Step], who: Who, now: datetime) -> tuple[Due, ...] | NothingDue:
    """Returns the calls to send now: those of the highest minute that is due and unsent, one for each recipient.

    After an outage only that minute is sent; lower ones are never sent. An acknowledgement silences the steps of the
    officer who gave it until it expires, but never the escalation to the head. Once it has expired and nothing else is
    due, the officer on call is asked once whether somebody is still on it.
    """
    elapsed = (now - silence.started_at) // timedelta(minutes=1)
    reached = [(step, n) for step in steps if (n := step.reached(elapsed)) is not None]
    calls = [call for step, n in reached for call in _calls(silence, step, n)]
    sent = _Sent(silence, steps)
    unsent = [call for call in calls if not sent.covers(call, who)]
    ends = [(call, _acknowledged_until(silence, who, call, now)) for call in unsent]
    to_send = [call for call, end in ends if end is None] or questions(silence, steps, now)
    if to_send:
        return _one_per_person(to_send, who, now)
    if unsent:
        return NothingDue(NotDue.ACKNOWLEDGED, min(end for _, end in ends if end is not None))
    return NothingDue(NotDue.ALL_TOLD if reached else NotDue.NONE_FELL_DUE)


def upcoming(silence: Silence, steps: Collection[Step], who: Who) -> list[Expected]:
    """Returns the next call of each step to each recipient role, earliest first; overdue calls come first."""
    found = [Expected(call, at, who(call.reader, at)) for at, call in _coming(silence, steps, who)]
    return sorted(found, key=lambda expected: (expected.at, expected.call.minute))


def next_due(silence: Silence, steps: Collection[Step], who: Who) -> datetime | None:
    """Returns when `due` will next return a call; None if none is left."""
    if not (silence.told or silence.acknowledged):  # as of most clocks, of which there may be thousands
        return min((step.due_at(silence.started_at) for step in steps), default=None)
    return min((at for at, _ in _coming(silence, steps, who)), default=None)


def forecast(silence: Silence, steps: Collection[Step], who: Who, until: datetime, most: int = 100) -> list[Due]:
    """Returns at most `most` calls that will be sent up to and including `until` if nothing else happens."""
    found: list[Due] = []
    while len(found) < most:
        at = next_due(silence, steps, who)
        told = due(silence, steps, who, at) if at is not None and at <= until else None
        if at is None or not isinstance(told, tuple):
            break
        found += told
        tellings = [SentStep(d.call.step.after, d.officer or "", at, d.call.repetition, d.call.escalates) for d in told]
        silence = Silence(silence.started_at, [*silence.told, *tellings], silence.acknowledged)
    return found


def _coming(silence: Silence, steps: Collection[Step], who: Who) -> Iterator[tuple[datetime, Call]]:
    """Yields the next call of each step to each recipient role, and the question to come, each with its instant."""
    sent = _Sent(silence, steps)
    for step, reader in ((one, reader) for one in steps for reader in one.readers):
        if (call := _next_call(silence, step, reader, sent, who)) is not None:
            yield _acknowledged_until(silence, who, call, call.due_at) or call.due_at, call
    yield from ((call.due_at, call) for call in questions(silence, steps, None))


def _calls(silence: Silence, step: Step, repetition: int) -> Iterator[Call]:
    for reader in step.readers:
        yield Call(step, step.due_at(silence.started_at, repetition), reader, repetition)


def _next_call(silence: Silence, step: Step, reader: str, sent: _Sent, who: Who) -> Call | None:
    """Returns the first call of that step to that role that was neither sent nor passed over."""
    for minute in (sent.minute, sent.minute + 1):
        n = step.following(minute)
        if n is None:
            return None
        call = Call(step, step.due_at(silence.started_at, n), reader, n)
        if not sent.covers(call, who):
            return call
    return None


def questions(silence: Silence, steps: Collection[Step], now: datetime | None) -> list[Call]:
    """Returns the question after an expired acknowledgement, once, unless an officer was reminded since it was given.

    Empty before the acknowledgement expires; without `now`, the question to come.
    """
    last = max((a for a in silence.acknowledged if a.asks), key=lambda a: a.until, default=None)
    if last is None or not steps or (now is not None and now < last.until):
        return []
    minute = (last.until - silence.started_at) // timedelta(minutes=1)
    # After the clock was set back, the question can carry an earlier time than the acknowledgement: compare its minute.
    if any(not t.escalates and (t.at > last.at or t.step == minute) for t in silence.told):
        return []
    clock = next(iter(steps)).clock
    return [Call(Step(clock, minute), last.until, asks=True)]


_ANY = ClockKind.RECEIPT  # of a step that the policy no longer has: only its minute counts


class _Sent:
    """The highest minute already sent, and its recipients; calls below it are never sent."""

    def __init__(self, silence: Silence, steps: Collection[Step]) -> None:
        known = {step.after: step for step in steps}
        told = [(sent, known.get(sent.step, Step(_ANY, sent.step))) for sent in silence.told]
        self.minute = max((step.minute(telling.repetition) for telling, step in told), default=0)
        self._last = [pair for pair in told if pair[1].minute(pair[0].repetition) == self.minute]

    def covers(self, call: Call, who: Who) -> bool:
        """True if it was sent to this role, to the same person in another role, or if a later minute was sent."""
        if call.minute != self.minute:
            return call.minute < self.minute
        return any(
            _reader(telling, step) == call.reader or telling.officer == who(call.reader, telling.at)
            for telling, step in self._last
        )


def _reader(telling: SentStep, step: Step) -> str:
    return HEAD if telling.escalates else OFFICER if step.tell in ROLES else step.tell


def _acknowledged_until(silence: Silence, who: Who, call: Call, at: datetime) -> datetime | None:
    """Returns until when an acknowledgement by the recipient suppresses a call due at `at`; None if none does."""
    if call.escalates or not silence.acknowledged:
        return None
    until = silence.silent_until(who(call.reader, at))
    return until if until is not None and at < until else None


def _one_per_person(calls: Collection[Call], who: Who, now: datetime) -> tuple[Due, ...]:
    """Returns the calls of the highest minute, one per person: the head's before the officer's, later steps first."""
    highest = max(call.minute for call in calls)
    found: dict[str | None, Call] = {}
    for call in sorted(calls, key=lambda call: (call.escalates, call.step.after), reverse=True):
        if call.minute == highest:
            found.setdefault(who(call.reader, now), call)
    return tuple(Due(call, officer, now - call.due_at) for officer, call in found.items())
