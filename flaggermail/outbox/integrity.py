# SPDX-License-Identifier: EUPL-1.2
"""Whether a mail is what the record says: the desk sends nothing that its events do not give.

One UPDATE of the outbox is enough to send a mail to somebody else, or again, and a command that read another
configuration records what that allows. So before each send the row is compared with its events, found by an index, its
octets with their digest, and a platform's mail with what was approved. A mail that differs from the record is left as
it is and raises one alarm.

Then the mail is compared with the desk's own configuration: its recipient with the channels and officers, and the
approvals with who may give them. One that it does not allow is recorded as withheld, with the reason, and raises
another alarm.

All other mail leaves; a withheld one too, once the row or the configuration is as it must be.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from enum import StrEnum

from flaggermail.cases.approval import channel_lacking, channel_of
from flaggermail.errors import ArchiveFailure
from flaggermail.letters.template_values import PLATFORM_TEMPLATES
from flaggermail.notices import notices
from flaggermail.notices.approval_requests import approval_tally
from flaggermail.ports import Transaction
from flaggermail.record.case_values import Topic
from flaggermail.record.definition import where
from flaggermail.record.events import EventKind, changed
from flaggermail.record.kinds import Kind, Place
from flaggermail.record.rows import Alarm, Case, Channel, Notification, OutboxMail, StoredMessage
from flaggermail.record.rows.alarms import AlarmKind, alarm, alarm_key
from flaggermail.record.states import MailState
from flaggermail.services import EventRef, UnitOfWork
from flaggermail.wording.alarms import AlarmText, OutboxFindingText
from flaggermail.wording.refusals import SendingRefusal
from flaggermail.wording.said import StoredText

DIFFERS = (AlarmKind.OUTBOX_CHANGED, AlarmKind.OCTETS_LOST)  # of a mail that differs from the record, once for each
_PASSED = frozenset({"approved", "sent", "failed"})  # states of a notification that was approved
TO_OFFICERS = frozenset({
    Kind.APPROVAL_REQUEST, Kind.OFFICER_NOTICE, Kind.REPLY_ANSWER, Kind.DIGEST, Kind.REMINDER, Kind.ESCALATION,
    Kind.ALARM,
})  # fmt: skip
_TO_AUTHORS = frozenset({
    Kind.INTAKE_CONFIRMATION, Kind.INFORMATION_REQUEST, Kind.DECISION_NOTICE, Kind.DECLINE, Kind.FOLLOW_UP,
})  # fmt: skip


class OutboxFinding(StrEnum):
    """Why a mail is withheld; the value appears in the alarm."""

    UNREADABLE = "unreadable"  # a column holds a value of another type
    ADDED = "added"  # no event gives the row
    CHANGED = "changed"  # the row is not what its events say
    NOT_APPROVED = "not approved"  # or not for these octets
    RECIPIENT = "recipient"  # no address of what was approved, or of an author
    OCTETS = "octets"  # missing from the archive, or others


def unreadable(tx: Transaction, state: str) -> list[str]:
    """Returns the keys of the mails in a state whose row cannot be read."""
    read = {mail.id for mail in tx.readable(OutboxMail, where(OutboxMail.state).is_(MailState(state)))}
    keys = tx.keys(OutboxMail, where(OutboxMail.state).is_(MailState(state)))
    return [key for key in keys if key not in read] if len(keys) != len(read) else []


def row_fault(tx: Transaction, mail: OutboxMail) -> OutboxFinding | None:
    """Returns how the row differs from its events, or None."""
    given = tx.from_events(OutboxMail, mail.id)
    if given is None:
        return OutboxFinding.ADDED
    return None if given == mail else OutboxFinding.CHANGED


def fault(work: UnitOfWork, mail: OutboxMail) -> OutboxFinding | StoredText | None:
    """Returns why the mail must not leave: how it differs from the record, or what the configuration lacks."""
    found = row_fault(work.tx, mail) or (_approval_fault if _is_platforms(mail) else _author_fault)(work, mail)
    if found is None:
        try:
            work.env.octets.get(mail.digest)
        except ArchiveFailure:
            found = OutboxFinding.OCTETS
    return found or lacking(work, mail) or None


def lacking(work: UnitOfWork, mail: OutboxMail) -> StoredText:
    """Returns what the desk's own configuration lacks, for a mail that the record gives; unsaid if nothing."""
    if mail.kind in TO_OFFICERS:
        known = work.env.settings.rota.by_address(mail.recipient) is not None
        what = StoredText() if known else SendingRefusal.OFFICER(address=mail.recipient)
        return what and SendingRefusal.WITHHELD(what=what, mail=mail.id)
    approved = work.tx.from_events(Notification, mail.notification) if mail.at_most_once and mail.notification else None
    if approved is None:
        return StoredText()
    channel = channel_of(work.env.settings.channels, approved, work.tx.get(Channel, approved.channel))
    to_mail = replace(approved, to=(mail.recipient,), cc=())
    what = approval_tally(work.env, approved).lacking() or channel_lacking(channel, to_mail)
    return what and SendingRefusal.WITHHELD_DRAFT(what=what, draft=approved.id)


