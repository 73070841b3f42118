# SPDX-License-Identifier: EUPL-1.2
"""The hand-over note: what the next officer on call must know, list after list."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum, auto
from heapq import merge
from itertools import chain
from typing import ClassVar, NamedTuple, TypeVar

from flaggermail.cases.attention import WaitingMail, trust_of
from flaggermail.desk.answers import ViewAnswer
from flaggermail.desk.views.calculation import Calculation, ClockPlan
from flaggermail.desk.views.oncall import clock_place
from flaggermail.desk.views.view import ListView, instant_of, stamp
from flaggermail.ports import Bookmark
from flaggermail.record.definition import in_sequence, where
from flaggermail.record.rows import Case, OutboxMail, Reminder, StoredMessage
from flaggermail.reminders.handover import UNFINISHED, gather, rows_of
from flaggermail.reminders.open_clocks import OpenClock
from flaggermail.services import UnitOfWork
from flaggermail.settings.rota import DESK

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownHandover(ViewAnswer):
    """A part of the note: its lists follow each other, and one that comes later is empty until its turn."""

    cases: tuple[Case, ...]
    clocks: tuple[ClockPlan, ...]
    awaited: tuple[ClockPlan, ...]  # for an answer to the matter alone
    unanswered: tuple[Reminder, ...]
    acknowledged: tuple[Reminder, ...]
    quarantine: tuple[StoredMessage, ...]  # the most trusted senders first
    uncertain: tuple[OutboxMail, ...]
    withheld: tuple[OutboxMail, ...]
    next: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowHandover(ListView):
    """The hand-over note, as it would be mailed at a change of shift; `limit` counts the lines of all its lists."""

    MAY: ClassVar[frozenset[str]] = DESK

    def show(self, work: UnitOfWork) -> ShownHandover:
        """Returns the note. Behind the cases it needs all that is open, which decides what is told. Raises Refusal."""
        page = self.cut(chain(self._cases(work), _lines(work)), lambda line: line[:3])
        calculation = Calculation(work)
        clocks, awaited = (
            tuple(calculation.plan(clock) for clock in _of(page.lines, part, OpenClock))
            for part in (_Part.CLOCKS, _Part.AWAITED)
        )
        return ShownHandover(
            cases=_of(page.lines, _Part.CASES, Case),
            clocks=clocks,
            awaited=awaited,
            unanswered=_of(page.lines, _Part.UNANSWERED, Reminder),
            acknowledged=_of(page.lines, _Part.ACKNOWLEDGED, Reminder),
            quarantine=tuple(rows_of(work, _of(page.lines, _Part.QUARANTINE, WaitingMail))),
            uncertain=_of(page.lines, _Part.UNCERTAIN, OutboxMail),
            withheld=_of(page.lines, _Part.WITHHELD, OutboxMail),
            next=page.next,
        )

    def _cases(self, work: UnitOfWork) -> Iterator[_NoteLine]:
        """Yields the open cases that are asked for, the first opened first; the database reads no others."""
        part, at, key = self.begins_after((_Part.CASES.value, "", ""))
        if part != _Part.CASES:
            return
        after = Bookmark(instant_of(at.partition(" ")[0]), key) if at else None
        found = (
            work.tx.in_order(Case, Case.opened_at, self.limit + 1, after, where(Case.state).is_(state))
            for state in UNFINISHED
        )
        for case in merge(*found, key=lambda case: (case.opened_at, *in_sequence(case.number))):
            place = f"{stamp(case.opened_at)} {len(case.number):03}"
            yield _NoteLine(_Part.CASES.value, place, case.number, case)


class _Part(IntEnum):
    CASES = auto()
    CLOCKS = auto()
    AWAITED = auto()
    UNANSWERED = auto()
    ACKNOWLEDGED = auto()
    QUARANTINE = auto()
    UNCERTAIN = auto()
    WITHHELD = auto()


class _NoteLine(NamedTuple):
    """A line of the note; the first three fields are its key, whose texts have the order of the list."""

    part: int
    order: str
    key: str
    shown: object


def _lines(work: UnitOfWork) -> Iterator[_NoteLine]:
    note = gather(work)
    for part, clocks in ((_Part.CLOCKS, note.clocks), (_Part.AWAITED, note.awaited)):
        for clock in sorted(clocks, key=clock_place):
            rank, key = clock_place(clock)
            yield _NoteLine(part.value, str(rank), key, clock)
    for part, reminders in ((_Part.UNANSWERED, note.unanswered), (_Part.ACKNOWLEDGED, note.acknowledged)):
        yield from (_NoteLine(part.value, stamp(one.told_at), one.id, one) for one in reminders)
    for mail in note.quarantine:
        yield _NoteLine(_Part.QUARANTINE.value, f"{trust_of(work, mail).rank}{stamp(mail.received_at)}", mail.id, mail)
    for part, mails in ((_Part.UNCERTAIN, note.uncertain), (_Part.WITHHELD, note.withheld)):
        yield from (_NoteLine(part.value, "", one.id, one) for one in mails)


def _of(lines: tuple[_NoteLine, ...], part: _Part, kind: type[T]) -> tuple[T, ...]:
    return tuple(line.shown for line in lines if line.part == part and isinstance(line.shown, kind))
