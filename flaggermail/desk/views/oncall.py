# SPDX-License-Identifier: EUPL-1.2
"""The rota, the reminders and the pages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar

from flaggermail.commands.requests import Instant
from flaggermail.desk.views.calculation import Calculation, policies_at
from flaggermail.desk.views.view import Document, View, json_of, plain
from flaggermail.mail.message import Json
from flaggermail.notices.anew import runs
from flaggermail.notices.duty import officer_on_call, overrides
from flaggermail.record.definition import LAST, where
from flaggermail.record.rows import HeldBack, Page, Reminder
from flaggermail.record.states import ClockKind
from flaggermail.reminders.handover import gather, open_clocks
from flaggermail.reminders.reminders import next_due
from flaggermail.services import UnitOfWork
from flaggermail.settings.rota import DESK, Officer, Shift, on_call, planned, void_overrides

_SHOWN = 40  # number of pages or held-back notices listed
_AHEAD = timedelta(weeks=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowNow(View):
    """Who is on call, and the reminders that wait for an acknowledgement."""

    MAY: ClassVar[frozenset[str]] = DESK

    def show(self, work: UnitOfWork) -> Document:
        """Returns {"officer", "reminders"}."""
        open_ = work.tx.find(Reminder, where(Reminder.acknowledged_at).is_(None), where(Reminder.withheld).is_(False))
        asking = (row for row in open_ if row.clock is not ClockKind.SUBSTANCE)
        reminders = sorted((row for row in asking if runs(work.tx, row)), key=lambda row: row.told_at)
        return {
            "officer": _person(officer_on_call(work)),
            "reminders": [plain(reminder, work.env.settings.zone) for reminder in reminders],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowNext(View):
    """The coming shifts and reminders; with `at`, who is on call then and what will have been sent by then."""

    MAY: ClassVar[frozenset[str]] = DESK

    at: Instant | None = None

    def show(self, work: UnitOfWork) -> Document:
        """Returns shifts, clocks and when the next reminder is due; with `at` officer, policies and clocks then.

        `void`, if there are any: the overrides of officers who have left the desk, which count for nothing.
        """
        if self.at is not None:
            return _forecast(work, self.at.astimezone(work.env.settings.zone))
        rota, zone = work.env.settings.rota, work.env.settings.zone
        coming = [(shift, False) for shift in planned(rota, work.now, work.now + _AHEAD)]
        taken_over = overrides(work.tx)
        counts_not = void_overrides(rota, taken_over, work.now)
        coming += [(one, True) for one in taken_over if one.ends_at > work.now and one not in counts_not]
        coming.sort(key=lambda pair: pair[0].begins_at)
        otherwise = rota.officer(rota.fallback_officer) if rota.fallback_officer else None
        return {
            "shifts": [_shift(work, shift, override=override) for shift, override in coming],
            **({"void": [_shift(work, one, override=True) for one in counts_not]} if counts_not else {}),
            "otherwise": rota.fallback_officer,
            "fallback_officer": _person(otherwise),
            "clocks": [Calculation(work, one).document() for one in open_clocks(work.tx)],
            "next_reminder_due": json_of(next_due(work.env, work.tx), zone),
        }


def _shift(work: UnitOfWork, shift: Shift, *, override: bool) -> dict[str, Json]:
    officer, zone = work.env.settings.rota.officer(shift.officer), work.env.settings.zone
    ends_at = shift.ends_at if shift.ends_at < LAST else None
    return {
        "officer": shift.officer, "name": officer.name if officer else shift.officer,
        "begins_at": json_of(shift.begins_at, zone), "ends_at": json_of(ends_at, zone), "override": override,
    }  # fmt: skip


def _forecast(work: UnitOfWork, at: datetime) -> Document:
    officer = on_call(work.env.settings.rota, overrides(work.tx), at)
    return {
        "at": at.isoformat(),
        "officer": officer.id if officer else None,
        "on_call": _person(officer),
        "policies": policies_at(work, at),
        "clocks": [Calculation(work, one).document(at) for one in open_clocks(work.tx)],
    }


def _person(officer: Officer | None) -> Json:
    return {"id": officer.id, "name": officer.name, "phone": officer.phone} if officer else None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowHandover(View):
    """The hand-over note, as it would be mailed at a change of shift."""

    MAY: ClassVar[frozenset[str]] = DESK

    def show(self, work: UnitOfWork) -> Document:
        """Lists "cases", "clocks", "awaited", "unanswered", "acknowledged", "quarantine", "uncertain", "withheld"."""
        note, zone = gather(work), work.env.settings.zone
        return {
            "cases": [plain(row, zone) for row in note.cases],
            "clocks": [Calculation(work, one).document() for one, _ in note.clocks],
            "awaited": [Calculation(work, one).document() for one in note.awaited],
            "unanswered": [plain(row, zone) for row in note.unanswered],
            "acknowledged": [plain(row, zone) for row in note.acknowledged],
            "quarantine": [plain(row, zone) for row in note.quarantine],
            "uncertain": [plain(row, zone) for row in note.uncertain],
            "withheld": [plain(row, zone) for row in note.withheld],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ListPages(View):
    """The latest pages and their results; with `about` those of one subject, such as a reminder or a test."""

    MAY: ClassVar[frozenset[str]] = DESK

    about: str | None = None

    def show(self, work: UnitOfWork) -> Document:
        """Returns {"pages": [...]}, oldest first."""
        wanted = () if self.about is None else (where(Page.about).is_(self.about),)
        latest = sorted(work.tx.find(Page, *wanted), key=lambda row: (row.queued_at, row.id))[-_SHOWN:]
        return {"pages": [plain(row, work.env.settings.zone) for row in latest]}


@dataclass(frozen=True, slots=True, kw_only=True)
class ListHeldBack(View):
    """The latest notices and alarms held back from being mailed separately."""

    MAY: ClassVar[frozenset[str]] = DESK

    def show(self, work: UnitOfWork) -> Document:
        """Returns {"held": [...]}, oldest first; `next_step` of each is the command that shows it."""
        latest = sorted(work.tx.find(HeldBack), key=lambda row: row.id)[-_SHOWN:]
        return {"held": [plain(row, work.env.settings.zone) for row in latest]}
