# SPDX-License-Identifier: EUPL-1.2
"""Resolves uncertain mail, tries mail at once, and cancels what no server has taken."""

from __future__ import annotations

from dataclasses import dataclass, replace

from flaggermail.commands.command import Command, Subject
from flaggermail.commands.named_rows import the_mail
from flaggermail.commands.outcome import ActFacts, ActKind, ActResult
from flaggermail.commands.requests import Instant
from flaggermail.errors import Refusal
from flaggermail.letters import standing, writing
from flaggermail.outbox import delivery
from flaggermail.outbox.integrity import row_fault
from flaggermail.outbox.results import settle
from flaggermail.ports import Accepted
from flaggermail.record.definition import where
from flaggermail.record.events import EventKind, changed
from flaggermail.record.rows import Attempt, Notification, OutboxMail
from flaggermail.record.rows.outgoing import IN_HAND, in_state
from flaggermail.record.states import AttemptResult, InstantBasis, MailState, NotificationState, ServerState
from flaggermail.services import EventRef, UnitOfWork
from flaggermail.settings.rota import DESK
from flaggermail.wording.acts import ActText
from flaggermail.wording.pieces import RefusalPart
from flaggermail.wording.refusals import CommandRefusal, SendingRefusal
from flaggermail.wording.servers import AttemptText


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolveMail(Command):
    """Settles an uncertain mail: whether it was sent (and when), or must be sent again."""

    NAME = "outbox resolve"
    MAY = DESK

    mail: str
    sent_at: Instant | None = None
    again: bool = False

    def subject(self, work: UnitOfWork) -> Subject:
        return ((OutboxMail, the_mail(work, self.mail).id),)

    def perform(self, work: UnitOfWork) -> ActResult:
        mail = the_mail(work, self.mail)
        if mail.state != MailState.UNCERTAIN:
            raise Refusal(CommandRefusal.NOT_UNCERTAIN(mail=mail.id, state=mail.state))
        if row_fault(work.tx, mail) is not None:
            raise Refusal(CommandRefusal.ROW_DIFFERS(mail=mail.id))
        about = EventRef(case=mail.case, notification=mail.notification)
        if self.again:
            writing.refuse(work, RefusalPart.OUTBOX(key=mail.id))
            change = changed(mail, replace(in_state(mail, MailState.QUEUED), next_try_at=work.now))
            work.record(EventKind.MAIL_RESOLVED, change, reason="again", about=about)
            did = ActFacts(what=ActKind.SENT_AGAIN, case=mail.case)
            return ActResult(ActText.MAIL_SENT_AGAIN(mail=mail.id), mail.id, did=did)
        if self.sent_at is None:
            raise Refusal(CommandRefusal.SAY_WHEN_SENT(mail=mail.id))
        if self.sent_at > work.now:
            raise Refusal(CommandRefusal.SENT_IN_FUTURE(mail=mail.id, at=self.sent_at.isoformat()))
        if self.sent_at < mail.queued_at.replace(second=0, microsecond=0):  # the time is given to the minute
            written = mail.queued_at.isoformat()
            raise Refusal(
                CommandRefusal.SENT_BEFORE_WRITTEN(mail=mail.id, written=written, at=self.sent_at.isoformat())
            )
        # What follows bears the instant of the sending: this event says when the record learned of it.
        work.record(EventKind.MAIL_RESOLVED, about=about, reason="sent")
        said = AttemptText.SETTLED(officer=work.actor)
        settle(work, mail, Accepted(mail.recipient, self.sent_at, said, InstantBasis.BY_HAND))
        did = ActFacts(what=ActKind.SENT, case=mail.case, at=self.sent_at)
        return ActResult(ActText.MAIL_WAS_SENT(mail=mail.id), mail.id, did=did)


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelMail(Command):
    """Cancels a mail that waits: one that is withheld, or that the server refused at each try or never heard of."""

    NAME = "outbox cancel"
    MAY = DESK

    mail: str

    def subject(self, work: UnitOfWork) -> Subject:
        return ((OutboxMail, the_mail(work, self.mail).id),)

    def perform(self, work: UnitOfWork) -> ActResult:
        mail = the_mail(work, self.mail)
        if mail.state != MailState.QUEUED:
            raise Refusal(CommandRefusal.WAITS_NO_MORE(mail=mail.id, state=mail.state))
        if not mail.is_withheld and not _surely_untaken(work, mail):
            raise Refusal(CommandRefusal.PERHAPS_TAKEN(mail=mail.id))
        cancel(work, mail)
        if mail.notification is not None and mail.at_most_once:
            _cancel_notification(work, mail.notification)
        return ActResult(ActText.MAIL_CANCELLED(mail=mail.id), mail.id)


