# SPDX-License-Identifier: EUPL-1.2
"""Tells the referrer what was decided about their case, once for each decision."""

from __future__ import annotations

from flaggermail.letters import writing
from flaggermail.notices import notices
from flaggermail.record.case_values import Decision
from flaggermail.record.definition import where
from flaggermail.record.rows import Case, Notification
from flaggermail.record.states import NotificationState
from flaggermail.services import UnitOfWork


def tell(work: UnitOfWork, case: Case, advice: str = "") -> None:
    """Tells the current decision unless it was told; to notify, once a notification of the case has been sent.

    The caller that decides otherwise than before has counted the decision under `counter`.
    """
    notifies = case.decision == Decision.NOTIFY
    if notifies and not _is_sent(work, case):
        return
    template = "decided_to_notify" if notifies else "decided_not_to_notify"
    number = work.tx.reached(counter(case))
    before = writing.is_queued(work, _dedupe(case, number - 1), case.referrer_address or "")
    values: dict[str, object] = {"changed": before}
    if not notifies:
        why = case.decision_ground or case.decision or ""
        values |= {"why": why, "reason": (case.decision_reason or "").strip(), "advice": advice.strip()}
    notices.to_referrer(work, case, template, values, _dedupe(case, number))


def _is_sent(work: UnitOfWork, case: Case) -> bool:
    uses = work.tx.find(Notification, where(Notification.case).is_(case.number))
    return any(use.counted and use.state == NotificationState.SENT for use in uses)


def counter(case: Case) -> str:
    """Returns the name under which the decisions that a referrer may be told are counted."""
    return f"decision {case.number}"


def _dedupe(case: Case, number: int) -> str:
    return f"decided/{case.number}/{number}"
