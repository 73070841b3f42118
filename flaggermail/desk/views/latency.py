# SPDX-License-Identifier: EUPL-1.2
"""The figures: each use of the line with its clocks, and what they come to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from flaggermail.commands.lookups import nearest, the_election
from flaggermail.commands.requests import Day, Instant
from flaggermail.desk.views.view import Document, View, json_of
from flaggermail.documents.dates import SIGNS
from flaggermail.errors import NotFound, Refusal
from flaggermail.figures import ledger
from flaggermail.figures.looks import Telling
from flaggermail.figures.page import page
from flaggermail.figures.upright import svg
from flaggermail.figures.uses import (
    Figures,
    PlatformUse,
    Stop,
    Summary,
    SummaryBy,
    UseGroup,
    UseQuestion,
    UseState,
    answer,
    figures,
)
from flaggermail.mail.message import Json
from flaggermail.notifications import clocks
from flaggermail.record.case_values import LanguageCode
from flaggermail.record.rows import Platform
from flaggermail.services import UnitOfWork
from flaggermail.settings.rota import READERS
from flaggermail.wording.refusals import CommandRefusal


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowLatency(View):
    """The uses of one election, of one platform (by its code or name), or all; now, or as the record stood then."""

    MAY: ClassVar[frozenset[str]] = READERS

    election: str | None = None
    platform: str | None = None
    as_of: Instant | None = None

    def show(self, work: UnitOfWork) -> Document:
        """Returns {"as_of", "uses": [...], "summary": [...]}. Raises NotFound, Refusal."""
        found = found_by(work, self)
        zone = work.env.settings.zone
        return {
            "as_of": json_of(found.as_of, zone),
            "uses": [_use(use, work) for use in found.uses],
            "summary": [_summary(summary) for summary in found.summary],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawLatency(ShowLatency):
    """The same as a picture, in the organisation's language if no other is asked for."""

    language: LanguageCode | None = None

    def show(self, work: UnitOfWork) -> Document:
        """Returns {"picture": an SVG document}. Raises NotFound, Refusal."""
        return {"picture": svg(found_by(work, self), self._telling(work))}

    def _telling(self, work: UnitOfWork) -> Telling:
        """Returns how the desk prints: in its zone, with its months and its decimal sign."""
        desk = work.env.settings.desk
        language = self.language or desk.organisation.language
        months = work.env.draft_patterns.languages[language].months
        return Telling(language, months, work.env.settings.zone, SIGNS[desk.report.decimal_sign])


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowLatencyPage(DrawLatency):
    """The same as a page with pictures, tables and method."""

    def show(self, work: UnitOfWork) -> Document:
        """Returns {"page": an HTML document}. Raises NotFound, Refusal."""
        telling = self._telling(work)
        organisation = getattr(work.env.settings.desk.organisation.name, telling.language)
        return {"page": page(found_by(work, self), telling, organisation)}


def found_by(work: UnitOfWork, asked: ShowLatency) -> Figures:
    """Returns the figures that are asked for. Raises NotFound, Refusal."""
    if asked.election is not None and the_election(work, asked.election).exercise:
        raise Refusal(CommandRefusal.EXERCISE_HAS_NO_FIGURES(election=asked.election))
    platform = None if asked.platform is None else the_platform(work, asked.platform).name
    return figures(*ledger_at(work, asked.as_of), asked.election, platform)


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


def _use(use: PlatformUse, work: UnitOfWork) -> Document:
    zone = work.env.settings.zone
    return {
        "case": use.case,
        "notification": use.notification,
        "platform": use.platform,
        "channel": use.channel,
        "election": use.election,
        "sent_at": json_of(use.sent_at, zone),
        "sent_basis": use.sent_basis,
        "receipt": _stop(use.receipt, work),
        "human": _stop(use.human, work),
        "substance": _stop(use.substance, work),
        "state": use.state,
    }


def _stop(stop: Stop | None, work: UnitOfWork) -> Json:
    if stop is None:
        return None
    return {
        "at": json_of(stop.at, work.env.settings.zone),
        "minutes": stop.minutes,
        "hours": clocks.hours(stop.minutes),
        "basis": stop.basis,
        "form": stop.form,
    }


def _summary(summary: Summary) -> Document:
    return {
        "by": summary.by,
        "name": summary.name,
        "sent": summary.sent,
        "answered": summary.answered,
        "open": summary.open,
        "median_minutes": summary.median_minutes,
        "longest_minutes": summary.longest_minutes,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowUses(View):
    """The uses sent from one day to another, both included, in the desk's zone; by platform unless asked otherwise."""

    MAY: ClassVar[frozenset[str]] = READERS

    since: Day | None = None
    until: Day | None = None
    by: SummaryBy = SummaryBy.PLATFORM
    platform: str | None = None
    as_of: Instant | None = None

    def show(self, work: UnitOfWork) -> Document:
        """Returns {"as_of", "since", "until", "by", "platform", "total", "groups": [...]}. Raises NotFound, Refusal."""
        zone = work.env.settings.zone
        found, as_of = ledger_at(work, self.as_of)
        if self.since is not None and self.until is not None and self.until < self.since:
            raise Refusal(CommandRefusal.DAYS_BACKWARDS(since=self.since.isoformat(), until=self.until.isoformat()))
        if self.since is not None and self.since > as_of.astimezone(zone).date():
            day = as_of.astimezone(zone).date()
            raise Refusal(CommandRefusal.DAYS_NOT_BEGUN(since=self.since.isoformat(), as_of=day.isoformat()))
        platform = None if self.platform is None else the_platform(work, self.platform).name
        counted = answer(found, as_of, UseQuestion(self.by, zone, self.since, self.until, platform))
        return {
            "as_of": json_of(as_of, zone),
            "since": json_of(self.since, zone),
            "until": json_of(self.until, zone),
            "by": self.by,
            "platform": platform,
            "total": _group(counted.total),
            "groups": [{"name": group.summary.name, **_group(group)} for group in counted.groups],
        }


def _group(group: UseGroup) -> dict[str, Json]:
    """Returns the figures; `cases` and `uses` name what is behind `sent`, and so on."""
    return {
        "sent": group.summary.sent,
        "answered": group.summary.answered,
        "open": group.summary.open,
        "median_minutes": group.summary.median_minutes,
        "longest_minutes": group.summary.longest_minutes,
        "cases": list(dict.fromkeys(use.case for use in group.uses)),
        "uses": _numbers(group.uses),
        "answered_uses": _numbers(group.in_state(UseState.ANSWERED)),
        "open_uses": _numbers(group.in_state(UseState.OPEN)),
        "longest_uses": _numbers(group.longest),
    }


def _numbers(uses: Iterable[PlatformUse]) -> list[Json]:
    return [use.notification for use in uses]
