# SPDX-License-Identifier: EUPL-1.2
"""Instants as a reader sees them: in one zone and language, with the offset where the clocks change."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from flaggermail.notifications import latency
from flaggermail.record.contacts import LanguageCode
from flaggermail.wording.said import Said, Sentence


@dataclass(frozen=True, slots=True)
class Telling:
    """A reader's language, its months from January on, their zone, and the decimal sign if it is not the language's.

    `offsets`: every time is given with its offset from UTC.
    """

    language: LanguageCode
    months: tuple[str, ...]
    zone: ZoneInfo
    sign: str | None = None
    offsets: bool = False

    def about(self, instants: Iterable[datetime]) -> Telling:
        """Returns the same with offsets, if the clocks change near or between these instants."""
        return replace(self, offsets=self.offsets or clocks_change(instants, self.zone))

    def say(self, words: Sentence | Said) -> str:
        """Returns words in the reader's language; a sentence without details needs none."""
        return words.in_language(self.language) if isinstance(words, Said) else words.words(self.language)

    def hours(self, minutes: int) -> str:
        """Returns hours in tenths: 152 minutes are `2.5`."""
        return latency.hours(minutes, self.language, self.sign)

    def local(self, at: datetime) -> datetime:
        """Returns the instant in the reader's zone."""
        return at.astimezone(self.zone)

    def clock(self, at: datetime) -> str:
        """Returns the time of day: `10:34`, with offsets `02:34 +01:00`."""
        return f"{self.local(at):%H:%M}" + (f" {self.offset(at)}" if self.offsets else "")

    def offset(self, at: datetime) -> str:
        """Returns the offset from UTC: `+02:00`."""
        return self.local(at).isoformat()[-6:]

    def day(self, at: datetime) -> str:
        """Returns the date: `6 June 2024`."""
        local = self.local(at)
        return f"{local.day} {self.months[local.month - 1]} {local.year}"

    def instant(self, at: datetime) -> str:
        """Returns date and time: `6 June 2024 10:34`."""
        return f"{self.day(at)} {self.clock(at)}"


def clocks_change(instants: Iterable[datetime], zone: ZoneInfo) -> bool:
    """Returns whether two of them differ in offset, or one is on the day of a change or in the twelve hours before."""
    offsets = list[set[timedelta | None]]()
    for at in instants:
        local = at.astimezone(zone)
        midnight = local.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
        later = (at.astimezone(UTC) + timedelta(hours=12)).astimezone(zone)
        offsets.append({midnight.utcoffset(), local.utcoffset(), later.utcoffset()})
    return len(set().union(*offsets)) > 1
