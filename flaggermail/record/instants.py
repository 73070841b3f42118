# SPDX-License-Identifier: EUPL-1.2
"""The bounds of instants: what may come in from outside, and what the record can show.

Python's calendar ends with the year 9999, and an instant of its last hours is none in Amsterdam: to show it raises, and
so does each sum with it. What comes in is therefore bounded where it comes in, and kept as text beyond the bounds. A
row that another program wrote may hold any instant; it is bounded once, as it is read.
"""

from __future__ import annotations

from datetime import UTC, datetime

EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
"""What a mail or its server dates before this tells of a clock that was never set."""
YEARS = range(1970, 2200)
"""Of days and instants that people write, in a command or a file. What is past is also compared with the clock."""
FIRST, LAST = datetime(1969, 12, 31, tzinfo=UTC), datetime(2200, 1, 2, tzinfo=UTC)
"""Beyond the years that people write, in any zone. What lies between is shown in every zone and can be summed."""


def usable(at: datetime) -> datetime:
    """Returns an aware instant, or the nearest of `FIRST` and `LAST` if it lies beyond them.

    For instants that are shown and compared, never for one that is stored: rows and events keep what they hold.
    """
    return at if FIRST <= at <= LAST else min(max(at, FIRST), LAST)


TOO_FAR = f"is too far away; write a year from {YEARS[0]} to {YEARS[-1]}"
"""What is wrong with another year, and what would be right."""
