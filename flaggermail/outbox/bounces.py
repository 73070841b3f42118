# SPDX-License-Identifier: EUPL-1.2
"""Delivery reports about our mail: which of them count, and what they change.

A report is a claim. It changes something only if our own server made it, if the organisation of the failed recipient
made it, or if a person confirmed it; otherwise the officer on call is told what it says.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from flaggermail.cases import attention, lifecycle
from flaggermail.cases.elections import prefixes_in
from flaggermail.letters import stored_messages
from flaggermail.mail import reply_tokens
from flaggermail.mail.authentication import report_origin
from flaggermail.mail.authentication.authres import AuthenticationMethod, read_trace
from flaggermail.mail.case_numbers import MOST, Tailed, tailed_in
from flaggermail.mail.fields import in_domains
from flaggermail.mail.message import BounceClass, Message, SenderVerdict
from flaggermail.notices import notices
from flaggermail.outbox import passing_on
from flaggermail.outbox.results import settle
from flaggermail.ports import Accepted
from flaggermail.record import trust_proofs
from flaggermail.record.case_values import Topic
from flaggermail.record.definition import where
from flaggermail.record.events import EventKind, added, changed
from flaggermail.record.kinds import Direction, Kind, Place, TrustMark
from flaggermail.record.refusals import SmtpStage
from flaggermail.record.rows import (
    Attempt,
    BadAddress,
    Case,
    Channel,
    ClockRow,
    Notification,
    OutboxMail,
    Platform,
    StoredMessage,
    Token,
    TrustProof,
)
from flaggermail.record.rows.alarms import AlarmKind, alarm, alarm_key
from flaggermail.record.rows.outgoing import NEXT, in_state
from flaggermail.record.states import AttemptResult, ClockState, InstantBasis, MailState, NotificationState
from flaggermail.services import EventRef, UnitOfWork
from flaggermail.wording.alarms import AlarmText
from flaggermail.wording.filing import PlacementBasis
from flaggermail.wording.said import as_written
from flaggermail.wording.servers import AttemptText

LATELY = timedelta(days=6)
"""A server gives up after five days at most (RFC 5321, section 4.5.4.1); one day more for the servers on the way."""
OVERTAKEN = timedelta(minutes=1)
"""How long before the instant of our server's acceptance a report may have come: the clocks of two machines."""

MOST_NAMED = 100
"""Message-IDs looked up, and failed recipients: a mail of ours has few, and a stranger's report may name any number."""

_LEFT = frozenset({MailState.ATTEMPTING, MailState.UNCERTAIN, MailState.ACCEPTED})


@dataclass(frozen=True, slots=True)
class Reported:
    """The envelopes of the one mail that a report is about, or those of which it may be any (`unclear`)."""

    mails: tuple[OutboxMail, ...] = ()
    unclear: tuple[OutboxMail, ...] = ()

    @property
    def fitting(self) -> tuple[OutboxMail, ...]:
        """Every mail that fits the report; empty if it is about none of ours."""
        return self.mails or self.unclear


def find(work: UnitOfWork, stored: StoredMessage, message: Message) -> Reported:
    """Returns our mail that a delivery report is about; `stored` is the report's row."""
    message = stored_messages.as_ours(work, message)
    mails = _named(work, message)
    if mails is None:
        keyed = _by_key(work, message)
        found = _by_recipient(work, stored, message) if keyed is None else keyed
        mails = [mail for mail in found if _left_before(mail, stored)]
    failed = set(message.failed_recipients)
    fitting = tuple(mail for mail in mails if not failed or mail.recipient.lower() in failed)
    # Each recipient got an envelope of its own, so a report that names no recipient is about one of several.
    one = len({mail.message_id for mail in fitting}) == 1 and (bool(failed) or len(fitting) == 1)
    return Reported(mails=fitting) if one else Reported(unclear=fitting)


