# SPDX-License-Identifier: EUPL-1.2
"""`escalation.yaml`: whom to notify after how much silence, and which policy applies by period and channel."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from flaggermail.oncall.escalation import OFFICER, Step
from flaggermail.oncall.periods import Period
from flaggermail.record.clocks import ClockKind, Means
from flaggermail.yaml_files.kinds import Code, Minutes, Model, shape

CLOCKS = (ClockKind.RECEIPT, ClockKind.HUMAN, ClockKind.DECISION)
Until = Annotated[
    str, shape(r"[1-9]\d{0,4} (times|minutes)", "is no end; write `3 times` in all, or `240 minutes` after the start")
]


class StepSettings(Model):
    """Whom to notify of a waiting mail, and after how many minutes."""

    after: Minutes
    tell: Literal["officer", "head"] = "officer"


class PolicyStep(Model):
    """One step of a policy: whom to notify after how many minutes of silence, by what means, and how often."""

    after: Minutes
    tell: Code = OFFICER  # officer | head | both | an officer's id
    how: tuple[Means, ...] = Field(default=tuple(Means), min_length=1)
    repeat: Minutes | None = None
    until: Until | None = None

    def step(self, clock: ClockKind) -> Step:
        """Returns the step for a clock."""
        number, _, unit = (self.until or "").partition(" ")
        times, until = (int(number) if unit == name else None for name in ("times", "minutes"))
        return Step(clock, self.after, self.tell, self.how, self.repeat, times, until)


class EscalationPolicy(Model):
    """The steps for each clock, in rising order."""

    name: Code
    receipt: tuple[PolicyStep, ...] = ()
    human: tuple[PolicyStep, ...] = ()
    decision: tuple[PolicyStep, ...] = ()  # a new case without a decision

    def steps(self, *clocks: ClockKind) -> tuple[Step, ...]:
        """Returns the steps of the named clocks."""
        return tuple(step.step(clock) for clock in clocks for step in getattr(self, clock))


class ChannelUse(Model):
    """The policies of one channel that differ from those of the other channels."""

    channel: Code
    polling_day: Code | None = None
    election: Code | None = None
    quiet: Code | None = None


class PolicyUse(Model):
    """The policy of each period; the day on which the clock starts decides."""

    polling_day: Code
    election: Code
    quiet: Code
    channels: tuple[ChannelUse, ...] = ()

    def name(self, period: Period, channel: str | None) -> str:
        """Returns the policy name for a channel in a period: the channel's own, else that of the period."""
        own = next((getattr(use, period.value) for use in self.channels if use.channel == channel), None)
        return str(own or getattr(self, period.value))


_NOTIFIED = {
    "receipt": (PolicyStep(after=60), PolicyStep(after=120), PolicyStep(after=240, tell="head")),
    "human": (PolicyStep(after=180),),
}


class EscalationFile(Model):
    """The whole file; the defaults apply if it is missing."""

    acknowledged_minutes: int = Field(default=60, ge=5, le=1440)
    policies: tuple[EscalationPolicy, ...] = Field(
        default=(
            EscalationPolicy(name="election", decision=(PolicyStep(after=30),), **_NOTIFIED),
            EscalationPolicy(name="quiet", **_NOTIFIED),
        ),
        min_length=1,
    )
    use: PolicyUse = PolicyUse.unchecked(polling_day="election", election="election", quiet="quiet")

    def policy(self, period: Period, channel: str | None = None) -> EscalationPolicy:
        """Returns the policy that applies to what starts in that period, on that channel."""
        wanted = self.use.name(period, channel)
        return next(policy for policy in self.policies if policy.name == wanted)
