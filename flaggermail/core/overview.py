# SPDX-License-Identifier: EUPL-1.2
"""What `flaggermail status` tells: counts, and the instants that matter."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from flaggermail.core.rota import Officer

MEGA = 1_000_000  # octets
DISK = "disk of "  # how findings about disks begin
EXERCISE = "exercise"  # what cases of a rehearsal count under, whatever their state


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Beyond which something is wrong, as it is seen from outside the daemon."""

    mailbox: timedelta  # not read to its end
    outbox: timedelta  # a mail of ours waits
    free: int  # megabytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """How things stand at the instant `at`; what is counted is missing where there is none of it."""

    at: datetime
    zone: ZoneInfo  # in which instants are shown
    limits: Limits
    observing_since: datetime | None
    cases: Mapping[str, int]  # by state, or under EXERCISE
    clocks: Mapping[str, int]  # those that run, by kind
    quarantine: int
    oldest: datetime | None  # when the first of those in quarantine arrived
    outbox: Mapping[str, int]  # what waits, by state
    looks: Mapping[str, datetime | None]  # each watched folder, and when it was last read to its end
    on_call: Officer | None
    lease_until: datetime | None = None  # a daemon that runs holds the lease for a minute, and renews it
    waiting_since: datetime | None = None  # when the oldest mail of ours that waits was queued
    wrong: dict[str, str] = field(default_factory=dict)  # what the daemon found wrong with ourselves
    watched: dict[str, str] = field(default_factory=dict)  # and what it found in order
    held_back: int = 0  # notices and alarms of which nobody was told yet
    suppressed: int = 0  # alarms and answers that were wanted again for a reason that was told
    pages: Mapping[str, int] = field(default_factory=dict)  # of the last day, those that woke nobody, by state
    free: Mapping[str, int] = field(default_factory=dict)  # octets, where database and archive lie

    @property
    def runs(self) -> bool:
        """Whether a daemon runs: it holds the lease for a minute, and renews it."""
        return self.lease_until is not None and self.lease_until >= self.at

    def troubles(self) -> Iterator[str]:
        """What is wrong, each in a few words of ours."""
        if not self.runs:
            yield "no daemon runs"
        read_at = next(iter(self.looks.values()), None)  # the inbox comes first
        if read_at is None or self.at - read_at > self.limits.mailbox:
            yield f"the mailbox was not read for {_minutes(self.limits.mailbox)} min"
        if self.waiting_since is not None and self.at - self.waiting_since > self.limits.outbox:
            yield f"a mail of ours waits for more than {_minutes(self.limits.outbox)} min"
        if self.outbox.get("uncertain"):
            yield "a mail is in doubt"
        for place, octets in sorted(self.free.items()):
            if octets < self.limits.free * MEGA:
                yield f"disk of {place}: less than {self.limits.free} MB free"
        for what, value in sorted(self.wrong.items()):
            if not what.startswith(DISK):  # that was measured just now
                yield f"{what}: {value}"


def _minutes(span: timedelta) -> int:
    return int(span.total_seconds()) // 60
