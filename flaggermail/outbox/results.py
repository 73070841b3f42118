# SPDX-License-Identifier: EUPL-1.2
"""Records the result of a delivery attempt and its effects."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from flaggermail.cases import lifecycle
from flaggermail.errors import ArchiveFailure
from flaggermail.letters import standing, stored_messages
from flaggermail.notices import approval_letters, decision_notice, notices
from flaggermail.outbox import passing_on
from flaggermail.outbox.retry import DOUBT_WAITS, LOGIN_WAITS, fraction, next_try
from flaggermail.ports import Accepted, Refused, Submission, Unknown
from flaggermail.record.case_values import Decision, Topic
from flaggermail.record.definition import where
from flaggermail.record.events import Change, EventKind, changed
from flaggermail.record.kinds import AssignedBy, Direction, Kind, Role
from flaggermail.record.refusals import LOGIN_CODES, Concerns, SmtpStage, concerns, without_words
from flaggermail.record.rows import Attempt, Case, Delivery, Notification, OutboxMail, StoredMessage
from flaggermail.record.rows.alarms import AlarmKind, alarm, alarm_key
from flaggermail.record.rows.outgoing import IN_HAND, in_state
from flaggermail.record.states import AttemptResult, CaseState, InstantBasis, MailState, NotificationState
from flaggermail.services import EventRef, UnitOfWork
from flaggermail.settings.model import SendingProof
from flaggermail.settings.steps import write_steps
from flaggermail.wording.alarms import AlarmText
from flaggermail.wording.said import StoredText, as_written
from flaggermail.wording.servers import AttemptText

_MAY_LEAVE_A_COPY = frozenset({"accepted", "attempting"})


def proven_deliveries(work: UnitOfWork, own: StoredMessage) -> list[tuple[OutboxMail, datetime]]:
    """Returns the uncertain mails of our message `own` whose delivery a copy proves, with the instant of the copy.

    Each recipient's mail leaves a copy of its own. With several recipients, the copies of the others prove nothing:
    there must be as many distinct copies (each has its own path through the server) as mails that were or may have been
    accepted.
    """
    mails = work.tx.find(OutboxMail, where(OutboxMail.message_id).is_(own.message_id))
    doubtful = [mail for mail in mails if mail.state == MailState.UNCERTAIN]
    taken = sum(mail.state in _MAY_LEAVE_A_COPY or mail.bounced for mail in mails)
    arrivals = _arrivals(work, own, everywhere=not taken and len(doubtful) == 1)
    if len(arrivals) < taken + len(doubtful):
        return []
    # The mailbox server's clock may be ahead of ours or behind.
    return [
        (mail, max(mail.queued_at, min(at, work.now))) for mail, at in zip(doubtful, arrivals[taken:], strict=False)
    ]


def _arrivals(work: UnitOfWork, own: StoredMessage, *, everywhere: bool) -> list[datetime]:
    """Returns the arrival of each distinct copy in the folders that count as proof, or in all if `everywhere`."""
    desk = work.env.settings.desk
    in_sent = desk.submission.proof == SendingProof.SENT
    first: dict[str, datetime] = {}
    for copy in work.tx.find(Delivery, where(Delivery.message).is_(own.id)):
        if copy.arrival.in_file:  # whoever had the file could write it
            continue
        role = copy.role or desk.mailbox.role_of(copy.folder)
        if everywhere or (role is Role.SENT) is in_sent:
            first[copy.digest] = min(first.get(copy.digest, copy.internaldate), copy.internaldate)
    return sorted(first.values())


_TOPICS = {
    AlarmKind.UNCERTAIN: Topic.UNCERTAIN_MAIL,
    AlarmKind.REFUSED: Topic.UNDELIVERED_MAIL,
    AlarmKind.DEFERRED: Topic.UNDELIVERED_MAIL,
}
_TEMPORARY = 4  # first digit of a reply, RFC 5321, section 4.2.1


@dataclass(frozen=True, slots=True)
class _AttemptEnd:
    """How an attempt ended, and the Message-ID under which the mail left, if the server told."""

    result: AttemptResult
    code: int
    text: StoredText
    message_id: str | None = None


def _end_of(answer: Submission) -> tuple[EventKind, _AttemptEnd]:
    """Returns how an attempt ended for good, by its answer alone."""
    if isinstance(answer, Accepted):
        return EventKind.MAIL_ACCEPTED, _AttemptEnd(AttemptResult.ACCEPTED, 250, answer.answer, answer.message_id)
    if isinstance(answer, Refused):
        return EventKind.MAIL_REFUSED, _AttemptEnd(AttemptResult.REFUSED, answer.code, answer.text)
    return EventKind.MAIL_UNCERTAIN, _AttemptEnd(AttemptResult.UNKNOWN, 0, answer.text)


def settle(work: UnitOfWork, mail: OutboxMail, answer: Submission) -> None:
    """Records the result of the current attempt and its effects.

    A bounce can arrive before the answer of the server that generated it; the state set by the bounce is kept.
    """
    if mail.state not in IN_HAND:
        _record_end(work, mail, mail, *_end_of(answer))
    elif isinstance(answer, Accepted):
        _accepted(replace(work, now=answer.at), mail, answer)
    elif isinstance(answer, Refused):
        refused(work, mail, answer)
    else:
        in_doubt(work, mail, answer)


def _record_end(work: UnitOfWork, mail: OutboxMail, settled: OutboxMail, kind: EventKind, end: _AttemptEnd) -> None:
    attempt = work.tx.get(Attempt, f"{mail.id}/{mail.tries:04d}")
    changes: list[Change] = [changed(mail, settled)]
    changes += stored_messages.learned_id(work, end.message_id, mail.message_id, AssignedBy.ANSWER)
    if attempt is not None and attempt.ended_at is None:  # a server's answer is never overwritten
        ended = replace(attempt, ended_at=work.now, result=end.result, code=end.code, text=end.text)
        changes.append(changed(attempt, ended))
    work.record(
        kind,
        *changes,
        reason=f"{end.result} {end.code}",
        about=EventRef(case=mail.case, notification=mail.notification),
    )


def _accepted(work: UnitOfWork, mail: OutboxMail, answer: Accepted) -> None:
    """Records that our server accepted the mail and its message was sent; starts the clocks of a notification."""
    settled = replace(in_state(mail, MailState.ACCEPTED), done_at=answer.at, answer=answer.answer)
    _record_end(work, mail, settled, *_end_of(answer))
    sent_at = _first_acceptance(work, mail, answer.at)
    own = _message_of(work, mail)
    if own is not None and own.received_at != sent_at:
        change = changed(own, replace(own, received_at=sent_at))
        work.record(
            EventKind.MESSAGE_SENT, change, about=EventRef(case=own.case, notification=own.notification, message=own.id)
        )
    notification = work.tx.get(Notification, mail.notification) if mail.notification and mail.at_most_once else None
    if notification is not None and notification.state != NotificationState.SENT:
        now_sent = replace(notification, state=NotificationState.SENT, sent_at=sent_at, sent_basis=answer.basis)
        sent(work, now_sent, notification)
        _write(work, now_sent.case, Kind.OFFICER_NOTICE, lambda: approval_letters.tell_sent(work, now_sent))


def _message_of(work: UnitOfWork, mail: OutboxMail) -> StoredMessage | None:
    """Returns our message of which the mail is a copy."""
    ours = where(StoredMessage.message_id).is_(mail.message_id), where(StoredMessage.direction).is_(Direction.OUT)
    return next(iter(work.tx.find(StoredMessage, *ours)), None)


def _first_acceptance(work: UnitOfWork, mail: OutboxMail, at: datetime) -> datetime:
    """Returns when the first recipient's mail was accepted: the clocks start then."""
    copies = work.tx.find(
        OutboxMail, where(OutboxMail.message_id).is_(mail.message_id)
    )  # not by state: nearly every mail is accepted
    return min((copy.done_at for copy in copies if copy.state == MailState.ACCEPTED and copy.done_at), default=at)


