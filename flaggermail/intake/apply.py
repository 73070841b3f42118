# SPDX-License-Identifier: EUPL-1.2
"""The effects of a filed message, in the same transaction: clocks, answers, notices, alarms."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import datetime

from flaggermail.cases import lifecycle
from flaggermail.citizens import declining
from flaggermail.intake.disposition import Decision
from flaggermail.letters import stored_messages
from flaggermail.mail.authentication import unverified_trend
from flaggermail.mail.authentication.authres import AuthenticationMethod
from flaggermail.mail.message import MechanicalKind, Message
from flaggermail.mail.subject import split_subject
from flaggermail.matching import thread_keys
from flaggermail.matching.lookup import Sender
from flaggermail.notices import notices
from flaggermail.outbox.results import COPY_FOUND, settle
from flaggermail.outbox.sent_copies import proven
from flaggermail.ports import Accepted
from flaggermail.record.alarms import AlarmKind, alarm, alarm_key
from flaggermail.record.events import EventKind, added, changed
from flaggermail.record.kinds import Kind
from flaggermail.record.outbox_states import NEXT, moved
from flaggermail.record.rows import (
    Alarm,
    Attempt,
    BadAddress,
    Case,
    ClockRow,
    Notification,
    OutboxMail,
    Platform,
    StoredMessage,
)
from flaggermail.replies import reply_mail
from flaggermail.rules.classifier import Classification, in_domains
from flaggermail.services import EventRef, UnitOfWork

LOOKED_BACK = 1000  # messages of any sender searched for the latest ones of platforms


def follow(work: UnitOfWork, stored: StoredMessage, message: Message, decision: Decision, sender: Sender) -> None:
    """Applies all effects of the decision on `stored`."""
    if message.kind is MechanicalKind.BOUNCE:
        _handle_bounce(work, stored, message)
        return
    if sender.officer is not None and sender.answers is not None and stored.direction == "in" and not decision.late:
        reply_mail.obey(work, stored, message, sender.officer, sender.answers)
        return
    if stored.notification is not None:
        lifecycle.rejudge(work, stored.notification)
    own = work.tx.get(Case, stored.case) if stored.case else None
    if own is not None:
        own = _learn_references(work, own, stored)
        thread_keys.learn(work, stored, message, sender.platform)
        if sender.platform is not None or decision.tells is not None:
            lifecycle.reopen_for(work, own, stored.id)
        if decision.confirms:
            notices.confirm_intake(work, own, stored.subject or "")
    if decision.declines:
        declining.decline(work, stored, message)
    if decision.tells is not None:
        notices.tell_of_mail(work, decision.tells, stored, message)
    _raise_alarms(work, stored, decision, sender)


def file_attached(work: UnitOfWork, outer: StoredMessage, digest: str, attached: Message) -> None:
    """Stores an attached mail as a message of its own, "forwarded in", without a verified sender.

    Its content key differs from that of the same mail delivered directly, which would otherwise pass for a second copy.
    """
    taken = stored_messages.taken_in(work, attached, digest, outer.received_at, outer.place)
    stored = replace(
        taken,
        content_key=f"forwarded in {outer.id} {taken.content_key}",
        case=outer.case,
        match_basis=f"forwarded in {outer.id}",
        reason="attached to the mail that brought it",
        verdict_basis="nobody vouches for an attached mail",
        exercise=outer.exercise,
    )
    about = EventRef(stored.case, None, stored.id)
    work.record(EventKind.MESSAGE_TAKEN_IN, added(stored), about=about, reason=stored.match_basis)


def open_case(work: UnitOfWork, stored: StoredMessage, found: Classification, election: str) -> Case:
    """Opens a case for a referral."""
    opened = Case(
        number="",
        token="",
        election=election,
        type=found.case_type or "other",
        origin="referral",
        source=found.source,
        title=split_subject(stored.subject or "", work.env.language).base,
        language=work.env.settings.desk.organisation.language,
        referrer_address=stored.from_address,
        referrer_name=stored.from_name,
        root_message=stored.id,
        opened_at=work.now,
        opened_by=work.actor,
        priority=stored.priority,
    )
    return lifecycle.new_case(work, opened, "a referral came in")


def prove_sent(work: UnitOfWork, own: StoredMessage) -> None:
    """Settles uncertain deliveries of our own mail once a copy of it proves them."""
    for mail, at in proven(work, own):
        settle(work, mail, Accepted(mail.recipient, at, COPY_FOUND))


def _raise_alarms(work: UnitOfWork, stored: StoredMessage, decision: Decision, sender: Sender) -> None:
    """Raises alarms about this mail, and about the share of unverified platform mail."""
    if decision.alarm is not None:
        _alarm(work, decision.alarm, stored)
    if sender.platform is not None and stored.verdict == "unverified" and not decision.late:
        _watch_unverified_share(work, stored)


def _alarm(work: UnitOfWork, kind: AlarmKind, stored: StoredMessage) -> None:
    """Raises an alarm; for a forged sender once a day, keyed by a digest instead of the address."""
    sender = hashlib.sha256((stored.from_address or "").encode()).hexdigest()[:16]
    about = f"{sender}/{work.today}" if kind is AlarmKind.FORGED else stored.id
    text = f"{stored.from_address}: {stored.verdict_basis}"
    raised = alarm(kind, alarm_key(kind, about), text, work.now, stored.case, stored.notification)
    notices.raise_alarm(work, raised, f"flaggermail message show {stored.id}")


def _watch_unverified_share(work: UnitOfWork, stored: StoredMessage) -> None:
    """Raises an alarm, once a day, if the share of unverified platform mail rises sharply."""
    key = alarm_key(AlarmKind.UNVERIFIED, work.today)
    asked = work.env.settings.desk.mailbox.trusted.asked
    if asked is AuthenticationMethod.NOBODY or work.tx.get(Alarm, key) is not None:
        return
    number = int(stored.id.removeprefix("m"))
    ids = [f"m{n:08d}" for n in range(max(1, number - LOOKED_BACK), number + 1)]
    domains = frozenset(domain for platform in work.tx.find(Platform) for domain in platform.domains)
    mails = [
        (m.received_at, unverified_trend.came_unverified(m.verdict, m.verdict_basis))
        for m in work.tx.find(StoredMessage, id=ids)
        if m.direction == "in" and not m.exercise and in_domains((m.from_address or "").rpartition("@")[2], domains)
    ]
    jump = unverified_trend.jump(mails, work.now)
    if jump is not None:
        text = (
            f"{jump.now.unverified} of {jump.now.of} mails of platforms in 24 hours, and {jump.before.unverified} of "
            f"{jump.before.of} before that; the latest: {stored.from_address}: {stored.verdict_basis}"
        )
        raised = alarm(AlarmKind.UNVERIFIED, key, text, work.now, stored.case)
        notices.raise_alarm(work, raised, f"flaggermail message show {stored.id}")


def _learn_references(work: UnitOfWork, own: Case, stored: StoredMessage) -> Case:
    """Stores the platform's own reference in the case."""
    new = tuple(r for r in stored.platform_references if r not in own.platform_references)
    if not new:
        return own
    richer = replace(own, platform_references=own.platform_references + new)
    work.record(EventKind.REFERENCE_LEARNED, changed(own, richer), about=EventRef(case=own.number, message=stored.id))
    return richer


