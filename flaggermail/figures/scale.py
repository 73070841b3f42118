# SPDX-License-Identifier: EUPL-1.2
"""Where an instant is on the bar of a timeline: to scale, with the first day apart if the bar is much longer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

MINUTE = timedelta(minutes=1)
_DAY = timedelta(days=1)
_LONG = 2 * _DAY  # from here on reminders of the first hours would be one smear
_FIRST_PART = 65  # percent of a cut bar that shows its first day
_GAP = 14  # pixels of the cut


@dataclass(frozen=True, slots=True)
class TimeScale:
    """A bar from `first` to `last` minute, at the pixels `low` to `high`; `is_cut` behind its first day.

    On both sides of the cut the bar is to scale, on each to one of its own.
    """

    first: datetime
    last: datetime
    low: int
    high: int
    is_cut: bool = False

    @property
    def cut(self) -> tuple[int, int]:
        """From where to where the bar is left out."""
        end = self.low + (self.high - self.low) * _FIRST_PART // 100
        return end, end + _GAP

    def at(self, minute: datetime) -> int:
        """Returns the place of a minute."""
        if not self.is_cut:
            return _between(minute, self.first, self.last, self.low, self.high)
        end, again = self.cut
        day = self.first + _DAY
        if minute <= day:
            return _between(minute, self.first, day, self.low, end)
        return _between(minute, day, self.last, again, self.high)


def scale_of(minutes: Sequence[datetime], last: datetime, low: int, high: int) -> TimeScale:
    """Returns the scale of a bar on which these minutes are marked, in their order, and which ends at `last`."""
    return TimeScale(minutes[0], last, low, high, is_cut=is_cut(minutes, last))


def is_cut(minutes: Sequence[datetime], last: datetime) -> bool:
    """True if the bar is long, and something but the first minute is marked on its first day."""
    early = sum(minute <= minutes[0] + _DAY for minute in minutes)
    return last - minutes[0] > _LONG and early > 1


def _between(minute: datetime, first: datetime, last: datetime, low: int, high: int) -> int:
    whole = (last - first) // MINUTE
    if not whole:
        return low
    return low + (high - low) * min((minute - first) // MINUTE, whole) // whole
