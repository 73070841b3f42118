# SPDX-License-Identifier: EUPL-1.2
"""The hand-over note: what the next officer on call must know, gathered from the rows and mailed at the change.

No job is scheduled: each tick checks whether the officer on call has changed and already has the note.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from flaggermail.cases import attention
from flaggermail.cases.attention import OF_WAITING, WaitingMail
from flaggermail.letters import standing
from flaggermail.mail.message import SenderVerdict
from flaggermail.notices import anew, duty, last_contact, notices, unheard
from flaggermail.notices.duty import overrides, readers
from flaggermail.notices.notices import Notice
from flaggermail.ports import Transaction, WallTime
from flaggermail.record.case_values import Decision, Topic
from flaggermail.record.definition import in_sequence, where
from flaggermail.record.kinds import FROM_MAILBOX, Direction, Kind, Place
from flaggermail.record.rows import (
    Alarm,
    Case,
    HeldBack,
    InForce,
    Notification,
    OutboxMail,
    Platform,
    Reminder,
    StoredMessage,
    Withheld,
)
from flaggermail.record.rows.alarms import AlarmKind, alarm, alarm_key
from flaggermail.record.states import CaseState, ClockKind, MailState, NotificationState, ServerState
from flaggermail.reminders import due_steps
from flaggermail.reminders.open_clocks import OpenClock, open_clocks
from flaggermail.services import EventRef, Services, UnitOfWork
from flaggermail.settings.rota import AT_MOST, WEEKDAYS, Officer, Shift, changes, void_overrides
from flaggermail.wording.alarms import AlarmText

JOB = "hand-over"  # what an alarm calls it
LISTED = 40  # entries per list in the mail; the rest is counted
UNFINISHED = (CaseState.OPEN, CaseState.DECIDED, CaseState.NOTIFIED)


@dataclass(frozen=True, slots=True)
class HandoverNote:
    """The open work at an instant."""

    clocks: list[OpenClock]  # but for those of an answer to the matter
    awaited: list[OpenClock]  # for an answer to the matter alone
    unanswered: list[Reminder]
    acknowledged: list[Reminder]  # acknowledgements that have not expired
    quarantine: list[WaitingMail]  # the most trusted senders first
    uncertain: list[OutboxMail]
    withheld: list[OutboxMail]


@dataclass(frozen=True, slots=True)
class ScheduleChange:
    """A change of the officer on call."""

    at: datetime
    officer: Officer


def gather(work: UnitOfWork) -> HandoverNote:
    """Gathers the current note."""
    all_running = list(open_clocks(work.tx))
    running = [one for one in all_running if one.clock is not ClockKind.SUBSTANCE]
    reminders = sorted(
        (r for one in running for r in one.told if r.clock == one.clock), key=lambda r: (r.told_at, r.id)
    )
    uncertain, withheld = unsettled_mail(work)
    return HandoverNote(
        clocks=running,
        awaited=awaited_alone(all_running),
        unanswered=[r for r in reminders if r.acknowledged_at is None and not r.withheld],
        acknowledged=[r for r in reminders if r.acknowledged_until is not None and work.now < r.acknowledged_until],
        quarantine=quarantined(work),
        uncertain=uncertain,
        withheld=withheld,
    )


def open_cases(tx: Transaction) -> list[Case]:
    """Returns the cases that are undecided, decided, or wait for a platform, the first opened first."""
    found = tx.find(Case, where(Case.state).in_(UNFINISHED))
    return sorted(found, key=lambda case: (case.opened_at, *in_sequence(case.number)))


def quarantined(work: UnitOfWork) -> list[WaitingMail]:
    """Returns the mails that a person must place, the most trusted senders first."""
    here = where(StoredMessage.place).is_(Place.QUARANTINE), where(StoredMessage.arrival).in_(FROM_MAILBOX)
    found = (WaitingMail(*fields) for fields in work.tx.columns(StoredMessage, OF_WAITING, *here))
    return attention.by_trust(work, sorted(found, key=lambda mail: (mail.received_at, mail.id)))


def unsettled_mail(work: UnitOfWork) -> tuple[list[OutboxMail], list[OutboxMail]]:
    """Returns our mails of which nobody knows whether they left, and those that the configuration withholds."""
    untried = where(OutboxMail.state).is_(MailState.QUEUED), where(OutboxMail.next_try_at).is_(None)
    return (
        work.tx.readable(OutboxMail, where(OutboxMail.state).is_(MailState.UNCERTAIN)),
        [mail for mail in work.tx.readable(OutboxMail, *untried) if mail.is_withheld],
    )


def rows_of(work: UnitOfWork, waiting: Sequence[WaitingMail]) -> list[StoredMessage]:
    """Returns the rows of these mails, in their order."""
    found = {row.id: row for row in work.tx.find(StoredMessage, where(StoredMessage.id).in_([m.id for m in waiting]))}
    return [found[mail.id] for mail in waiting]


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
    found = void_overrides(work.env.settings.rota, overrides(work.tx), work.now)
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
    rota, who = work.env.settings.rota, readers(work.env.settings, work.tx)
    rehearsed, cases = {one.case.number for one in note.clocks if one.case.exercise}, open_cases(work.tx)

    def name(officer_id: str | None) -> str:
        found = rota.officer(officer_id or "")
        return found.name if found else officer_id or ""

    return {
        "total": len(cases),
        "open_cases": [
            {"number": c.number, "title": c.title, "state": c.state, "exercise": c.exercise}
            for c in cases[:LISTED]
        ],
        "clocks": [
            {
                "about": one.about, "clock": one.clock, "sent_at": one.started_at, "exercise": one.case.exercise,
                "due_at": expected.at if expected else None, "officer": name(expected.officer) if expected else "",
            }
            for one in note.clocks[:LISTED]
            for expected in [next(iter(due_steps.upcoming(one.silence, one.steps, who)), None)]
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
        "entries": _entries(work, note.quarantine[:LISTED]),
        "uncertain": [line_of_mail(m) for m in note.uncertain[:LISTED]],
        "withheld": [line_of_mail(m) for m in note.withheld[:LISTED]],
    }  # fmt: skip


def _entries(work: UnitOfWork, waiting: Sequence[WaitingMail]) -> list[dict[str, object]]:
    return [{**notices.entry_of(row), "exercise": row.exercise} for row in rows_of(work, waiting)]


def line_of_mail(mail: OutboxMail) -> dict[str, object]:
    """Returns the template values of a mail that a person must settle; `why` it is withheld."""
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


SUMMED_UP = 8  # entries per list; the rest is counted


def values(work: UnitOfWork) -> dict[str, object]:
    """Returns the values of the template `desk_summary`, as of now."""
    note, officer = gather(work), duty.officer_on_call(work)
    clocks = sorted(note.clocks, key=lambda one: (_first_due(one), one.started_at, one.about))
    late = [one for one in clocks if _first_due(one) <= work.now]
    drafts = work.tx.find(Notification, where(Notification.state).is_(NotificationState.DRAFT))
    answers = _unverified(work, [*clocks, *note.awaited])
    replies, outlook, stuck = unheard.lately(work.tx, work.now), standing.look(work.tx), _stuck(work)
    return {
        "at": work.now,
        "late": [_clock(work, one) for one in late[:SUMMED_UP]],
        "going_on": [_clock(work, one) for one in clocks[len(late) :][:SUMMED_UP]],
        "awaited": [line_of_awaited(work, one) for one in note.awaited[:SUMMED_UP]],
        "drafts": [_draft(work, one) for one in sorted(drafts, key=lambda one: (one.drafted_at, one.id))[:SUMMED_UP]],
        "stuck": [{"case": one.number, "title": one.title, "exercise": one.exercise} for one in stuck[:SUMMED_UP]],
        "answers": [notices.entry_of(one) | {"number": one.case} for one in answers[:SUMMED_UP]],
        "entries": _entries(work, note.quarantine[:SUMMED_UP]),
        "uncertain": [line_of_mail(one) for one in note.uncertain[:SUMMED_UP]],
        "withheld": [line_of_mail(one) for one in note.withheld[:SUMMED_UP]],
        "counts": {
            "late": len(late), "running": len(clocks) - len(late), "awaited": len(note.awaited),
            "drafts": len(drafts), "stuck": len(stuck), "answers": len(answers), "entries": len(note.quarantine),
            "uncertain": len(note.uncertain), "withheld": len(note.withheld), "replies": replies,
            "held": work.tx.count(HeldBack, where(HeldBack.told_at).is_(None)),
            "outbox": len(outlook.waiting) if outlook.standing is not ServerState.TAKES else 0,
        },
        "waiting": len(drafts) + len(stuck) + len(answers) + len(note.quarantine) + replies,
        "officer": officer.name if officer is not None else "",
    }  # fmt: skip


def _stuck(work: UnitOfWork) -> list[Case]:
    """Returns the cases of which a platform is to be notified, and nothing is on its way: refused, or rejected."""
    decided = work.tx.find(
        Case, where(Case.state).is_(CaseState.DECIDED), where(Case.decision).is_(Decision.NOTIFY)
    )  # fmt: skip
    under_way = {NotificationState.DRAFT, NotificationState.APPROVED, NotificationState.SENT}
    uses = work.tx.find(Notification, where(Notification.case).in_([case.number for case in decided]))
    busy = {use.case for use in uses if use.state in under_way}
    return [case for case in decided if case.number not in busy]


def _first_due(one: OpenClock) -> datetime:
    """Returns when its first step falls due; a clock without a step is never late."""
    return min(
        (step.due_at(one.started_at) for step in one.steps), default=datetime.max.replace(tzinfo=one.started_at.tzinfo)
    )


def _clock(work: UnitOfWork, one: OpenClock) -> dict[str, object]:
    platform = work.tx.get(Platform, one.notification.platform) if one.notification else None
    return {
        "case": one.case.number, "title": one.case.title, "platform": platform.name if platform else "",
        "clock": one.clock, "minutes": (work.now - one.started_at) // timedelta(minutes=1),
        "exercise": one.case.exercise,
    }  # fmt: skip


def _draft(work: UnitOfWork, draft: Notification) -> dict[str, object]:
    platform = work.tx.get(Platform, draft.platform)
    return {
        "draft": draft.id, "platform": platform.name if platform else "", "at": draft.drafted_at,
        "exercise": draft.exercise,
    }  # fmt: skip


def _unverified(work: UnitOfWork, waiting: Sequence[OpenClock]) -> list[StoredMessage]:
    """Returns the answers to what is awaited of which a person must say whether they are genuine."""
    uses = [one.notification.id for one in waiting if one.notification is not None]
    found = work.tx.find(
        StoredMessage,
        where(StoredMessage.notification).in_(uses),
        where(StoredMessage.direction).is_(Direction.IN),
    )
    doubted = (
        one for one in found
        if one.verdict == SenderVerdict.UNVERIFIED or (one.disputed and one.verdict == SenderVerdict.VERIFIED)
    )  # fmt: skip
    return sorted(doubted, key=lambda one: (one.received_at, one.id))
