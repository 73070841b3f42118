# SPDX-License-Identifier: EUPL-1.2
"""Asks a referrer for what is missing."""

from __future__ import annotations

from flaggermail.cases.checklist import SPOKEN, Item
from flaggermail.cases.referrals import missing_of
from flaggermail.commands import acts
from flaggermail.commands.lookups import Outcome, one_of, the_case
from flaggermail.errors import Refusal
from flaggermail.letters import observing
from flaggermail.notices import notices, reading
from flaggermail.record.events import EventKind
from flaggermail.record.kinds import Kind
from flaggermail.record.rows import OutboxMail
from flaggermail.record.states import CaseState
from flaggermail.services import EventRef, UnitOfWork


def ask(work: UnitOfWork, act: acts.AskReferrer) -> Outcome:
    """Asks for the named items and the free question; without either, for what the checklist lacks."""
    case = the_case(work, act.case)
    if not notices.has_referrer(work, case):
        raise Refusal(f"case {case.number}: nobody referred it by mail, so there is nobody to ask")
    if case.state == CaseState.CLOSED:
        raise Refusal(f"case {case.number}: is closed; nothing is asked any more")
    notices.refuse_unproven(work, case)
    observing.refuse(work, f"case {case.number}")
    for name in act.items:
        one_of("item", name, list(Item))
    question = act.text.strip()
    named = tuple(Item(name) for name in dict.fromkeys(act.items))
    items = named or (() if question else missing_of(work, case, read=reading.again))
    if not (items or question):
        raise Refusal(f"case {case.number}: nothing is missing; name an item (--item) or write a question (--text)")
    asked_before = work.tx.find(OutboxMail, case=case.number, kind=Kind.INFORMATION_REQUEST)
    about = EventRef(case=case.number)
    work.record(EventKind.INFORMATION_ASKED, about=about, reason="+".join(items) or "a question")
    values = {"missing": [item.value for item in items], "question": question}
    dedupe = f"asked/{case.number}/{work.now.isoformat()}"
    notices.to_referrer(work, case, Kind.INFORMATION_REQUEST, "information_request", values, dedupe)
    last = max((mail.queued_at.astimezone(work.env.settings.zone) for mail in asked_before), default=None)
    warnings = (f"the referrer was asked before, last on {last:%Y-%m-%d at %H:%M}",) if last else ()
    spoken = [SPOKEN[item] for item in items] + (["an answer to your question"] if question else [])
    return Outcome(f"case {case.number}: the referrer is asked for {', '.join(spoken)}", case.number, warnings)
