# SPDX-License-Identifier: EUPL-1.2
"""All that is recorded of one case."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, ClassVar

from flaggermail.cases import assessment
from flaggermail.cases.holds import HeldOnDay
from flaggermail.cases.lifecycle import missing_of
from flaggermail.commands.cases import numbers_on_narrative
from flaggermail.commands.lookups import the_case
from flaggermail.desk.answers import FLAT, Answer
from flaggermail.desk.views.calculation import ClockPlan
from flaggermail.desk.views.case_uses import CaseUses, ShownNotification
from flaggermail.desk.views.view import Cut, ListView
from flaggermail.mail.message import SenderVerdict
from flaggermail.ports import Transaction
from flaggermail.record.case_values import Decision, DeclineReason, Item
from flaggermail.record.definition import where
from flaggermail.record.kinds import Direction
from flaggermail.record.rows import Case, ContactNote, LegalHold, Reminder, StoredMessage
from flaggermail.services import UnitOfWork
from flaggermail.settings.rota import READERS
from flaggermail.wording.said import StoredText

MOST_PRECEDENTS = 20
"""The earlier cases on a narrative that are shown; `case list` with that narrative lists all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Precedent(Answer):
    """What an earlier case tells the officer: its decision and the reasoning."""

    number: str
    title: str
    election: str
    narratives: tuple[str, ...]
    decision: Decision | None
    decision_ground: DeclineReason | None
    decision_reason: str | None
    decided_at: datetime | None
    criteria: tuple[int, ...]
    contradicts: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseCounts(Answer):
    """How many there are of what a case shows in lists, which may hold fewer."""

    messages: int
    notifications: int
    reminders: int
    notes: int
    related_cases: int
    same_narrative: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseSheet(Answer):
    """A case with everything about it; `next` is the cursor of further messages.

    `reminders` and `running` are those of the case itself, `lacks` is what its assessment lacks for a decision to
    notify, and `referrer_verdict` is null without a mail of the referrer.
    """

    row: Annotated[Case, FLAT]
    referrer_verdict: SenderVerdict | None
    missing: tuple[Item, ...]
    lacks: tuple[StoredText, ...]
    related_cases: tuple[Precedent, ...]
    same_narrative: tuple[Precedent, ...]
    messages: tuple[StoredMessage, ...]
    next: str | None
    notifications: tuple[ShownNotification, ...]
    reminders: tuple[Reminder, ...]
    running: tuple[ClockPlan, ...]
    notes: tuple[ContactNote, ...]
    holds: tuple[LegalHold, ...]
    in_all: CaseCounts


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowCase(ListView):
    """One case: its messages, its notifications with their clocks, its reminders and notes.

    `limit` and `cursor` are those of its messages; of each other list the latest `limit` are shown.
    """

    MAY: ClassVar[frozenset[str]] = READERS

    case: str

    def show(self, work: UnitOfWork) -> CaseSheet:
        """Returns the case with everything about it. Raises NotFound, Refusal."""
        case, tx = the_case(work, self.case), work.tx
        mails = _CaseMails(tx, case)
        page = self.cut(mails.in_order, _order)
        notes = sorted(
            tx.find(ContactNote, where(ContactNote.case).is_(case.number)), key=lambda row: (row.effective_at, row.id)
        )
        alike = numbers_on_narrative(tx, case)
        uses = CaseUses(work, case, self.limit)
        return CaseSheet(
            row=case,
            referrer_verdict=mails.verdict_on_referrer(),
            missing=missing_of(work, case),
            lacks=assessment.missing(case) if case.decision is None else (),
            related_cases=precedents(tx, sorted(case.related)[: self.limit]),
            same_narrative=precedents(tx, alike[:MOST_PRECEDENTS]),
            messages=mails.rows(page),
            next=page.next,
            notifications=uses.shown(),
            reminders=uses.reminders_of(None),
            running=uses.running_of(None),
            notes=tuple(notes[-self.limit :]),
            holds=HeldOnDay(tx, work.today, work.env.settings.zone).of_case(case),
            in_all=CaseCounts(
                messages=len(mails.in_order),
                notifications=uses.in_all,
                reminders=uses.reminders_in_all,
                notes=len(notes),
                related_cases=len(case.related),
                same_narrative=len(alike),
            ),
        )


class _CaseMails:
    """The messages of a case in the order of their arrival; of those that are not shown, few fields are read."""

    def __init__(self, tx: Transaction, case: Case) -> None:
        self._tx, self._case = tx, case
        read = (
            StoredMessage.received_at, StoredMessage.id, StoredMessage.direction, StoredMessage.from_address,
            StoredMessage.verdict,
        )  # fmt: skip
        found = tx.columns(StoredMessage, read, where(StoredMessage.case).is_(case.number))
        self._found = sorted(found, key=lambda one: (one[0], one[1]))
        self.in_order: list[tuple[datetime, str]] = [(at, key) for at, key, *_ in self._found]

    def rows(self, page: Cut[tuple[datetime, str]]) -> tuple[StoredMessage, ...]:
        """Returns the messages of a page."""
        keys = [key for _, key in page.lines]
        rows = {row.id: row for row in self._tx.find(StoredMessage, where(StoredMessage.id).in_(keys))}
        return tuple(rows[key] for key in keys)

    def verdict_on_referrer(self) -> SenderVerdict | None:
        """Returns "verified" if any mail of the referrer is, else the verdict on the first; None without a mail."""
        verdicts = [
            verdict
            for _, _, direction, address, verdict in self._found
            if direction is Direction.IN and address == self._case.referrer_address
        ]
        return SenderVerdict.VERIFIED if SenderVerdict.VERIFIED in verdicts else next(iter(verdicts), None)


def _order(one: tuple[datetime, str]) -> tuple[str, str]:
    return one[0].isoformat(), one[1]


def precedents(tx: Transaction, numbers: Iterable[str]) -> tuple[Precedent, ...]:
    """Returns what those cases tell, in that order."""
    wanted = list(numbers)
    found = {case.number: case for case in tx.find(Case, where(Case.number).in_(wanted))}
    return tuple(_precedent(found[number]) for number in wanted if number in found)


def _precedent(case: Case) -> Precedent:
    return Precedent(
        number=case.number,
        title=case.title,
        election=case.election,
        narratives=case.narratives,
        decision=case.decision,
        decision_ground=case.decision_ground,
        decision_reason=case.decision_reason,
        decided_at=case.decided_at,
        criteria=case.criteria,
        contradicts=case.contradicts,
    )
