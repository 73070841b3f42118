# SPDX-License-Identifier: EUPL-1.2
"""Writes to a referrer in free text."""

from __future__ import annotations

from dataclasses import dataclass

from flaggermail.cases.lifecycle import missing_of
from flaggermail.commands.command import CaseCommand
from flaggermail.commands.named_rows import require_text, the_case
from flaggermail.commands.outcome import ActFacts, ActKind, ActResult
from flaggermail.errors import Refusal
from flaggermail.letters import writing
from flaggermail.notices import notices
from flaggermail.record.case_values import Item
from flaggermail.record.definition import where
from flaggermail.record.events import EventKind
from flaggermail.record.kinds import Kind
from flaggermail.record.rows import OutboxMail
from flaggermail.record.states import CaseState
from flaggermail.services import EventRef, UnitOfWork
from flaggermail.settings.rota import DESK
from flaggermail.wording.acts import ActPart, ActText, ActWarning, in_a_row
from flaggermail.wording.pieces import RefusalPart
from flaggermail.wording.refusals import CommandRefusal


@dataclass(frozen=True, slots=True, kw_only=True)
class AskReferrer(CaseCommand):
    """Asks the referrer for what is missing: the named items, a free question, or what the checklist lacks."""

    NAME = "case ask"
    MAY = DESK

    items: tuple[Item, ...] = ()
    text: str = ""

    def perform(self, work: UnitOfWork) -> ActResult:
        case = the_case(work, self.case)
        if not notices.has_referrer(work, case):
            raise Refusal(CommandRefusal.NOBODY_TO_ASK(case=case.number))
        if case.state == CaseState.CLOSED:
            raise Refusal(CommandRefusal.CLOSED_TO_QUESTIONS(case=case.number))
        notices.refuse_unproven(work, case)
        writing.refuse(work, RefusalPart.CASE(key=case.number))
        question = self.text.strip()
        named = tuple(dict.fromkeys(self.items))
        items = named or (() if question else missing_of(work, case, read=notices.reparse))
        if not (items or question):
            raise Refusal(CommandRefusal.NOTHING_TO_ASK(case=case.number))
        asked_before = work.tx.find(
            OutboxMail, where(OutboxMail.case).is_(case.number), where(OutboxMail.kind).is_(Kind.INFORMATION_REQUEST)
        )
        about = EventRef(case=case.number)
        work.record(EventKind.INFORMATION_REQUESTED, about=about, reason="+".join(items) or "a question")
        values = {"missing": [item.value for item in items], "question": question}
        dedupe = f"asked/{case.number}/{work.now.isoformat()}"
        if unmade := notices.to_referrer(work, case, "information_request", values, dedupe):
            raise Refusal(unmade)
        last = max((mail.queued_at.astimezone(work.env.settings.zone) for mail in asked_before), default=None)
        warnings = (ActWarning.ASKED_BEFORE(day=f"{last:%Y-%m-%d}", time=f"{last:%H:%M}"),) if last else ()
        asked = [ActPart[item.name]() for item in items] + ([ActPart.ANSWER()] if question else [])
        text = ActText.REFERRER_ASKED(case=case.number, what=in_a_row(asked))
        return ActResult(text, case.number, warnings, ActFacts(what=ActKind.ASKED, case=case.number))


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyToReferrer(CaseCommand):
    """Sends it at once: no platform reads it, so it needs no approval. It is no notification and starts no clock."""

    NAME = "case reply"
    MAY = DESK

    text: str

    def perform(self, work: UnitOfWork) -> ActResult:
        case = the_case(work, self.case)
        if not notices.has_referrer(work, case):
            raise Refusal(CommandRefusal.NOBODY_TO_WRITE_TO(case=case.number))
        notices.refuse_unproven(work, case)
        require_text("text", self.text)
        writing.refuse(work, RefusalPart.CASE(key=case.number))
        dedupe = f"reply/{case.number}/{work.now.isoformat()}"
        if unmade := notices.to_referrer(work, case, "referrer_reply", {"text": self.text.strip()}, dedupe):
            raise Refusal(unmade)
        return ActResult(ActText.REFERRER_WRITTEN_TO(case=case.number), case.number)