def _named(work: UnitOfWork, message: Message) -> list[OutboxMail] | None:
    """Returns the mail whose Message-ID was returned or answered; none if that is another's, None if there is no such.

    A server may give our mail another Message-ID: one that we learned, or our token in the returned header, shows that
    it is ours.
    """
    original = message.original_message_id
    names = ((original,) if original else reply_tokens.answered_by(message))[:MOST_NAMED]
    sent = work.tx.find(OutboxMail, where(OutboxMail.message_id).in_(names))
    latest = next((name for name in names if any(mail.message_id == name for mail in sent)), None)
    if latest is not None:
        return [mail for mail in sent if mail.message_id == latest]
    return None if message.original_token or not (original or message.in_reply_to) else []


def _by_key(work: UnitOfWork, message: Message) -> list[OutboxMail] | None:
    """Returns the mails of the exchange whose token or tailed number the report bears; None if it bears no key."""
    borne = (message.original_token,) if message.original_token else reply_tokens.in_message(message)
    cases = [token.case for token in work.tx.find(Token, where(Token.token).in_(borne)) if token.case]
    mails = work.tx.find(OutboxMail, where(OutboxMail.case).in_(cases))
    return [mail for mail in mails if set(borne) & set(reply_tokens.tokens([mail.message_id]))] or _tailed(
        work, message
    )


def _tailed(work: UnitOfWork, message: Message) -> list[OutboxMail] | None:
    """Returns what was sent under the tailed numbers in a report, to a platform or to the referrer."""
    texts = (message.subject or "", message.original_subject or "", message.text, message.html_text)
    borne = set(tailed_in(prefixes_in(work, *texts), *texts))
    if not borne or len(borne) > MOST:
        return None
    numbers = sorted({one.number for one in borne})
    uses = work.tx.find(Notification, where(Notification.case).in_(numbers))
    exchanges = {use.id for use in uses if Tailed(use.case, use.tail or "") in borne}
    cases = work.tx.find(Case, where(Case.number).in_(numbers))
    referrers = {case.number: case.referrer_address for case in cases if Tailed(case.number, case.tail or "") in borne}
    if not exchanges and not referrers:
        return None
    return [
        mail
        for mail in work.tx.find(OutboxMail, where(OutboxMail.case).in_(numbers))
        if (mail.at_most_once and mail.notification in exchanges)
        or (mail.notification is None and mail.recipient.lower() == referrers.get(mail.case or ""))
    ]


def _by_recipient(work: UnitOfWork, stored: StoredMessage, message: Message) -> list[OutboxMail]:
    """Returns what was queued lately for the failed recipients, whose addresses a report has in lower case."""
    failed = set(message.failed_recipients[:MOST_NAMED])
    channels = (address for channel in work.tx.find(Channel) for address in (*channel.to, *channel.cc))
    written = (*channels, *(officer.address for officer in work.env.settings.rota.officers))
    spelled = failed | {address for address in written if address.lower() in failed}
    since = stored.received_at - 2 * LATELY  # a mail may have waited here before it left
    return work.tx.find(
        OutboxMail, where(OutboxMail.recipient).in_(sorted(spelled)), where(OutboxMail.queued_at).after(since)
    )


def _left_before(mail: OutboxMail, report: StoredMessage) -> bool:
    """True if a mail was handed to our server, lately, before the report came; one that bounced already was, too.

    A second report about that one must not pass for a report about a later mail to the same address.
    """
    at, came = mail.done_at or mail.queued_at, report.received_at
    return may_have_left(mail) and came - LATELY <= at <= came + OVERTAKEN


def may_have_left(mail: OutboxMail) -> bool:
    """True if our server accepted the mail, or may have accepted it."""
    return mail.bounced or mail.state in _LEFT


MOST_ASKED = 5  # mails named where a report fits several


def is_claim(work: UnitOfWork, stored: StoredMessage, message: Message, found: Reported) -> bool:
    """True if the report is about our mail but does not count, so that a person may confirm it."""
    return any(not _counts(work, stored, message, mail) for mail in found.mails)


