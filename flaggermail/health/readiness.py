# SPDX-License-Identifier: EUPL-1.2
"""What a desk may lack for an election: the facts of the readiness letter, and on which mornings it is sent.

Pure. A finding asks a person to do something; the other facts are told with it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

AHEAD = timedelta(days=14)  # in which hours without anybody on call are counted
BEFORE = (14, 3)  # days before the first polling day
POLICY_DAYS = UNTRIED_DAYS = CERTIFICATE_DAYS = 30
REHEARSAL_DAYS = 180


class Lack(StrEnum):
    """What asks a person to do something."""

    POLICIES = "policies"
    HOURS = "hours"
    PAGERS = "pagers"
    CHANNELS = "channels"
    BOUNCED = "bounced"
    CERTIFICATES = "certificates"
    REHEARSAL = "rehearsal"


@dataclass(frozen=True, slots=True)
class Since:
    """Something and the days since it was last done, or until it ends; None if it never was."""

    name: str
    days: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Readiness:
    """The facts at one instant. `unattended` holds the spans of the coming fortnight with nobody on call."""

    policies: Sequence[Since] = ()  # each platform's policy, by the day on which it was last read
    unattended: Sequence[tuple[datetime, datetime]] = ()
    pagers: Sequence[Since] = ()  # of each officer who has one, by the last page that a service took
    channels: Sequence[Since] = ()  # each valid channel that takes mail, by the last notification sent there
    bounced: Sequence[str] = ()  # addresses to which mail does not arrive
    certificates: Sequence[Since] = ()  # of each server
    rehearsed: int | None = None  # days since the last exercise began
    clocks: int = 0  # of notifications, that run
    longest: int | None = None  # minutes for which the oldest of them runs
    uses: int = 0  # notifications sent in the election, without follow-ups and exercises

    @property
    def hours(self) -> int:
        """Hours of the coming fortnight with nobody on call, a begun hour counted whole."""
        seconds = sum((end - begin).total_seconds() for begin, end in self.unattended)
        return -int(-seconds // 3600)

    @property
    def lacks(self) -> tuple[Lack, ...]:
        """What asks a person to do something, in the order of the letter."""
        asked = {
            Lack.POLICIES: bool(stale(self.policies, POLICY_DAYS)),
            Lack.HOURS: bool(self.unattended),
            Lack.PAGERS: bool(stale(self.pagers, UNTRIED_DAYS)),
            Lack.CHANNELS: bool(stale(self.channels, UNTRIED_DAYS)),
            Lack.BOUNCED: bool(self.bounced),
            Lack.CERTIFICATES: bool(ending(self.certificates)),
            Lack.REHEARSAL: self.rehearsed is None or self.rehearsed > REHEARSAL_DAYS,
        }
        return tuple(lack for lack, lacking in asked.items() if lacking)


def stale(found: Sequence[Since], days: int) -> list[Since]:
    """Returns those last done more than that many days ago or never, the longest ago first."""
    late = [one for one in found if one.days is None or one.days > days]
    return sorted(late, key=lambda one: (one.days is not None, -(one.days or 0), one.name))


def ending(found: Sequence[Since]) -> list[Since]:
    """Returns the certificates that end soon, the first to end first."""
    return sorted((one for one in found if one.days is not None and one.days < CERTIFICATE_DAYS), key=_days)


def _days(one: Since) -> int:
    return one.days or 0


def is_letter_day(polling_days: Collection[date], begins: date, ends: date, today: date) -> bool:
    """True on the fourteenth and the third day before the first polling day, and on each day of the period."""
    return begins <= today <= ends or (min(polling_days) - today).days in BEFORE
