# SPDX-License-Identifier: EUPL-1.2
"""`escalation.yaml`: whom to notify after how much silence, and which policy applies by period and channel."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Annotated, Literal

from pydantic import Field

from flaggermail.record.states import ClockKind, Means, Period
from flaggermail.settings.rota import WEEKDAYS
from flaggermail.settings.steps import OFFICER, Step
from flaggermail.settings.yaml_files.kinds import Code, Minutes, Model, shape

CLOCKS = (ClockKind.RECEIPT, ClockKind.HUMAN, ClockKind.SUBSTANCE, ClockKind.DECISION)
Until = Annotated[
    str, shape(r"[1-9]\d{0,4} (times|minutes)", "is no end; write `3 times` in all, or `240 minutes` after the start")
]
WallTime = Annotated[
    str,
    shape(rf"(({'|'.join(WEEKDAYS)}) )?([01]\d|2[0-3]):[0-5]\d",
          'is no time of day; write it in quotation marks: "08:00", or "monday 08:00"'),
]  # fmt: skip


class StepSettings(Model):
    """Whom to notify of a waiting mail, and after how many minutes."""

    after: Minutes
    tell: Literal["officer", "head"] = "officer"


class PolicyStep(Model):
    """One step of a policy: whom to notify after how many minutes of silence, by what means, and how often."""

    after: Minutes
    at: WallTime | None = None  # waits for that time of day, on the desk's clock
    tell: Code = OFFICER  # officer | head | both | an officer's id
    how: tuple[Means, ...] = Field(default=tuple(Means), min_length=1)
    repeat: Minutes | None = None
    until: Until | None = None

    def step(self, clock: ClockKind, since: datetime | None = None) -> Step:
        """Returns the step for a clock that starts at `since`, in the desk's zone; without it, `at` is left out."""
        number, _, unit = (self.until or "").partition(" ")
        times, until = (int(number) if unit == name else None for name in ("times", "minutes"))
        after = self.after if since is None or self.at is None else _minutes_until(self.at, since, self.after)
        return Step(clock, after, self.tell, self.how, self.repeat, times, until)


def _minutes_until(at: str, since: datetime, after: int) -> int:
    """Returns the minutes from `since`, cut to the minute, to the first such time of day at least `after` later."""
    day, _, clock = at.rpartition(" ")
    begin = since.replace(second=0, microsecond=0).astimezone(UTC)
    earliest = begin + timedelta(minutes=after)
    first = earliest.astimezone(since.tzinfo).date()
    days = (first + timedelta(days=ahead) for ahead in range(len(WEEKDAYS) + 1))
    named = (one for one in days if not day or WEEKDAYS[one.weekday()] == day)
    found = (datetime.combine(one, time.fromisoformat(clock), since.tzinfo).astimezone(UTC) for one in named)
    return next(that - begin for that in found if that >= earliest) // timedelta(minutes=1)


class EscalationPolicy(Model):
    """The steps for each clock, in rising order."""

    name: Code
    receipt: tuple[PolicyStep, ...] = ()
    human: tuple[PolicyStep, ...] = ()
    substance: tuple[PolicyStep, ...] = ()
    decision: tuple[PolicyStep, ...] = ()  # a new case without a decision

    def steps(self, *clocks: ClockKind, since: datetime) -> tuple[Step, ...]:
        """Returns the steps of the named clocks, which start at `since`, an instant in the desk's zone."""
        return tuple(step.step(clock, since) for clock in clocks for step in getattr(self, clock))


class ChannelUse(Model):
    """The policies of one channel that differ from those of the other channels."""

    channel: Code
    polling_day: Code | None = None
    election: Code | None = None
    quiet: Code | None = None


class PolicyUse(Model):
    """The policy of each period: by the day on which the clock starts, of an undecided case also by a stricter one."""

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
    "substance": (
        PolicyStep(after=240, at="08:00", how=(Means.MAIL,)),
        PolicyStep(after=1680, at="monday 08:00", how=(Means.MAIL,), repeat=10_080),
    ),
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
