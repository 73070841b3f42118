# SPDX-License-Identifier: EUPL-1.2
"""Whether mail of platforms is unverified more often than before: a server has changed, or somebody forges."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

LATELY = timedelta(hours=24)
FEWEST = 4  # unverified mails; fewer are told one by one anyway
MOST = 200  # mails of platforms looked back upon
RISE = 25  # percentage points


CONFIRMED = "confirmed by"  # how the basis of a verdict begins that a person gave


def came_unverified(verdict: str, basis: str) -> bool:
    """Whether nobody vouched for the sender when the mail came, whatever a person said later."""
    return verdict == "unverified" or basis.startswith(f"{CONFIRMED} ")


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many."""

    unverified: int
    of: int

    @property
    def percent(self) -> int:
        """Cut to whole percents; 0 of nothing."""
        return self.unverified * 100 // self.of if self.of else 0


@dataclass(frozen=True, slots=True)
class Jump:
    """The share of late, and before that."""

    now: Share
    before: Share


def jump(mails: Iterable[tuple[datetime, bool]], now: datetime) -> Jump | None:
    """The jump of the share, or nothing.

    `mails` are those of platforms, each with its arrival and whether it was unverified when it came. The last 24 hours
    are set against what came before: at least 4 unverified, at least half of all, and 25 points more than before.
    """
    known = sorted(mails)[-MOST:]
    late, early = (Share(sum(u for _, u in part), len(part)) for part in _split(known, now - LATELY))
    half = late.unverified * 2 >= late.of
    if late.unverified < FEWEST or not half or late.percent < early.percent + RISE:
        return None
    return Jump(late, early)


def _split(mails: list[tuple[datetime, bool]], at: datetime) -> tuple[list[tuple[datetime, bool]], ...]:
    return [mail for mail in mails if mail[0] >= at], [mail for mail in mails if mail[0] < at]
