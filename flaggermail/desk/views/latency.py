# SPDX-License-Identifier: EUPL-1.2
"""The figures: each use of the line with its clocks, and what they come to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, ClassVar

from flaggermail.commands.named_rows import nearest, the_election
from flaggermail.commands.requests import Day, Instant
from flaggermail.desk.answers import FLAT, ViewAnswer
from flaggermail.desk.views.view import ListView, OctetsView, View
from flaggermail.documents.dates import SIGNS
from flaggermail.documents.octets import MediaType, Octets, in_blocks
from flaggermail.errors import NotFound, Refusal
from flaggermail.figures import ledger
from flaggermail.figures.figures_page import page
from flaggermail.figures.looks import Telling
from flaggermail.figures.upright import svg
from flaggermail.figures.uses import (
    AnswerForm,
    Figures,
    PlatformUse,
    Stop,
    SummaryBy,
    UseGroup,
    UseQuestion,
    UseState,
    answer,
    figures,
)
from flaggermail.record import clocks
from flaggermail.record.case_values import LanguageCode
from flaggermail.record.rows import Platform
from flaggermail.record.states import InstantBasis
from flaggermail.services import UnitOfWork
from flaggermail.settings.rota import READERS
from flaggermail.wording.refusals import CommandRefusal


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownStop(ViewAnswer):
    """The answer that stopped a clock; `hours` are the minutes in tenths of an hour."""

    at: datetime
    minutes: int
    hours: str
    basis: InstantBasis
    form: AnswerForm

    @classmethod
    def of(cls, stop: Stop | None) -> ShownStop | None:
        """Returns a stop as it is shown; None for a clock that runs."""
        if stop is None:
            return None
        return cls.from_fields(stop, hours=clocks.hours(stop.minutes))


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownUse(ViewAnswer):
    """A notification to one platform, with its three clocks; `platform` is a name, `channel` and `election` codes."""

    case: str
    notification: str
    platform: str
    channel: str
    election: str
    sent_at: datetime
    sent_basis: InstantBasis
    receipt: ShownStop | None
    human: ShownStop | None
    substance: ShownStop | None
    state: UseState

    @classmethod
    def of(cls, use: PlatformUse) -> ShownUse:
        """Returns a use as it is shown."""
        stops = {"receipt": use.receipt, "human": use.human, "substance": use.substance}
        return cls.from_fields(use, **{name: ShownStop.of(stop) for name, stop in stops.items()})


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownSummary(ViewAnswer):
    """What the uses of a platform, a channel or an election come to; `figures.uses.Summary` explains the waits."""

    by: SummaryBy
    name: str
    sent: int
    answered: int
    open: int
    median_minutes: int | None
    longest_minutes: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LatencyFigures(ViewAnswer):
    """Uses in the order in which they were sent, and what all uses that are asked for come to."""

    as_of: datetime
    uses: tuple[ShownUse, ...]
    summary: tuple[ShownSummary, ...]
    next: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowLatency(ListView):
    """The uses of one election, of one platform (by its code or name), or all; now, or as the record stood then."""

    MAY: ClassVar[frozenset[str]] = READERS

    election: str | None = None
    platform: str | None = None
    as_of: Instant | None = None

    def show(self, work: UnitOfWork) -> LatencyFigures:
        """Returns the uses that are asked for, with the summary of all. Raises NotFound, Refusal."""
        found = found_by(work, self.election, self.platform, self.as_of)
        shown = self.cut(found.uses, _order)
        return LatencyFigures(
            as_of=found.as_of,
            uses=tuple(map(ShownUse.of, shown.lines)),
            summary=tuple(map(ShownSummary.from_fields, found.summary)),
            next=shown.next,
        )


def _order(use: PlatformUse) -> tuple[str, str]:
    return use.sent_at.isoformat(), use.notification


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnFigures(ViewAnswer):
    """As of when figures are drawn."""

    as_of: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawLatency(OctetsView):
    """The same as a picture (SVG), in the organisation's language if no other is asked for."""

    MAY: ClassVar[frozenset[str]] = READERS

    election: str | None = None
    platform: str | None = None
    as_of: Instant | None = None
    language: LanguageCode | None = None

    def show(self, work: UnitOfWork) -> Octets[ViewAnswer]:
        """Returns the picture. Raises NotFound, Refusal."""
        found = found_by(work, self.election, self.platform, self.as_of)
        return _drawn(found, MediaType.SVG, "latency.svg", svg(found, self._telling(work)))

    def _telling(self, work: UnitOfWork) -> Telling:
        """Returns how the desk prints: in its zone, with its months and its decimal sign."""
        desk = work.env.settings.desk
        language = self.language or desk.organisation.language
        months = work.env.draft_patterns.languages[language].months
        return Telling(language, months, work.env.settings.zone, SIGNS[desk.report.decimal_sign])


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowLatencyPage(DrawLatency):
    """The same as a page (HTML) with pictures, tables and method."""

    def show(self, work: UnitOfWork) -> Octets[ViewAnswer]:
        """Returns the page. Raises NotFound, Refusal."""
        found, telling = found_by(work, self.election, self.platform, self.as_of), self._telling(work)
        organisation = getattr(work.env.settings.desk.organisation.name, telling.language)
        return _drawn(found, MediaType.HTML, "latency.html", page(found, telling, organisation))


