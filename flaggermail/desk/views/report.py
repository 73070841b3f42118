# SPDX-License-Identifier: EUPL-1.2
"""The report to Parliament: the form of its draft, what moved since it was frozen, and the document itself."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import ClassVar

from flaggermail import progress
from flaggermail.commands.reports import reportable
from flaggermail.desk.answers import ViewAnswer
from flaggermail.desk.views.view import ListView, OctetsView, View
from flaggermail.documents import html
from flaggermail.documents import model as documents
from flaggermail.documents.csv_table import csv_of
from flaggermail.documents.octets import MediaType, Octets
from flaggermail.documents.tar import files
from flaggermail.errors import ConfigurationError, Refusal
from flaggermail.record.case_values import LanguageCode
from flaggermail.record.definition import where
from flaggermail.record.events import EventKind
from flaggermail.record.kinds import ReportForm
from flaggermail.record.rows import Case, Election, ReportDraft, ReportFreeze
from flaggermail.report import draft, facts, form, frozen, moving
from flaggermail.report.changes import ChangedFigure
from flaggermail.report.tabular import CODEBOOK_COLUMNS, COLUMNS, codebook, lines
from flaggermail.report.values import ReportInputs
from flaggermail.services import UnitOfWork
from flaggermail.settings.rota import ACCOUNTS
from flaggermail.wording.refusals import ReportRefusal
from flaggermail.wording.said import StoredText


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportFormText(ViewAnswer):
    """The form of a report's draft; who kept it when, null if nobody did.

    `missing`: what is still to be written, each with the command that shows its matter, or the faults of the draft.
    `moved`: at most `moving.MOST_TOLD` figures that changed since the last freeze.
    """

    election: str
    form: str
    kept_at: datetime | None = None
    kept_by: str | None = None
    missing: tuple[StoredText, ...] = ()
    moved: tuple[StoredText, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowReportForm(View):
    """The draft of an election's report as a form: as it was kept, else empty but for what is known."""

    MAY: ClassVar[frozenset[str]] = ACCOUNTS

    election: str

    def show(self, work: UnitOfWork) -> ReportFormText:
        """Returns the form. Raises NotFound, Refusal."""
        election = reportable(work, self.election)
        told = facts.of_election(work, election)
        kept = work.tx.get(ReportDraft, election.code)
        if kept is not None:
            try:
                written = draft.read(kept.text, f"{election.code}.yaml", told, work.env.settings)
                still = tuple(draft.missing(written, told))
            except ConfigurationError as fault:  # the record has moved away from it
                still = tuple(map(StoredText, fault.faults))
            last, differences = moving.since_last(work, election)
            return ReportFormText(
                election=election.code, form=kept.text, kept_at=kept.drafted_at, kept_by=kept.drafted_by, missing=still,
                moved=moving.difference_lines(work, last, differences),
            )  # fmt: skip
        cases = {case.number: case for case in work.tx.find(Case, where(Case.election).is_(election.code))}
        known = {
            one.use.notification: form.KnownOfUse(
                cases[one.use.case].decision_reason or "", cases[one.use.case].title
            )
            for one in told.uses
        }  # fmt: skip
        languages = (work.env.settings.desk.organisation.language,)
        return ReportFormText(election=election.code, form=form.empty(told, known, languages, frozen.style_now(work)))


MOST_CAUSES = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class CausingEvent(ViewAnswer):
    """An event that changed a figure, without the rows that it changed."""

    event: int  # its number
    at: datetime
    actor: str
    kind: EventKind
    case: str | None
    notification: str | None
    message: str | None
    reason: StoredText
    facts: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class MovedFigure(ViewAnswer):
    """A figure that changed: its value when it was frozen, and now; empty where there was none.

    `events` are the last `MOST_CAUSES` that changed it, `earlier` is the number of those before them.
    """

    figure: str
    was: str
    is_: str
    events: tuple[CausingEvent, ...]
    earlier: int

    @classmethod
    def of(cls, changed: ChangedFigure) -> MovedFigure:
        """Returns a figure as it is shown."""
        shown = tuple(
            CausingEvent.from_fields(event, event=number, reason=StoredText(event.reason))
            for number, event in changed.causes[-MOST_CAUSES:]
        )
        earlier = len(changed.causes) - len(shown)
        return cls(figure=changed.figure, was=changed.was, is_=changed.now, events=shown, earlier=earlier)


