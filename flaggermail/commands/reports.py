# SPDX-License-Identifier: EUPL-1.2
"""Drafts the report to Parliament about an election, freezes what it is made from, and opens it again."""

from __future__ import annotations

from dataclasses import dataclass, replace

from flaggermail.commands.command import Command, Subject
from flaggermail.commands.named_rows import require_text, the_election
from flaggermail.commands.outcome import ActResult
from flaggermail.errors import Refusal
from flaggermail.record.events import EventKind, added, changed
from flaggermail.record.rows import Election, ReportDraft, ReportFreeze
from flaggermail.record.terms import day_of
from flaggermail.report import canonical, draft, facts, frozen, moving, values
from flaggermail.services import UnitOfWork
from flaggermail.settings.rota import ACCOUNTS
from flaggermail.wording.acts import ActText, ActWarning
from flaggermail.wording.refusals import ReportRefusal

_MOST_MISSING = 12  # words that a refusal lists


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftReport(Command):
    """Keeps a person's words for the report; `name` is that of their file, for messages."""

    NAME = "report draft"
    MAY = ACCOUNTS

    election: str
    text: str
    name: str = "draft"

    def subject(self, work: UnitOfWork) -> Subject:
        return ((ReportDraft, the_election(work, self.election).code),)

    def perform(self, work: UnitOfWork) -> ActResult:
        election = reportable(work, self.election)
        told = facts.of_election(work, election)
        written = draft.read(self.text, self.name, told, work.env.settings)
        old = work.tx.get(ReportDraft, election.code)
        row = ReportDraft(election=election.code, text=self.text, drafted_at=work.now, drafted_by=work.actor)
        work.record(
            EventKind.REPORT_DRAFTED, added(row) if old is None else changed(old, row), reason=election.code
        )  # fmt: skip
        still = [one.english for one in draft.missing(written, told)]
        last, differences = moving.since_last(work, election)
        unlike = (ActWarning.REPORT_TO_MEND(what=one) for one in values.disagreements(told))
        warnings = (*(ActWarning.REPORT_WORDS(what=one) for one in still[:_MOST_MISSING]), *unlike)
        return ActResult(
            ActText.REPORT_DRAFTED(election=election.code),
            election.code,
            warnings=(*warnings, *moving.difference_lines(work, last, differences)),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class FreezeReport(Command):
    """Freezes facts, words, settings and annexes of a report. `early`: although the period has not ended."""

    NAME = "report freeze"
    MAY = frozenset({"head"})

    election: str
    early: bool = False

    def subject(self, work: UnitOfWork) -> Subject:
        return ((ReportFreeze, None), (ReportDraft, the_election(work, self.election).code))

    def perform(self, work: UnitOfWork) -> ActResult:
        election, zone = reportable(work, self.election), work.env.settings.zone
        standing = frozen.standing(work, election.code)
        if standing is not None:
            day = day_of(standing.frozen_at, zone).isoformat()
            because = ReportRefusal.FROZEN(
                election=election.code, day=day, by=standing.frozen_by, freeze=standing.id
            )  # fmt: skip
            raise Refusal(because)
        if work.today <= election.period_until and not self.early:
            raise Refusal(ReportRefusal.NOT_OVER(election=election.code, day=election.period_until.isoformat()))
        inputs = frozen.inputs_now(work, election)
        missing = [one.english for one in draft.missing(inputs.written, inputs.facts)]
        if missing:
            raise Refusal(ReportRefusal.INCOMPLETE(election=election.code, missing=missing[:_MOST_MISSING]))
        disagreements = list(values.disagreements(inputs.facts))
        if disagreements:
            raise Refusal(ReportRefusal.DISAGREES(election=election.code, found=disagreements))
        last, differences = moving.since_last(work, election, inputs)
        head = work.tx.head()
        row = ReportFreeze(
            id=f"f{work.tx.number('freeze'):08d}",
            election=election.code,
            frozen_at=work.now,
            frozen_by=work.actor,
            seq=head.seq if head else 0,
            head=head.digest if head else "",
            inputs=canonical.encode(inputs),
            inputs_digest=canonical.digest(inputs),
            documents=tuple(f"{of} {canonical.digest(made)}" for of, made in frozen.documents(inputs).items()),
        )
        work.record(EventKind.REPORT_FROZEN, added(row), reason=row.id)
        text = ActText.REPORT_FROZEN(
            election=election.code, freeze=row.id, event=row.seq, digest=row.inputs_digest
        )  # fmt: skip
        lacking = frozen.lacking_annexes(work, [use.use.notification for use in inputs.facts.uses])
        return ActResult(text, row.id, warnings=(*lacking, *moving.difference_lines(work, last, differences)))


@dataclass(frozen=True, slots=True, kw_only=True)
class UnfreezeReport(Command):
    """Undoes a freeze. What was frozen stays on record."""

    NAME = "report unfreeze"
    MAY = frozenset({"head"})

    election: str
    reason: str

    def subject(self, work: UnitOfWork) -> Subject:
        del work
        return ((ReportFreeze, None),)

    def perform(self, work: UnitOfWork) -> ActResult:
        election = reportable(work, self.election)
        require_text("reason", self.reason)
        row = frozen.the_freeze(work, election.code)
        undone = replace(row, undone_at=work.now, undone_by=work.actor, undone_reason=self.reason.strip())
        work.record(EventKind.REPORT_UNFROZEN, changed(row, undone), reason=row.id)
        return ActResult(ActText.REPORT_UNFROZEN(election=election.code, freeze=row.id), row.id)


def reportable(work: UnitOfWork, code: str) -> Election:
    """Returns the election with that code. Raises NotFound, and Refusal for an exercise."""
    election = the_election(work, code)
    if election.exercise:
        raise Refusal(ReportRefusal.EXERCISE(election=code))
    return election
