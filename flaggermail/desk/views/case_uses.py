# SPDX-License-Identifier: EUPL-1.2
"""The notifications of a case: their clocks with what they rest on, reminders, and who may approve a draft."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from flaggermail.commands import channel_status, step_up
from flaggermail.commands.platform_checks import check_decided
from flaggermail.desk.answers import FLAT, ViewAnswer
from flaggermail.desk.views.calculation import Calculation, ClockPlan
from flaggermail.errors import Refusal
from flaggermail.figures.ledger import of_rows
from flaggermail.figures.looks import MOST_LABELS
from flaggermail.figures.moments import TimelineLabel, shown
from flaggermail.figures.uses import AnswerForm, PlatformUse, uses_of
from flaggermail.notices.approval_requests import approval_tally, may_still_approve, must_repeat
from flaggermail.record import clocks
from flaggermail.record.case_values import LanguageCode
from flaggermail.record.clocks import CLOCKS
from flaggermail.record.definition import where
from flaggermail.record.rows import Case, ClockRow, Notification, Platform, Reminder
from flaggermail.record.states import InstantBasis, NotificationState, Sign
from flaggermail.reminders.open_clocks import open_clocks
from flaggermail.rules import draft_policy
from flaggermail.services import UnitOfWork
from flaggermail.settings.sections import ByReply
from flaggermail.wording.said import StoredText, as_written


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownClock(ViewAnswer):
    """A clock; `basis` and `form` are those of the figures, `hours` with a point, `spoken` in words by language.

    An exercise has minutes, but no figures.
    """

    row: Annotated[ClockRow, FLAT]
    minutes: int | None
    hours: str | None
    spoken: Mapping[str, str] | None
    basis: InstantBasis | None
    form: AnswerForm | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineMoment(ViewAnswer):
    """A moment of a use, or several until `until`; `minutes` are those from the sending to the first."""

    at: datetime
    until: datetime
    minutes: int
    signs: tuple[Sign, ...]
    words: tuple[StoredText, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Approver(ViewAnswer):
    """An officer whose approval would be one more."""

    id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftApproval(ViewAnswer):
    """Whose approvals of a draft count and may still come, and what is against one now.

    `refused_for` holds each reason for which an approval would be refused now, `warnings` what its approver must know.
    `code_from` says where the code of an approval on a page comes from, null if it needs none; `code_lacks` why the
    reader can give none.
    """

    persons: int
    counted: tuple[str, ...]
    void: tuple[str, ...]
    lacks: StoredText
    may_approve: tuple[Approver, ...]
    policy_age_days: int | None
    repeat_policy_day: bool
    code_from: ByReply | None
    code_lacks: StoredText
    refused_for: tuple[StoredText, ...]
    warnings: tuple[StoredText, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownNotification(ViewAnswer):
    """A notification with the name of its platform.

    `timeline` is empty for what is in no figure, `approval` is null for all but a draft.
    """

    row: Annotated[Notification, FLAT]
    platform_name: str
    clocks: tuple[ShownClock, ...]
    reminders: tuple[Reminder, ...]
    running: tuple[ClockPlan, ...]
    timeline: tuple[TimelineMoment, ...]
    approval: DraftApproval | None


class CaseUses:
    """The notifications of a case, with the clocks, reminders and open clocks of each and of the case itself.

    At most `most` notifications and as many reminders are shown, the latest; `in_all` and `reminders_in_all` count all.
    """

    def __init__(self, work: UnitOfWork, case: Case, most: int) -> None:
        tx, self._work, self._case = work.tx, work, case
        found = tx.find(Notification, where(Notification.case).is_(case.number))
        told = tx.find(Reminder, where(Reminder.case).is_(case.number))
        self.in_all, self.reminders_in_all = len(found), len(told)
        self._notifications = sorted(found, key=lambda row: (row.drafted_at, row.id))[-most:]
        self._reminders = sorted(told, key=lambda row: (row.told_at, row.id))[-most:]
        self._clocks = tx.find(ClockRow, where(ClockRow.notification).in_([row.id for row in self._notifications]))
        self._platforms = {one.code: one.name for one in tx.find(Platform)}
        self._uses = {use.notification: use for use in uses_of(of_rows(tx, case.number))}
        self._running = [
            (one.notification.id if one.notification else None, Calculation(work).plan(one))
            for one in open_clocks(tx, case.number)
        ]

    def shown(self) -> tuple[ShownNotification, ...]:
        """Returns the notifications in the order in which they were drafted."""
        return tuple(self._shown(one, self._uses.get(one.id)) for one in self._notifications)

    def _shown(self, one: Notification, use: PlatformUse | None) -> ShownNotification:
        return ShownNotification(
            row=one,
            platform_name=self._platforms.get(one.platform, one.platform),
            clocks=self._clocks_of(one.id, use),
            reminders=self.reminders_of(one.id),
            running=self.running_of(one.id),
            timeline=() if use is None else timeline(use, self._work.now),
            approval=_approval(self._work, self._case, one) if one.state is NotificationState.DRAFT else None,
        )

    def _clocks_of(self, about: str, use: PlatformUse | None) -> tuple[ShownClock, ...]:
        own = [clock for clock in self._clocks if clock.notification == about]
        own.sort(key=lambda clock: CLOCKS.index(clock.kind))
        return tuple(_clock(clock, use, exercise=self._case.exercise) for clock in own)

    def reminders_of(self, about: str | None) -> tuple[Reminder, ...]:
        """Returns the reminders about the notification, or about the case itself."""
        return tuple(one for one in self._reminders if one.notification == about)

    def running_of(self, about: str | None) -> tuple[ClockPlan, ...]:
        """Returns the plan of each open clock of the notification, or of the case itself."""
        return tuple(plan for of, plan in self._running if of == about)


def _clock(clock: ClockRow, use: PlatformUse | None, *, exercise: bool) -> ShownClock:
    minutes = clocks.took(clock)
    in_figures = minutes is not None and not exercise
    stop = None if use is None else use.stop(clock.kind)
    return ShownClock(
        row=clock,
        minutes=minutes,
        hours=clocks.hours(minutes) if in_figures and minutes is not None else None,
        spoken={language.value: clocks.spoken(minutes, language) for language in LanguageCode}
        if in_figures and minutes is not None
        else None,
        basis=None if stop is None else stop.basis,
        form=None if stop is None else stop.form,
    )


# ---- What happened during a use, as the terminal draws it


def timeline(use: PlatformUse, as_of: datetime) -> tuple[TimelineMoment, ...]:
    """Returns what happened during a use, in order; what is open ends in a moment at `as_of`."""
    return tuple(_moment(label, use.sent_at) for label in shown(use, as_of, MOST_LABELS))


def _moment(label: TimelineLabel, sent_at: datetime) -> TimelineMoment:
    return TimelineMoment(
        at=label.first,
        until=label.last,
        minutes=clocks.minutes(sent_at, label.first),
        signs=label.signs,
        words=tuple(one if isinstance(one, StoredText) else one() for one in label.words()),
    )


# ---- Who may approve a draft, and what is against it


def _approval(work: UnitOfWork, case: Case, draft: Notification) -> DraftApproval:
    tally, warnings = approval_tally(work.env, draft), list[str]()
    return DraftApproval.from_fields(
        tally,
        lacks=tally.lacking(),
        may_approve=tuple(Approver(id=one.id, name=one.name) for one in may_still_approve(work.env, draft)),
        policy_age_days=draft_policy.days_since(draft.policy_read_on, work.today),
        repeat_policy_day=must_repeat(work, draft),
        code_from=step_up.source(work),
        code_lacks=step_up.lacking(work, draft),
        refused_for=tuple(_refusals(
            lambda: check_decided(case), lambda: warnings.extend(channel_status.of_draft(work, draft)[1])
        )),
        warnings=tuple(one if isinstance(one, StoredText) else as_written(one) for one in warnings),
    )  # fmt: skip


def _refusals(*checks: Callable[[], None]) -> Iterator[StoredText]:
    """Yields why each check refuses, of those that do."""
    for check in checks:
        try:
            check()
        except Refusal as refusal:
            yield refusal.said