def sent(work: UnitOfWork, now_sent: Notification, before: Notification) -> None:
    """Records that a notification was sent: its clocks start, and its case waits for the platform.

    It gets the escalation policy of that instant, whenever it was approved.
    """
    now_sent = replace(now_sent, steps=write_steps(lifecycle.policy_of(work, now_sent)))
    case = work.tx.get(Case, now_sent.case) if now_sent.counted else None
    changes = [changed(before, now_sent)]
    if case is not None and case.state in {CaseState.OPEN, CaseState.DECIDED}:
        changes.append(changed(case, replace(case, state=CaseState.NOTIFIED)))
    about = EventRef(case=now_sent.case, notification=now_sent.id)
    work.record(EventKind.NOTIFICATION_SENT, *changes, about=about)
    if case is None:
        return
    lifecycle.rejudge(work, now_sent.id)
    if case.decision == Decision.NOTIFY:
        _write(work, case.number, Kind.DECISION_NOTICE, lambda: decision_notice.tell(work, case))


def _write(work: UnitOfWork, case: str, kind: Kind, tell: Callable[[], None]) -> None:
    """Writes a letter about the sending; if the archive cannot store it, the result of the sending is recorded still.

    Without that result the notification would be in doubt.
    """
    try:
        tell()
    except ArchiveFailure:
        reason = f"{kind}: the archive could not store it"
        work.record(EventKind.MAIL_UNRENDERABLE, about=EventRef(case=case), reason=reason)


