# SPDX-License-Identifier: EUPL-1.2
"""The uses of the line to platforms with their clocks, and what they come to.

The counted unit is the notification to one platform. Exercises and follow-ups are in no figure, and no figure says what
a platform did.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from flaggermail.figures import survival
from flaggermail.figures.ledger import Ledger
from flaggermail.record import clocks
from flaggermail.record.case_values import CaseType, ContactMeans
from flaggermail.record.clocks import CLOCKS
from flaggermail.record.kinds import ArrivalBasis, Kind
from flaggermail.record.rows import ClockRow, Notification
from flaggermail.record.states import ClockKind, ClockState, InstantBasis, NotificationState
from flaggermail.wording.filing import PlacementBasis
from flaggermail.wording.said import UNSAID


class AnswerForm(StrEnum):
    """The form of the answer that stopped a clock."""

    MAIL = "mail"
    AUTOMATIC = "automatic"
    COMMENT = "comment in a ticket system"
    ORAL = "oral"
    PORTAL = "portal"


class UseState(StrEnum):
    """Whether a person at the platform has answered."""

    ANSWERED = "answered"
    OPEN = "open"


class SummaryBy(StrEnum):
    """What uses are summed up by."""

    PLATFORM = "platform"
    CHANNEL = "channel"
    ELECTION = "election"
    YEAR = "year"  # of the sending
    TYPE = "type"  # of the case


@dataclass(frozen=True, slots=True)
class Stop:
    """The answer that stopped a clock, `minutes` after the sending; `record.clocks` gives the hours."""

    at: datetime
    minutes: int
    basis: InstantBasis
    form: AnswerForm


@dataclass(frozen=True, slots=True)
class PlatformUse:
    """One use of the line: a notification to one platform, by its number, with its three clocks.

    `platform` is the platform's name, `channel` and `election` are codes, `channel_name` is the channel's name then.
    `reminders` and `escalations` are the instants at which officers were reminded of it.
    """

    case: str
    notification: str
    platform: str
    channel: str
    election: str
    sent_at: datetime
    sent_basis: InstantBasis
    receipt: Stop | None
    human: Stop | None
    substance: Stop | None
    state: UseState
    reminders: tuple[datetime, ...]
    escalations: tuple[datetime, ...]
    channel_name: str = ""

    def stop(self, kind: ClockKind) -> Stop | None:
        """Returns the answer that stopped the clock of that kind; None while it runs."""
        return {ClockKind.RECEIPT: self.receipt, ClockKind.HUMAN: self.human, ClockKind.SUBSTANCE: self.substance}[kind]

    def waited(self, as_of: datetime) -> int:
        """Returns the minutes until a person's answer; of an open use, until `as_of`."""
        return clocks.minutes(self.sent_at, as_of) if self.human is None else self.human.minutes


