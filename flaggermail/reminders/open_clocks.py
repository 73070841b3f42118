# SPDX-License-Identifier: EUPL-1.2
"""Open clocks and the facts that decide their next reminder, derived from the rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from flaggermail.notifications.clocks import HUMAN, RECEIPT
from flaggermail.oncall import escalation
from flaggermail.oncall.escalation import Acknowledgement, SentStep, Silence, Step
from flaggermail.ports import Transaction
from flaggermail.record.clocks import ClockKind
from flaggermail.record.kinds import Kind
from flaggermail.record.rows import Case, ClockRow, Notification, Reminder
from flaggermail.record.states import CaseState, ClockState

DECISION = ClockKind.DECISION


@dataclass(frozen=True, slots=True)
class OpenClock:
    """A running clock: a notification waits for its platform, or a case for a decision."""

    case: Case
    notification: Notification | None
    clock: ClockKind
    started_at: datetime
    steps: Sequence[Step]
    told: Sequence[Reminder]  # about the same notification, or the same case

    @property
    def about(self) -> str:
        """The key of the notification or case."""
        return self.notification.id if self.notification else self.case.number

    @property
    def silence(self) -> Silence:
        """The input of the escalation policy; reminders sent before this clock started belong to an earlier run."""
        told = [_telling(r) for r in self.told if r.clock == self.clock and r.told_at >= self.started_at]
        return Silence(self.started_at, told, [a for r in self.told if (a := self.acknowledgement(r))])

    def acknowledgement(self, reminder: Reminder) -> Acknowledgement | None:
        """An "ok" to any clock of this notification silences its officer; only its own clock asks when it expires."""
        at, until, by = reminder.acknowledged_at, reminder.acknowledged_until, reminder.acknowledged_by
        if at is None or until is None or by is None or at < self.started_at:
            return None
        asks = reminder.clock == self.clock and reminder.kind == Kind.REMINDER
        return Acknowledgement(frozenset({reminder.officer, by}), at, until, asks)


def _telling(reminder: Reminder) -> SentStep:
    escalates = reminder.kind == Kind.ESCALATION
    return SentStep(reminder.step, reminder.officer, reminder.told_at, reminder.repetition, escalates)


def open_clocks(tx: Transaction) -> Iterator[OpenClock]:
    """Yields running clocks of notifications and cases without a decision, selected by SQL."""
    running = tx.find(ClockRow, state=ClockState.RUNNING, kind=[RECEIPT, HUMAN])
    unconfirmed = {clock.notification for clock in running if clock.kind == RECEIPT}
    for clock in running:
        notification = tx.get(Notification, clock.notification)
        case = tx.get(Case, notification.case) if notification else None
        if notification is not None and case is not None and case.state != CaseState.CLOSED:
            policy = escalation.read_steps(notification.steps)
            if clock.kind == HUMAN and notification.id in unconfirmed and any(s.clock == RECEIPT for s in policy):
                continue  # before any answer, only the receipt clock reminds, if the channel can confirm
            steps = [s for s in policy if s.clock == clock.kind]
            told = tx.find(Reminder, notification=notification.id)
            yield OpenClock(case, notification, clock.kind, clock.started_at, steps, told)
    for case in tx.find(Case, state=CaseState.OPEN, decision=None):
        steps = list(escalation.read_steps(case.reminders))
        if steps:
            told = tx.find(Reminder, case=case.number, notification=None)
            yield OpenClock(case, None, DECISION, case.opened_at, steps, told)