def _drawn(found: Figures, kind: MediaType, name: str, text: str) -> Octets[ViewAnswer]:
    octets = text.encode()
    facts = DrawnFigures(as_of=found.as_of)
    return Octets(media_type=kind, name=name, size=len(octets), parts=in_blocks(octets), facts=facts)


def found_by(work: UnitOfWork, election: str | None, platform: str | None, as_of: datetime | None) -> Figures:
    """Returns the figures that are asked for. Raises NotFound, Refusal."""
    if election is not None and the_election(work, election).exercise:
        raise Refusal(CommandRefusal.EXERCISE_HAS_NO_FIGURES(election=election))
    name = None if platform is None else the_platform(work, platform).name
    return figures(*ledger_at(work, as_of), election, name)


def ledger_at(work: UnitOfWork, as_of: datetime | None) -> tuple[ledger.Ledger, datetime]:
    """Returns the ledger as of `at`, with the instant; the current one if none is given. Raises Refusal."""
    if as_of is None:
        return ledger.of_rows(work.tx), work.now
    if as_of > work.now:
        raise Refusal(CommandRefusal.AS_OF_IN_FUTURE(at=as_of.isoformat()))
    return ledger.of_events((event for _, event in work.tx.events()), as_of), as_of


def the_platform(work: UnitOfWork, named: str) -> Platform:
    """Returns the platform with that code or name, ignoring case. Raises NotFound."""
    known = work.tx.find(Platform)
    for one in known:
        if named.casefold() in {one.code.casefold(), one.name.casefold()}:
            return one
    if meant := nearest(named, [name for one in known for name in (one.code, one.name)]):
        raise NotFound(CommandRefusal.NEAR_PLATFORM(platform=named, meant=meant))
    raise NotFound(CommandRefusal.NO_SUCH_PLATFORM(platform=named, known=[one.code for one in known]))


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupFigures(ViewAnswer):
    """What some uses come to. `cases` and `uses` name what is behind `sent`, and so on."""

    sent: int
    answered: int
    open: int
    median_minutes: int | None
    longest_minutes: int | None
    cases: tuple[str, ...]
    uses: tuple[str, ...]
    answered_uses: tuple[str, ...]
    open_uses: tuple[str, ...]
    longest_uses: tuple[str, ...]

    @classmethod
    def of(cls, group: UseGroup) -> GroupFigures:
        """Returns the figures of a group."""
        return cls.from_fields(
            group.summary,
            cases=tuple(dict.fromkeys(use.case for use in group.uses)), uses=_numbers(group.uses),
            answered_uses=_numbers(group.in_state(UseState.ANSWERED)),
            open_uses=_numbers(group.in_state(UseState.OPEN)),
            longest_uses=_numbers(group.longest),
        )  # fmt: skip


def _numbers(uses: Iterable[PlatformUse]) -> tuple[str, ...]:
    return tuple(use.notification for use in uses)


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedFigures(ViewAnswer):
    """A group of uses with its name."""

    name: str
    figures: Annotated[GroupFigures, FLAT]


@dataclass(frozen=True, slots=True, kw_only=True)
class CountedUses(ViewAnswer):
    """How often the line was used in some days, and what is behind each figure."""

    as_of: datetime
    since: date | None
    until: date | None
    by: SummaryBy
    platform: str | None  # its name
    total: GroupFigures
    groups: tuple[NamedFigures, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowUses(View):
    """The uses sent from one day to another, both included, in the desk's zone; by platform unless asked otherwise."""

    MAY: ClassVar[frozenset[str]] = READERS

    since: Day | None = None
    until: Day | None = None
    by: SummaryBy = SummaryBy.PLATFORM
    platform: str | None = None
    as_of: Instant | None = None

    def show(self, work: UnitOfWork) -> CountedUses:
        """Returns the uses in groups, and all together. Raises NotFound, Refusal."""
        zone = work.env.settings.zone
        found, as_of = ledger_at(work, self.as_of)
        if self.since is not None and self.until is not None and self.until < self.since:
            raise Refusal(CommandRefusal.DAYS_BACKWARDS(since=self.since.isoformat(), until=self.until.isoformat()))
        if self.since is not None and self.since > as_of.astimezone(zone).date():
            day = as_of.astimezone(zone).date()
            raise Refusal(CommandRefusal.DAYS_NOT_BEGUN(since=self.since.isoformat(), as_of=day.isoformat()))
        platform = None if self.platform is None else the_platform(work, self.platform).name
        counted = answer(found, as_of, UseQuestion(self.by, zone, self.since, self.until, platform))
        return CountedUses(
            as_of=as_of,
            since=self.since,
            until=self.until,
            by=self.by,
            platform=platform,
            total=GroupFigures.of(counted.total),
            groups=tuple(
                NamedFigures(name=group.summary.name, figures=GroupFigures.of(group)) for group in counted.groups
            ),
        )
