# SPDX-License-Identifier: EUPL-1.2
"""Whether somebody must be told that a clock still runs: pure functions of facts, policy and instant.

A step may be told again and again, so what falls due is a *call*: a step, its repetition, and the reader it is for.
Calls stand in one order, the minute after the start at which they fall due, whoever they are for: what lies below a
minute that was told of is history.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum

HEAD = "head"
OFFICER = "officer"
BOTH = "both"
ROLES = (OFFICER, HEAD, BOTH)
WAITING = "quarantine"  # the clock of a mail for which a person must say where it belongs

Who = Callable[[str, datetime], str | None]  # officer, head or an officer's id, and an instant -> the officer's id


class Means(StrEnum):
    """How somebody is told."""

    MAIL = "mail"
    PAGER = "pager"  # the pagers of that person, in the order and with the delays of the rota


EVERY_MEANS = tuple(means.value for means in Means)


@dataclass(frozen=True, slots=True)
class Step:
    """One step of an escalation policy: after `after` minutes of silence of `clock`, tell `tell`.

    With `repeat` it is told again every so many minutes: `times` in all, up to minute `until`, or while the clock runs.
    """

    clock: str  # receipt | human | decision
    after: int
    tell: str = OFFICER  # officer | head | both | an officer's id
    how: tuple[str, ...] = EVERY_MEANS
    repeat: int | None = None
    times: int | None = None
    until: int | None = None

    def due_at(self, started_at: datetime, repetition: int = 0) -> datetime:
        """The instant at which this step falls due, for the first time or again."""
        return started_at + timedelta(minutes=self.minute(repetition))

    def minute(self, repetition: int) -> int:
        """How many minutes after the start that is."""
        return self.after + repetition * (self.repeat or 0)

    @property
    def last(self) -> int | None:
        """Its last repetition; none where it comes as long as the clock runs."""
        if self.repeat is None:
            return 0
        ends = [self.times - 1] if self.times is not None else []
        if self.until is not None:
            ends.append(max((self.until - self.after) // self.repeat, 0))
        return min(ends, default=None)

    @property
    def readers(self) -> tuple[str, ...]:
        """Who is told, each apart."""
        return (OFFICER, HEAD) if self.tell == BOTH else (self.tell,)

    def reached(self, minute: int) -> int | None:
        """The last repetition due by that minute; none before the first."""
        if minute < self.after:
            return None
        return self._bounded((minute - self.after) // self.repeat) if self.repeat else 0

    def following(self, minute: int) -> int | None:
        """The first repetition due at that minute or later; none when it comes no more."""
        if minute <= self.after:
            return 0
        if self.repeat is None:
            return None
        found = -(-(minute - self.after) // self.repeat)
        return found if self._bounded(found) == found else None

    def _bounded(self, repetition: int) -> int:
        return repetition if self.last is None else min(repetition, self.last)


@dataclass(frozen=True, slots=True)
class Telling:
    """That a step was told to an officer (an id); `escalates` when told as the head."""

    step: int  # minutes, as `Step.after`
    officer: str
    at: datetime
    repetition: int = 0
    escalates: bool = False


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """That officers (the one who was told, the one who said so) are on it, up to (not including) `until`."""

    officers: frozenset[str]
    at: datetime
    until: datetime
    asks: bool = True  # whether somebody is asked about this clock when it expires: not for an escalation's


@dataclass(frozen=True, slots=True)
class Silence:
    """What is known of one running clock: when it started, what was told, who acknowledged until when."""

    started_at: datetime
    told: Collection[Telling] = ()
    acknowledged: Collection[Acknowledgement] = ()

    def silent_until(self, officer: str | None) -> datetime | None:
        """When the last acknowledgement of that officer expires."""
        return max((a.until for a in self.acknowledged if officer in a.officers), default=None)


@dataclass(frozen=True, slots=True)
class Call:
    """A step that falls due for one reader; `asks` when it is the question whether somebody is still on it."""

    step: Step
    due_at: datetime
    reader: str = OFFICER  # officer | head | an officer's id
    repetition: int = 0
    asks: bool = False

    @property
    def minute(self) -> int:
        """How many minutes after the start it falls due."""
        return self.step.minute(self.repetition)

    @property
    def escalates(self) -> bool:
        """Whether it goes to the head, whatever the officer said."""
        return self.reader == HEAD


@dataclass(frozen=True, slots=True)
class Due:
    """A call that must be told now; `late` is how long ago it fell due."""

    call: Call
    officer: str | None
    late: timedelta


@dataclass(frozen=True, slots=True)
class Nothing:
    """Nobody needs to be told, and why; `until` when only an acknowledgement keeps it back."""

    reason: str
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Expected:
    """A call to come, when it will be told and to whom, if nothing changes; an acknowledgement puts it off."""

    call: Call
    at: datetime
    officer: str | None

    @property
    def held(self) -> bool:
        """Whether it is told later than it falls due."""
        return self.at > self.call.due_at


def due(silence: Silence, steps: Collection[Step], who: Who, now: datetime) -> tuple[Due, ...] | Nothing:
    """What must be told now: the highest minute that has fallen due and was not told yet, to each reader it is for.

    After an outage only that one is told: the lower ones are history. An acknowledgement silences the steps of the
    officer who gave it until it expires, never the escalation to the head; when it has expired and nothing else is due,
    the officer on call is asked once whether somebody is still on it.
    """
    elapsed = (now - silence.started_at) // timedelta(minutes=1)
    reached = [(step, n) for step in steps if (n := step.reached(elapsed)) is not None]
    calls = [call for step, n in reached for call in _calls(silence, step, n)]
    told = _Heard(silence, steps)
    waiting = [call for call in calls if not told.holds(call, who)]
    ends = [(call, _held_until(silence, who, call, now)) for call in waiting]
    heard = [call for call, end in ends if end is None] or questions(silence, steps, now)
    if heard:
        return _each_once(heard, who, now)
    if waiting:
        return Nothing("acknowledged", min(end for _, end in ends if end is not None))
    return Nothing("every step that fell due was told" if reached else "no step has fallen due")


def upcoming(silence: Silence, steps: Collection[Step], who: Who) -> list[Expected]:
    """The next call of each step to each reader, earliest first, as things stand; what is overdue comes first."""
    told = _Heard(silence, steps)
    calls = [_next_call(silence, step, reader, told, who) for step in steps for reader in step.readers]
    found = [_expected(silence, who, call) for call in calls if call is not None]
    found += [Expected(call, call.due_at, who(call.reader, call.due_at)) for call in questions(silence, steps, None)]
    return sorted(found, key=lambda expected: (expected.at, expected.call.minute))


def next_due(silence: Silence, steps: Collection[Step], who: Who) -> datetime | None:
    """When `due` will next answer with a call, or nothing when none is left."""
    return next((expected.at for expected in upcoming(silence, steps, who)), None)


def forecast(silence: Silence, steps: Collection[Step], who: Who, until: datetime, most: int = 100) -> list[Due]:
    """What will be told up to and including `until`, at most so many, if nothing else happens."""
    found: list[Due] = []
    while len(found) < most:
        at = next_due(silence, steps, who)
        told = due(silence, steps, who, at) if at is not None and at <= until else None
        if at is None or not isinstance(told, tuple):
            break
        found += told
        tellings = [Telling(d.call.step.after, d.officer or "", at, d.call.repetition, d.call.escalates) for d in told]
        silence = Silence(silence.started_at, [*silence.told, *tellings], silence.acknowledged)
    return found


def _calls(silence: Silence, step: Step, repetition: int) -> Iterator[Call]:
    for reader in step.readers:
        yield Call(step, step.due_at(silence.started_at, repetition), reader, repetition)


def _next_call(silence: Silence, step: Step, reader: str, told: _Heard, who: Who) -> Call | None:
    """The first call of that step to that reader that was not told and is not history."""
    for minute in (told.minute, told.minute + 1):
        n = step.following(minute)
        if n is None:
            return None
        call = Call(step, step.due_at(silence.started_at, n), reader, n)
        if not told.holds(call, who):
            return call
    return None


def _expected(silence: Silence, who: Who, call: Call) -> Expected:
    at = _held_until(silence, who, call, call.due_at) or call.due_at
    return Expected(call, at, who(call.reader, at))


def questions(silence: Silence, steps: Collection[Step], now: datetime | None) -> list[Call]:
    """The question that an expired acknowledgement leaves, once, unless an officer was told since it was given.

    None before it expires; without `now` the one to come.
    """
    last = max((a for a in silence.acknowledged if a.asks), key=lambda a: a.until, default=None)
    if last is None or not steps or (now is not None and now < last.until):
        return []
    minute = (last.until - silence.started_at) // timedelta(minutes=1)
    # Where the clock was set back the question may bear an earlier time than the acknowledgement: its minute tells it.
    if any(not t.escalates and (t.at > last.at or t.step == minute) for t in silence.told):
        return []
    clock = next(iter(steps)).clock
    return [Call(Step(clock, minute), last.until, asks=True)]


class _Heard:
    """The highest minute that was told, and to whom: whatever lies below it is history."""

    def __init__(self, silence: Silence, steps: Collection[Step]) -> None:
        known = {step.after: step for step in steps}
        told = [(telling, known.get(telling.step, Step("", telling.step))) for telling in silence.told]
        self.minute = max((step.minute(telling.repetition) for telling, step in told), default=0)
        self._last = [pair for pair in told if pair[1].minute(pair[0].repetition) == self.minute]

    def holds(self, call: Call, who: Who) -> bool:
        """Whether it was told, to this reader or the same person in another role, or something later to anybody."""
        if call.minute != self.minute:
            return call.minute < self.minute
        return any(
            _reader(telling, step) == call.reader or telling.officer == who(call.reader, telling.at)
            for telling, step in self._last
        )


def _reader(telling: Telling, step: Step) -> str:
    return HEAD if telling.escalates else OFFICER if step.tell in ROLES else step.tell


def _held_until(silence: Silence, who: Who, call: Call, at: datetime) -> datetime | None:
    """Until when an acknowledgement of its reader keeps a call back that could be told at `at`."""
    if call.escalates:
        return None
    until = silence.silent_until(who(call.reader, at))
    return until if until is not None and at < until else None


def _each_once(calls: Collection[Call], who: Who, now: datetime) -> tuple[Due, ...]:
    """Those of the highest minute, one for each person: the head's before the officer's, the later step's first."""
    highest = max(call.minute for call in calls)
    found: dict[str | None, Call] = {}
    for call in sorted(calls, key=lambda call: (call.escalates, call.step.after), reverse=True):
        if call.minute == highest:
            found.setdefault(who(call.reader, now), call)
    return tuple(Due(call, officer, now - call.due_at) for officer, call in found.items())


def write_steps(steps: Collection[Step]) -> str:
    """The steps as text, to be stamped on what they are for."""
    return json.dumps([asdict(step) for step in steps])


def read_steps(text: str) -> tuple[Step, ...]:
    """The steps that `write_steps` wrote."""
    return tuple(Step(**{**entry, "how": tuple(entry["how"])}) for entry in json.loads(text))
