# SPDX-License-Identifier: EUPL-1.2
"""The kind of day in an election: polling day, election period, or quiet, from strictest to most lenient."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from enum import StrEnum


class Period(StrEnum):
    """The period that selects the escalation policy."""

    POLLING_DAY = "polling_day"
    ELECTION = "election"
    QUIET = "quiet"


def period(polling_days: Collection[date], begins: date, ends: date, today: date) -> Period:
    """Returns the period of `today`, a day in the desk's zone; `begins` and `ends` are the first and last day."""
    if today in polling_days:
        return Period.POLLING_DAY
    return Period.ELECTION if begins <= today <= ends else Period.QUIET
