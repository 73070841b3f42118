# SPDX-License-Identifier: EUPL-1.2
"""What is kept until when: the overview on a day, and each thing in it. Each look is an event, and destroys nothing."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import chain, islice
from typing import Annotated, ClassVar

from flaggermail.archive import look_ups, retention_list
from flaggermail.archive.dossier_parts import schedule_of
from flaggermail.archive.retention_list import Dated, DatedCase, KeepingClass, KeptThing, ThingKept
from flaggermail.cases.erasure import due_at
from flaggermail.cases.holds import HeldOnDay
from flaggermail.commands.named_rows import the_election
from flaggermail.commands.requests import Day
from flaggermail.desk.answers import FLAT, AnswerReader, ViewAnswer, document_of
from flaggermail.desk.views.archive import LISTED, ExcludedMail, further
from flaggermail.desk.views.view import ArchiveView, OctetsView
from flaggermail.documents.octets import MediaType, Octets
from flaggermail.errors import Refusal
from flaggermail.record.case_values import LanguageCode
from flaggermail.record.kinds import Kind, Place, RetentionList
from flaggermail.record.rows import Case, Election, LegalHold, StoredMessage
from flaggermail.record.states import OfficerRole
from flaggermail.record.terms import Appraisal, Standing, TermStart, day_of
from flaggermail.services import UnitOfWork
from flaggermail.settings.model import Settings
from flaggermail.settings.rota import READERS
from flaggermail.wording.refusals import CommandRefusal

_LINES_A_PART = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class OverviewOfClass(ViewAnswer):
    """A class of retention: its term, and how many cases and messages of it stand how; `next`: the next last day."""

    code: str
    period: str  # ISO 8601
    start: TermStart
    appraisal: Appraisal
    basis: str | None
    cases: int
    messages: int
    standing: Mapping[str, int]
    next: date | None

    @classmethod
    def of(cls, of: KeepingClass, things: Sequence[KeptThing]) -> OverviewOfClass:
        """Returns what is of a class among the things that are kept."""
        own = [thing for thing in things if thing.of == of]
        ends = [thing.last_day for thing in own if thing.standing is Standing.RUNNING and thing.last_day is not None]
        return cls(
            code=of.code, period=of.term.written, start=of.start, appraisal=of.appraisal, basis=of.basis,
            cases=sum(thing.what is ThingKept.CASE for thing in own), messages=sum(thing.messages for thing in own),
            standing={standing.value: sum(thing.standing is standing for thing in own) for standing in Standing},
            next=min(ends, default=None),
        )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class OverviewOfHold(ViewAnswer):
    """A legal hold, and how many cases and messages it keeps."""

    row: Annotated[LegalHold, FLAT]
    cases: int
    messages: int

    @classmethod
    def of(cls, hold: LegalHold, things: Sequence[KeptThing]) -> OverviewOfHold:
        """Returns what a hold keeps among the things that are kept."""
        kept = [thing for thing in things if hold.id in thing.held_by]
        cases = sum(thing.what is ThingKept.CASE for thing in kept)
        return cls(row=hold, cases=cases, messages=sum(thing.messages for thing in kept))


@dataclass(frozen=True, slots=True, kw_only=True)
class CitizensMail(ViewAnswer):
    """How much declined mail, with our answers to it, stands how: the only mail that a timer destroys."""

    days: int
    kept: int
    held: int
    due: int
    destroyed: int
    next: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionOverview(ViewAnswer):
    """What is kept on a day by which class; "archive retention lines" lists each thing.

    Of the mails that were taken out the last `LISTED` are here. `declaration`: the draft in each language.
    """

    as_of: date
    election: str | None
    review_window: str
    classes: tuple[OverviewOfClass, ...]
    holds: tuple[OverviewOfHold, ...]
    taken_out: tuple[ExcludedMail, ...]
    taken_out_further: int
    citizens: CitizensMail
    declaration: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowRetention(ArchiveView):
    """The retention overview on a day: today, or any other, for all elections or one. It destroys nothing."""

    NAME: ClassVar[str] = "archive retention"
    MAY: ClassVar[frozenset[str]] = READERS

    as_of: Day | None = None
    election: str | None = None

    def show(self, work: UnitOfWork) -> RetentionOverview:
        """Returns the overview. The record is that of now: `as_of` changes the day on which it is judged.

        Raises NotFound.
        """
        kept = _Kept(work, self.as_of, self.election)
        things = kept.things()
        out = [one.row for one in kept.mail if one.row.excluded_by is not None and kept.is_of(one)]
        return RetentionOverview(
            as_of=kept.as_of,
            election=self.election,
            review_window=kept.schedule.review_window.written,
            classes=tuple(OverviewOfClass.of(of, things) for of in kept.schedule.classes),
            holds=tuple(OverviewOfHold.of(hold, things) for hold in kept.held.holds if kept.concerns(hold)),
            taken_out=tuple(ExcludedMail.of(row, kept.zone) for row in out[-LISTED:]),
            taken_out_further=further(out),
            citizens=_citizens(work, kept),
            declaration=_declarations(work.env.settings, kept, things),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptLine(ViewAnswer):
    """A case, or a message without one, with the days of its term."""

    listed_in: RetentionList = RetentionList.THINGS
    what: ThingKept
    id: str
    election: str | None
    class_: str
    begins: date | None
    kept_until: date | None
    standing: Standing
    held_by: tuple[str, ...]
    messages: int
    kept_longer: int
    digest: str | None

    @classmethod
    def of(cls, thing: KeptThing) -> KeptLine:
        """Returns a thing as it is listed."""
        return cls.from_fields(
            thing, id=thing.key, class_=thing.of.code, kept_until=thing.last_day, digest=thing.digest or None
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewLine(ViewAnswer):
    """A message in its review window, and the window's last day."""

    listed_in: RetentionList = RetentionList.REVIEW
    message: str
    place: Place
    kinds: tuple[Kind, ...]
    arrived: date
    until: date
    held_by: tuple[str, ...]

    @classmethod
    def of(cls, one: Dated, last: date) -> ReviewLine:
        """Returns a message as it is listed."""
        held_by = tuple(hold.id for hold in one.held_by)
        return cls.from_fields(one.row, message=one.row.id, arrived=one.arrived, until=last, held_by=held_by)


