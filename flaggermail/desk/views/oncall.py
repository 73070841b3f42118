# SPDX-License-Identifier: EUPL-1.2
"""The rota, the reminders and the pages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar

from flaggermail.commands.requests import Instant
from flaggermail.desk.answers import ViewAnswer
from flaggermail.desk.views.calculation import Calculation, ClockPlan, policies_at
from flaggermail.desk.views.view import Cut, ListView, stamp
from flaggermail.notices.anew import runs
from flaggermail.notices.duty import officer_on_call, overrides
from flaggermail.record.definition import LAST, where
from flaggermail.record.rows import HeldBack, Page, Reminder
from flaggermail.record.states import ClockKind
from flaggermail.reminders.open_clocks import (
    Deciding,
    OpenClock,
    clocks_of_cases,
    clocks_of_uses,
    deciding,
    numbers_of,
)
from flaggermail.reminders.sending import next_due
from flaggermail.services import UnitOfWork
from flaggermail.settings.rota import DESK, Officer, Shift, on_call, planned, void_overrides

_AHEAD = timedelta(weeks=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficerToCall(ViewAnswer):
    """An officer and how to call them."""

    id: str
    name: str
    phone: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DutyNow(ViewAnswer):
    """The officer on call, and the reminders that wait for an acknowledgement in the order in which they were sent."""

    officer: OfficerToCall | None
    reminders: tuple[Reminder, ...]
    next: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowNow(ListView):
    """Who is on call, and the reminders that wait for an acknowledgement."""

    MAY: ClassVar[frozenset[str]] = DESK

    def show(self, work: UnitOfWork) -> DutyNow:
        """Returns the officer, and with each part of the reminders again. Raises Refusal."""
        open_ = work.tx.find(Reminder, where(Reminder.acknowledged_at).is_(None), where(Reminder.withheld).is_(False))
        asking = (row for row in sorted(open_, key=_told) if row.clock is not ClockKind.SUBSTANCE)
        found = self.cut((row for row in asking if runs(work.tx, row)), _told)
        return DutyNow(officer=officer_to_call(officer_on_call(work)), reminders=found.lines, next=found.next)


def _told(row: Reminder) -> tuple[str, str]:
    return stamp(row.told_at), row.id


@dataclass(frozen=True, slots=True, kw_only=True)
class ComingShift(ViewAnswer):
    """A shift of an officer, by the schedule or as an override; without an end, `ends_at` is null."""

    officer: str
    name: str
    begins_at: datetime
    ends_at: datetime | None
    override: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DutyNext(ViewAnswer):
    """The coming shifts, and a part of the open clocks with their next reminders.

    `void`: the overrides of officers who have left the desk, which count for nothing. `otherwise`: the id of the
    officer at other hours. `next_reminder_due` is that of all clocks.
    """

    shifts: tuple[ComingShift, ...]
    void: tuple[ComingShift, ...]
    otherwise: str | None
    fallback_officer: OfficerToCall | None
    clocks: tuple[ClockPlan, ...]
    next_reminder_due: datetime | None
    next: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DutyThen(ViewAnswer):
    """Who is on call at an instant, which policies apply then, and a part of the clocks with the reminders until then.

    `officer` is the id of `on_call`. A policy is that of an election, or of an election and a channel.
    """

    at: datetime
    officer: str | None
    on_call: OfficerToCall | None
    policies: Mapping[str, str]
    clocks: tuple[ClockPlan, ...]
    next: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowNext(ListView):
    """The coming shifts and reminders; with `at`, who is on call then and what will have been sent by then."""

    MAY: ClassVar[frozenset[str]] = DESK

    at: Instant | None = None

    def show(self, work: UnitOfWork) -> DutyNext | DutyThen:
        """Returns what is to come; `limit` and `cursor` are those of the clocks. Raises Refusal."""
        uses, undecided = {clock_place(one): one for one in clocks_of_uses(work.tx)}, deciding(work.tx)
        found = self._clocks(work, uses, undecided)
        calculation = Calculation(work)
        clocks = tuple(calculation.plan(one, self.at) for one in found.lines)
        if self.at is not None:
            officer = on_call(work.env.settings.rota, overrides(work.tx), self.at)
            return DutyThen(
                at=self.at, officer=officer.id if officer else None, on_call=officer_to_call(officer),
                policies=policies_at(work, self.at.astimezone(work.env.settings.zone)), clocks=clocks, next=found.next,
            )  # fmt: skip
        rota, taken_over = work.env.settings.rota, overrides(work.tx)
        void = void_overrides(rota, taken_over, work.now)
        coming = [_shift(work, one, override=False) for one in planned(rota, work.now, work.now + _AHEAD)]
        in_force = (one for one in taken_over if one.ends_at > work.now and one not in void)
        coming += [_shift(work, one, override=True) for one in in_force]
        fallback = rota.officer(rota.fallback_officer) if rota.fallback_officer else None
        return DutyNext(
            shifts=tuple(sorted(coming, key=lambda shift: shift.begins_at)),
            void=tuple(_shift(work, one, override=True) for one in void),
            otherwise=rota.fallback_officer,
            fallback_officer=officer_to_call(fallback),
            clocks=clocks,
            next_reminder_due=next_due(work.env, work.tx, uses.values(), undecided),
            next=found.next,
        )

    def _clocks(
        self, work: UnitOfWork, uses: Mapping[tuple[int, str], OpenClock], undecided: Deciding
    ) -> Cut[OpenClock]:
        """Returns the clocks that are asked for; of thousands of cases, the others are not read."""
        rank, key = self.begins_after((0, ""))
        numbers = numbers_of(work.tx, undecided.cases, self.limit + 1, key if rank == 1 else "")
        found = self.cut([*sorted(uses), *((1, number) for number in numbers)], lambda place: place)
        wanted = [number for rank, number in found.lines if rank]
        listed = {**uses, **{clock_place(one): one for one in clocks_of_cases(work.tx, wanted)}}
        return Cut(tuple(listed[place] for place in found.lines), found.next)


def clock_place(clock: OpenClock) -> tuple[int, str]:
    """Returns the place of a clock: those of notifications, then those of cases without a decision, by number."""
    return (1, clock.about) if clock.notification is None else (0, f"{clock.about}/{clock.clock}")


def _shift(work: UnitOfWork, shift: Shift, *, override: bool) -> ComingShift:
    return ComingShift(
        officer=shift.officer, name=work.env.settings.rota.officer_name(shift.officer), begins_at=shift.begins_at,
        ends_at=shift.ends_at if shift.ends_at < LAST else None, override=override,
    )  # fmt: skip


def officer_to_call(officer: Officer | None) -> OfficerToCall | None:
    """Returns how to call an officer; None for nobody."""
    return OfficerToCall(id=officer.id, name=officer.name, phone=officer.phone) if officer else None


@dataclass(frozen=True, slots=True, kw_only=True)
class PageList(ViewAnswer):
    """Pages in the order in which they were queued, with their results."""

    pages: tuple[Page, ...]
    next: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListPages(ListView):
    """The pages and their results; with `about` those of one subject, such as a reminder or a test."""

    MAY: ClassVar[frozenset[str]] = DESK

    about: str | None = None

    def show(self, work: UnitOfWork) -> PageList:
        """Returns the pages, oldest first. Raises Refusal for a cursor of another list."""
        wanted = () if self.about is None else (where(Page.about).is_(self.about),)
        found = self.ordered(work, Page, Page.queued_at, *wanted)
        return PageList(pages=found.lines, next=found.next)


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldBackList(ViewAnswer):
    """Notices and alarms in the order in which they were held back; `next_step` is the command that shows one."""

    held: tuple[HeldBack, ...]
    next: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListHeldBack(ListView):
    """The notices and alarms held back from being mailed separately."""

    MAY: ClassVar[frozenset[str]] = DESK

    def show(self, work: UnitOfWork) -> HeldBackList:
        """Returns the notices and alarms, oldest first. Raises Refusal for a cursor of another list."""
        found = self.ordered(work, HeldBack, HeldBack.held_at)
        return HeldBackList(held=found.lines, next=found.next)
