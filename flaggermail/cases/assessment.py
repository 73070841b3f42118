# SPDX-License-Identifier: EUPL-1.2
"""Whether an assessment supports a decision to notify: the two steps, and own means first for a lost channel."""

from __future__ import annotations

from flaggermail.record.case_values import CaseType, Origin
from flaggermail.record.rows import Case
from flaggermail.wording.acts import ActWarning
from flaggermail.wording.refusals import DecisionRefusal
from flaggermail.wording.said import StoredText

ENOUGH_ATTEMPTS = 2  # "repeated" means at least two


def missing(case: Case) -> tuple[StoredText, ...]:
    """Returns what the assessment lacks before a decision to notify is allowed."""
    lacks: list[StoredText] = []
    if case.type == CaseType.CONTENT and case.incorrect is not True:
        lacks.append(DecisionRefusal.STEP_A())
    if case.type in {CaseType.CONTENT, CaseType.GENERAL_WARNING} and not case.criteria:
        lacks.append(DecisionRefusal.STEP_B())
    if case.type == CaseType.CHANNEL and case.all_means_used is not True and not (case.override_reason or "").strip():
        lacks.append(DecisionRefusal.OWN_MEANS())
    return tuple(lacks)


def few_attempts(case: Case) -> bool:
    """True if a referrer made fewer attempts of their own than "repeated" means."""
    return case.origin == Origin.REFERRAL and (case.own_attempts or 0) < ENOUGH_ATTEMPTS


def warnings(case: Case) -> tuple[StoredText, ...]:
    """Returns warnings for the decision; none of them blocks it."""
    found = []
    if few_attempts(case):
        found.append(ActWarning.FEW_ATTEMPTS(given=case.own_attempts or 0, enough=ENOUGH_ATTEMPTS))
    if case.incorrect is not None and not (case.contradicts or "").strip():
        found.append(ActWarning.RULE_UNNAMED())
    return tuple(found)
