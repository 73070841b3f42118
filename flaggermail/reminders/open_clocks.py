# SPDX-License-Identifier: EUPL-1.2
"""The clocks that run, as reminders see them: since when, with which steps, who was told and who acknowledged."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from flaggermail.errors import RowUnreadable
from flaggermail.ports import Transaction
from flaggermail.record.clocks import HUMAN, RECEIPT, SUBSTANCE
from flaggermail.record.definition import FieldCondition, where
from flaggermail.record.kinds import Kind
from flaggermail.record.rows import (
    Case,
    ClockRow,
    Notification,
    Reminder,
)
from flaggermail.record.states import CaseState, ClockKind, ClockState
from flaggermail.reminders.due_steps import Acknowledgement, SentStep, Silence
from flaggermail.settings.steps import Step, read_steps

DECISION = ClockKind.DECISION
_UNDECIDED = where(Case.state).is_(CaseState.OPEN), where(Case.decision).is_(None)
TOGETHER = 10_000  # subjects in one statement; SQLite takes 32,766 values


class CaseOfClock(NamedTuple):
    """What a reminder tells of its case: of a row it is little, and there may be thousands."""

    number: str
    title: str
    exercise: bool


@dataclass(frozen=True, slots=True)
class OpenClock:
    """A running clock: a notification waits for its platform, or a case for a decision."""

    case: CaseOfClock
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
        asks = reminder.clock == self.clock != SUBSTANCE and reminder.kind == Kind.REMINDER
        return Acknowledgement(frozenset({reminder.officer, by}), at, until, asks)


def _telling(reminder: Reminder) -> SentStep:
    escalates = reminder.kind == Kind.ESCALATION
    return SentStep(reminder.step, reminder.officer, reminder.told_at, reminder.repetition, escalates)


class UndecidedCases(NamedTuple):
    """Of the cases without a decision that have a clock: the numbers of the latest, how many there are and are late."""

    latest: list[str]
    number: int
    late: int  # without exercises


def undecided_cases(tx: Transaction, now: datetime, most: int) -> UndecidedCases:
    """Returns at most `most` of the latest; no other case is read, as those with the same steps fall due in order."""
    found, number, late = list[tuple[datetime, str]](), 0, 0
    for count, (first, text, exercise) in tx.alike(Case, Case.opened_at, (Case.steps, Case.exercise), *_UNDECIDED):
        if not (steps := read_steps(text)):
            continue
        after = min(step.due_at(first) for step in steps) - first
        here = *_UNDECIDED, where(Case.steps).is_(text), where(Case.exercise).is_(exercise)
        found += [(opened_at + after, key) for opened_at, key in _first_opened(tx, most, here)]
        number += count
        if not exercise and first + after <= now:
            late += tx.count(Case, *here, where(Case.opened_at).before(now - after + timedelta(microseconds=1)))
    return UndecidedCases([key for _, key in sorted(found)[:most]], number, late)


def _first_opened(tx: Transaction, most: int, here: Collection[FieldCondition]) -> list[tuple[datetime, str]]:
    try:
        return [(case.opened_at, case.number) for case in tx.in_order(Case, Case.opened_at, most, None, *here)]
    except RowUnreadable:  # of another field
        return sorted(tx.columns(Case, (Case.opened_at, Case.number), *here))[:most]


class Deciding(NamedTuple):
    """Of the cases without a decision that have a clock: their numbers, in order, and what tells the next reminder."""

    numbers: list[str]
    told: list[str]  # those about which somebody was reminded: their next step depends on it
    due_at: datetime | None  # when the first step of another falls due


def deciding(tx: Transaction) -> Deciding:
    """Reads three fields of each case. Before anybody is told, those with the same steps fall due as they were opened.

    `clocks_of_cases` yields the clocks of some.
    """
    found = tx.columns(Case, (Case.number, Case.opened_at, Case.steps), *_UNDECIDED)
    steps = {text: read_steps(text) for text in {text for _, _, text in found}}
    numbers = sorted(number for number, _, text in found if steps[text])
    told = _told_by(Reminder.case, tx, numbers, where(Reminder.notification).is_(None))
    first = dict[str, datetime]()
    for number, opened_at, text in found:
        if number not in told and (text not in first or opened_at < first[text]):
            first[text] = opened_at
    due = (step.due_at(opened_at) for text, opened_at in first.items() for step in steps[text])
    return Deciding(numbers, list(told), min(due, default=None))


def open_clocks(
    tx: Transaction, number: str | None = None, *, undecided: Collection[str] | None = None
) -> Iterator[OpenClock]:  # fmt: skip
    """Yields running clocks of notifications and cases without a decision, of all cases or of one by its `number`.

    `undecided`: of the cases without a decision, these alone. SQL selects them: there are as many statements for ten
    thousand of them as for one.
    """
    yield from clocks_of_uses(tx, number)
    yield from clocks_of_cases(tx, undecided if number is None else [number])


def clocks_of_cases(tx: Transaction, undecided: Collection[str] | None) -> Iterator[OpenClock]:
    """Yields the clocks of the cases without a decision, or of these alone."""
    names, every = list(undecided or ()), undecided is None
    parts = [()] if every else [(where(Case.number).in_(part),) for part in _in_parts(names)]
    fields = (Case.number, Case.title, Case.exercise, Case.opened_at, Case.steps)
    found = sorted(row for here in parts for row in tx.columns(Case, fields, *here, *_UNDECIDED))
    told = _told_by(Reminder.case, tx, [row[0] for row in found], where(Reminder.notification).is_(None))
    for key, title, exercise, opened_at, text in found:
        if steps := read_steps(text):
            case = CaseOfClock(key, title, exercise)
            yield OpenClock(case, None, DECISION, opened_at, steps, told.get(key, ()))


def clocks_of_uses(tx: Transaction, number: str | None = None) -> Iterator[OpenClock]:
    """Yields the running clocks of notifications, of all cases or of one."""
    own = tx.find(Notification, where(Notification.case).is_(number)) if number is not None else []
    here = [where(ClockRow.notification).in_([row.id for row in own])] if number is not None else []
    kinds = where(ClockRow.kind).in_([RECEIPT, HUMAN, SUBSTANCE])
    running = tx.find(ClockRow, where(ClockRow.state).is_(ClockState.RUNNING), kinds, *here)
    unconfirmed = {clock.notification for clock in running if clock.kind == RECEIPT}
    names = sorted({clock.notification for clock in running})
    notifications = {row.id: row for row in tx.find(Notification, where(Notification.id).in_(names))}
    numbers = sorted({row.case for row in notifications.values()})
    cases = {row.number: row for row in tx.find(Case, where(Case.number).in_(numbers))}
    told = _told_by(Reminder.notification, tx, names)
    for clock in running:
        notification = notifications.get(clock.notification)
        case = cases.get(notification.case) if notification else None
        if notification is not None and case is not None and case.state != CaseState.CLOSED:
            policy = read_steps(notification.steps)
            if clock.kind == HUMAN and notification.id in unconfirmed and any(s.clock == RECEIPT for s in policy):
                continue  # before any answer, only the receipt clock reminds, if the channel can confirm
            steps = [s for s in policy if s.clock == clock.kind]
            about = told.get(notification.id, ())
            of_case = CaseOfClock(case.number, case.title, case.exercise)
            yield OpenClock(of_case, notification, clock.kind, _counted_from(clock), steps, about)


def _counted_from(clock: ClockRow) -> datetime:
    """Returns the start; that of substance cut to the minute, so that steps of one time of day come in one mail."""
    at = clock.started_at
    return at.replace(second=0, microsecond=0) if clock.kind == SUBSTANCE else at


def _told_by(
    subject: str | None, tx: Transaction, keys: Sequence[str], *conditions: FieldCondition
) -> Mapping[str, Sequence[Reminder]]:  # fmt: skip
    """Returns the reminders of these notifications or cases, by their key: `subject` is the field that names them.

    A mailbox of years leaves tens of thousands of cases without a decision, more than a statement takes values.
    """
    field, told = where(subject), dict[str, list[Reminder]]()
    for part in _in_parts(keys):
        for reminder in tx.find(Reminder, field.in_(part), *conditions):
            told.setdefault(getattr(reminder, field.name), []).append(reminder)
    return told


def _in_parts(keys: Sequence[str]) -> Iterator[Sequence[str]]:
    return (keys[first : first + TOGETHER] for first in range(0, len(keys), TOGETHER))
