# SPDX-License-Identifier: EUPL-1.2
"""Resolves uncertain mail and cancels untried mail."""

from __future__ import annotations

from dataclasses import replace

from flaggermail.commands import acts
from flaggermail.commands.lookups import Outcome, the_mail
from flaggermail.errors import Refusal
from flaggermail.letters import observing
from flaggermail.outbox.integrity import row_fault
from flaggermail.outbox.results import settle
from flaggermail.ports import Accepted
from flaggermail.record.events import EventKind, changed
from flaggermail.record.outbox_states import moved
from flaggermail.record.rows import Notification, OutboxMail
from flaggermail.record.states import MailState, NotificationState
from flaggermail.services import EventRef, UnitOfWork


def resolve(work: UnitOfWork, act: acts.ResolveMail) -> Outcome:
    """Resolves an uncertain mail: records when it was sent, or queues it again."""
    mail = the_mail(work, act.mail)
    if mail.state != MailState.UNCERTAIN:
        raise Refusal(f"outbox {mail.id}: is {mail.state}, not uncertain; there is nothing to resolve")
    if row_fault(work.tx, mail) is not None:
        raise Refusal(f"outbox {mail.id}: is not what its events say; `flaggermail audit verify` says more")
    if act.again:
        observing.refuse(work, f"outbox {mail.id}")
        change = changed(mail, replace(moved(mail, MailState.QUEUED), next_try_at=work.now))
        about = EventRef(case=mail.case, notification=mail.notification)
        work.record(EventKind.MAIL_RESOLVED, change, reason="again", about=about)
        return Outcome(f"outbox {mail.id}: is sent again", mail.id)
    if act.sent_at is None:
        raise Refusal(f"outbox {mail.id}: say when it was sent (--sent-at) or that it is to be sent again (--again)")
    if act.sent_at > work.now:
        raise Refusal(f"outbox {mail.id}: {act.sent_at.isoformat()} has not come yet")
    if act.sent_at < mail.queued_at.replace(second=0, microsecond=0):  # the time is given to the minute
        written = mail.queued_at.isoformat()
        raise Refusal(f"outbox {mail.id}: was written at {written}; it was not sent at {act.sent_at.isoformat()}")
    settle(work, mail, Accepted(mail.recipient, act.sent_at, f"settled by {work.actor}"))
    return Outcome(f"outbox {mail.id}: was sent", mail.id)


def cancel(work: UnitOfWork, act: acts.CancelMail) -> Outcome:
    """Cancels a mail that was never tried."""
    mail = the_mail(work, act.mail)
    if mail.state != MailState.QUEUED or mail.tries:
        raise Refusal(f"outbox {mail.id}: was tried {mail.tries} times and is {mail.state}; only an untried one can be")
    change = changed(mail, replace(moved(mail, MailState.CANCELLED), next_try_at=None))
    work.record(EventKind.MAIL_CANCELLED, change, about=EventRef(case=mail.case, notification=mail.notification))
    if mail.notification is not None and mail.at_most_once:
        _cancel_notification(work, mail.notification)
    return Outcome(f"outbox {mail.id} cancelled", mail.id)


def _cancel_notification(work: UnitOfWork, notification_id: str) -> None:
    """Cancels a notification once none of its mails can be sent, so that the case can be decided differently."""
    notification = work.tx.get(Notification, notification_id)
    mails = work.tx.find(OutboxMail, notification=notification_id, at_most_once=True)
    if notification is None or any(mail.state not in {MailState.CANCELLED, MailState.REFUSED} for mail in mails):
        return
    change = changed(notification, replace(notification, state=NotificationState.CANCELLED))
    about = EventRef(case=notification.case, notification=notification.id)
    work.record(EventKind.NOTIFICATION_REJECTED, change, reason="taken back", about=about)
