# SPDX-License-Identifier: EUPL-1.2
"""What is wrong with ourselves: measurements and an instant in, findings out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from flaggermail.health.overview import DISK, MEGA
from flaggermail.record.alarms import AlarmKind

TELLING = timedelta(minutes=2)  # a mail that lay for longer says nothing about clocks
TICK = timedelta(minutes=2)  # reminders are looked for every 15 seconds


@dataclass(frozen=True, slots=True)
class HealthLimits:
    """Beyond which something is wrong."""

    free: int  # megabytes
    clock: timedelta
    certificate: timedelta  # left
    tick: timedelta = TICK


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What was measured; nothing of what cannot be."""

    free: Mapping[str, int] = field(default_factory=dict)  # octets, by place
    ticks: Mapping[str, timedelta] = field(default_factory=dict)  # since each loop last went round
    certificates: Mapping[str, datetime] = field(default_factory=dict)  # when that of each server ends
    skew: timedelta | None = None  # the mailbox server's clock less ours, as far as it is certain


@dataclass(frozen=True, slots=True)
class Finding:
    """How one thing is; `value` changes only when there is news, and `raises` and `ends` are what is told then."""

    what: str
    wrong: bool
    value: str
    raises: AlarmKind
    ends: AlarmKind


def findings(measured: Measured, limits: HealthLimits, now: datetime) -> Iterator[Finding]:
    """One for each thing that was measured, in a lasting order."""
    for place, octets in sorted(measured.free.items()):
        low = octets < limits.free * MEGA
        value = f"less than {limits.free} MB free" if low else "enough free"
        yield Finding(f"{DISK}{place}", low, value, AlarmKind.DISK_LOW, AlarmKind.DISK_BACK)
    for loop, age in sorted(measured.ticks.items()):
        late = age > limits.tick
        value = f"more than {_seconds(limits.tick)} s ago" if late else "in time"
        yield Finding(f"tick of {loop}", late, value, AlarmKind.TICK_LATE, AlarmKind.TICK_BACK)
    for server, ends in sorted(measured.certificates.items()):
        soon, value = ends - now < limits.certificate, f"until {ends:%Y-%m-%d %H:%M} UTC"
        kinds = AlarmKind.CERTIFICATE_ENDS, AlarmKind.CERTIFICATE_RENEWED
        yield Finding(f"certificate of {server}", soon, value, *kinds)
    if measured.skew is not None:
        wrong = abs(measured.skew) > limits.clock
        side = "ahead of" if measured.skew > timedelta(0) else "behind"
        value = (
            f"the server more than {_seconds(limits.clock)} s {side} us" if wrong else "agrees, as far as mail shows"
        )
        yield Finding("clock", wrong, value, AlarmKind.CLOCK_WRONG, AlarmKind.CLOCK_RIGHT)


def skew(low: timedelta | None, high: timedelta | None) -> timedelta | None:
    """How far the server's clock certainly is from ours, given that it differs by `low` at least and `high` at most.

    `low` is INTERNALDATE less the instant at which we saw the mail: no mail is seen before it arrives. `high` is that
    of a copy of our own mail less the instant at which our server took it: no copy arrives before. A mail that lay for
    a while (moved, copied, an outage) gives a bound that says nothing.
    """
    telling = [bound for bound in (low and -low, high) if bound is not None and bound <= TELLING]
    if low is not None and low > timedelta(0):
        return low
    if high is not None and high < timedelta(0):
        return high
    return timedelta(0) if telling else None


def _seconds(span: timedelta) -> int:
    return int(span.total_seconds())