def handle(work: UnitOfWork, stored: StoredMessage, message: Message, found: Reported) -> None:
    """Applies a report where it counts: a bounce revokes the acceptance, and bounce and delay raise an alarm, once.

    Where it does not count, or fits several mails, it raises an alarm of its own and changes nothing.
    """
    final = message.bounce_class != BounceClass.DELAYED
    # 1. Several mails fit, at most one of them came back: a person says which.
    if found.unclear:
        _ask_which(work, found.unclear, stored, message)
    counted = [mail for mail in found.mails if _counts(work, stored, message, mail)]
    for mail in found.mails:
        # 2. A report that anybody may have written is told, and changes nothing.
        if mail not in counted:
            _tell_claim(work, mail, stored)
            continue
        # 3. A delay of an uncertain mail proves that our server accepted it.
        if mail.state == MailState.UNCERTAIN and not final:
            _settle_delayed(work, mail)
        # 4. A bounced mail becomes refused, before step 7 checks whether any recipient has the notification.
        if final and not mail.bounced:
            _bounced(work, mail, stored)
        # 5. Its address is blocked, so that the next use of the channel does not fail in the same way.
        if final and mail.at_most_once:
            _mark_bad(work, mail, stored)
        # 6. The officer on call is alerted, at another address than the failed one; another officer reads it instead.
        _alert_bounce(work, mail, final=final)
        if final:
            passing_on.pass_on(work, mail, SmtpStage.RECIPIENT)
        # 7. The notification: it depends on the states of all its mails, including this one.
        if mail.notification is not None:
            _revoke_notification(work, mail.notification, stored)
    # 8. A report without a token of ours was placed nowhere: it belongs to the case of the mail that came back.
    if counted and stored.case is None:
        _file(work, stored, counted[0])


def _counts(work: UnitOfWork, stored: StoredMessage, message: Message, mail: OutboxMail) -> bool:
    """True if the report about `mail` is proven. Our Message-ID in it proves nothing: its recipients know it."""
    if stored.direction != Direction.IN or stored.verdict == SenderVerdict.FAILED:
        return False
    if stored.verdict == SenderVerdict.VERIFIED and stored.confirmed_by is not None:
        return True
    return _is_by_our_server(work, stored, message) or (
        stored.verdict == SenderVerdict.VERIFIED and _is_by_their_server(work, stored, mail)
    )


def _is_by_our_server(work: UnitOfWork, stored: StoredMessage, message: Message) -> bool:
    """True if our own server made it: by its trace or, if it came over SMTP, by a verified address of a server."""
    settings = work.env.settings.desk
    author = (stored.from_address or "").lower()
    verified = stored.verdict == SenderVerdict.VERIFIED
    if verified and author in {address.lower() for address in settings.submission.reports_from}:
        return True
    daemon = report_origin.is_daemon(message)
    if not daemon and not report_origin.is_nameless(message):
        return False
    trust = settings.mailbox.trusted
    home = settings.mailbox.address.rpartition("@")[2].lower()
    servers = {name.lower() for name in (trust.received_by, settings.submission.host, settings.mailbox.host) if name}
    if verified and in_domains(author.rpartition("@")[2], frozenset({home, *servers})):
        return True
    if daemon and report_origin.made_inside_exchange(message) and _mark_counts(work, trust.asked):
        return True
    return report_origin.made_here(read_trace(work.env.octets.get(stored.digest)), {home, *servers})


def _mark_counts(work: UnitOfWork, asked: AuthenticationMethod) -> bool:
    """True if the mark of Exchange for mail from inside counts for reports of its daemon."""
    if asked is AuthenticationMethod.EXCHANGE:
        return trust_proofs.is_proven(work.tx.get(TrustProof, TrustMark.INTERNAL), work.now)
    return asked is AuthenticationMethod.TOPMOST


def _is_by_their_server(work: UnitOfWork, stored: StoredMessage, mail: OutboxMail) -> bool:
    """True if the author, who is verified, belongs to the organisation of the recipient (RFC 7489, section 3.1)."""
    author, there = ((address or "").rpartition("@")[2].lower() for address in (stored.from_address, mail.recipient))
    if not author or not there:
        return False
    if in_domains(author, frozenset({there})) or in_domains(there, frozenset({author})):
        return True
    owned = (frozenset(platform.domains) for platform in work.tx.find(Platform))
    return any(in_domains(author, domains) and in_domains(there, domains) for domains in owned)


