# SPDX-License-Identifier: EUPL-1.2
"""The clocks that run, as reminders see them: since when, with which steps, who was told and who acknowledged."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
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
FEW = 20  # different steps that are asked for one by one; before an election each minute brings others


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


class Undecided(NamedTuple):
    """Of the cases without a decision those with the same steps, of which there is one at least, exercises apart."""

    number: int
    first_at: datetime  # when the first of them was opened
    steps: Sequence[Step]
    text: str  # of the steps
    exercise: bool
    here: tuple[FieldCondition, ...]  # which they alone meet


def alike_undecided(tx: Transaction) -> Iterator[Undecided]:
    """Yields the cases without a decision that have a clock; with the same steps they fall due as they were opened."""
    for number, (first_at, exercise, text) in tx.alike(Case, Case.opened_at, (Case.exercise, Case.steps), *_UNDECIDED):
        if steps := read_steps(text):
            same = where(Case.steps).is_(text), where(Case.exercise).is_(exercise)
            yield Undecided(number, first_at, steps, text, exercise, (*_UNDECIDED, *same))


def _first_opened(
    tx: Transaction, cases: Sequence[Undecided], most: int
) -> Iterator[tuple[Undecided, Sequence[tuple[datetime, str]]]]:  # fmt: skip
    """Yields with each the instants and numbers of the first `most`, in order; of all where many have own steps."""
    if len(cases) <= FEW:
        yield from ((one, tx.leading(Case, (Case.opened_at, Case.number), most, "", *one.here)) for one in cases)
        return
    fields, every = (Case.opened_at, Case.number, Case.exercise, Case.steps), dict[object, list[tuple[datetime, str]]]()
    for at, number, exercise, text in tx.columns(Case, fields, *_UNDECIDED):
        every.setdefault((exercise, text), []).append((at, number))
    yield from ((one, sorted(every[one.exercise, one.text])) for one in cases)


class UndecidedCases(NamedTuple):
    """Of the cases without a decision that have a clock: the numbers of the latest, how many there are and are late."""

    latest: list[str]
    number: int
    late: int  # without exercises


def undecided_cases(tx: Transaction, now: datetime, most: int) -> UndecidedCases:
    """Returns at most `most` of the latest; no other case is read."""
    found, number, late = list[tuple[datetime, str]](), 0, 0
    for one, opened in _first_opened(tx, list(alike_undecided(tx)), most):
        after = min(step.due_at(one.first_at) for step in one.steps) - one.first_at
        found += [(opened_at + after, key) for opened_at, key in opened]
        number += one.number
        if not one.exercise and len(opened) == one.number:
            late += sum(at + after <= now for at, _ in opened)
        elif not one.exercise and one.first_at + after <= now:
            late += one.number - tx.count(Case, *one.here, where(Case.opened_at).after(now - after))
    return UndecidedCases([key for _, key in sorted(found)[:most]], number, late)


class Deciding(NamedTuple):
    """Of the cases without a decision that have a clock: those alike, and what tells the next reminder."""

    cases: Sequence[Undecided]
    told: Collection[str]  # about which somebody was reminded, and perhaps others: their next step depends on it
    due_at: datetime | None  # when the first step of another falls due


def deciding(tx: Transaction) -> Deciding:
    """Reads no more cases than somebody was told of, unless many have steps of their own. `numbers_of` names some."""
    cases = list(alike_undecided(tx))
    told, due = _told_about(tx, cases), list[datetime]()
    for one, opened in _first_opened(tx, cases, len(told) + 1):
        untold = next((at for at, number in opened if number not in told), None)
        due += [step.due_at(untold) for step in one.steps if untold is not None]
    return Deciding(cases, told, min(due, default=None))


def _told_about(tx: Transaction, cases: Sequence[Undecided]) -> Collection[str]:
    """Returns about which cases somebody was reminded: of these, perhaps others too; by case if reminders are more."""
    number, own = sum(one.number for one in cases), where(Reminder.notification).is_(None)
    found = tx.leading(Reminder, (Reminder.case,), number + 1, "", own)
    if len(found) > number:
        parts = _in_parts(numbers_of(tx, cases, number, ""))
        found = [
            row for part in parts for row in tx.columns(Reminder, (Reminder.case,), where(Reminder.case).in_(part), own)
        ]
    return {case for (case,) in found}


def numbers_of(tx: Transaction, cases: Sequence[Undecided], most: int, after: str) -> list[str]:
    """Returns the first `most` numbers behind `after`, in their order; `clocks_of_cases` yields their clocks."""
    if len(cases) <= FEW:
        own = (number for one in cases for (number,) in tx.leading(Case, (Case.number,), most, after, *one.here))
    else:
        own = (number for _, opened in _first_opened(tx, cases, most) for _, number in opened if number > after)
    return sorted(own)[:most]


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
    found = sorted(row for here in parts for row in _undecided_rows(tx, here))
    told = _told_by(Reminder.case, tx, [row[0] for row in found], where(Reminder.notification).is_(None))
    for key, title, exercise, opened_at, text in found:
        if steps := read_steps(text):
            case = CaseOfClock(key, title, exercise)
            yield OpenClock(case, None, DECISION, opened_at, steps, told.get(key, ()))


def _undecided_rows(
    tx: Transaction, here: tuple[FieldCondition, ...]
) -> Iterator[tuple[str, str, bool, datetime, str]]:  # fmt: skip
    """Yields number, title, exercise, instant and steps of each case without a decision, or of these alone."""
    fields = (Case.number, Case.title, Case.exercise, Case.opened_at, Case.steps, Case.state, Case.decision)
    try:  # Of those that are named it is not asked: SQLite would then pass over all without a decision.
        rows = tx.columns(Case, fields, *(here or _UNDECIDED))
    except RowUnreadable:  # of a case with a decision, perhaps
        rows = tx.columns(Case, fields, *here, *_UNDECIDED)
    yield from (row[:5] for row in rows if row[5:] == (CaseState.OPEN, None))


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
