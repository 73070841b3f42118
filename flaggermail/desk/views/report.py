# SPDX-License-Identifier: EUPL-1.2
"""The report to Parliament: the form of its draft, what moved since it was frozen, and the document itself."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from flaggermail.commands.reports import reportable
from flaggermail.desk.views.events import document_of
from flaggermail.desk.views.view import Document, View, json_of
from flaggermail.documents import html
from flaggermail.documents import model as documents
from flaggermail.errors import ConfigurationError, Refusal
from flaggermail.mail.message import Json
from flaggermail.record.case_values import LanguageCode
from flaggermail.record.definition import where
from flaggermail.record.kinds import ReportForm
from flaggermail.record.rows import Case, Election, ReportDraft
from flaggermail.report import draft, facts, form, frozen, moving
from flaggermail.report.changes import NumberedEvent
from flaggermail.report.tabular import CODEBOOK_COLUMNS, COLUMNS, codebook, lines
from flaggermail.report.values import ReportInputs
from flaggermail.services import UnitOfWork
from flaggermail.settings.rota import ACCOUNTS
from flaggermail.wording.refusals import ReportRefusal


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowReportForm(View):
    """The draft of an election's report as a form: as it was kept, else empty but for what is known."""

    MAY: ClassVar[frozenset[str]] = ACCOUNTS

    election: str

    def show(self, work: UnitOfWork) -> Document:
        """Returns {"election", "form", "kept_at", "kept_by", "missing", "moved"}. Raises NotFound, Refusal."""
        election = reportable(work, self.election)
        told = facts.of_election(work, election)
        kept = work.tx.get(ReportDraft, election.code)
        if kept is not None:
            try:
                written = draft.read(kept.text, f"{election.code}.yaml", told, work.env.settings)
                still = list(draft.missing(written, told))
            except ConfigurationError as fault:  # the record has moved away from it
                still = list(fault.faults)
            last, differences = moving.since_last(work, election)
            return {
                "election": election.code, "form": kept.text,
                "kept_at": json_of(kept.drafted_at, work.env.settings.zone), "kept_by": kept.drafted_by,
                "missing": still, "moved": list(moving.difference_lines(work, last, differences)),
            }  # fmt: skip
        cases = {case.number: case for case in work.tx.find(Case, where(Case.election).is_(election.code))}
        known = {
            one.use.notification: form.KnownOfUse(
                cases[one.use.case].decision_reason or "", cases[one.use.case].title
            )
            for one in told.uses
        }  # fmt: skip
        languages = (work.env.settings.desk.organisation.language,)
        return {
            "election": election.code, "form": form.empty(told, known, languages, frozen.style_now(work)),
            "kept_at": None, "kept_by": None, "missing": [], "moved": [],
        }  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowReportChanges(View):
    """What has moved since an election's report was last frozen, and because of which events."""

    MAY: ClassVar[frozenset[str]] = ACCOUNTS

    election: str

    def show(self, work: UnitOfWork) -> Document:
        """Returns {"freeze": {...} or null, "moved": [...]}. Raises NotFound, Refusal."""
        election, zone = reportable(work, self.election), work.env.settings.zone
        last, differences = moving.since_last(work, election)
        if last is None:
            raise Refusal(ReportRefusal.NOT_FROZEN(election=election.code))
        return {
            "freeze": {
                "id": last.id, "at": json_of(last.frozen_at, zone), "by": last.frozen_by, "event": last.seq,
                "head": last.head, "digest": last.inputs_digest, "documents": list(last.documents),
                "undone_at": json_of(last.undone_at, zone), "undone_by": last.undone_by,
                "undone_reason": last.undone_reason,
            },
            "moved": [
                {"figure": one.figure, "was": one.was, "is": one.now, "events": _events(work, one.causes)}
                for one in differences
            ],
        }  # fmt: skip


def _events(work: UnitOfWork, causes: Sequence[NumberedEvent]) -> list[Json]:
    """Returns the events as `events` shows them, without the rows that they changed."""
    found = (document_of(number, event, work.env.settings.zone) for number, event in causes)
    return [{name: value for name, value in one.items() if name != "changes"} for one in found]


@dataclass(frozen=True, slots=True, kw_only=True)
class MakeReport(View):
    """The report of an election in one format, from the frozen inputs; or, as a draft, from the current record."""

    MAY: ClassVar[frozenset[str]] = ACCOUNTS

    election: str
    form: ReportForm
    language: LanguageCode | None = None
    draft: bool = False

    def show(self, work: UnitOfWork) -> Document:
        """Returns {"files": [{"language", "base64", "digest"}], "freeze", "moved", "columns", "lines", "codebook"}.

        Files are empty for CSV, and the last three for every other format.

        "other" names the documents that are not what was frozen, though the inputs are.
        Raises NotFound, Refusal, ConfigurationError.
        """
        election = reportable(work, self.election)
        inputs, said = self._inputs(work, election)
        if self.form is ReportForm.CSV:
            book = [list(CODEBOOK_COLUMNS), *map(list, codebook(inputs.facts))]
            return {**said, "files": [], "columns": list(COLUMNS), "lines": lines(inputs), "codebook": book}
        made = frozen.documents(inputs, as_draft=self.draft)
        if self.language is not None and self.language not in made:
            known = [str(language) for language in made]
            because = ReportRefusal.LANGUAGE_NOT_HELD(election=election.code, language=self.language, known=known)
            raise Refusal(because)
        return {
            **said, "columns": [], "lines": [], "codebook": [],
            "files": [
                _file(work, language, self.form, document)
                for language, document in made.items()
                if self.language in {None, language}
            ],
        }  # fmt: skip

    def _inputs(self, work: UnitOfWork, election: Election) -> tuple[ReportInputs, dict[str, Json]]:
        """Returns what the report is made from, and what is said of it."""
        if self.draft:
            return frozen.inputs_now(work, election), {"freeze": None, "inputs": None, "moved": [], "other": []}
        row = frozen.the_freeze(work, election.code)
        last, differences = moving.since_last(work, election)
        said: dict[str, Json] = {
            "freeze": row.id,
            "inputs": row.inputs_digest,
            "moved": list(moving.difference_lines(work, last, differences)),
        }
        inputs = frozen.inputs_of(row)
        said["other"] = list(frozen.other_documents(row, frozen.documents(inputs)))
        return inputs, said


def _file(work: UnitOfWork, language: str, form_: ReportForm, document: documents.Document) -> Document:
    if form_ is ReportForm.ODT:
        octets = work.env.documents.odt(document)
    elif form_ is ReportForm.PDF:
        octets = work.env.documents.pdf(document)
    else:
        octets = html.page(document).encode()
    return {
        "language": language,
        "base64": base64.b64encode(octets).decode("ascii"),
        "digest": hashlib.sha256(octets).hexdigest(),
    }