def _handle_bounce(work: UnitOfWork, stored: StoredMessage, message: Message) -> None:
    """Handles a bounce or delay of our mail. A bounce revokes the acceptance; both raise an alarm, once."""
    # 1. Find the returned mails: by Message-ID and, with several recipients, by the failed ones.
    about, failed = message.original_message_id, {address.lower() for address in message.failed_recipients}
    sent = work.tx.find(OutboxMail, message_id=about) if about else []
    mails = [mail for mail in sent if not failed or mail.recipient.lower() in failed]
    # 2. Unknown mail: a person must look at it. Only answers to citizens: the bounce names them, so it is reduced like
    #    their own mail.
    if not mails:
        notices.tell_of_mail(work, "unplaced mail", stored, message)
    elif all(mail.kind == Kind.DECLINE for mail in mails):
        declining.set_aside(work, stored, "our answer to a citizen came back")
    final = message.bounce_class != "delayed"
    for mail in mails:
        # 3. A delay of an uncertain mail proves that our server accepted it.
        if mail.state == "uncertain" and not final:
            _settle_delayed(work, mail)
        # 4. A bounced mail becomes refused, before step 7 checks whether any recipient has the notification.
        if final and not mail.bounced:
            _bounced(work, mail, stored)
        # 5. Its address is blocked, so that the next use of the channel does not fail in the same way.
        if final and mail.at_most_once:
            _mark_bad(work, mail, stored)
        # 6. The officer on call is alerted, at another address than the failed one.
        _alert_bounce(work, mail, final=final)
        # 7. The notification last: it depends on the states of all its mails, including this one.
        if mail.notification is not None:
            _revoke_notification(work, mail.notification, stored)


