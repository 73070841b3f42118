# SPDX-License-Identifier: EUPL-1.2
"""How often the line was used across elections, between two days: what Parliament asks beside the report.

The uses are those of `uses`, counted once; this only chooses and groups them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from flaggermail.figures.ledger import Ledger
from flaggermail.figures.uses import PlatformUse, Summary, SummaryBy, UseState, summed, uses_of
from flaggermail.notifications import latency
from flaggermail.record.case_values import CaseType


@dataclass(frozen=True, slots=True)
class UseQuestion:
    """The uses that were sent from `since` up to and including `until`, days in `zone`; None: without a bound.

    `platform` is a name; None: all platforms.
    """

    by: SummaryBy
    zone: ZoneInfo
    since: date | None = None
    until: date | None = None
    platform: str | None = None

    def holds(self, use: PlatformUse) -> bool:
        """True if the use is asked for."""
        return self._within(self.day(use)) and self.platform in {None, use.platform}

    def overlaps(self, first: date, last: date) -> bool:
        """True if some day from `first` to `last` is asked for."""
        return (self.until is None or first <= self.until) and (self.since is None or last >= self.since)

    def day(self, use: PlatformUse) -> date:
        """Returns the day on which a use was sent."""
        return use.sent_at.astimezone(self.zone).date()

    def _within(self, day: date) -> bool:
        return self.overlaps(day, day)


@dataclass(frozen=True, slots=True)
class UseGroup:
    """What some uses come to, with those behind each figure, in the order of their sending."""

    summary: Summary
    uses: tuple[PlatformUse, ...]
    longest: tuple[PlatformUse, ...]

    def in_state(self, state: UseState) -> tuple[PlatformUse, ...]:
        """Returns those that were answered, or are open."""
        return tuple(use for use in self.uses if use.state is state)


@dataclass(frozen=True, slots=True)
class UseAnswer:
    """All uses that are asked for, and the same in groups; a group may be without one."""

    total: UseGroup
    groups: tuple[UseGroup, ...]


def answer(ledger: Ledger, as_of: datetime, asked: UseQuestion) -> UseAnswer:
    """Returns the uses that are asked for; open ones wait until `as_of`.

    Platforms, elections that overlap the days, years and types have a group even if there was no use.
    """
    uses = [use for use in uses_of(ledger) if asked.holds(use)]
    types = {case.number: case.type for case in ledger.cases}
    names = {use.notification: _name(use, asked, types) for use in uses}
    every = list(dict.fromkeys([*_expected(ledger, uses, as_of, asked), *sorted(names.values())]))
    groups = [_group(asked, name, [use for use in uses if names[use.notification] == name], as_of) for name in every]
    return UseAnswer(_group(asked, "", uses, as_of), tuple(groups))


def _group(asked: UseQuestion, name: str, uses: Sequence[PlatformUse], as_of: datetime) -> UseGroup:
    summary = summed(asked.by, name, uses, as_of)
    return UseGroup(
        summary, tuple(uses), tuple(use for use in uses if _waited(use, as_of) == summary.longest_minutes)
    )  # fmt: skip


def _waited(use: PlatformUse, as_of: datetime) -> int:
    return latency.minutes(use.sent_at, as_of) if use.human is None else use.human.minutes


def _name(use: PlatformUse, asked: UseQuestion, types: Mapping[str, CaseType]) -> str:
    if asked.by is SummaryBy.YEAR:
        return str(asked.day(use).year)
    if asked.by is SummaryBy.TYPE:
        return types[use.case].value
    return {SummaryBy.PLATFORM: use.platform, SummaryBy.CHANNEL: use.channel, SummaryBy.ELECTION: use.election}[
        asked.by
    ]


def _expected(
    ledger: Ledger, uses: Sequence[PlatformUse], as_of: datetime, asked: UseQuestion
) -> Iterable[str]:  # fmt: skip
    """Returns the names of the groups that are shown even without a use, in the order in which they are shown."""
    if asked.by is SummaryBy.PLATFORM:
        return sorted(one.name for one in ledger.platforms if asked.platform in {None, one.name})
    if asked.by is SummaryBy.ELECTION:
        held = [
            one for one in ledger.elections if not one.exercise and asked.overlaps(one.period_from, one.period_until)
        ]
        return [one.code for one in sorted(held, key=lambda one: (min(one.polling_days), one.code))]
    if asked.by is SummaryBy.TYPE:
        return [kind.value for kind in CaseType]
    if asked.by is SummaryBy.YEAR:
        first = asked.since or min(map(asked.day, uses), default=None)
        today = as_of.astimezone(asked.zone).date()
        last = min(asked.until or today, today)
        return [] if first is None else [str(year) for year in range(first.year, last.year + 1)]
    return []