def _is_platforms(mail: OutboxMail) -> bool:
    to_platform = mail.kind == Kind.NOTIFICATION or (mail.kind == Kind.FOLLOW_UP and mail.notification is not None)
    return mail.at_most_once or to_platform


def _approval_fault(work: UnitOfWork, mail: OutboxMail) -> OutboxFinding | None:
    """Compares a platform's mail with what was approved, by the events."""
    approved = work.tx.from_events(Notification, mail.notification) if mail.notification else None
    if approved is None or approved.state not in _PASSED or approved.digest != mail.digest or not mail.at_most_once:
        return OutboxFinding.NOT_APPROVED
    if mail.kind != (Kind.NOTIFICATION if approved.counted else Kind.FOLLOW_UP):
        return OutboxFinding.NOT_APPROVED
    given = {address.lower() for address in (*approved.to, *approved.cc)}
    fits = mail.recipient.lower() in given and approved.template in PLATFORM_TEMPLATES
    return None if fits else OutboxFinding.RECIPIENT


def _author_fault(work: UnitOfWork, mail: OutboxMail) -> OutboxFinding | None:
    """Compares the recipient of mail to others than officers and platforms with those who have written to the desk."""
    if mail.kind in TO_OFFICERS:
        return None
    if mail.kind not in _TO_AUTHORS:
        return OutboxFinding.RECIPIENT
    address = mail.recipient.lower()
    case, shown = work.tx.get(Case, mail.case or ""), work.tx.get(StoredMessage, mail.shows or "")
    is_referrer = case is not None and (case.referrer_address or "").lower() == address
    # The author of a declined mail is forgotten at once: the row of the mail that is answered remains.
    is_declined = mail.kind == Kind.DECLINE and shown is not None and shown.place == Place.DECLINED
    if is_referrer or is_declined or work.tx.exists(StoredMessage, where(StoredMessage.from_address).is_(address)):
        return None
    return OutboxFinding.RECIPIENT


def is_told(tx: Transaction, key: str) -> bool:
    """True if the alarm that this mail differs from the record was raised."""
    return any(tx.exists(Alarm, where(Alarm.id).is_(alarm_key(kind, key))) for kind in DIFFERS)


def is_news(tx: Transaction, key: str, found: OutboxFinding | StoredText) -> bool:
    """True if `tell` has something to record."""
    return isinstance(found, StoredText) or not is_told(tx, key)


def tell(work: UnitOfWork, key: str, found: OutboxFinding | StoredText) -> None:
    """Raises the alarm that a mail must not leave, once for each mail and cause."""
    if isinstance(found, StoredText):
        _withhold(work, key, found)
        return
    if is_told(work.tx, key):
        return
    if found is OutboxFinding.OCTETS:
        _tell_lost(work, key)
        return
    # only the number: the row's other values may be an intruder's
    raised = alarm(
        AlarmKind.OUTBOX_CHANGED,
        alarm_key(AlarmKind.OUTBOX_CHANGED, key),
        AlarmText.FAULT(key=key, fault=OutboxFindingText[found.name]()),
        work.now,
    )
    notices.raise_alarm(work, raised, "flaggermail audit verify")


def _withhold(work: UnitOfWork, key: str, why: StoredText) -> None:
    """Records that the configuration does not allow a mail, until `release`; one alarm a text, or a reader and day."""
    mail = work.tx.get(OutboxMail, key)
    if mail is None:
        return
    about = EventRef(mail.case, mail.notification)
    work.record(
        EventKind.MAIL_WITHHELD, changed(mail, replace(mail, next_try_at=None, answer=why)), about=about,
        reason="configuration",
    )  # fmt: skip
    cause = f"{mail.notification}/{mail.tries}" if mail.at_most_once else f"{mail.recipient}/{work.today}"
    told = AlarmText.FAULT(key=key, fault=why)
    identity = alarm_key(AlarmKind.OUTBOX_WITHHELD, cause)
    if work.tx.get(Alarm, identity) is None:
        raised = alarm(AlarmKind.OUTBOX_WITHHELD, identity, told, work.now, mail.case, mail.notification)
        topic = Topic.UNDELIVERED_MAIL if mail.at_most_once else Topic.NOTICE
        notices.raise_alarm(
            work, raised, f"flaggermail outbox show {key}", mail.recipient, exercise=mail.exercise, topic=topic,
            settles=key,
        )  # fmt: skip


def release(work: UnitOfWork, withheld: Sequence[OutboxMail]) -> None:
    """Makes withheld mails due again that may leave now."""
    for mail in withheld:
        change = changed(mail, replace(mail, next_try_at=work.now, answer=StoredText()))
        about = EventRef(mail.case, mail.notification)
        work.record(EventKind.MAIL_DEFERRED, change, about=about, reason="no longer withheld")


def _tell_lost(work: UnitOfWork, key: str) -> None:
    """Raises the alarm that the octets of a mail are missing or changed; its row is what the events say."""
    mail = work.tx.get(OutboxMail, key)
    if mail is not None:
        identity, text = alarm_key(AlarmKind.OCTETS_LOST, key), AlarmText.LOST(key=mail.id, digest=mail.digest)
        lost = alarm(AlarmKind.OCTETS_LOST, identity, text, work.now, mail.case, mail.notification)
        notices.raise_alarm(work, lost, f"flaggermail outbox show {mail.id}")
