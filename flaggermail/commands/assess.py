# SPDX-License-Identifier: EUPL-1.2
"""Assesses a case in two steps, and decides it."""

from __future__ import annotations

from dataclasses import fields, replace

from flaggermail.cases import assessment
from flaggermail.commands import acts
from flaggermail.commands.lookups import Outcome, given, one_of, the_case
from flaggermail.errors import Refusal
from flaggermail.notices import notices
from flaggermail.record.case_values import Aspect, Decision, DeclineReason
from flaggermail.record.events import EventKind, changed
from flaggermail.record.kinds import Kind
from flaggermail.record.rows import Case, Notification
from flaggermail.record.states import CaseState, NotificationState
from flaggermail.services import EventRef, UnitOfWork

CRITERIA = frozenset({1, 2, 3})


def assess(work: UnitOfWork, act: acts.Assess) -> Outcome:
    """Records the assessment; omitted fields keep their value."""
    case = the_case(work, act.case)
    if act.criteria is not None and not CRITERIA.issuperset(act.criteria):
        raise Refusal(f"criteria: {list(act.criteria)} must be among 1, 2, 3")
    if act.own_attempts is not None and act.own_attempts < 0:
        raise Refusal(f"own_attempts: {act.own_attempts} must be 0 or more")
    for aspect in act.aspects or ():
        one_of("aspects", aspect, acts.ASPECTS)
    filled = {f.name: value for f in fields(act) if (value := getattr(act, f.name)) is not None}
    del filled["case"]
    if act.aspects is not None:
        filled["aspects"] = tuple(map(Aspect, act.aspects))
    assessed = replace(case, **filled, assessed_by=work.actor, assessed_at=work.now)
    work.record(EventKind.CASE_ASSESSED, changed(case, assessed), about=EventRef(case=case.number))
    return Outcome(f"case {case.number} assessed", case.number, assessment.warnings(assessed))


def decide(work: UnitOfWork, act: acts.Decide) -> Outcome:
    """Records the decision and tells the referrer: once, and again if it changes."""
    case = the_case(work, act.case)
    one_of("decision", act.decision, acts.DECISIONS)
    ground = _ground(act)
    if ground in {None, DeclineReason.OTHER}:
        given("reason", act.reason)
    notifies = act.decision == Decision.NOTIFY
    missing = assessment.missing(case) if notifies else ()
    if missing:
        raise Refusal(f"case {case.number}: not ready to notify: {'; '.join(missing)}")
    if not notifies and work.tx.find(
        Notification, case=case.number, state=[NotificationState.APPROVED, NotificationState.SENT]
    ):
        raise Refusal(f"case {case.number}: a notification was sent; close the case instead")
    decided = replace(
        case,
        decision=Decision(act.decision),
        decision_ground=ground,
        decision_reason=act.reason,
        decided_by=work.actor,
        decided_at=work.now,
        state=CaseState.DECIDED if case.state == CaseState.OPEN else case.state,
    )
    why = f"{act.decision}: {ground}" if ground else act.decision
    work.record(EventKind.CASE_DECIDED, changed(case, decided), reason=why, about=EventRef(case=case.number))
    if _shown_to_referrer(case) != _shown_to_referrer(decided):
        tell_referrer(work, decided, act.advice, changed=case.decision is not None)
    return Outcome(f"case {case.number}: {act.decision}", case.number, _warnings(work, decided))


def _warnings(work: UnitOfWork, case: Case) -> tuple[str, ...]:
    """Returns what to think of; among it that a referrer for whom nobody vouches was not told."""
    message = notices.unproven_referrer(work, case)
    if message is None:
        return assessment.warnings(case)
    do = f"`flaggermail message confirm {message}` vouches for it and tells them" if message else "call them"
    return (*assessment.warnings(case), f"the referrer is not told, because their mail is not verified; {do}")


def _ground(act: acts.Decide) -> DeclineReason | None:
    """Returns the ground from the closed list; a decline in free text only has the ground OTHER."""
    if act.decision != Decision.DECLINE:
        if act.ground is not None:
            raise Refusal(f"ground: {act.ground!r} belongs to a decline; {act.decision} is explained by its reason")
        return None
    one_of("reason", act.ground or DeclineReason.OTHER, list(DeclineReason))
    return DeclineReason(act.ground or DeclineReason.OTHER)


def _shown_to_referrer(case: Case) -> tuple[str | None, ...]:
    """Returns the part of a decision sent to the referrer; the reason for notifying is between us and the platform."""
    if case.decision == Decision.NOTIFY:
        return (case.decision,)
    return (case.decision, case.decision_ground, case.decision_reason)


def tell_referrer(work: UnitOfWork, case: Case, advice: str, *, changed: bool) -> None:
    """Tells the referrer the decision."""
    notifies = case.decision == Decision.NOTIFY
    template = "decided_to_notify" if notifies else "decided_not_to_notify"
    values: dict[str, object] = {"changed": changed}
    if not notifies:
        why = case.decision_ground or case.decision or ""
        values |= {"why": why, "reason": (case.decision_reason or "").strip(), "advice": advice.strip()}
    dedupe = f"decided/{case.number}/{work.tx.number(f'decision {case.number}')}"
    notices.to_referrer(work, case, Kind.DECISION_NOTICE, template, values, dedupe)