def _bounced(work: UnitOfWork, mail: OutboxMail, stored: StoredMessage) -> None:
    gone = moved(mail, "refused") if "refused" in NEXT[mail.state] else mail
    change = changed(mail, replace(gone, bounced=True, next_try_at=None))
    about = EventRef(case=mail.case, notification=mail.notification, message=stored.id)
    work.record(EventKind.MAIL_BOUNCED, change, about=about)


def _alert_bounce(work: UnitOfWork, mail: OutboxMail, *, final: bool) -> None:
    """Raises the alarm; a bounced alarm is keyed by its dead address, and a citizen's address is never named."""
    kind = AlarmKind.BOUNCED if final else AlarmKind.DELAYED
    key = f"unreachable/{mail.recipient}" if mail.kind == Kind.ALARM.value else alarm_key(kind, mail.id)
    text = mail.id if mail.kind == Kind.DECLINE else f"{mail.recipient}: {mail.subject}"
    raised = alarm(kind, key, text, work.now, mail.case, mail.notification)
    notices.raise_alarm(work, raised, f"flaggermail outbox show {mail.id}", not_to=mail.recipient)


def _mark_bad(work: UnitOfWork, mail: OutboxMail, stored: StoredMessage) -> None:
    """Blocks an address of a platform until a person clears it."""
    before = work.tx.get(BadAddress, mail.recipient.lower())
    if before is None or before.cleared_at is not None:
        bad = BadAddress(id=mail.recipient.lower(), since=work.now, mail=mail.id)
        change = added(bad) if before is None else changed(before, bad)
        about = EventRef(case=mail.case, notification=mail.notification, message=stored.id)
        work.record(EventKind.ADDRESS_BAD, change, about=about)


def _settle_delayed(work: UnitOfWork, mail: OutboxMail) -> None:
    """Settles an uncertain mail whose delay was reported: accepted, at the latest when the attempt started."""
    attempt = work.tx.get(Attempt, f"{mail.id}/{mail.tries:04d}")
    at = attempt.started_at if attempt else mail.queued_at
    settle(work, mail, Accepted(mail.recipient, at, "its delay was reported: it was taken"))


def _revoke_notification(work: UnitOfWork, notification_id: str, stored: StoredMessage) -> None:
    """Applies a bounce to its notification.

    While another recipient has it, it counts as sent when the first of those was accepted. With no recipient left it
    was not sent: its clocks are cancelled, and it can be sent again.
    """
    notification = work.tx.get(Notification, notification_id)
    mails = work.tx.find(OutboxMail, notification=notification_id, at_most_once=True)
    if notification is None or notification.state not in {"approved", "sent"}:
        return
    # 1. A recipient has it, or may have it: it remains sent, from the first remaining acceptance.
    if any(mail.state != "refused" for mail in mails):
        accepted = [mail.done_at for mail in mails if mail.state == "accepted" and mail.done_at]
        _restart_clocks(work, notification, min(accepted, default=None))
        return
    # 2. No recipient has it: cancel its clocks, because a running one would still remind.
    about = EventRef(case=notification.case, notification=notification.id, message=stored.id)
    for clock in work.tx.find(ClockRow, notification=notification.id, state="running"):
        change = changed(clock, replace(clock, state="cancelled"))
        work.record(EventKind.CLOCK_CANCELLED, change, reason=clock.kind, about=about)
    # 3. Mark it failed, so that it can be sent again.
    failed = replace(notification, state="failed")
    work.record(EventKind.NOTIFICATION_FAILED, changed(notification, failed), reason="bounced", about=about)
    # 4. Finally cancel what is already queued because of those clocks.
    _withdraw_reminders(work, notification, about)


def _withdraw_reminders(work: UnitOfWork, notification: Notification, about: EventRef) -> None:
    """Cancels queued reminders about a notification that was not sent; the bounce raises its own alarm."""
    for mail in work.tx.find(OutboxMail, notification=notification.id, state="queued"):
        if mail.kind in {Kind.REMINDER, Kind.ESCALATION} and not mail.tries:
            withdrawn = replace(moved(mail, "cancelled"), next_try_at=None)
            work.record(EventKind.MAIL_CANCELLED, changed(mail, withdrawn), reason="bounced", about=about)


def _restart_clocks(work: UnitOfWork, notification: Notification, sent_at: datetime | None) -> None:
    """Restarts the clocks of a sent notification from another instant."""
    if notification.state == "sent" and sent_at not in {None, notification.sent_at}:
        change = changed(notification, replace(notification, sent_at=sent_at))
        work.record(EventKind.NOTIFICATION_SENT, change, about=EventRef(notification.case, notification.id))
        lifecycle.rejudge(work, notification.id)
