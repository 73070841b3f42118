# SPDX-License-Identifier: EUPL-1.2
"""The acts that weigh a case: the two-step assessment and the decision."""

from __future__ import annotations

from dataclasses import fields, replace

from flaggermail import casework
from flaggermail.core import acts, assessment
from flaggermail.core.events import EventKind, changed
from flaggermail.core.records import Notification
from flaggermail.core.rules import Kind
from flaggermail.desk.outcome import Outcome, given, one_of, the_case
from flaggermail.environment import About, Work
from flaggermail.errors import Refusal

CRITERIA = frozenset({1, 2, 3})


def assess(work: Work, act: acts.Assess) -> Outcome:
    """Record the assessment; what is left out stays as it was."""
    case = the_case(work, act.case)
    if act.criteria is not None and not CRITERIA.issuperset(act.criteria):
        raise Refusal(f"criteria: {list(act.criteria)} must be among 1, 2, 3")
    if act.own_attempts is not None and act.own_attempts < 0:
        raise Refusal(f"own_attempts: {act.own_attempts} must be 0 or more")
    for aspect in act.aspects or ():
        one_of("aspects", aspect, acts.ASPECTS)
    filled = {f.name: value for f in fields(act) if f.name != "case" and (value := getattr(act, f.name)) is not None}
    assessed = replace(case, **filled, assessed_by=work.actor, assessed_at=work.now)
    work.record(EventKind.CASE_ASSESSED, changed(case, assessed), about=About(case=case.number))
    return Outcome(f"case {case.number} assessed", case.number, assessment.warnings(assessed))


def decide(work: Work, act: acts.Decide) -> Outcome:
    """Record the decision; the referrer hears of it, for `notify` once the notification has left."""
    case = the_case(work, act.case)
    one_of("decision", act.decision, acts.DECISIONS)
    given("reason", act.reason)
    notifies = act.decision == "notify"
    missing = assessment.missing(case) if notifies else ()
    if missing:
        raise Refusal(f"case {case.number}: not ready to notify: {'; '.join(missing)}")
    if not notifies and work.tx.find(Notification, case=case.number, state=["approved", "sent"]):
        raise Refusal(f"case {case.number}: a notification was sent; close the case instead")
    decided = replace(
        case,
        decision=act.decision,
        decision_reason=act.reason,
        decided_by=work.actor,
        decided_at=work.now,
        state="decided" if case.state == "open" else case.state,
    )
    work.record(EventKind.CASE_DECIDED, changed(case, decided), reason=act.decision, about=About(case=case.number))
    if not notifies:
        values = {"reason": act.reason, "advice": act.advice}
        dedupe = f"decided/{case.number}/{work.now.isoformat()}"
        casework.to_referrer(work, decided, Kind.DECISION_NOTICE, "decided_not_notified", values, dedupe)
    return Outcome(f"case {case.number}: {act.decision}", case.number, assessment.warnings(decided))