def refused(work: UnitOfWork, mail: OutboxMail, answer: Refused) -> None:
    """Requeues the mail if it may be accepted later; otherwise it is refused for good.

    No mail is refused for good because the server refuses the desk: each of our mails, the alarm about it included,
    would be lost in the same way. Where the words leave open what the refusal is about, another mail must have been
    accepted since. What an officer should have read is passed on at the first refusal of either kind.
    """
    result, again = _after_refusal(work, mail, answer)
    text = AttemptText.REPLY(reply=str(answer.code), what=answer.text) if answer.code else answer.text
    if again is not None:
        settled = replace(in_state(mail, MailState.QUEUED), next_try_at=again, answer=text)
        _record_end(work, mail, settled, EventKind.MAIL_DEFERRED, _AttemptEnd(result, answer.code, answer.text))
        if mail.at_most_once:
            _alarm(work, AlarmKind.DEFERRED, settled)
        elif answer.permanent and result is not AttemptResult.DENIED:
            passing_on.pass_on(work, settled, answer.stage)
        return
    settled = replace(in_state(mail, MailState.REFUSED), next_try_at=None, done_at=work.now, answer=text)
    _record_end(work, mail, settled, *_end_of(answer))
    passed_on = passing_on.pass_on(work, settled, answer.stage)
    if not passed_on and mail.kind != Kind.ALARM:  # an alarm about an undeliverable alarm would never end
        _alarm(work, AlarmKind.REFUSED, settled)
    if mail.notification is not None and mail.at_most_once:
        _fail_if_all_refused(work, mail.notification)


def _fail_if_all_refused(work: UnitOfWork, notification_id: str) -> None:
    """Marks the notification as failed once all its recipients have refused it."""
    notification = work.tx.get(Notification, notification_id)
    mails = work.tx.find(
        OutboxMail, where(OutboxMail.notification).is_(notification_id), where(OutboxMail.at_most_once).is_(True)
    )
    if notification is not None and all(mail.state == MailState.REFUSED for mail in mails):
        failed = changed(notification, replace(notification, state=NotificationState.FAILED))
        work.record(
            EventKind.NOTIFICATION_FAILED,
            failed,
            reason="refused",
            about=EventRef(case=notification.case, notification=notification.id),
        )


def _after_refusal(work: UnitOfWork, mail: OutboxMail, answer: Refused) -> tuple[AttemptResult, datetime | None]:
    """Returns how the attempt ended, and when the mail is tried again; None if it is refused for good.

    An unreachable server is retried at the first wait each time, because all other mail waits behind this one. A server
    that refuses the desk is not, because repeated logins lock an account. Words about the desk at a recipient or a text
    are no proof of it: where other mail is accepted, they defer this one alone, as the server may be mended.
    """
    waits = work.env.settings.desk.submission.retry_minutes
    if answer.stage is SmtpStage.CONNECTION:
        return AttemptResult.UNREACHABLE, _next_try(work, mail, 1, waits, give_up=False)
    if answer.stage is SmtpStage.SESSION and answer.code // 100 == _TEMPORARY:
        return AttemptResult.UNREACHABLE, _next_try(work, mail, mail.tries, LOGIN_WAITS, give_up=False)
    about = concerns(answer.stage, answer.code, answer.words)
    about_us = answer.permanent and about is Concerns.DESK
    logged_out = answer.stage is SmtpStage.SESSION or answer.code in LOGIN_CODES
    if logged_out or (about_us and answer.stage is SmtpStage.SENDER):
        tries = mail.tries if answer.code else 1  # without a reply it is no login: TLS, or a secret of ours
        return AttemptResult.DENIED, _next_try(work, mail, tries, LOGIN_WAITS, give_up=False)
    if answer.permanent and about is Concerns.MAIL:
        return AttemptResult.REFUSED, None
    accepts_others = _accepts_others(work, mail)
    if answer.permanent and not accepts_others:
        return AttemptResult.UNCLEAR, _next_try(work, mail, mail.tries, LOGIN_WAITS, give_up=False)
    if answer.permanent and not about_us:
        return AttemptResult.REFUSED, None
    return AttemptResult.DEFERRED, _next_try(work, mail, _tries(work, mail), waits, give_up=accepts_others)


