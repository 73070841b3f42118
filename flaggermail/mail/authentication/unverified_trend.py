# SPDX-License-Identifier: EUPL-1.2
"""Detects a rise in unverified mail from platforms, caused by a changed server or by forgery."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from flaggermail.mail.message import SenderVerdict

LATELY = timedelta(hours=24)
FEWEST = 4  # unverified mails; fewer are reported one by one anyway
MOST = 200  # mails of platforms that are considered
RISE = 25  # percentage points


def came_unverified(verdict: SenderVerdict, confirmed_by: str | None) -> bool:
    """True if the sender was not authenticated on arrival, even if a person (an id) confirmed them later."""
    return verdict == SenderVerdict.UNVERIFIED or confirmed_by is not None


@dataclass(frozen=True, slots=True)
class Share:
    """Unverified mails out of a total."""

    unverified: int
    of: int

    @property
    def percent(self) -> int:
        """Rounded down; 0 if the total is 0."""
        return self.unverified * 100 // self.of if self.of else 0


@dataclass(frozen=True, slots=True)
class Rise:
    """The share now and before."""

    now: Share
    before: Share


def jump(mails: Iterable[tuple[datetime, bool]], now: datetime) -> Rise | None:
    """Returns the rise of the unverified share, or None.

    `mails` are those of platforms: arrival, and whether the mail was unverified on arrival. Compares the last 24 hours
    with the time before. A rise is at least 4 unverified mails, at least half of all, and 25 points more than before.
    """
    known = sorted(mails)[-MOST:]
    late, early = (Share(sum(u for _, u in part), len(part)) for part in _split(known, now - LATELY))
    half = late.unverified * 2 >= late.of
    if late.unverified < FEWEST or not half or late.percent < early.percent + RISE:
        return None
    return Rise(late, early)


def _split(mails: list[tuple[datetime, bool]], at: datetime) -> tuple[list[tuple[datetime, bool]], ...]:
    return [mail for mail in mails if mail[0] >= at], [mail for mail in mails if mail[0] < at]
