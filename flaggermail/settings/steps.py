# SPDX-License-Identifier: EUPL-1.2
"""The steps of an escalation policy: values, and pure functions of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache

from flaggermail.record.states import ClockKind, Means


class StepRecipient(StrEnum):
    """Whom a step names, if it does not name an officer by id."""

    OFFICER = "officer"
    HEAD = "head"
    BOTH = "both"


OFFICER, HEAD, BOTH = StepRecipient
ROLES = (OFFICER, HEAD, BOTH)
WAITING = ClockKind.QUARANTINE  # the clock of a quarantined mail, which runs until a person files the mail


Who = Callable[[str, datetime], str | None]  # officer, head or an officer's id, and an instant -> the officer's id


EVERY_MEANS = tuple(Means)


@dataclass(frozen=True, slots=True)
class Step:
    """One step of an escalation policy: after `after` minutes of silence of `clock`, remind `tell`.

    With `repeat` the reminder recurs every so many minutes: `times` in all, up to minute `until`, or while the clock
    runs.
    """

    clock: ClockKind
    after: int
    tell: str = OFFICER  # officer | head | both | an officer's id
    how: tuple[Means, ...] = EVERY_MEANS
    repeat: int | None = None
    times: int | None = None
    until: int | None = None

    def due_at(self, started_at: datetime, repetition: int = 0) -> datetime:
        """Returns the instant at which this step falls due, for the first time or for a repetition."""
        return started_at + timedelta(minutes=self.minute(repetition))

    def minute(self, repetition: int) -> int:
        """Returns the minutes from the start of the clock to that repetition."""
        return self.after + repetition * (self.repeat or 0)

    @property
    def last(self) -> int | None:
        """The last repetition; None if the step repeats as long as the clock runs."""
        if self.repeat is None:
            return 0
        ends = [self.times - 1] if self.times is not None else []
        if self.until is not None:
            ends.append(max((self.until - self.after) // self.repeat, 0))
        return min(ends, default=None)

    @property
    def readers(self) -> tuple[str, ...]:
        """The recipient roles; each gets a call of its own."""
        return (OFFICER, HEAD) if self.tell == BOTH else (self.tell,)

    def reached(self, minute: int) -> int | None:
        """Returns the last repetition due by that minute; None before the first."""
        if minute < self.after:
            return None
        return self._bounded((minute - self.after) // self.repeat) if self.repeat else 0

    def following(self, minute: int) -> int | None:
        """Returns the first repetition due at that minute or later; None if none is left."""
        if minute <= self.after:
            return 0
        if self.repeat is None:
            return None
        found = -(-(minute - self.after) // self.repeat)
        return found if self._bounded(found) == found else None

    def _bounded(self, repetition: int) -> int:
        return repetition if self.last is None else min(repetition, self.last)


def followed_by(steps: Collection[Step], later: Collection[Step], minute: int) -> tuple[Step, ...]:
    """Returns the steps that fall due before that minute of the clock, and from it on `later`, counted from it."""
    last = minute - 1
    before = [
        replace(s, until=last if s.until is None else min(s.until, last)) if s.repeat else s
        for s in steps
        if s.after <= last
    ]
    after = [replace(s, after=s.after + minute, until=None if s.until is None else s.until + minute) for s in later]
    return (*before, *after)


def quicker(minutes: int, speed: int) -> int:
    """Returns the minutes in a rehearsal that plays `speed` minutes in one: whole minutes, rounded up."""
    return -(-minutes // speed)


def quickened(steps: Collection[Step], speed: int) -> tuple[Step, ...]:
    """Returns the steps with their minutes divided by `speed`; equal steps are merged."""

    def pace(minutes: int | None) -> int | None:
        return None if minutes is None else quicker(minutes, speed)

    paced = [replace(s, after=quicker(s.after, speed), repeat=pace(s.repeat), until=pace(s.until)) for s in steps]
    return tuple(dict.fromkeys(paced))


def write_steps(steps: Collection[Step]) -> str:
    """Serializes the steps for storage with the case or notification they apply to."""
    return json.dumps([asdict(step) for step in steps])


@lru_cache
def read_steps(text: str) -> tuple[Step, ...]:
    """Parses the output of `write_steps`. Hundreds of cases have the same text."""
    return tuple(_step(**entry) for entry in json.loads(text))


def _step(clock: str, tell: str, how: Collection[str], **numbers: int) -> Step:  # the names of an entry
    return Step(ClockKind(clock), tell=tell, how=tuple(map(Means, how)), **numbers)
