# SPDX-License-Identifier: EUPL-1.2
"""Whether somebody must be told that a clock still runs: a pure function of facts, policy and instant."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

HEAD = "head"
OFFICER = "officer"
WAITING = "quarantine"  # the clock of a mail for which a person must say where it belongs


@dataclass(frozen=True, slots=True)
class Step:
    """One step of an escalation policy: `after` minutes of silence of `clock`, tell the officer on call or the head."""

    clock: str  # receipt | human | decision
    after: int
    tell: str = OFFICER

    def due_at(self, started_at: datetime) -> datetime:
        """The instant at which this step falls due."""
        return started_at + timedelta(minutes=self.after)


@dataclass(frozen=True, slots=True)
class Silence:
    """What is known of one running clock: when it started, which steps were told, who acknowledged until when."""

    started_at: datetime
    told: Collection[int] = ()  # minutes of the steps that were told
    acknowledged_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Due:
    """A step that must be told now; `late` is how long ago it fell due."""

    step: Step
    due_at: datetime
    late: timedelta


@dataclass(frozen=True, slots=True)
class Nothing:
    """Nobody needs to be told, and why."""

    reason: str


def due(silence: Silence, steps: Collection[Step], now: datetime) -> Due | Nothing:
    """The highest step that has fallen due and was not told yet.

    After an outage only the highest step reached is told: the lower ones are history. An acknowledgement silences the
    officer's steps until it expires, never the escalation to the head.
    """
    reached = sorted((step for step in steps if step.due_at(silence.started_at) <= now), key=lambda step: step.after)
    if not reached:
        return Nothing("no step has fallen due")
    told = max(silence.told, default=0)
    waiting = [step for step in reached if step.after > told]
    if not waiting:
        return Nothing("every step that fell due was told")
    if silence.acknowledged_until is not None and now < silence.acknowledged_until:
        waiting = [step for step in waiting if step.tell == HEAD]
        if not waiting:
            return Nothing("acknowledged")
    step = waiting[-1]
    due_at = step.due_at(silence.started_at)
    return Due(step, due_at, now - due_at)


def next_due(silence: Silence, steps: Collection[Step]) -> datetime | None:
    """When `due` will next answer with a step, or nothing when none is left."""
    told = max(silence.told, default=0)
    return min((_heard_at(silence, step) for step in steps if step.after > told), default=None)


def _heard_at(silence: Silence, step: Step) -> datetime:
    due_at = step.due_at(silence.started_at)
    if step.tell == HEAD or silence.acknowledged_until is None:
        return due_at
    return max(due_at, silence.acknowledged_until)


def write_steps(steps: Collection[Step]) -> str:
    """The steps as text, to be stamped on what they are for."""
    return json.dumps([[step.clock, step.after, step.tell] for step in steps])


def read_steps(text: str) -> tuple[Step, ...]:
    """The steps that `write_steps` wrote."""
    return tuple(Step(clock, int(after), tell) for clock, after, tell in json.loads(text))
