# SPDX-License-Identifier: EUPL-1.2
"""Opens, assigns, links, corrects and closes cases."""

from __future__ import annotations

from dataclasses import replace

from flaggermail.cases import lifecycle
from flaggermail.commands import acts, decline, move
from flaggermail.commands.lookups import Outcome, one_of, the_case, the_election, the_message
from flaggermail.errors import NotFound, Refusal
from flaggermail.mail.subject import split_subject
from flaggermail.record.case_values import CaseType, Origin, Source
from flaggermail.record.events import EventKind, changed
from flaggermail.record.kinds import Kind
from flaggermail.record.rows import Case, StoredMessage
from flaggermail.record.states import CaseState
from flaggermail.services import EventRef, UnitOfWork


def open_case(work: UnitOfWork, act: acts.OpenCase) -> Outcome:
    """Opens a case without a referral, or from a stored message."""
    if the_election(work, act.election).closed_at is not None:
        raise Refusal(f"election {act.election}: is closed; no new case may belong to it")
    one_of("type", act.type, acts.CASE_TYPES)
    one_of("origin", act.origin, acts.ORIGINS)
    if act.source is not None:
        one_of("source", act.source, acts.SOURCES)
    for number in act.related:
        _precedent(the_case(work, number), exercise=the_election(work, act.election).exercise)
    message = decline.take_back(work, the_message(work, act.from_message)) if act.from_message else None
    if message is not None and message.case is not None:
        raise Refusal(f"message {message.id}: belongs to {message.case} already")
    case = lifecycle.new_case(work, _wanted(work, act, message), f"opened by {work.actor}")
    if message is not None:
        move.into_case(work, message, case.number, (Kind.REFERRAL,), "a case was opened from it")
    return Outcome(f"case {case.number} opened", case.number)


def _wanted(work: UnitOfWork, act: acts.OpenCase, message: StoredMessage | None) -> Case:
    subject = split_subject(message.subject or "", work.env.language).base if message else ""
    return Case(
        number="",
        token="",
        election=act.election,
        type=CaseType(act.type),
        origin=Origin(act.origin),
        source=Source(act.source) if act.source is not None else None,
        title=act.title or subject,
        language=work.env.settings.desk.organisation.language,
        referrer_address=message.from_address if message else None,
        referrer_name=message.from_name if message else None,
        root_message=message.id if message else None,
        related=act.related,
        opened_at=work.now,
        opened_by=work.actor,
        assigned_to=work.actor,
    )


def assign(work: UnitOfWork, act: acts.AssignCase) -> Outcome:
    """Assigns a case to an officer."""
    case = the_case(work, act.case)
    if work.env.settings.rota.officer(act.officer) is None:
        raise NotFound(f"officer {act.officer}: is not in oncall.yaml")
    change = changed(case, replace(case, assigned_to=act.officer))
    work.record(EventKind.CASE_ASSIGNED, change, reason=act.officer, about=EventRef(case=case.number))
    return Outcome(f"case {case.number} is with {act.officer}", case.number)


def link(work: UnitOfWork, act: acts.LinkCase) -> Outcome:
    """Links earlier cases on the same narrative."""
    case = the_case(work, act.case)
    for number in act.related:
        if the_case(work, number).number == case.number:
            raise Refusal(f"case {number}: cannot be related to itself")
        _precedent(the_case(work, number), exercise=case.exercise)
    linked = replace(case, related=tuple(dict.fromkeys((*case.related, *act.related))))
    work.record(EventKind.CASE_LINKED, changed(case, linked), about=EventRef(case=case.number))
    return Outcome(f"case {case.number} related to {', '.join(linked.related)}", case.number)


def _precedent(related: Case, *, exercise: bool) -> None:
    if related.exercise and not exercise:
        raise Refusal(f"case {related.number}: is of an exercise, and no precedent for a real case")


def reclassify(work: UnitOfWork, act: acts.ReclassifyCase) -> Outcome:
    """Corrects type or source; the history keeps the old value."""
    case = the_case(work, act.case)
    if act.type is not None:
        one_of("type", act.type, acts.CASE_TYPES)
    if act.source is not None:
        one_of("source", act.source, acts.SOURCES)
    corrected = replace(
        case,
        type=CaseType(act.type) if act.type else case.type,
        source=Source(act.source) if act.source else case.source,
    )
    if corrected == case:
        raise Refusal(f"case {case.number}: nothing to correct; give --type or --source")
    work.record(EventKind.CASE_RECLASSIFIED, changed(case, corrected), about=EventRef(case=case.number))
    return Outcome(f"case {case.number} is {corrected.type}, source {corrected.source}", case.number)


def close(work: UnitOfWork, act: acts.CloseCase) -> Outcome:
    """Closes a case; a later answer opens it again."""
    case = the_case(work, act.case)
    if case.state == CaseState.CLOSED:
        raise Refusal(f"case {case.number}: is closed already")
    if case.decision is None:
        raise Refusal(f"case {case.number}: has no decision yet; `flaggermail case decide {case.number} ...`")
    change = changed(case, replace(case, state=CaseState.CLOSED, closed_at=work.now))
    work.record(EventKind.CASE_CLOSED, change, about=EventRef(case=case.number))
    return Outcome(f"case {case.number} closed", case.number)
