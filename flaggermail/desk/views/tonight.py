# SPDX-License-Identifier: EUPL-1.2
"""What runs, what waits for the reader, and what is in doubt: the first page of the desk."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain
from typing import ClassVar

from flaggermail.cases.attention import most_trusted
from flaggermail.desk.answers import ViewAnswer
from flaggermail.desk.views.oncall import OfficerToCall, officer_to_call
from flaggermail.desk.views.view import View
from flaggermail.errors import RowUnreadable
from flaggermail.mail.message import SenderVerdict
from flaggermail.notices.approval_requests import may_still_approve
from flaggermail.notices.duty import officer_on_call, overrides, readers
from flaggermail.record.clocks import minutes
from flaggermail.record.definition import where
from flaggermail.record.kinds import FROM_MAILBOX, Place
from flaggermail.record.rows import Case, Notification, Platform, StoredMessage
from flaggermail.record.states import ClockKind, MailState, NotificationState
from flaggermail.reminders.due_steps import Expected, upcoming
from flaggermail.reminders.handover import awaited_alone, quarantined, rows_of, unsettled_mail
from flaggermail.reminders.open_clocks import OpenClock, open_clocks, undecided_cases
from flaggermail.services import UnitOfWork
from flaggermail.settings.rota import DESK, changes

_AHEAD = timedelta(weeks=2)
MOST_SHOWN = 25
"""The lines of each list; the rest is counted, and the list of its own page shows all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TonightClock(ViewAnswer):
    """A clock that runs; `late` once its first step fell due. `next_at` and `next_officer` are of the next step."""

    case: str
    title: str
    exercise: bool
    draft: str | None  # of the notification; null for a case without a decision
    platform: str | None
    clock: ClockKind
    since: datetime
    minutes: int
    late: bool
    late_minutes: int | None  # since the first step fell due; negative before, null for a clock without a step
    next_at: datetime | None
    next_officer: str | None  # their name


@dataclass(frozen=True, slots=True, kw_only=True)
class TonightDraft(ViewAnswer):
    """A draft that waits for an approval; `mine`: that of the reader would be one more."""

    draft: str
    case: str
    title: str
    exercise: bool
    platform: str
    drafted_by: str
    at: datetime
    mine: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TonightMessage(ViewAnswer):
    """A mail that a person must place or judge."""

    id: str
    subject: str
    exercise: bool
    sender: str | None
    verdict: SenderVerdict
    at: datetime
    minutes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TonightMail(ViewAnswer):
    """A mail of ours of which nobody knows whether it left, or which is held back."""

    id: str
    recipient: str
    subject: str
    exercise: bool
    state: MailState
    case: str | None
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TonightCounts(ViewAnswer):
    """How many there are in all; the lists hold at most twenty-five. Nothing of an exercise is `late`."""

    clocks: int
    late: int
    awaited: int
    drafts: int
    messages: int
    doubtful: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TonightSheet(ViewAnswer):
    """The desk as it is now, the latest clock first; `awaited` waits for an answer to the matter alone."""

    at: datetime
    officer: OfficerToCall | None
    next_change_at: datetime | None  # within two weeks; then `next_officer` is on call, or nobody
    next_officer: OfficerToCall | None
    clocks: tuple[TonightClock, ...]
    awaited: tuple[TonightClock, ...]
    drafts: tuple[TonightDraft, ...]
    messages: tuple[TonightMessage, ...]
    doubtful: tuple[TonightMail, ...]
    in_all: TonightCounts


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowTonight(View):
    """What runs, what waits for the reader, and what is in doubt."""

    MAY: ClassVar[frozenset[str]] = DESK

    def show(self, work: UnitOfWork) -> TonightSheet:
        """Returns the desk as it is now."""
        who, names = readers(work.env.settings, work.tx), {row.code: row.name for row in work.tx.find(Platform)}
        undecided = undecided_cases(work.tx, work.now, MOST_SHOWN)
        all_running = list(open_clocks(work.tx, undecided=undecided.latest))
        of_uses = [one for one in all_running if one.notification and one.clock is not ClockKind.SUBSTANCE]
        late = undecided.late + sum(_is_late(one, work.now) for one in of_uses if not one.case.exercise)
        running = sorted((one for one in all_running if one.clock is not ClockKind.SUBSTANCE), key=_lateness)
        awaited = sorted(awaited_alone(all_running), key=_lateness)
        coming = ((one, next(iter(upcoming(one.silence, one.steps, who)), None)) for one in running[:MOST_SHOWN])
        drafts = sorted(_drafts(work, names), key=lambda one: (not one.mine, one.at, one.draft))
        doubtful = list(chain(*unsettled_mail(work)))
        messages, waiting = _unplaced(work)
        rota, taken_over = work.env.settings.rota, overrides(work.tx)
        change = next(iter(changes(rota, taken_over, work.now, work.now + _AHEAD)), None)
        return TonightSheet(
            at=work.now,
            officer=officer_to_call(officer_on_call(work)),
            next_change_at=change[0] if change else None,
            next_officer=officer_to_call(change[1]) if change else None,
            clocks=tuple(_clock(work, one, due, names) for one, due in coming),
            awaited=tuple(_clock(work, one, None, names) for one in awaited[:MOST_SHOWN]),
            drafts=tuple(drafts[:MOST_SHOWN]),
            messages=tuple(_message(work, one) for one in messages),
            doubtful=tuple(TonightMail.from_fields(one, at=one.queued_at) for one in doubtful[:MOST_SHOWN]),
            in_all=TonightCounts(
                clocks=undecided.number + len(of_uses), late=late, awaited=len(awaited), drafts=len(drafts),
                messages=waiting, doubtful=len(doubtful),
            ),
        )  # fmt: skip