@dataclass(frozen=True, slots=True, kw_only=True)
class LinesOfRetention(ViewAnswer):
    """How many lines each list has."""

    things: int
    review: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ListRetention(OctetsView):
    """Each thing that is kept, and each mail in its review window, as JSON lines: for who asked for the overview."""

    MAY: ClassVar[frozenset[str]] = READERS

    as_of: Day | None = None
    election: str | None = None

    def show(self, work: UnitOfWork) -> Octets[ViewAnswer]:
        """Returns the lines, things first. Raises NotFound; Refusal unless the overview was asked for this hour."""
        asked = ShowRetention(as_of=self.as_of, election=self.election).asked()
        if not look_ups.is_noted(work, ShowRetention.NAME, asked, work.now - look_ups.ONE_READING):
            raise Refusal(CommandRefusal.OVERVIEW_FIRST())
        kept = _Kept(work, self.as_of, self.election)
        things, review = kept.things(), kept.in_review()
        lines = chain(map(KeptLine.of, things), (ReviewLine.of(one, last) for one, last in review))
        return Octets(
            media_type=MediaType.JSON_LINES,
            name="retention_list.jsonl",
            size=None,
            parts=_in_lines(lines, AnswerReader(kept.zone)),
            facts=LinesOfRetention(things=len(things), review=len(review)),
        )


def _in_lines(lines: Iterable[ViewAnswer], reader: AnswerReader) -> Iterator[bytes]:
    """Yields lines of JSON, some of them at once."""
    while some := list(islice(lines := iter(lines), _LINES_A_PART)):
        yield "".join(f"{json.dumps(document_of(line, reader), ensure_ascii=True)}\n" for line in some).encode()


def _citizens(work: UnitOfWork, kept: _Kept) -> CitizensMail:
    declined = [one for one in kept.mail if retention_list.is_of_citizens(one.row) and kept.is_of(one)]
    here = [one for one in declined if one.row.discarded_at is None]
    ends = [day_of(due_at(work.env, one.row.first_seen_at), kept.zone) for one in here if not one.held_by]
    return CitizensMail(
        days=work.env.settings.desk.citizens.retention_days,
        kept=len(here),
        held=sum(bool(one.held_by) for one in here),
        due=sum(end <= kept.as_of for end in ends),
        destroyed=len(declined) - len(here),
        next=min(ends, default=None),
    )


def _declarations(settings: Settings, kept: _Kept, things: Sequence[KeptThing]) -> Mapping[str, str]:
    heads = [officer.name for officer in settings.rota.officers if OfficerRole.HEAD in officer.roles]
    names = settings.desk.organisation.name
    return {
        language.value: retention_list.draft(
            retention_list.Destruction(kept.as_of, getattr(names, language), kept.election, heads, things), language
        )
        for language in LanguageCode
    }


class _Kept:
    """What the record holds for a day and an election: cases and messages with their days, and the holds in force."""

    def __init__(self, work: UnitOfWork, as_of: date | None, election: str | None) -> None:
        """Reads the record. Raises NotFound for an unknown election."""
        if election is not None:
            the_election(work, election)
        self.as_of, self.election = as_of or work.today, election
        self.zone, self.schedule = work.env.settings.zone, schedule_of(work.env.settings)
        self.held = HeldOnDay(work.tx, self.as_of, self.zone)
        self.elections = work.tx.find(Election)
        self.cases = [
            DatedCase(
                case, day_of(case.opened_at, self.zone), day_of(case.closed_at, self.zone) if case.closed_at else None,
                self.held.of_case(case),
            )
            for case in work.tx.find(Case)
        ]  # fmt: skip
        self.mail = [
            Dated(row, day_of(row.received_at, self.zone), self.held.of_message(row))
            for row in work.tx.find(StoredMessage)
        ]

    def things(self) -> list[KeptThing]:
        """Returns every case, and every message without a case, in order."""
        every = retention_list.overview(self.schedule, self.as_of, self.elections, self.cases, self.mail)
        found = (thing for thing in every if self.election in {None, thing.election})
        return sorted(found, key=lambda thing: (thing.what, thing.key))

    def in_review(self) -> list[tuple[Dated, date]]:
        """Returns the messages in their review window, each with its last day."""
        found = retention_list.in_review(self.schedule, self.as_of, self.mail)
        return [(one, last) for one, last in found if self.is_of(one)]

    def is_of(self, one: Dated) -> bool:
        """True if a message is of the election that is asked for."""
        if self.election is None:
            return True
        election = retention_list.election_on(self.elections, one.arrived, exercise=one.row.exercise)
        return election is not None and election.code == self.election

    def concerns(self, hold: LegalHold) -> bool:
        """True if the hold keeps something of the election that is asked for."""
        of_cases = {case.row.number: case.row.election for case in self.cases}
        return self.election in {None, hold.election, of_cases.get(hold.case or "")}
