# SPDX-License-Identifier: EUPL-1.2
"""Commands of the officer on call: acknowledge, hand over, override, swap, and try pagers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from flaggermail.commands.command import Command, Subject
from flaggermail.commands.outcome import ActFacts, ActKind, ActResult, PageFact
from flaggermail.commands.requests import Instant
from flaggermail.errors import NotFound, Refusal
from flaggermail.letters import stored_messages
from flaggermail.notices import last_contact, pager_queue
from flaggermail.notices.duty import overrides
from flaggermail.notices.notices import Notice, tell
from flaggermail.record.case_values import Topic
from flaggermail.record.definition import where
from flaggermail.record.events import EventKind, added, changed
from flaggermail.record.kinds import Kind
from flaggermail.record.rows import Case, Notification, Override, Platform, Reminder
from flaggermail.record.states import PageState
from flaggermail.services import EventRef, UnitOfWork
from flaggermail.settings.rota import DESK, LEADS, Rota, Shift, on_call, planned, running
from flaggermail.settings.steps import quicker
from flaggermail.wording.acts import ActText
from flaggermail.wording.refusals import CommandRefusal


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledge(Command):
    """Acknowledges all reminders of one mail: the officer's reminders are suppressed until it expires.

    The escalation to the head is not suppressed.
    """

    NAME = "oncall ack"
    MAY = DESK

    reminder: str

    def subject(self, work: UnitOfWork) -> Subject:
        return _of_reminder(work, self.reminder)

    def perform(self, work: UnitOfWork) -> ActResult:
        reminder = _the_reminder(work, self.reminder)
        if reminder.acknowledged_at is not None:
            raise Refusal(
                CommandRefusal.ACKNOWLEDGED_ALREADY(reminder=reminder.id, officer=reminder.acknowledged_by or "")
            )
        promised = work.env.settings.escalation.acknowledged_minutes
        minutes = quicker(promised, stored_messages.pace(work.tx, reminder.case))
        until = work.now + timedelta(minutes=minutes)
        told = [
            r
            for r in work.tx.find(Reminder, where(Reminder.token).is_(reminder.token))
            if r.acknowledged_at is None and not r.withheld
        ]
        for row in told:
            # After the system clock was set back, the acknowledgement must still follow every earlier reminder.
            at = max(
                work.now, *(before.told_at for before in work.tx.find(Reminder, where(Reminder.case).is_(row.case)))
            )
            noted = replace(row, acknowledged_at=at, acknowledged_by=work.actor, acknowledged_until=until)
            about = EventRef(case=row.case, notification=row.notification)
            work.record(EventKind.REMINDER_ACKNOWLEDGED, changed(row, noted), about=about)
        zone = work.env.settings.zone
        begin, end = (f"{at.astimezone(zone):%H:%M}" for at in (work.now, until))
        text = ActText.REMINDERS_ACKNOWLEDGED(reminders=[row.id for row in told], begin=begin, end=end)
        did = ActFacts(what=ActKind.ACKNOWLEDGED, case=reminder.case, minutes=minutes)
        return ActResult(text, reminder.id, did=did)


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOver(Command):
    """Hands over the subject of a reminder to another officer, who is notified at once under a new token.

    The schedule does not change, and nothing is acknowledged until that officer does so.
    """

    NAME = "oncall reassign"
    MAY = DESK

    reminder: str
    officer: str

    def subject(self, work: UnitOfWork) -> Subject:
        return _of_reminder(work, self.reminder)

    def perform(self, work: UnitOfWork) -> ActResult:
        reminder = _the_reminder(work, self.reminder)
        officer = work.env.settings.rota.officer(self.officer)
        if officer is None or officer.id == work.actor:
            raise NotFound(CommandRefusal.NO_OTHER_OFFICER(officer=self.officer))
        told = [row for row in work.tx.find(Reminder, where(Reminder.token).is_(reminder.token)) if not row.withheld]
        for row in told:
            about = EventRef(case=row.case, notification=row.notification)
            work.record(EventKind.REMINDER_HANDED_OVER, reason=officer.id, about=about)
        single = told[0] if len(told) == 1 else None
        case = work.tx.get(Case, reminder.case)
        notice = Notice(
            Kind.OFFICER_NOTICE,
            "reminder_handed_over",
            f"handed over/{reminder.id}/{officer.id}",
            EventRef(case=single.case, notification=single.notification) if single else EventRef(),
            topic=Topic.REMINDERS if single is None else Topic.REMINDER if single.notification else Topic.UNDECIDED,
            reminder=reminder.id,
            exercise=case is not None and case.exercise,  # the same for all reminders of one mail
        )
        by = work.env.settings.rota.officer(work.actor)
        tell(
            work,
            officer,
            notice,
            {"by": by.name if by else work.actor, "matters": [_matter(work, row) for row in told]},
        )
        did = ActFacts(what=ActKind.HANDED_OVER, case=reminder.case, name=officer.name)
        return ActResult(ActText.REMINDER_HANDED_OVER(reminder=reminder.id, officer=officer.id), reminder.id, did=did)


def _matter(work: UnitOfWork, row: Reminder) -> dict[str, object]:
    use = work.tx.get(Notification, row.notification) if row.notification else None
    platform = work.tx.get(Platform, use.platform) if use else None
    case = work.tx.get(Case, row.case)
    since = use.sent_at if use else case.opened_at if case else None
    return {
        "case": row.case,
        "title": case.title if case else "",
        "platform": platform.name if platform else "",
        "sent_at": use.sent_at if use else None,
        "minutes": int((work.now - since).total_seconds()) // 60 if since else None,
        "phone": last_contact.phone_of(work, use),
        "contact": last_contact.last_contact(work, use) if use else None,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class OverrideRota(Command):
    """Puts another officer on call for a while; later steps go to that person."""

    NAME = "oncall override"
    MAY = DESK

    officer: str
    begins_at: Instant
    ends_at: Instant

    def subject(self, work: UnitOfWork) -> Subject:
        return ((Override, None),)

    def perform(self, work: UnitOfWork) -> ActResult:
        if work.env.settings.rota.officer(self.officer) is None:
            raise NotFound(CommandRefusal.OFFICER_NOT_IN_ROTA(officer=self.officer))
        if self.ends_at <= self.begins_at:
            raise Refusal(CommandRefusal.ENDS_BEFORE_BEGIN(end=self.ends_at.isoformat()))
        return _swapped(work, _take_over(work, Shift(self.officer, self.begins_at, self.ends_at)))


@dataclass(frozen=True, slots=True, kw_only=True)
class SwapShift(Command):
    """Gives a shift to another officer: the one that begins at `shift`, or the rest of the current one.

    `officer` is an id, a name or the last part of one. With `other`, the begin of another shift, the two are exchanged.
    """

    NAME = "oncall swap"
    MAY = DESK

    shift: Instant | None = None
    officer: str | None = None
    other: Instant | None = None

    def subject(self, work: UnitOfWork) -> Subject:
        return ((Override, None),)

    def perform(self, work: UnitOfWork) -> ActResult:
        first = _shift(work, self.shift)
        if self.other is not None:
            second = _shift(work, self.other, field="other")
            if second.officer == first.officer:
                raise Refusal(CommandRefusal.SAME_HOLDER(officer=first.officer))
            given, taken = replace(first, officer=second.officer), replace(second, officer=first.officer)
            return _swapped(work, _take_over(work, given), _take_over(work, taken))
        officer = work.env.settings.rota.by_name(self.officer or "")
        if officer is None:
            known = ", ".join(f"{o.id} ({o.name})" for o in work.env.settings.rota.officers)
            raise NotFound(CommandRefusal.OFFICER_NOT_CLEAR(officer=self.officer or "", known=known))
        if officer.id == first.officer:
            raise Refusal(CommandRefusal.HAS_SHIFT(officer=officer.id))
        return _swapped(work, _take_over(work, replace(first, officer=officer.id)))


@dataclass(frozen=True, slots=True, kw_only=True)
class TryPagers(Command):
    """Queues a test page to every pager of an officer: of oneself, or with a leading role of anybody.

    The daemon, which alone holds the credentials of pagers, makes the calls; "oncall pages" shows their results.
    """

    NAME = "oncall page"
    MAY = DESK

    officer: str

    def subject(self, work: UnitOfWork) -> Subject:
        del work
        return ()

    def perform(self, work: UnitOfWork) -> ActResult:
        rota = work.env.settings.rota
        officer, actor = rota.officer(self.officer), rota.officer(work.actor)
        if officer is None:
            raise NotFound(CommandRefusal.OFFICER_NOT_IN_ROTA(officer=self.officer))
        if officer != actor and not (actor is not None and LEADS & frozenset(actor.roles)):
            raise Refusal(CommandRefusal.PAGERS_OF_ANOTHER(officer=officer.id))
        if not officer.pagers:
            raise Refusal(CommandRefusal.NO_PAGER(officer=officer.id))
        pages = pager_queue.queue_trial(work, officer)
        facts = (PageFact(page=one.id, pager=one.pager, held=one.state is PageState.HELD) for one in pages)
        text = ActText.PAGES_QUEUED(officer=officer.id, pagers=len(pages))
        return ActResult(text, pages[0].about, did=ActFacts(pages=tuple(facts)))


def _the_reminder(work: UnitOfWork, key: str) -> Reminder:
    reminder = work.tx.get(Reminder, key)
    if reminder is None:
        raise NotFound(CommandRefusal.NO_SUCH_REMINDER(reminder=key))
    return reminder


def _of_reminder(work: UnitOfWork, key: str) -> Subject:
    """Returns every reminder of the same mail, and the cases that they are about."""
    told = work.tx.find(Reminder, where(Reminder.token).is_(_the_reminder(work, key).token))
    return (*((Reminder, row.id) for row in told), *((Case, row.case) for row in told))


def _shift(work: UnitOfWork, begins_at: datetime | None, *, field: str = "shift") -> Shift:
    """Returns the rest of the shift that begins then under the current schedule; by default, of the current one.

    `field` names it in the request.
    """
    rota, changed_since = work.env.settings.rota, overrides(work.tx)
    if begins_at is None or begins_at == work.now:
        found = running(rota, changed_since, work.now)
        if found is None:
            raise Refusal(CommandRefusal.NOBODY_ON_CALL())
        return found
    shifts = [s for s in (*rota_shifts(rota, begins_at), *changed_since) if s.begins_at == begins_at]
    if not shifts:
        raise NotFound(CommandRefusal.NO_SUCH_SHIFT(at=begins_at.isoformat()), where=field)
    shift = shifts[-1]
    if shift.ends_at <= work.now:
        raise Refusal(CommandRefusal.SHIFT_OVER(at=begins_at.isoformat(), end=shift.ends_at.isoformat()), where=field)
    holder = on_call(rota, changed_since, max(begins_at, work.now))
    return Shift(holder.id if holder else shift.officer, max(begins_at, work.now), shift.ends_at)


def rota_shifts(rota: Rota, begins_at: datetime) -> list[Shift]:
    """Returns the shifts of the schedule that run at that instant."""
    return planned(rota, begins_at, begins_at + timedelta(seconds=1))


def _take_over(work: UnitOfWork, shift: Shift) -> Override:
    """Records that its officer has that shift; returns the row."""
    row = Override(
        id=f"v{work.tx.number('override'):06d}",
        officer=shift.officer,
        begins_at=shift.begins_at,
        ends_at=shift.ends_at,
        entered_by=work.actor,
        entered_at=work.now,
    )
    work.record(EventKind.ROTA_OVERRIDDEN, added(row), reason=shift.officer)
    return row


def _swapped(work: UnitOfWork, *rows: Override) -> ActResult:
    """Returns what became of the shifts, the first row being the one that was asked for."""
    zone = work.env.settings.zone
    taken = []
    for row in rows:
        begin, end = (at.astimezone(zone).isoformat(timespec="minutes") for at in (row.begins_at, row.ends_at))
        taken.append(ActText.SHIFT_TAKEN(officer=row.officer, begin=begin, end=end))
    did = ActFacts(what=ActKind.SWAPPED, name=work.env.settings.rota.officer_name(rows[0].officer))
    text = taken[0] if len(taken) == 1 else ActText.SHIFTS_EXCHANGED(shifts=taken)
    return ActResult(text, rows[0].id, did=did)
