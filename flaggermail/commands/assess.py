# SPDX-License-Identifier: EUPL-1.2
"""Assesses a case in two steps, and decides it."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

from flaggermail.cases import assessment
from flaggermail.commands.command import CaseCommand
from flaggermail.commands.named_rows import require_text, the_case
from flaggermail.commands.outcome import ActFacts, ActKind, ActResult
from flaggermail.errors import Refusal
from flaggermail.notices import decision_notice, notices
from flaggermail.record.case_values import Aspect, Decision, DeclineReason
from flaggermail.record.definition import where
from flaggermail.record.events import EventKind, changed
from flaggermail.record.rows import Case, Notification
from flaggermail.record.states import CaseState, NotificationState
from flaggermail.services import EventRef, UnitOfWork
from flaggermail.settings.rota import DECIDES, DESK
from flaggermail.wording.acts import ActText, ActWarning
from flaggermail.wording.pieces import DecisionWord
from flaggermail.wording.refusals import CommandRefusal
from flaggermail.wording.said import StoredText

CRITERIA = frozenset({1, 2, 3})
MOST_ATTEMPTS = 1000  # a typing error is larger


@dataclass(frozen=True, slots=True, kw_only=True)
class Assess(CaseCommand):
    """Records both steps of the assessment; omitted fields keep their value."""

    NAME = "case assess"
    MAY = DESK

    incorrect: bool | None = None
    contradicts: str | None = None
    criteria: tuple[int, ...] | None = None
    aspects: tuple[Aspect, ...] | None = None
    own_attempts: int | None = None
    all_means_used: bool | None = None
    override_reason: str | None = None
    satire: bool | None = None

    def perform(self, work: UnitOfWork) -> ActResult:
        case = the_case(work, self.case)
        if self.criteria is not None and not CRITERIA.issuperset(self.criteria):
            raise Refusal(CommandRefusal.CRITERIA_UNKNOWN(given=[str(one) for one in self.criteria]))
        if self.own_attempts is not None and not 0 <= self.own_attempts <= MOST_ATTEMPTS:
            raise Refusal(CommandRefusal.ATTEMPTS_OUT_OF_RANGE(given=self.own_attempts, most=MOST_ATTEMPTS))
        filled = {
            f.name: value for f in fields(self) if f.name != "case" and (value := getattr(self, f.name)) is not None
        }
        assessed = replace(case, **filled, assessed_by=work.actor, assessed_at=work.now)
        work.record(EventKind.CASE_ASSESSED, changed(case, assessed), about=EventRef(case=case.number))
        did = ActFacts(what=ActKind.ASSESSED, case=case.number)
        return ActResult(ActText.CASE_ASSESSED(case=case.number), case.number, assessment.warnings(assessed), did)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decide(CaseCommand):
    """Records the decision; for a decline, `ground` is a DeclineReason, or None if `reason` is in free text."""

    NAME = "case decide"
    MAY = DECIDES

    decision: Decision
    reason: str = ""
    advice: str = ""
    ground: DeclineReason | None = None

    def perform(self, work: UnitOfWork) -> ActResult:
        case = the_case(work, self.case)
        ground = _ground(self)
        if ground in {None, DeclineReason.OTHER}:
            require_text("reason", self.reason)
        notifies = self.decision == Decision.NOTIFY
        missing = assessment.missing(case) if notifies else ()
        if missing:
            raise Refusal(CommandRefusal.NOT_READY_TO_NOTIFY(case=case.number, missing=missing))
        if not notifies and work.tx.find(
            Notification,
            where(Notification.case).is_(case.number),
            where(Notification.state).in_([NotificationState.APPROVED, NotificationState.SENT]),
        ):
            raise Refusal(CommandRefusal.NOTIFIED_ALREADY(case=case.number))
        decided = replace(
            case,
            decision=self.decision,
            decision_ground=ground,
            decision_reason=self.reason,
            decided_by=work.actor,
            decided_at=work.now,
            state=CaseState.DECIDED if case.state == CaseState.OPEN else case.state,
        )
        why = f"{self.decision}: {ground}" if ground else self.decision
        work.record(EventKind.CASE_DECIDED, changed(case, decided), reason=why, about=EventRef(case=case.number))
        if _shown_to_referrer(case) != _shown_to_referrer(decided):
            work.tx.number(decision_notice.counter(decided))
            decision_notice.tell(work, decided, self.advice)
        unproven = notices.unproven_referrer(work, decided)
        did = ActFacts(
            what=ActKind.DECIDED, case=case.number, decision=self.decision, unproven=unproven,
            few_attempts=notifies and assessment.few_attempts(decided),
        )  # fmt: skip
        text = ActText.CASE_DECIDED(
            case=case.number, decision=self.decision, words=DecisionWord[self.decision.name]()
        )  # fmt: skip
        return ActResult(text, case.number, _warnings(decided, unproven), did)


def _warnings(case: Case, unproven: str | None) -> tuple[StoredText, ...]:
    """Returns what to think of; among it that a referrer for whom nobody vouches was not told."""
    if unproven is None:
        return assessment.warnings(case)
    untold = ActWarning.REFERRER_NOT_TOLD(message=unproven) if unproven else ActWarning.REFERRER_TO_CALL()
    return (*assessment.warnings(case), untold)


def _ground(command: Decide) -> DeclineReason | None:
    """Returns the ground from the closed list; a decline in free text only has the ground OTHER."""
    if command.decision != Decision.DECLINE:
        if command.ground is not None:
            raise Refusal(CommandRefusal.GROUND_OF_DECLINE(ground=command.ground.value, decision=command.decision))
        return None
    return command.ground or DeclineReason.OTHER


def _shown_to_referrer(case: Case) -> tuple[str | None, ...]:
    """Returns the part of a decision sent to the referrer; the reason for notifying is between us and the platform."""
    if case.decision == Decision.NOTIFY:
        return (case.decision,)
    return (case.decision, case.decision_ground, case.decision_reason)
