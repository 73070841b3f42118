# SPDX-License-Identifier: EUPL-1.2
"""The hand-over note: what the next officer on call must know, gathered from the rows and mailed at the change.

No job is scheduled: each tick checks whether the officer on call has changed and already has the note.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from flaggermail.cases import attention
from flaggermail.notices import anew, last_contact, notices
from flaggermail.notices.duty import overrides, readers
from flaggermail.notices.notices import Notice
from flaggermail.ports import Transaction, WallTime
from flaggermail.record.alarms import AlarmKind, alarm, alarm_key
from flaggermail.record.clocks import ClockKind
from flaggermail.record.definition import where
from flaggermail.record.kinds import FROM_MAILBOX, Kind, Place
from flaggermail.record.rows import Alarm, Case, InForce, OutboxMail, Platform, Reminder, StoredMessage, Withheld
from flaggermail.record.states import CaseState, MailState
from flaggermail.record.topics import Topic
from flaggermail.reminders import escalation
from flaggermail.reminders.escalation import Expected
from flaggermail.reminders.open_clocks import OpenClock, open_clocks
from flaggermail.services import EventRef, Services, UnitOfWork
from flaggermail.settings.rota import AT_MOST, WEEKDAYS, Officer, Shift, changes, void
from flaggermail.wording.alarms import AlarmText

JOB = "hand-over"  # what an alarm calls it
LISTED = 40  # entries per list in the mail; the rest is counted


@dataclass(frozen=True, slots=True)
class HandoverNote:
    """The open work at an instant."""

    cases: list[Case]  # undecided, decided, or waiting for a platform
    clocks: list[tuple[OpenClock, Expected | None]]  # with the next expected call
    awaited: list[OpenClock]  # for an answer to the matter alone
    unanswered: list[Reminder]
    acknowledged: list[Reminder]  # acknowledgements that have not expired
    quarantine: list[StoredMessage]
    uncertain: list[OutboxMail]
    withheld: list[OutboxMail]


@dataclass(frozen=True, slots=True)
class ScheduleChange:
    """A change of the officer on call."""

    at: datetime
    officer: Officer


def gather(work: UnitOfWork) -> HandoverNote:
    """Gathers the note as of now."""
    who, all_running = readers(work.env.settings, work.tx), list(open_clocks(work.tx))
    running = [one for one in all_running if one.clock is not ClockKind.SUBSTANCE]
    reminders = sorted(
        (r for one in running for r in one.told if r.clock == one.clock), key=lambda r: (r.told_at, r.id)
    )
    cases = work.tx.find(Case, where(Case.state).in_([CaseState.OPEN, CaseState.DECIDED, CaseState.NOTIFIED]))
    return HandoverNote(
        cases=sorted(cases, key=lambda case: (case.opened_at, case.number)),
        clocks=[(one, next(iter(escalation.upcoming(one.silence, one.steps, who)), None)) for one in running],
        awaited=awaited_alone(all_running),
        unanswered=[r for r in reminders if r.acknowledged_at is None and not r.withheld],
        acknowledged=[r for r in reminders if r.acknowledged_until is not None and work.now < r.acknowledged_until],
        quarantine=attention.by_trust(
            work,
            sorted(
                work.tx.find(
                    StoredMessage,
                    where(StoredMessage.place).is_(Place.QUARANTINE),
                    where(StoredMessage.arrival).in_(FROM_MAILBOX),
                ),
                key=lambda m: (m.received_at, m.id),
            ),
        ),
        uncertain=work.tx.readable(OutboxMail, where(OutboxMail.state).is_(MailState.UNCERTAIN)),
        withheld=[
            mail
            for mail in work.tx.readable(OutboxMail, where(OutboxMail.state).is_(MailState.QUEUED))
            if mail.is_withheld
        ],
    )


def tick(env: Services) -> bool:
    """Mails the note to an officer who has come on call and does not have it yet; returns True if one was due.

    An override of somebody who has left the desk is an alarm, once.
    """
    now = env.clock.now()
    with env.store.read() as tx:
        work = UnitOfWork(env, tx, now)
        if _unsent_change(work) is None and not _void_untold(work):
            return False
    with env.store.begin() as tx:
        work = UnitOfWork(env, tx, now)
        for key, shift in _void_untold(work).items():
            begin, end = (at.astimezone(env.settings.zone).isoformat() for at in (shift.begins_at, shift.ends_at))
            text = AlarmText.OVERRIDE(officer=shift.officer, begin=begin, end=end)
            raised = alarm(AlarmKind.OVERRIDE_VOID, key, text, now)
            notices.raise_alarm(work, raised, "flaggermail oncall next", reach=notices.AlarmReaders.HEAD_TOO)
        change = _unsent_change(work)
        if change is not None:
            notice = Notice(Kind.DIGEST, "handover", _reason(change), EventRef(), topic=Topic.SHIFT)
            notices.tell(work, change.officer, notice, _values(work, gather(work)))
            anew.send(work, change.officer, _reason(change), anew.OF_MAIL)
    return change is not None


def _void_untold(work: UnitOfWork) -> dict[str, Shift]:
    """Returns the overrides that count for nothing and of which nobody was told, by the key of their alarm."""
    found = void(work.env.settings.rota, overrides(work.tx), work.now)
    keys = {alarm_key(AlarmKind.OVERRIDE_VOID, f"{one.officer}/{one.begins_at.isoformat()}"): one for one in found}
    return {key: one for key, one in keys.items() if work.tx.get(Alarm, key) is None}


def times_of_week(env: Services) -> list[tuple[WallTime, str]]:
    """Returns each time of the week at which a weekly shift begins or ends, with the name of its job."""
    weekly = env.settings.rota.weekly
    begins = {(shift.weekday, shift.begins) for shift in weekly}
    ends = {((shift.weekday + (shift.ends <= shift.begins)) % len(WEEKDAYS), shift.ends) for shift in weekly}
    edges = sorted(begins | ends)
    return [(WallTime(at.minute, at.hour, day), f"hand-over {WEEKDAYS[day]} {at:%H:%M}") for day, at in edges]


def next_due(env: Services, tx: Transaction) -> datetime | None:
    """Returns when the officer on call changes next, within twelve hours; now if a note is due."""
    now = env.clock.now()
    if _unsent_change(UnitOfWork(env, tx, now)) is not None:
        return now
    return next((at for at, _ in changes(env.settings.rota, overrides(tx), now, now + AT_MOST)), None)


def _unsent_change(work: UnitOfWork) -> ScheduleChange | None:
    """Returns the last change of the past twelve hours; None if its note was mailed or the desk did not exist yet."""
    exact = timedelta(microseconds=1)
    past = changes(work.env.settings.rota, overrides(work.tx), work.now - AT_MOST, work.now + exact)
    if not past or past[-1][1] is None:
        return None
    change = ScheduleChange(past[-1][0], past[-1][1])
    began = min((row.since for row in work.tx.find(InForce)), default=work.now)
    reason = _reason(change)
    queued = work.tx.exists(OutboxMail, where(OutboxMail.dedupe).is_(f"{reason}/{change.officer.address.lower()}"))
    told = queued or work.tx.get(Withheld, reason) or work.tx.get(Alarm, notices.unmade_key(reason, change.officer))
    return change if change.at >= began and not told else None


def _reason(change: ScheduleChange) -> str:
    return f"handover/{change.at.isoformat()}/{change.officer.id}"


def _values(work: UnitOfWork, note: HandoverNote) -> dict[str, object]:
    rota = work.env.settings.rota
    rehearsed = {one.case.number for one, _ in note.clocks if one.case.exercise}

    def name(officer_id: str | None) -> str:
        found = rota.officer(officer_id or "")
        return found.name if found else officer_id or ""

    return {
        "total": len(note.cases),
        "open_cases": [
            {"number": c.number, "title": c.title, "state": c.state, "exercise": c.exercise}
            for c in note.cases[:LISTED]
        ],
        "clocks": [
            {
                "about": one.about, "clock": one.clock, "sent_at": one.started_at, "exercise": one.case.exercise,
                "due_at": expected.at if expected else None, "officer": name(expected.officer) if expected else "",
            }
            for one, expected in note.clocks[:LISTED]
        ],
        "awaited": [line_of_awaited(work, one) for one in note.awaited[:LISTED]],
        "unanswered": [
            {"at": r.told_at, "officer": name(r.officer), "about": r.case, "exercise": r.case in rehearsed}
            for r in note.unanswered[:LISTED]
        ],
        "in_hand": [
            {
                "at": r.acknowledged_until, "officer": name(r.acknowledged_by), "about": r.case,
                "exercise": r.case in rehearsed,
            }
            for r in note.acknowledged[:LISTED]
        ],
        "waiting": len(note.quarantine),
        "entries": [{**notices.entry_of(m), "exercise": m.exercise} for m in note.quarantine[:LISTED]],
        "uncertain": [line_of_mail(m) for m in note.uncertain[:LISTED]],
        "withheld": [line_of_mail(m) for m in note.withheld[:LISTED]],
    }  # fmt: skip


def line_of_mail(mail: OutboxMail) -> dict[str, object]:
    """Returns the template values of a mail of ours that a person must settle; `why` it is withheld."""
    return {
        "place": mail.id, "recipient": mail.recipient, "number": mail.case or "", "exercise": mail.exercise,
        "why": mail.answer,
    }  # fmt: skip


# ---- Notifications of which nothing but the answer to the matter is awaited: lines of mails to officers


def awaited_alone(running: Iterable[OpenClock]) -> list[OpenClock]:
    """Returns the clocks of substance that run without another clock of their notification, in the order given."""
    clocks = list(running)
    others = {one.about for one in clocks if one.clock is not ClockKind.SUBSTANCE}
    return [one for one in clocks if one.clock is ClockKind.SUBSTANCE and one.about not in others]


def line_of_awaited(work: UnitOfWork, waiting: OpenClock) -> dict[str, object]:
    """Returns the template values of one line: which notification, since when, and the last that was heard of it."""
    use = waiting.notification
    platform = work.tx.get(Platform, use.platform) if use is not None else None
    return {
        "case": waiting.case.number,
        "title": waiting.case.title,
        "platform": platform.name if platform is not None else "",
        "sent_at": waiting.started_at,
        "contact": last_contact.last_contact(work, use) if use is not None else None,
        "exercise": waiting.case.exercise,
    }