def _tell_claim(work: UnitOfWork, mail: OutboxMail, stored: StoredMessage) -> None:
    """Raises an alarm, once for each mail and claimed author: who says what, and the reply that accepts it."""
    kind = AlarmKind.BOUNCE_CLAIMED
    said = AlarmText.CLAIM(
        address=stored.from_address or "<>", basis=stored.verdict_basis, recipient=mail.recipient, subject=mail.subject
    )
    text = as_written(mail.id) if mail.kind == Kind.DECLINE else said
    raised = alarm(
        kind, alarm_key(kind, f"{mail.id}/{_claimant(stored)}"), text, work.now, mail.case, mail.notification
    )
    next_step = f"flaggermail message confirm {stored.id}"
    notices.raise_alarm(
        work, raised, next_step, not_to=mail.recipient, exercise=mail.exercise, topic=Topic.UNVERIFIED,
        message=stored.id, trust=attention.trust_of(work, stored),
    )  # fmt: skip


def _ask_which(work: UnitOfWork, mails: Sequence[OutboxMail], stored: StoredMessage, message: Message) -> None:
    """Raises an alarm that lists what may have come back, newest first, once for each author until more is sent there.

    Alarms are mail, too: for an officer's dead address it is raised once.
    """
    newest = sorted(mails, key=lambda mail: mail.id, reverse=True)
    proven = all(_counts(work, stored, message, mail) for mail in mails)
    kind = AlarmKind.BOUNCE_UNCLEAR if proven else AlarmKind.BOUNCE_CLAIMED
    lines = [
        as_written(mail.id)
        if mail.kind == Kind.DECLINE
        else AlarmText.FITTING(mail=mail.id, recipient=mail.recipient, subject=mail.subject)
        for mail in newest[:MOST_ASKED]
    ]
    said = AlarmText.FITS(address=stored.from_address or "<>", basis=stored.verdict_basis, mails=lines)
    alarms = any(mail.kind == Kind.ALARM for mail in mails)
    about = f"one of several/{newest[0].recipient if alarms else newest[0].id}/{_claimant(stored)}"
    case, notification = _only({mail.case for mail in mails}), _only({mail.notification for mail in mails})
    raised = alarm(kind, alarm_key(kind, about), said, work.now, case, notification)
    next_step = f"flaggermail message confirm {stored.id} --mail MAIL"
    notices.raise_alarm(
        work, raised, next_step, not_to=newest[0].recipient, exercise=newest[0].exercise, topic=Topic.UNCLEAR_REPORT,
        message=stored.id, trust=attention.trust_of(work, stored),
    )  # fmt: skip


def _only(values: set[str | None]) -> str | None:
    return values.pop() if len(values) == 1 else None


def _claimant(stored: StoredMessage) -> str:
    return hashlib.sha256((stored.from_address or "").encode()).hexdigest()[:16]


def _file(work: UnitOfWork, stored: StoredMessage, mail: OutboxMail) -> None:
    """Files a report, and what it returned, in the case of the mail that it is about."""
    if mail.case is None:
        return
    rows = [stored, *work.tx.find(StoredMessage, where(StoredMessage.enclosed_in).is_(stored.id))]
    basis = PlacementBasis.REPORTS(mail=mail.id)
    filed = [replace(row, place=Place.CASE, case=mail.case, exercise=mail.exercise) for row in rows]
    filed[0] = replace(filed[0], notification=mail.notification, match_basis=basis, pending_digest=False)
    changes = [changed(old, new) for old, new in zip(rows, filed, strict=True)]
    work.record(
        EventKind.MESSAGE_PLACED, *changes, reason=basis, about=EventRef(mail.case, mail.notification, stored.id)
    )


def _bounced(work: UnitOfWork, mail: OutboxMail, stored: StoredMessage) -> None:
    gone = in_state(mail, MailState.REFUSED) if MailState.REFUSED in NEXT[mail.state] else mail
    change = changed(mail, replace(gone, bounced=True, next_try_at=None))
    about = EventRef(case=mail.case, notification=mail.notification, message=stored.id)
    work.record(EventKind.MAIL_BOUNCED, change, about=about)


