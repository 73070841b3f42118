# SPDX-License-Identifier: EUPL-1.2
"""The kind of day in an election: polling day, election period, or quiet, from strictest to most lenient."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date, timedelta

from flaggermail.record.states import Period

_STRICTEST_FIRST = tuple(Period)


def period(polling_days: Collection[date], begins: date, ends: date, today: date) -> Period:
    """Returns the period of `today`, a day in the desk's zone; `begins` and `ends` are the first and last day."""
    if today in polling_days:
        return Period.POLLING_DAY
    return Period.ELECTION if begins <= today <= ends else Period.QUIET


def stricter_days(
    polling_days: Collection[date], begins: date, ends: date, today: date
) -> Iterator[tuple[date, Period]]:  # fmt: skip
    """Yields the days to come with which a stricter period begins than any since `today`, and that period."""
    reached = period(polling_days, begins, ends, today)
    for day in sorted({begins, *polling_days}):
        found = period(polling_days, begins, ends, day)
        if day > today and _STRICTEST_FIRST.index(found) < _STRICTEST_FIRST.index(reached):
            reached = found
            yield day, found


def distance(polling_days: Collection[date], today: date) -> tuple[timedelta, bool]:
    """Returns how far the nearest polling day is, for comparison: of two equally far, the one to come is nearer."""
    return min((abs(day - today), day < today) for day in polling_days)


def next_polling_day(polling_days: Collection[date], today: date) -> date:
    """Returns the first polling day that is not over, or the last one if all are."""
    return min((day for day in polling_days if day >= today), default=max(polling_days))
