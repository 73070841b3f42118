# SPDX-License-Identifier: EUPL-1.2
"""`escalation.yaml`: after how much silence who is told, and which policy holds on which day for which channel."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from flaggermail.oncall.escalation import OFFICER, Means, Step
from flaggermail.oncall.periods import Period
from flaggermail.yaml_files.kinds import Code, Minutes, Model, shape

CLOCKS = ("receipt", "human", "decision")
Until = Annotated[
    str, shape(r"[1-9]\d{0,4} (times|minutes)", "is no end; write `3 times` in all, or `240 minutes` after the start")
]


class StepSettings(Model):
    """After how many minutes who is told of a mail that waits."""

    after: Minutes
    tell: Literal["officer", "head"] = "officer"


class PolicyStep(Model):
    """One step of a policy: after how many minutes of silence who is told, how, and how often."""

    after: Minutes
    tell: Code = OFFICER  # officer | head | both | an officer's id
    how: tuple[Means, ...] = Field(default=tuple(Means), min_length=1)
    repeat: Minutes | None = None
    until: Until | None = None

    def step(self, clock: str) -> Step:
        """The step, of a clock."""
        number, _, unit = (self.until or "").partition(" ")
        times, until = (int(number) if unit == name else None for name in ("times", "minutes"))
        return Step(clock, self.after, self.tell, tuple(map(str, self.how)), self.repeat, times, until)


class EscalationPolicy(Model):
    """The steps for each clock, lowest first."""

    name: Code
    receipt: tuple[PolicyStep, ...] = ()
    human: tuple[PolicyStep, ...] = ()
    decision: tuple[PolicyStep, ...] = ()  # a new case that nobody has decided on

    def steps(self, *clocks: str) -> tuple[Step, ...]:
        """The steps of the named clocks."""
        return tuple(step.step(clock) for clock in clocks for step in getattr(self, clock))


class ChannelUse(Model):
    """Which policy holds for one channel, where it is another than for the rest."""

    channel: Code
    polling_day: Code | None = None
    election: Code | None = None
    quiet: Code | None = None


class PolicyUse(Model):
    """Which policy holds in which period: that of the day on which the clock starts."""

    polling_day: Code
    election: Code
    quiet: Code
    channels: tuple[ChannelUse, ...] = ()

    def name(self, period: Period, channel: str | None) -> str:
        """The policy for a channel in a period; without a channel, or one of its own, that of the period."""
        own = next((getattr(use, period.value) for use in self.channels if use.channel == channel), None)
        return str(own or getattr(self, period.value))


_NOTIFIED = {
    "receipt": (PolicyStep(after=60), PolicyStep(after=120), PolicyStep(after=240, tell="head")),
    "human": (PolicyStep(after=180),),
}


class EscalationFile(Model):
    """The whole file; what stands here is what holds where there is none."""

    acknowledged_minutes: int = Field(default=60, ge=5, le=1440)
    policies: tuple[EscalationPolicy, ...] = Field(
        default=(
            EscalationPolicy(name="election", decision=(PolicyStep(after=30),), **_NOTIFIED),
            EscalationPolicy(name="quiet", **_NOTIFIED),
        ),
        min_length=1,
    )
    use: PolicyUse = PolicyUse(polling_day="election", election="election", quiet="quiet")

    def policy(self, period: Period, channel: str | None = None) -> EscalationPolicy:
        """The policy that holds now for what starts in that period, on that channel."""
        wanted = self.use.name(period, channel)
        return next(policy for policy in self.policies if policy.name == wanted)
