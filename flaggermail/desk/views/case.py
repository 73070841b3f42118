# SPDX-License-Identifier: EUPL-1.2
"""All that is recorded of one case."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, ClassVar

from flaggermail.cases import assessment
from flaggermail.cases.holds import HeldOnDay
from flaggermail.cases.lifecycle import missing_of
from flaggermail.commands.cases import numbers_on_narrative
from flaggermail.commands.named_rows import the_case
from flaggermail.desk.answers import FLAT, ViewAnswer
from flaggermail.desk.views.calculation import ClockPlan
from flaggermail.desk.views.case_uses import CaseUses, ShownNotification
from flaggermail.desk.views.view import ListView
from flaggermail.mail.message import SenderVerdict
from flaggermail.ports import Transaction
from flaggermail.record.case_values import Decision, DeclineReason, Item
from flaggermail.record.definition import where
from flaggermail.record.kinds import Direction, Kind
from flaggermail.record.rows import Case, ContactNote, LegalHold, Reminder, StoredMessage
from flaggermail.services import UnitOfWork
from flaggermail.settings.rota import READERS
from flaggermail.wording.said import StoredText

MOST_PRECEDENTS = 20
"""The earlier cases on a narrative that are shown; `case list` with that narrative lists all."""
NOT_READ = frozenset({Kind.OFFICER_REPLY, Kind.BOUNCE, Kind.DELIVERED})
"""Mails that come in and that nobody outside wrote."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Precedent(ViewAnswer):
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
class CaseCounts(ViewAnswer):
    """How many there are of what a case shows in lists, which may hold fewer."""

    messages: int
    notifications: int
    reminders: int
    notes: int
    related_cases: int
    same_narrative: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseSheet(ViewAnswer):
    """A case with everything about it; `next` is the cursor of further messages.

    `reminders` and `running` are those of the case itself, `lacks` is what its assessment lacks for a decision to
    notify, and `referrer_verdict` is null without a mail of the referrer. `latest_received`: the ids of the latest
    mails from outside, in their order, without officers' replies and delivery reports. `same_referrer`: their earlier
    cases, the latest first, without those on the same matter.
    """

    row: Annotated[Case, FLAT]
    referrer_verdict: SenderVerdict | None
    missing: tuple[Item, ...]
    lacks: tuple[StoredText, ...]
    related_cases: tuple[Precedent, ...]
    same_narrative: tuple[Precedent, ...]
    same_referrer: tuple[Precedent, ...]
    messages: tuple[StoredMessage, ...]
    next: str | None
    latest_received: tuple[str, ...]
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
        here = where(StoredMessage.case).is_(case.number)
        page = self.ordered(work, StoredMessage, StoredMessage.received_at, here)
        notes = sorted(
            tx.find(ContactNote, where(ContactNote.case).is_(case.number)), key=lambda row: (row.effective_at, row.id)
        )
        alike = numbers_on_narrative(tx, case)
        uses = CaseUses(work, case, self.limit)
        return CaseSheet(
            row=case,
            referrer_verdict=_verdict_on_referrer(tx, case),
            missing=missing_of(work, case),
            lacks=assessment.missing(case) if case.decision is None else (),
            related_cases=precedents(tx, sorted(case.related)[: self.limit]),
            same_narrative=precedents(tx, alike[:MOST_PRECEDENTS]),
            same_referrer=_same_referrer(tx, case, {*case.related, *alike}),
            messages=page.lines,
            next=page.next,
            latest_received=_latest_received(tx, case),
            notifications=uses.shown(),
            reminders=uses.reminders_of(None),
            running=uses.running_of(None),
            notes=tuple(notes[-self.limit :]),
            holds=HeldOnDay(tx, work.today, work.env.settings.zone).of_case(case),
            in_all=CaseCounts(
                messages=tx.count(StoredMessage, here),
                notifications=uses.in_all,
                reminders=uses.reminders_in_all,
                notes=len(notes),
                related_cases=len(case.related),
                same_narrative=len(alike),
            ),
        )


def _verdict_on_referrer(tx: Transaction, case: Case) -> SenderVerdict | None:
    """Returns "verified" if any mail of the referrer is, else the verdict on the first; None without a mail."""
    theirs = (
        where(StoredMessage.case).is_(case.number), where(StoredMessage.direction).is_(Direction.IN),
        where(StoredMessage.from_address).is_(case.referrer_address),
    )  # fmt: skip
    if tx.exists(StoredMessage, *theirs, where(StoredMessage.verdict).is_(SenderVerdict.VERIFIED)):
        return SenderVerdict.VERIFIED
    first = tx.in_order(StoredMessage, StoredMessage.received_at, 1, None, *theirs)
    return first[0].verdict if first else None


def _same_referrer(tx: Transaction, case: Case, besides: Collection[str]) -> tuple[Precedent, ...]:
    if case.referrer_address is None:
        return ()
    theirs = tx.find(Case, where(Case.referrer_address).is_(case.referrer_address))
    earlier = [
        one for one in theirs
        if (one.opened_at, one.number) < (case.opened_at, case.number) and one.number not in besides
        and (case.exercise or not one.exercise)
    ]  # fmt: skip
    earlier.sort(key=lambda one: (one.opened_at, one.number), reverse=True)
    return tuple(map(Precedent.from_fields, earlier[:MOST_PRECEDENTS]))


def _latest_received(tx: Transaction, case: Case) -> tuple[str, ...]:
    fields = (StoredMessage.received_at, StoredMessage.id, StoredMessage.kinds)
    theirs = where(StoredMessage.case).is_(case.number), where(StoredMessage.direction).is_(Direction.IN)
    found = tx.columns(StoredMessage, fields, *theirs)
    return tuple(key for _, key in sorted((at, key) for at, key, kinds in found if NOT_READ.isdisjoint(kinds)))[-3:]


def precedents(tx: Transaction, numbers: Iterable[str]) -> tuple[Precedent, ...]:
    """Returns what those cases tell, in that order."""
    wanted = list(numbers)
    found = {case.number: case for case in tx.find(Case, where(Case.number).in_(wanted))}
    return tuple(Precedent.from_fields(found[number]) for number in wanted if number in found)
