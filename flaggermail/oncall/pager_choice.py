# SPDX-License-Identifier: EUPL-1.2
"""What a pager says, and which pager is called next: pure functions of facts and an instant.

A page crosses servers of strangers in clear. Of a case it holds the number, the platform's name and the minutes of
silence, and nothing else: no subject, no person, no address, no link.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from flaggermail.mail.invisible import visible
from flaggermail.record.alarms import AlarmKind

TITLE = "flaggermail"
LONGEST = 120  # characters; one SMS of GSM 03.38 carries 160, the title included
QUEUED, ATTEMPTING, SENT, FAILED, HELD = "queued", "attempting", "sent", "failed", "held"  # the states of a page
_UNDER_WAY = frozenset({QUEUED, ATTEMPTING})


@dataclass(frozen=True, slots=True)
class OfficerPager:
    """One way to wake a person: the credential that holds its address, and minutes to wait for an acknowledgement."""

    credential: str
    after: int


def reminder_text(number: str, platform: str | None, minutes: int, more: int = 0, mark: str = "") -> str:
    """What a page says of silence that has lasted `minutes`; `more` is of how many others the same mail tells.

    `mark` is what a page of an exercise begins with.
    """
    what = ", ".join(part for part in (number, platform) if part)
    return _fit(f"{mark} {what}: {minutes} min" + (f" (+{more})" if more else ""))


def alarm_text(kind: AlarmKind, number: str | None, platform: str | None, mark: str = "") -> str:
    """What a page says of an alarm: of a case its number and platform alone, of ourselves what is wrong."""
    what = ", ".join(part for part in (number, platform) if part)
    return _fit(f"{mark} alarm: {what or kind.value}")


def _fit(text: str) -> str:
    return " ".join(visible(text).split())[:LONGEST]


def next_pager(
    delays: Sequence[int], states: Sequence[str], told_at: datetime, now: datetime, *, at_once: bool
) -> int | None:
    """The position of the pager to call now, or nothing; `states` are those of the pages so far, in their order.

    `delays` in minutes after `told_at`, when the mail was written. What cannot wait calls the first pager at once, and
    the next ones as much later as they stand behind it. One that failed is followed by the next without delay.
    """
    position = len(states)
    if position >= len(delays) or (states and states[-1] in _UNDER_WAY):
        return None
    if states and states[-1] == FAILED:
        return position
    wait = delays[position] - (delays[0] if at_once else 0)
    return position if now >= told_at + timedelta(minutes=wait) else None
