# SPDX-License-Identifier: EUPL-1.2
"""Steps on cases that mail and officers share: opening one, keeping its clocks true, telling the officer on call."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from flaggermail import exercises, observing, pages, storms
from flaggermail.core import clocks, escalation
from flaggermail.core.escalation import Step
from flaggermail.core.events import EventKind, added, changed
from flaggermail.core.message import Address, Message
from flaggermail.core.outgoing import GENERATED, REPLIED, Outgoing
from flaggermail.core.periods import Period, period
from flaggermail.core.records import (
    Alarm,
    Case,
    Channel,
    ClockRow,
    ContactNote,
    Election,
    HeldBack,
    Notification,
    Override,
    StoredMessage,
    Token,
)
from flaggermail.core.rota import Officer, Shift, on_call
from flaggermail.core.rules import URGENT, Kind
from flaggermail.core.verbs import LIFETIME, USUAL_LIFE, Topic, would_work
from flaggermail.environment import About, Work
from flaggermail.post import issue, queue
from flaggermail.referrals import missing_of

SHOWN_TEXT = 6000  # characters of a mail that an officer's notice shows; the rest is one command away


def officer_on_call(work: Work) -> Officer | None:
    """Who is on call now, overrides included."""
    overrides = [Shift(o.officer, o.begins_at, o.ends_at) for o in work.tx.find(Override)]
    return on_call(work.env.settings.rota, overrides, work.now)


def open_election(work: Work, *, exercise: bool = False) -> Election | None:
    """The election that a referral of that day belongs to: not closed, in its period, the nearest polling day first.

    Of a player's mail that is the exercise that runs; of all other mail it is never one.
    """
    found = work.tx.find(Election, exercise=exercise)
    still = (e for e in found if e.closed_at is None or e.closed_at > work.now)
    running = [e for e in still if e.period_from <= work.today <= e.period_until]
    return min(running, key=lambda e: abs((min(e.polling_days) - work.today).days), default=None)


def is_players(work: Work, message: Message) -> bool:
    """Whether somebody who plays a part in exercises wrote it."""
    return message.sender is not None and exercises.is_address(work.env.settings, message.sender.address)


def election_of(work: Work, message: Message) -> Election | None:
    """The election that a mail belongs to if it is a referral."""
    return open_election(work, exercise=is_players(work, message))


def in_period(work: Work, election: str) -> bool:
    """Whether today lies in the period of that election."""
    return period_at(work, election, work.now) is not Period.QUIET


def period_at(work: Work, election: str, at: datetime) -> Period:
    """What sort of day the day of that instant is for an election."""
    found = work.tx.get(Election, election)
    day = at.astimezone(work.env.settings.zone).date()
    return period(found.polling_days, found.period_from, found.period_until, day) if found else Period.QUIET


def policy_for(work: Work, election: str, channel: Channel, at: datetime) -> tuple[Step, ...]:
    """The steps for what is sent then on that channel; one that cannot confirm has no receipt to wait for."""
    policy = work.env.settings.escalation.policy(period_at(work, election, at), channel.code)
    return policy.steps("receipt", "human") if channel.can_confirm else policy.steps("human")


def policy_of(work: Work, notification: Notification) -> tuple[Step, ...]:
    """The steps for a notification by the instant at which it was sent; a follow-up has none."""
    case, channel = work.tx.get(Case, notification.case), work.tx.get(Channel, notification.channel)
    if case is None or channel is None or not notification.use:
        return ()
    return policy_for(work, case.election, channel, notification.sent_at or work.now)


def new_case(work: Work, case: Case, reason: str) -> Case:
    """Open `case`; number, token, reminder policy and exercise flag are filled in here."""
    election = work.tx.get(Election, case.election)
    steps = work.env.settings.escalation.policy(period_at(work, case.election, work.now)).steps("decision")
    prefix = work.env.settings.desk.organisation.case_prefix
    case = replace(
        case,
        number=f"{prefix}-{case.election}-{work.tx.number(f'case {case.election}'):04d}",
        token=work.env.randomness.token(),
        reminders=escalation.write_steps(steps),
        exercise=election is not None and election.exercise,
    )
    work.record(EventKind.CASE_OPENED, added(case), reason=reason, about=About(case=case.number))
    issue(work, Token(token=case.token, purpose="case", case=case.number, issued_at=work.now))
    return case


def rejudge(work: Work, notification_id: str) -> None:
    """Bring the clocks of a notification in line with all that is known about it now."""
    notification = work.tx.get(Notification, notification_id)
    if notification is None:
        return
    notes = [n for n in work.tx.find(ContactNote, case=notification.case) if n.notification == notification_id]
    messages = work.tx.find(StoredMessage, notification=notification_id)
    before = {clock.id: clock for clock in work.tx.find(ClockRow, notification=notification_id)}
    about = About(case=notification.case, notification=notification_id)
    answered = resumed = False
    for clock in clocks.judge(notification, messages, notes):
        old = before.get(clock.id)
        if old is None:
            old = clocks.running(clock)
            work.record(EventKind.CLOCK_STARTED, added(old), reason=clock.kind, about=about)
        if old != clock and old.state != "cancelled":
            kind = EventKind.CLOCK_STOPPED if clock.state == "stopped" else EventKind.CLOCK_RESUMED
            work.record(kind, changed(old, clock), reason=clock.kind, about=about)
            answered |= clock.kind == clocks.HUMAN and clock.state == "stopped"
            resumed |= clock.kind == clocks.HUMAN and clock.state == "running"
    case = work.tx.get(Case, notification.case)
    if answered and case is not None and case.state == "notified":
        work.record(EventKind.CASE_ANSWERED, changed(case, replace(case, state="answered")), about=about)
    if resumed and case is not None and case.state == "answered" and not _answered(work, case):
        work.record(EventKind.CASE_WAITS_AGAIN, changed(case, replace(case, state="notified")), about=about)


def _answered(work: Work, case: Case) -> bool:
    """Whether a person at a platform has answered any notification of the case."""
    uses = [use.id for use in work.tx.find(Notification, case=case.number)]
    return work.tx.exists(ClockRow, notification=uses, kind=clocks.HUMAN, state="stopped")


def reopen_for(work: Work, case: Case, message: str) -> None:
    """A late answer opens a closed case again."""
    if case.state == "closed" and not was_rehearsed(work, case):
        opened = replace(case, state="notified" if case.decision == "notify" else "open", closed_at=None)
        work.record(EventKind.CASE_REOPENED, changed(case, opened), about=About(case=case.number, message=message))


def was_rehearsed(work: Work, case: Case) -> bool:
    """Whether it belongs to an exercise that was stopped: nobody waits for anything in it any more."""
    election = work.tx.get(Election, case.election)
    return case.exercise and election is not None and election.closed_at is not None


def raise_alarm(work: Work, alarm: Alarm, next_step: str, not_to: str = "", *, exercise: bool = False) -> None:
    """Tell the officer on call, or else the head, of something that cannot wait; once for each `alarm.id`.

    An address `not_to` that mail does not reach is passed over.
    """
    if work.tx.get(Alarm, alarm.id) is not None:
        storms.suppressed(work)
        return
    about = About(case=alarm.case, notification=alarm.notification)
    work.record(EventKind.ALARM_RAISED, added(alarm), reason=alarm.kind, about=about)
    persons = (officer_on_call(work), work.env.settings.rota.head())
    officer = next((p for p in persons if p is not None and p.address.lower() != not_to.lower()), None)
    if officer is not None:
        notice = Notice(Kind.ALARM, "alarm", f"alarm/{alarm.id}", about, exercise=exercise)
        tell(work, officer, notice, {"kind": alarm.kind, "what": alarm.text, "next_step": next_step})
        pages.of_alarm(work, officer, alarm, exercise=exercise)


@dataclass(frozen=True, slots=True)
class Notice:
    """What a mail to an officer is about; an answer to it carries a token of its own."""

    kind: Kind
    template: str
    dedupe: str
    about: About
    topic: Topic = Topic.NOTICE
    reminder: str | None = None
    message: str | None = None
    answers: str | None = None
    language: str | None = None  # else the desk's
    token: str | None = None  # one that is to be used; it is issued unless it was before
    exercise: bool = False  # of a mail without a case


def tell(work: Work, officer: Officer, notice: Notice, values: Mapping[str, object]) -> None:
    """Queue one mail to an officer."""
    if observing.withholds(work, notice.kind, notice.dedupe, notice.about):
        return  # nor is a token issued that nobody gets
    if notice.template in storms.HOLDABLE and storms.holds(work, officer, _holdable(work, officer, notice, values)):
        return
    token = Token(
        token=notice.token or work.env.randomness.token(),
        purpose=notice.topic.value,
        case=notice.about.case,
        notification=notice.about.notification,
        reminder=notice.reminder,
        message=notice.message,
        officer=officer.id,
        issued_at=work.now,
        expires_at=work.now + LIFETIME.get(notice.topic, USUAL_LIFE),
    )
    if notice.token is None or work.tx.get(Token, notice.token) is None:
        issue(work, token)
    language = notice.language or work.env.settings.desk.organisation.language
    queue(
        work,
        Outgoing(
            kind=notice.kind,
            template=notice.template,
            language=language,
            to=(Address(officer.address, officer.name),),
            values={"replies": list(would_work(notice.topic, language)), **values},
            dedupe=notice.dedupe,
            token=token.token,
            case=notice.about.case,
            notification=notice.about.notification,
            answers=(notice.answers,) if notice.answers else (),
            automatic=REPLIED if notice.answers else GENERATED,
            keyed_subject=not work.env.settings.desk.mailbox.plus_addresses,
            exercise=notice.exercise,
        ),
    )


def _holdable(work: Work, officer: Officer, notice: Notice, values: Mapping[str, object]) -> HeldBack:
    """What is written down of a notice or alarm in place of a mail, where that person had too many."""
    return HeldBack(
        id="",
        officer=officer.id,
        kind=notice.kind.value,
        dedupe=notice.dedupe,
        what=str(values["kind"]),
        case=notice.about.case,
        notification=notice.about.notification,
        next_step=str(values["next_step"]),
        exercise=exercises.rehearses(work, notice.about.case, otherwise=notice.exercise),
        held_at=work.now,
    )


def tell_of_mail(work: Work, what: str, stored: StoredMessage, message: Message) -> None:
    """Show the officer on call a mail that came in, unfolded, with what can be done next."""
    case = work.tx.get(Case, stored.case) if stored.case else None
    if case is not None and was_rehearsed(work, case):
        return
    officer = officer_on_call(work)
    if officer is None:
        work.record(EventKind.NOBODY_ON_CALL, reason=what, about=About(case=stored.case, message=stored.id))
        officer = work.env.settings.rota.head()
    if officer is None:
        return
    referrers = case is not None and stored.from_address == case.referrer_address
    values = {
        "kind": what,
        "missing": [item.value for item in missing_of(work, case, {stored.id: message})] if case and referrers else [],
        "urgent": stored.priority == URGENT,
        "labels": list(stored.labels),
        "sender": stored.from_address or "",
        "subject": stored.subject or "",
        "text": unfolded(message),
        "attachments": [a.filename or a.content_type for a in message.attachments],
        "suggestions": list(stored.suggestions),
        "next_step": _next_step(stored),
    }
    notice = Notice(
        Kind.OFFICER_NOTICE,
        "officer_notice",
        f"notice/{stored.id}",
        About(stored.case, stored.notification),
        topic=_topic(what, stored, case),
        message=stored.id,
        exercise=stored.exercise,
    )
    tell(work, officer, notice, values)


def unfolded(message: Message) -> str:
    """What an officer reads of a mail: the note above a forward and the forwarded text, or the text as it is."""
    text = message.text if message.forwarded is None else f"{message.reply_text}\n\n{message.forwarded.body}"
    return text[:SHOWN_TEXT]


def _topic(what: str, stored: StoredMessage, case: Case | None) -> Topic:
    """What an answer to the notice of that mail can do."""
    if stored.place == "quarantine":
        return Topic.QUARANTINE
    if what == "platform answer":
        unsure = stored.verdict != "verified" or stored.disputed
        return Topic.UNVERIFIED if unsure else Topic.NOTICE
    undecided = case is not None and case.decision is None and case.state != "closed"
    return Topic.NEW_CASE if undecided else Topic.NOTICE


def _next_step(stored: StoredMessage) -> str:
    if stored.place == "quarantine":
        return f"flaggermail quarantine show {stored.id}"
    if stored.verdict != "verified" or stored.disputed:
        return f"flaggermail message confirm {stored.id}"
    return f"flaggermail case show {stored.case}"


def to_referrer(work: Work, case: Case, kind: Kind, template: str, values: Mapping[str, object], dedupe: str) -> None:
    """Queue one mail to the referrer of a case, in answer to the referral; nothing where there is none, or it is us."""
    if case.referrer_address is None or not has_referrer(work, case):
        return
    root = work.tx.get(StoredMessage, case.root_message) if case.root_message else None
    queue(
        work,
        Outgoing(
            kind=kind,
            template=template,
            language=case.language,
            to=(Address(case.referrer_address, case.referrer_name),),
            values=values,
            dedupe=dedupe,
            token=case.token,
            case=case.number,
            answers=(root.message_id,) if root and root.message_id else (),
            automatic=REPLIED,
        ),
    )


def has_referrer(work: Work, case: Case) -> bool:
    """Whether somebody else than we ourselves referred the case by mail."""
    return case.referrer_address not in {None, work.env.settings.desk.mailbox.address.lower()}


def confirm_intake(work: Work, case: Case, subject: str) -> None:
    """Tell the referrer the case number, and in the election period tonight's phone number; only ever once."""
    phone = work.env.settings.desk.organisation.phone if in_period(work, case.election) else None
    values = {"title": subject, "phone": phone}
    dedupe = f"confirmation/{case.number}"
    address = case.referrer_address or ""
    if not storms.may_answer(work, address, Kind.INTAKE_CONFIRMATION, About(case=case.number)):
        return  # the case is there all the same, and the referrer hears what was decided
    to_referrer(work, case, Kind.INTAKE_CONFIRMATION, "intake_confirmation", values, dedupe)
