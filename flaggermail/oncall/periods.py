# SPDX-License-Identifier: EUPL-1.2
"""What sort of day it is for an election: a polling day is stricter than its period, and that than a quiet month."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from enum import StrEnum


class Period(StrEnum):
    """Which policy a silence is under."""

    POLLING_DAY = "polling_day"
    ELECTION = "election"
    QUIET = "quiet"


def period(polling_days: Collection[date], begins: date, ends: date, today: date) -> Period:
    """The period in which `today` lies, a day of the desk's zone; `begins` and `ends` are the first and last day."""
    if today in polling_days:
        return Period.POLLING_DAY
    return Period.ELECTION if begins <= today <= ends else Period.QUIET