def _accepts_others(work: UnitOfWork, mail: OutboxMail) -> bool:
    """True if the server has accepted another mail of ours since it first refused this one."""
    first = work.tx.get(Attempt, f"{mail.id}/0001")
    return standing.accepted_since(work.tx, first.started_at if first else mail.queued_at)


def _tries(work: UnitOfWork, mail: OutboxMail) -> int:
    """Returns the position of this mail in the retry schedule; attempts that no server heard of do not count."""
    unheard = {AttemptResult.UNREACHABLE, AttemptResult.DENIED}
    return sum(attempt.result not in unheard for attempt in _attempts(work, mail))


def _attempts(work: UnitOfWork, mail: OutboxMail) -> Sequence[Attempt]:
    return work.tx.find(Attempt, where(Attempt.mail).is_(mail.id))


def _next_try(
    work: UnitOfWork, mail: OutboxMail, tries: int, waits: Sequence[int], *, give_up: bool = True
) -> datetime | None:
    # Derived from the mail instead of drawn at random, so that a replay computes the same instants.
    chance = fraction(hashlib.sha256(f"{mail.message_id} {mail.recipient} {mail.tries}".encode()).digest())
    longest = timedelta(hours=work.env.settings.desk.submission.give_up_hours) if give_up else None
    return next_try(tries, waits, mail.queued_at, work.now, longest, chance)


def in_doubt(work: UnitOfWork, mail: OutboxMail, answer: Unknown) -> None:
    """Handles an unknown result: at most once for a platform, which waits for proof or a person; else at least once.

    Each wait is longer than the one before, by `DOUBT_WAITS`: a server that takes the mail and does not say so hands it
    on each time. After the death of this program, which the server may not have heard, the second try is immediate.
    """
    if mail.at_most_once:
        settled = replace(in_state(mail, MailState.UNCERTAIN), next_try_at=None, answer=answer.text)
    else:
        doubts = 1 + sum(attempt.result == AttemptResult.UNKNOWN for attempt in _attempts(work, mail))
        again = work.now if answer.died and doubts == 1 else _next_try(work, mail, doubts, DOUBT_WAITS)
        if again is None:
            refused(work, mail, Refused(mail.recipient, permanent=True, code=0, text=answer.text))
            return
        settled = replace(in_state(mail, MailState.QUEUED), next_try_at=again, answer=answer.text)
    _record_end(work, mail, settled, *_end_of(answer))
    if mail.at_most_once and not _proven_before(work, settled):
        _alarm(work, AlarmKind.UNCERTAIN, settled)


def _proven_before(work: UnitOfWork, mail: OutboxMail) -> bool:
    """Settles the mail if its copy arrived before we gave up waiting for the answer; returns True if it did."""
    own = _message_of(work, mail)
    found = {proof.id: at for proof, at in proven_deliveries(work, own)} if own else {}
    if mail.id in found:
        settle(work, mail, Accepted(mail.recipient, found[mail.id], AttemptText.COPY_FOUND(), InstantBasis.SENT_COPY))
    return mail.id in found


def _alarm(work: UnitOfWork, kind: AlarmKind, mail: OutboxMail) -> None:
    # a citizen's address must not be stored beyond the retention period
    told = AlarmText.MAIL_ANSWERED(recipient=mail.recipient, mail=mail.id, answer=without_words(mail.answer))
    about = as_written(mail.id) if mail.kind == Kind.DECLINE else told
    raised = alarm(kind, alarm_key(kind, mail.id), about, work.now, mail.case, mail.notification)
    does = "resolve" if kind is AlarmKind.UNCERTAIN else "show"
    topic = _TOPICS.get(kind, Topic.NOTICE) if mail.at_most_once else Topic.NOTICE
    notices.raise_alarm(
        work, raised, f"flaggermail outbox {does} {mail.id}", mail.recipient, exercise=mail.exercise, topic=topic,
        settles=mail.id,
    )  # fmt: skip