@dataclass(frozen=True, slots=True, kw_only=True)
class FreezeFacts(ViewAnswer):
    """A freeze: who froze what after which event, with the digests, and who undid it."""

    id: str
    at: datetime
    by: str
    event: int
    head: str
    digest: str
    documents: tuple[str, ...]  # `nl SHA-256`
    undone_at: datetime | None
    undone_by: str | None
    undone_reason: str | None

    @classmethod
    def of(cls, row: ReportFreeze) -> FreezeFacts:
        """Returns what is shown of a row, which is all but what was frozen."""
        return cls.from_fields(row, at=row.frozen_at, by=row.frozen_by, event=row.seq, digest=row.inputs_digest)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportChanges(ViewAnswer):
    """What changed since a freeze, in the order of the figures' names.

    `notes` say at most `moving.MOST_TOLD` of all that changed in a line each.
    """

    freeze: FreezeFacts
    moved: tuple[MovedFigure, ...]
    notes: tuple[StoredText, ...]
    next: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowReportChanges(ListView):
    """What has moved since an election's report was last frozen, and because of which events."""

    MAY: ClassVar[frozenset[str]] = ACCOUNTS

    election: str

    def show(self, work: UnitOfWork) -> ReportChanges:
        """Returns the figures that are asked for. Raises NotFound, Refusal."""
        election = reportable(work, self.election)
        last, differences = moving.since_last(work, election)
        if last is None:
            raise Refusal(ReportRefusal.NOT_FROZEN(election=election.code))
        found = self.cut(differences, lambda one: (one.figure,))
        return ReportChanges(
            freeze=FreezeFacts.of(last),
            moved=tuple(map(MovedFigure.of, found.lines)),
            notes=moving.difference_lines(work, last, differences),
            next=found.next,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class FileOfReport(ViewAnswer):
    """A file of a report; `language` is null for one that is in none, such as a table."""

    name: str
    language: LanguageCode | None
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FilesOfReport(ViewAnswer):
    """What a report was made from, and its files in their order; `freeze` and `inputs` are null for a draft.

    `moved`: how many figures changed since. `other`: the documents that are not what was frozen, though the inputs are.
    """

    freeze: str | None = None
    inputs: str | None = None  # their SHA-256
    moved: int = 0
    other: tuple[StoredText, ...] = ()
    files: tuple[FileOfReport, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MakeReport(OctetsView):
    """The report of an election in one format, from the frozen inputs; or, as a draft, from the current record."""

    MAY: ClassVar[frozenset[str]] = ACCOUNTS

    election: str
    form: ReportForm
    language: LanguageCode | None = None
    draft: bool = False

    def show(self, work: UnitOfWork) -> Octets[ViewAnswer]:
        """Returns the report: one file as itself; of several languages, and CSV with its codebook, as one tar.

        Raises NotFound, Refusal, ConfigurationError.
        """
        election = reportable(work, self.election)
        with progress.part(0.0, _FACTS):
            inputs, told = self._inputs(work, election)
        named = f"report-{election.code}"
        if self.form is ReportForm.CSV:
            made: list[tuple[str, LanguageCode | None, bytes]] = [
                (f"{named}.csv", None, csv_of(COLUMNS, lines(inputs)).encode()),
                (f"{named}.codebook.csv", None, csv_of(CODEBOOK_COLUMNS, codebook(inputs.facts)).encode()),
            ]
        else:
            written = self._documents(inputs, election)
            with progress.part(_FACTS, 1.0):
                made = [
                    (f"{named}.{language}.{self.form}", language, _octets(work, self.form, document))
                    for language, document in progress.counted(written.items(), len(written))
                ]
        listed = tuple(
            FileOfReport(name=name, language=language, sha256=hashlib.sha256(octets).hexdigest())
            for name, language, octets in made
        )
        kinds = [(name, MediaType[self.form.name], octets) for name, _, octets in made]
        return files(f"{named}.tar", kinds, replace(told, files=listed))

    def _documents(self, inputs: ReportInputs, election: Election) -> Mapping[LanguageCode, documents.Document]:
        """Returns the report in the languages that are asked for. Raises Refusal if it has none of them."""
        made = frozen.documents(inputs, as_draft=self.draft)
        if self.language is None:
            return made
        if self.language not in made:
            known = [str(language) for language in made]
            because = ReportRefusal.LANGUAGE_NOT_HELD(election=election.code, language=self.language, known=known)
            raise Refusal(because)
        return {self.language: made[self.language]}

    def _inputs(self, work: UnitOfWork, election: Election) -> tuple[ReportInputs, FilesOfReport]:
        """Returns what the report is made from, and what is said of it."""
        if self.draft:
            return frozen.inputs_now(work, election), FilesOfReport()
        row = frozen.the_freeze(work, election.code)
        _, differences = moving.since_last(work, election)
        inputs = frozen.inputs_of(row)
        other = frozen.other_documents(row, frozen.documents(inputs))
        return inputs, FilesOfReport(freeze=row.id, inputs=row.inputs_digest, moved=len(differences), other=other)


_FACTS = 0.5  # the share of the work that is done once the inputs are there


def _octets(work: UnitOfWork, form_: ReportForm, document: documents.Document) -> bytes:
    if form_ is ReportForm.ODT:
        return work.env.documents.odt(document)
    if form_ is ReportForm.PDF:
        return work.env.documents.pdf(document)
    return html.page(document).encode()