def _lateness(one: OpenClock) -> tuple[bool, datetime, str, str]:
    first = _first_due(one)
    return first is None, first or one.started_at, one.case.number, one.notification.id if one.notification else ""


def _first_due(one: OpenClock) -> datetime | None:
    return min((step.due_at(one.started_at) for step in one.steps), default=None)


def _is_late(one: OpenClock, now: datetime) -> bool:
    first = _first_due(one)
    return first is not None and first <= now


def _clock(
    work: UnitOfWork, one: OpenClock, expected: Expected | None, names: Mapping[str, str]
) -> TonightClock:  # fmt: skip
    first = _first_due(one)
    officer = work.env.settings.rota.name_of(expected.officer) if expected and expected.officer else None
    return TonightClock(
        case=one.case.number,
        title=one.case.title,
        exercise=one.case.exercise,
        draft=one.notification.id if one.notification else None,
        platform=names.get(one.notification.platform, one.notification.platform) if one.notification else None,
        clock=one.clock,
        since=one.started_at,
        minutes=minutes(one.started_at, work.now),
        late=_is_late(one, work.now),
        late_minutes=minutes(first, work.now) if first is not None else None,
        next_at=expected.at if expected else None,
        next_officer=officer,
    )


def _drafts(work: UnitOfWork, names: Mapping[str, str]) -> Iterator[TonightDraft]:
    waiting = work.tx.find(Notification, where(Notification.state).is_(NotificationState.DRAFT))
    cases = {case.number: case for case in work.tx.find(Case, where(Case.number).in_([one.case for one in waiting]))}
    for one in waiting:
        if (case := cases.get(one.case)) is not None and one.digest:
            yield TonightDraft(
                draft=one.id, case=case.number, title=case.title, exercise=one.exercise,
                platform=names.get(one.platform, one.platform),
                drafted_by=work.env.settings.rota.name_of(one.drafted_by), at=one.drafted_at,
                mine=any(officer.id == work.actor for officer in may_still_approve(work.env, one)),
            )  # fmt: skip


def _unplaced(work: UnitOfWork) -> tuple[list[StoredMessage], int]:
    """Returns the mails without a place that are shown, and how many there are."""
    try:
        return most_trusted(work, MOST_SHOWN, Place.QUARANTINE, FROM_MAILBOX)
    except RowUnreadable:  # perhaps in a mail that is not shown
        every = quarantined(work)
        return rows_of(work, every[:MOST_SHOWN]), len(every)


def _message(work: UnitOfWork, one: StoredMessage) -> TonightMessage:
    waits = minutes(one.received_at, work.now)
    return TonightMessage.from_fields(
        one, subject=one.subject or "", sender=one.from_address, at=one.received_at, minutes=waits
    )