@dataclass(frozen=True, slots=True)
class Summary:
    """How many uses there were, and how long a person's answer took; those still open count up to the instant asked.

    `median_minutes` is None if there are too few uses, or if half or more may still wait: see `survival.median`.
    `longest_minutes` is the longest wait, answered or open; None if there was no use. `answered_minutes` and
    `waiting_minutes` are all of them, in the order of sending; `within_hours` says for `LIMITS` how many of how many
    were answered, empty for fewer uses than shares are given of.
    """

    by: SummaryBy
    name: str
    sent: int
    answered: int
    open: int
    median_minutes: int | None
    longest_minutes: int | None
    answered_minutes: tuple[int, ...] = ()
    waiting_minutes: tuple[int, ...] = ()
    within_hours: Mapping[int, tuple[int, int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Figures:
    """The uses in the order in which they were sent, and their summary, as the record stood at `as_of`.

    `election_names` are by code and language.
    """

    as_of: datetime
    uses: tuple[PlatformUse, ...]
    summary: tuple[Summary, ...]
    election_names: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def printed_name(self, one: Summary, language: str) -> str:
        """Returns what a reader knows a group by, where its own name is a code of the configuration."""
        if one.by is SummaryBy.CHANNEL:
            return next((use.channel_name for use in self.uses if use.channel == one.name), "") or one.name
        return self.election_name(one.name, language) if one.by is SummaryBy.ELECTION else one.name

    def election_name(self, code: str, language: str) -> str:
        """Returns the name of an election; its code if it has none."""
        return self.election_names.get(code, {}).get(language) or code


def figures(ledger: Ledger, as_of: datetime, election: str | None = None, platform: str | None = None) -> Figures:
    """Returns the figures of all elections and platforms, or of an election by its code and a platform by its name.

    An election without any use has a summary too: that the line was not used is a figure.
    """
    uses = [
        use
        for use in uses_of(ledger)
        if (election is None or use.election == election) and (platform is None or use.platform == platform)
    ]
    elections = [e.code for e in ledger.elections if not e.exercise and (election is None or e.code == election)]
    summary = [
        summed(by, name, [use for use in uses if of(use) == name], as_of)
        for by, of in _NAMES.items()
        for name in sorted(elections if by is SummaryBy.ELECTION else {of(use) for use in uses})
    ]
    names = {one.code: one.names for one in ledger.elections}
    return Figures(as_of, tuple(uses), tuple(summary), names)


def uses_of(ledger: Ledger) -> list[PlatformUse]:
    """Returns the uses in the order in which they were sent."""
    found = _UseReader(ledger)
    uses = [use for one in ledger.notifications if (use := found.use_of(one)) is not None]
    return sorted(uses, key=lambda use: (use.sent_at, use.notification))


class _UseReader:
    """Reads one use after the other from a ledger."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._elections = {case.number: case.election for case in ledger.cases if not case.exercise}
        self._platforms = {platform.code: platform.name for platform in ledger.platforms}
        self._clocks = {(clock.notification, clock.kind): clock for clock in ledger.clocks}
        self._notes = {note.id: note for note in ledger.notes}

    def use_of(self, one: Notification) -> PlatformUse | None:
        """Returns the use that a notification is; None for a draft, a follow-up, an exercise, or what came back."""
        sent_at, election = one.sent_at, self._elections.get(one.case)
        if one.state is not NotificationState.SENT or not one.counted or one.exercise or not sent_at or not election:
            return None
        stops = {kind: self._stop(self._clocks.get((one.id, kind))) for kind in CLOCKS}
        return PlatformUse(
            case=one.case,
            notification=one.id,
            platform=self._platforms.get(one.platform, one.platform),
            channel=one.channel,
            election=election,
            sent_at=sent_at,
            sent_basis=one.sent_basis,
            receipt=stops[ClockKind.RECEIPT],
            human=stops[ClockKind.HUMAN],
            substance=stops[ClockKind.SUBSTANCE],
            state=UseState.OPEN if stops[ClockKind.HUMAN] is None else UseState.ANSWERED,
            reminders=self._told(one, Kind.REMINDER),
            escalations=self._told(one, Kind.ESCALATION),
            channel_name=one.channel_name,
        )

    def _stop(self, clock: ClockRow | None) -> Stop | None:
        if clock is None or clock.state is not ClockState.STOPPED or clock.stopped_at is None:
            return None
        minutes = clocks.minutes(clock.started_at, clock.stopped_at)
        note = self._notes.get(clock.stopped_by or "")
        if note is not None:
            return Stop(clock.stopped_at, minutes, InstantBasis.BY_HAND, _FORMS[note.means])
        placed = self._ledger.placed.get(clock.stopped_by or "", UNSAID)
        basis = (
            InstantBasis.QUOTED_WORDS
            if placed.code in {PlacementBasis.QUOTES, PlacementBasis.REFERENCE_QUOTES}
            else InstantBasis.MAIL
        )
        if self._ledger.arrived.get(clock.stopped_by or "") is ArrivalBasis.BY_HAND:
            basis = InstantBasis.BY_HAND
        written = AnswerForm.COMMENT if clock.comment else AnswerForm.MAIL
        return Stop(clock.stopped_at, minutes, basis, AnswerForm.AUTOMATIC if clock.automatic else written)

    def _told(self, one: Notification, kind: Kind) -> tuple[datetime, ...]:
        """Returns the instants at which officers were told of it; one mail to two of them is one."""
        told = (r for r in self._ledger.reminders if r.notification == one.id and r.kind is kind and not r.withheld)
        return tuple(sorted({reminder.told_at for reminder in told}))


_FORMS: Mapping[ContactMeans, AnswerForm] = {
    ContactMeans.PHONE: AnswerForm.ORAL,
    ContactMeans.MEETING: AnswerForm.ORAL,
    ContactMeans.PORTAL: AnswerForm.PORTAL,
    ContactMeans.MAIL: AnswerForm.MAIL,
}


def waits(uses: Iterable[PlatformUse], as_of: datetime) -> tuple[list[int], list[int]]:
    """Returns the minutes until each answer, and those that each open use has waited by `as_of`."""
    found: tuple[list[int], list[int]] = ([], [])
    for use in uses:
        found[use.human is None].append(use.waited(as_of))
    return found


def summed(by: SummaryBy, name: str, uses: Sequence[PlatformUse], as_of: datetime) -> Summary:
    """Returns what the uses of that name come to; open ones wait until `as_of`."""
    answered, waiting = waits(uses, as_of)
    return Summary(
        by=by,
        name=name,
        sent=len(uses),
        answered=len(answered),
        open=len(waiting),
        median_minutes=survival.median(answered, waiting),
        longest_minutes=max((*answered, *waiting), default=None),
        answered_minutes=tuple(answered),
        waiting_minutes=tuple(waiting),
        within_hours=survival.shares(answered, waiting),
    )


_NAMES: Mapping[SummaryBy, Callable[[PlatformUse], str]] = {
    SummaryBy.PLATFORM: lambda use: use.platform,
    SummaryBy.CHANNEL: lambda use: use.channel,
    SummaryBy.ELECTION: lambda use: use.election,
}


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
        """Returns the uses in that state."""
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
    named = [(use, _name(use, asked, types)) for use in uses]
    every = list(dict.fromkeys([*_expected(ledger, uses, as_of, asked), *sorted(name for _, name in named)]))
    groups = [_group(asked, name, [use for use, own in named if own == name], as_of) for name in every]
    return UseAnswer(_group(asked, "", uses, as_of), tuple(groups))


def _group(asked: UseQuestion, name: str, uses: Sequence[PlatformUse], as_of: datetime) -> UseGroup:
    summary = summed(asked.by, name, uses, as_of)
    return UseGroup(summary, tuple(uses), tuple(use for use in uses if use.waited(as_of) == summary.longest_minutes))


def _name(use: PlatformUse, asked: UseQuestion, types: Mapping[str, CaseType]) -> str:
    if asked.by is SummaryBy.YEAR:
        return str(asked.day(use).year)
    if asked.by is SummaryBy.TYPE:
        return types[use.case].value
    return _NAMES[asked.by](use)


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
