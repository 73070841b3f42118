# SPDX-License-Identifier: EUPL-1.2
"""Decides what is wrong with the desk, from measurements and an instant."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from flaggermail.health.overview import DISK, MEGA
from flaggermail.record.alarms import AlarmKind
from flaggermail.wording.alarm_texts import Health
from flaggermail.wording.said import Said

CERTIFICATE = "certificate of "  # prefix of findings about servers
SECRET_DAYS = timedelta(days=30)  # before the end of the secret for tokens
TELLING = timedelta(minutes=2)  # a mail seen later than this says nothing about clocks
TICK = timedelta(minutes=2)  # reminders are checked every 15 seconds


@dataclass(frozen=True, slots=True)
class HealthLimits:
    """Limits beyond which a measurement is a fault."""

    free: int  # megabytes
    clock: timedelta
    certificate: timedelta  # remaining validity
    tick: timedelta = TICK


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """The measurements; whatever cannot be measured is missing or None."""

    free: Mapping[str, int] = field(default_factory=dict)  # octets, by place
    ticks: Mapping[str, timedelta] = field(default_factory=dict)  # time since each loop last ran
    certificates: Mapping[str, datetime] = field(default_factory=dict)  # expiry by server
    secret_ends: datetime | None = None  # the end of the secret for tokens
    skew: timedelta | None = None  # the mailbox server's clock minus ours, a lower bound


@dataclass(frozen=True, slots=True)
class Finding:
    """The state of one measured thing; a change of `value` is news, reported with the alarm `raises` or `ends`."""

    what: str
    shown: Said  # what it is, in words
    failing: bool
    said: Said
    raises: AlarmKind
    ends: AlarmKind
    until: datetime | None = None  # when a certificate or secret ends

    @property
    def value(self) -> str:
        """The state in the words of `status`."""
        return self.said.english


def findings(measured: Measured, limits: HealthLimits, now: datetime) -> Iterator[Finding]:
    """Yields one finding per measurement, in a stable order."""
    for place, octets in sorted(measured.free.items()):
        low = octets < limits.free * MEGA
        said = Health.LITTLE_FREE(free=limits.free) if low else Health.ENOUGH_FREE()
        yield Finding(f"{DISK}{place}", Health.DISK(place=place), low, said, AlarmKind.DISK_LOW, AlarmKind.DISK_BACK)
    for loop, age in sorted(measured.ticks.items()):
        late = age > limits.tick
        said = Health.LATE(seconds=_seconds(limits.tick)) if late else Health.IN_TIME()
        yield Finding(f"tick of {loop}", Health.TICK(loop=loop), late, said, AlarmKind.TICK_LATE, AlarmKind.TICK_BACK)
    for server, ends in sorted(measured.certificates.items()):
        soon, said = ends - now < limits.certificate, _until(ends)
        kinds = AlarmKind.CERTIFICATE_ENDS, AlarmKind.CERTIFICATE_RENEWED
        shown = Health.CERTIFICATE(server=server)
        yield Finding(f"{CERTIFICATE}{server}", shown, soon, said, *kinds, until=ends)
    if measured.secret_ends is not None:
        soon = measured.secret_ends - now < SECRET_DAYS
        said, kinds = _until(measured.secret_ends), (AlarmKind.SECRET_ENDS, AlarmKind.SECRET_RENEWED)
        yield Finding("secret for tokens", Health.SECRET(), soon, said, *kinds, until=measured.secret_ends)
    if measured.skew is not None:
        wrong = abs(measured.skew) > limits.clock
        side = Health.AHEAD if measured.skew > timedelta(0) else Health.BEHIND
        said = side(seconds=_seconds(limits.clock)) if wrong else Health.AGREES()
        yield Finding("clock", Health.CLOCK(), wrong, said, AlarmKind.CLOCK_WRONG, AlarmKind.CLOCK_RIGHT)


def skew(low: timedelta | None, high: timedelta | None) -> timedelta | None:
    """Returns how far the server's clock certainly is from ours, given that the skew is between `low` and `high`.

    `low` is INTERNALDATE minus the instant at which we saw the mail, as no mail is seen before it arrives. `high` is
    the INTERNALDATE of a copy of our own mail minus the instant at which the server accepted it, as no copy arrives
    earlier. The reported skew is a lower bound: a mail that was delayed, moved or copied gives a bound without value.
    """
    telling = [bound for bound in (low and -low, high) if bound is not None and bound <= TELLING]
    if low is not None and low > timedelta(0):
        return low
    if high is not None and high < timedelta(0):
        return high
    return timedelta(0) if telling else None


def _until(ends: datetime) -> Said:
    return Health.UNTIL(at=f"{ends:%Y-%m-%d %H:%M}")


def _seconds(span: timedelta) -> int:
    return int(span.total_seconds())