def cancel(work: UnitOfWork, mail: OutboxMail) -> None:
    """Takes a mail out of the queue."""
    change = changed(mail, replace(in_state(mail, MailState.CANCELLED), next_try_at=None))
    work.record(EventKind.MAIL_CANCELLED, change, about=EventRef(case=mail.case, notification=mail.notification))


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryMail(Command):
    """Tries a mail at once that was refused or not yet tried, or all of them; never one in doubt."""

    NAME = "outbox retry"
    MAY = DESK

    mail: str | None = None

    def subject(self, work: UnitOfWork) -> Subject:
        return ((OutboxMail, the_mail(work, self.mail).id),) if self.mail is not None else ()

    def perform(self, work: UnitOfWork) -> ActResult:
        writing.refuse(work, RefusalPart.OUTBOX(key=self.mail or "retry"))
        outlook = standing.look(work.tx)
        held_back = outlook.standing in {ServerState.AWAY, ServerState.DENIES}
        if self.mail is None:
            wanted = [mail for mail in outlook.waiting if _surely_untaken(work, mail)]
        else:
            wanted = [self._named(work)]
        # Where no mail gets as far as its envelope, the one that tries for all is the one to hasten.
        delivery.hasten(work, outlook.tried_next if held_back else wanted)
        return ActResult(ActText.MAILS_TRIED(mails=len(wanted)), self.mail or "")

    def _named(self, work: UnitOfWork) -> OutboxMail:
        mail = the_mail(work, self.mail or "")
        if mail.state == MailState.REFUSED:
            raise Refusal(CommandRefusal.REFUSED_FOR_GOOD(mail=mail.id))
        if mail.is_withheld:
            raise Refusal(SendingRefusal.MAIL(mail=mail.id, what=mail.answer))
        if mail.state in IN_HAND or (mail.state == MailState.QUEUED and not _surely_untaken(work, mail)):
            raise Refusal(CommandRefusal.IN_DOUBT(mail=mail.id))
        if mail.state != MailState.QUEUED:
            raise Refusal(CommandRefusal.WAITS_NO_MORE(mail=mail.id, state=mail.state))
        return mail


_UNTAKEN = frozenset({
    AttemptResult.DEFERRED, AttemptResult.UNREACHABLE, AttemptResult.DENIED, AttemptResult.UNCLEAR,
    AttemptResult.REFUSED,
})  # fmt: skip


def _surely_untaken(work: UnitOfWork, mail: OutboxMail) -> bool:
    """True if the server answered each try with a refusal, the final dot included, or never heard of it."""
    return all(attempt.result in _UNTAKEN for attempt in work.tx.find(Attempt, where(Attempt.mail).is_(mail.id)))


def _cancel_notification(work: UnitOfWork, notification_id: str) -> None:
    """Cancels a notification once none of its mails can be sent, so that the case can be decided differently."""
    notification = work.tx.get(Notification, notification_id)
    mails = work.tx.find(
        OutboxMail, where(OutboxMail.notification).is_(notification_id), where(OutboxMail.at_most_once).is_(True)
    )
    if notification is None or any(mail.state not in {MailState.CANCELLED, MailState.REFUSED} for mail in mails):
        return
    change = changed(notification, replace(notification, state=NotificationState.CANCELLED))
    about = EventRef(case=notification.case, notification=notification.id)
    work.record(EventKind.NOTIFICATION_REJECTED, change, reason="taken back", about=about)
