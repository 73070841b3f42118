# SPDX-License-Identifier: EUPL-1.2
"""What `flaggermail status` tells: counts, and the instants that matter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from flaggermail.core.rota import Officer

EXERCISE = "exercise"  # what cases of a rehearsal count under, whatever their state


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """How things stand at `now`; what is counted is missing where there is none of it."""

    now: datetime
    zone: ZoneInfo  # in which instants are shown
    observing_since: datetime | None
    cases: Mapping[str, int]  # by state, or under EXERCISE
    clocks: Mapping[str, int]  # those that run, by kind
    quarantine: int
    oldest: datetime | None  # when the first of those in quarantine arrived
    outbox: Mapping[str, int]  # what waits, by state
    looks: Mapping[str, datetime | None]  # each watched folder, and when it was last read to its end
    on_call: Officer | None
