# SPDX-License-Identifier: EUPL-1.2
"""Commands of the officer on call: acknowledge, hand over, override and swap."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from flaggermail.commands import acts
from flaggermail.commands.lookups import Outcome
from flaggermail.errors import NotFound, Refusal
from flaggermail.notices.duty import overrides
from flaggermail.notices.notices import Notice, tell
from flaggermail.oncall.schedule import Rota, Shift, on_call, planned, running
from flaggermail.record.events import EventKind, added, changed
from flaggermail.record.finding import where
from flaggermail.record.kinds import Kind
from flaggermail.record.rows import Case, Channel, Notification, Override, Platform, Reminder
from flaggermail.record.topics import Topic
from flaggermail.services import EventRef, UnitOfWork


def acknowledge(work: UnitOfWork, act: acts.Acknowledge) -> Outcome:
    """Acknowledges all reminders of one mail: the officer's reminders are suppressed until it expires.

    The escalation to the head is not suppressed.
    """
    reminder = work.tx.get(Reminder, act.reminder)
    if reminder is None:
        raise NotFound(f"reminder {act.reminder}: there is no such reminder; `flaggermail oncall now` shows them")
    if reminder.acknowledged_at is not None:
        raise Refusal(f"reminder {reminder.id}: was acknowledged by {reminder.acknowledged_by} already")
    until = work.now + timedelta(minutes=work.env.settings.escalation.acknowledged_minutes)
    told = [
        r
        for r in work.tx.find(Reminder, where(Reminder.token).is_(reminder.token))
        if r.acknowledged_at is None and not r.withheld
    ]
    for row in told:
        # After the system clock was set back, the acknowledgement must still follow every earlier reminder.
        at = max(work.now, *(before.told_at for before in work.tx.find(Reminder, where(Reminder.case).is_(row.case))))
        noted = replace(row, acknowledged_at=at, acknowledged_by=work.actor, acknowledged_until=until)
        about = EventRef(case=row.case, notification=row.notification)
        work.record(EventKind.REMINDER_ACKNOWLEDGED, changed(row, noted), about=about)
    zone = work.env.settings.zone
    span = f"{work.now.astimezone(zone):%H:%M}-{until.astimezone(zone):%H:%M}"
    return Outcome(f"{', '.join(row.id for row in told)}: ok {span}", reminder.id)


def hand_over(work: UnitOfWork, act: acts.HandOver) -> Outcome:
    """Hands over what a reminder is about to another officer, who is told at once, under a new token.

    The schedule does not change, and nothing is acknowledged until that officer does so.
    """
    reminder = work.tx.get(Reminder, act.reminder)
    officer = work.env.settings.rota.officer(act.officer)
    if reminder is None:
        raise NotFound(f"reminder {act.reminder}: there is no such reminder; `flaggermail oncall now` shows them")
    if officer is None or officer.id == work.actor:
        raise NotFound(f"officer {act.officer}: is not another officer of oncall.yaml")
    told = [row for row in work.tx.find(Reminder, where(Reminder.token).is_(reminder.token)) if not row.withheld]
    for row in told:
        about = EventRef(case=row.case, notification=row.notification)
        work.record(EventKind.REMINDER_HANDED_OVER, reason=officer.id, about=about)
    single = told[0] if len(told) == 1 else None
    case = work.tx.get(Case, reminder.case)
    notice = Notice(
        Kind.OFFICER_NOTICE,
        "handed_over",
        f"handed over/{reminder.id}/{officer.id}",
        EventRef(case=single.case, notification=single.notification) if single else EventRef(),
        topic=Topic.REMINDERS if single is None else Topic.REMINDER if single.notification else Topic.UNDECIDED,
        reminder=reminder.id,
        exercise=case is not None and case.exercise,  # the same for all reminders of one mail
    )
    by = work.env.settings.rota.officer(work.actor)
    tell(work, officer, notice, {"by": by.name if by else work.actor, "matters": [_matter(work, row) for row in told]})
    return Outcome(f"{reminder.id}: with {officer.id}", reminder.id)


def _matter(work: UnitOfWork, row: Reminder) -> dict[str, object]:
    use = work.tx.get(Notification, row.notification) if row.notification else None
    platform = work.tx.get(Platform, use.platform) if use else None
    channel = work.tx.get(Channel, use.channel) if use else None
    return {
        "case": row.case,
        "platform": platform.name if platform else "",
        "sent_at": use.sent_at if use else None,
        "phone": channel.phone if channel else None,
    }


def override(work: UnitOfWork, act: acts.OverrideRota) -> Outcome:
    """Puts another officer on call for a while; later steps go to that person."""
    if work.env.settings.rota.officer(act.officer) is None:
        raise NotFound(f"officer {act.officer}: is not in oncall.yaml")
    if act.ends_at <= act.begins_at:
        raise Refusal(f"override: ends {act.ends_at.isoformat()}, which is not after its begin")
    return Outcome(*_take_over(work, act.officer, Shift(act.officer, act.begins_at, act.ends_at)))


def swap(work: UnitOfWork, act: acts.SwapShift) -> Outcome:
    """Gives a shift, or the rest of it, to another officer; with `other` the two shifts are exchanged."""
    first = _shift(work, act.shift)
    if act.other is not None:
        second = _shift(work, act.other)
        if second.officer == first.officer:
            raise Refusal(f"swap: both shifts are {first.officer}'s; name one of another officer")
        texts = [_take_over(work, second.officer, first), _take_over(work, first.officer, second)]
        return Outcome("; ".join(text for text, _ in texts), texts[0][1])
    officer = work.env.settings.rota.by_name(act.officer or "")
    if officer is None:
        known = ", ".join(f"{o.id} ({o.name})" for o in work.env.settings.rota.officers)
        raise NotFound(f"officer {act.officer}: is not in oncall.yaml, or several are called so; there are {known}")
    if officer.id == first.officer:
        raise Refusal(f"swap: {officer.id} has that shift already")
    return Outcome(*_take_over(work, officer.id, first))


def _shift(work: UnitOfWork, begins_at: datetime | None) -> Shift:
    """Returns the rest of the shift that begins then under the current schedule; by default, of the current one."""
    rota, changed_since = work.env.settings.rota, overrides(work.tx)
    if begins_at is None or begins_at == work.now:
        found = running(rota, changed_since, work.now)
        if found is None:
            raise Refusal(
                "swap: nobody is on call now, so there is no shift to hand over; `flaggermail oncall override`"
            )
        return found
    shifts = [s for s in (*rota_shifts(rota, begins_at), *changed_since) if s.begins_at == begins_at]
    if not shifts:
        raise NotFound(f"shift {begins_at.isoformat()}: none begins then; `flaggermail oncall next` lists them")
    shift = shifts[-1]
    if shift.ends_at <= work.now:
        raise Refusal(f"shift {begins_at.isoformat()}: is over since {shift.ends_at.isoformat()}")
    holder = on_call(rota, changed_since, max(begins_at, work.now))
    return Shift(holder.id if holder else shift.officer, max(begins_at, work.now), shift.ends_at)


def rota_shifts(rota: Rota, begins_at: datetime) -> list[Shift]:
    """Returns the shifts of the schedule that run at that instant."""
    return planned(rota, begins_at, begins_at + timedelta(seconds=1))


def _take_over(work: UnitOfWork, officer: str, shift: Shift) -> tuple[str, str]:
    """Records that `officer` takes that shift; returns the text and the key."""
    row = Override(
        id=f"v{work.tx.number('override'):06d}",
        officer=officer,
        begins_at=shift.begins_at,
        ends_at=shift.ends_at,
        entered_by=work.actor,
        entered_at=work.now,
    )
    work.record(EventKind.ROTA_OVERRIDDEN, added(row), reason=officer)
    zone = work.env.settings.zone
    span = " to ".join(at.astimezone(zone).isoformat(timespec="minutes") for at in (row.begins_at, row.ends_at))
    return f"{officer} is on call from {span}", row.id