def _alert_bounce(work: UnitOfWork, mail: OutboxMail, *, final: bool) -> None:
    """Raises the alarm; a bounced alarm is keyed by its dead address, and a citizen's address is never named."""
    kind = AlarmKind.BOUNCED if final else AlarmKind.DELAYED
    key = f"unreachable/{mail.recipient}" if mail.kind == Kind.ALARM else alarm_key(kind, mail.id)
    told = AlarmText.MAIL(recipient=mail.recipient, subject=mail.subject)
    text = as_written(mail.id) if mail.kind == Kind.DECLINE else told
    raised = alarm(kind, key, text, work.now, mail.case, mail.notification)
    topic = Topic.UNDELIVERED_MAIL if mail.at_most_once else Topic.NOTICE
    notices.raise_alarm(work, raised, f"flaggermail outbox show {mail.id}", not_to=mail.recipient, topic=topic)


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
    settle(work, mail, Accepted(mail.recipient, at, AttemptText.DELAY_REPORTED()))


def _revoke_notification(work: UnitOfWork, notification_id: str, stored: StoredMessage) -> None:
    """Applies a bounce to its notification.

    While another recipient has it, it counts as sent when the first of those was accepted. With no recipient left it
    was not sent: its clocks are cancelled, and it can be sent again.
    """
    notification = work.tx.get(Notification, notification_id)
    mails = work.tx.find(
        OutboxMail, where(OutboxMail.notification).is_(notification_id), where(OutboxMail.at_most_once).is_(True)
    )
    if notification is None or notification.state not in {NotificationState.APPROVED, NotificationState.SENT}:
        return
    # 1. A recipient has it, or may have it: it remains sent, from the first remaining acceptance.
    if any(mail.state != MailState.REFUSED for mail in mails):
        accepted = [(mail.done_at, mail.id) for mail in mails if mail.state == MailState.ACCEPTED and mail.done_at]
        if accepted:
            _restart_clocks(work, notification, *min(accepted))
        return
    # 2. No recipient has it: cancel its clocks, because a running one would still remind.
    about = EventRef(case=notification.case, notification=notification.id, message=stored.id)
    for clock in work.tx.find(
        ClockRow, where(ClockRow.notification).is_(notification.id), where(ClockRow.state).is_(ClockState.RUNNING)
    ):
        change = changed(clock, replace(clock, state=ClockState.CANCELLED))
        work.record(EventKind.CLOCK_CANCELLED, change, reason=clock.kind, about=about)
    # 3. Mark it failed, so that it can be sent again.
    failed = replace(notification, state=NotificationState.FAILED)
    work.record(EventKind.NOTIFICATION_FAILED, changed(notification, failed), reason="bounced", about=about)
    # 4. Finally cancel what is already queued because of those clocks.
    _withdraw_reminders(work, notification, about)


def _withdraw_reminders(work: UnitOfWork, notification: Notification, about: EventRef) -> None:
    """Cancels queued reminders about a notification that was not sent; the bounce raises its own alarm."""
    for mail in work.tx.find(
        OutboxMail, where(OutboxMail.notification).is_(notification.id), where(OutboxMail.state).is_(MailState.QUEUED)
    ):
        if mail.kind in {Kind.REMINDER, Kind.ESCALATION} and not mail.tries:
            withdrawn = replace(in_state(mail, MailState.CANCELLED), next_try_at=None)
            work.record(EventKind.MAIL_CANCELLED, changed(mail, withdrawn), reason="bounced", about=about)


def _restart_clocks(work: UnitOfWork, notification: Notification, sent_at: datetime, mail: str) -> None:
    """Restarts the clocks of a sent notification from the acceptance of another of its mails."""
    if notification.state == NotificationState.SENT and sent_at != notification.sent_at:
        in_doubt = where(Attempt.result).is_(AttemptResult.UNKNOWN)  # and settled by an officer or by a copy since
        told = not work.tx.exists(Attempt, where(Attempt.mail).is_(mail), in_doubt)
        basis = InstantBasis.MAIL if told else InstantBasis.BY_HAND
        change = changed(notification, replace(notification, sent_at=sent_at, sent_basis=basis))
        work.record(EventKind.NOTIFICATION_SENT, change, about=EventRef(notification.case, notification.id))
        lifecycle.rejudge(work, notification.id)
