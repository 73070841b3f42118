# SPDX-License-Identifier: EUPL-1.2
"""Whether a mail is what the record says: the desk sends nothing that its events do not give.

One UPDATE of the outbox is enough to send a mail to somebody else, or again, and a command that read another
configuration records what that allows. So before each send the row is compared with its events, found by an index, its
octets with their digest, its recipient with the desk's own channels, officers and correspondents, and a platform's mail
with what was approved, by whom, and with which login. A mail that differs is withheld and raises one alarm; all other
mail leaves. It leaves too once the row is again what the events say.
"""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum

from flaggermail.errors import ArchiveFault
from flaggermail.letters.template_values import PLATFORM_TEMPLATES
from flaggermail.notices import notices
from flaggermail.notifications.approval import approvers_of
from flaggermail.ports import Transaction
from flaggermail.record.alarms import AlarmKind, alarm, alarm_key
from flaggermail.record.finding import where
from flaggermail.record.kinds import Kind, Place
from flaggermail.record.rows import Alarm, Case, Notification, OutboxMail, StoredMessage
from flaggermail.record.states import MailState
from flaggermail.services import UnitOfWork
from flaggermail.wording.alarm_texts import AlarmText, Differs

_PASSED = frozenset({"approved", "sent", "failed"})  # states of a notification that was approved
_TO_OFFICERS = frozenset({
    Kind.APPROVAL_REQUEST, Kind.OFFICER_NOTICE, Kind.REPLY_ANSWER, Kind.DIGEST, Kind.REMINDER, Kind.ESCALATION,
    Kind.ALARM,
})  # fmt: skip
_TO_AUTHORS = frozenset({
    Kind.INTAKE_CONFIRMATION, Kind.INFORMATION_REQUEST, Kind.DECISION_NOTICE, Kind.DECLINE, Kind.FOLLOW_UP,
})  # fmt: skip


class Unsound(StrEnum):
    """Why a mail is withheld; the word stands in the alarm."""

    UNREADABLE = "unreadable"  # a column holds a value of another type
    ADDED = "added"  # no event gives the row
    CHANGED = "changed"  # the row is not what its events say
    NOT_APPROVED = "not approved"  # by enough persons who may, for these octets
    RECIPIENT = "recipient"  # no address of the channel as approved and configured, of an officer, or of an author
    OCTETS = "octets"  # missing from the archive, or others


def unreadable(tx: Transaction, state: str) -> list[str]:
    """Returns the keys of the mails in a state whose row cannot be read."""
    read = {mail.id for mail in tx.readable(OutboxMail, where(OutboxMail.state).is_(MailState(state)))}
    keys = tx.keys(OutboxMail, where(OutboxMail.state).is_(MailState(state)))
    return [key for key in keys if key not in read] if len(keys) != len(read) else []


def row_fault(tx: Transaction, mail: OutboxMail) -> Unsound | None:
    """Returns how the row differs from its events, or None."""
    given = tx.from_events(OutboxMail, mail.id)
    if given is None:
        return Unsound.ADDED
    return None if given == mail else Unsound.CHANGED


def fault(work: UnitOfWork, mail: OutboxMail) -> Unsound | None:
    """Returns why the mail must not leave, or None."""
    compare = _approval_fault if _is_platforms(mail) else _reader_fault
    found = row_fault(work.tx, mail) or compare(work, mail)
    if found is None:
        try:
            work.env.octets.get(mail.digest)
        except ArchiveFault:
            found = Unsound.OCTETS
    return found


def _is_platforms(mail: OutboxMail) -> bool:
    to_platform = mail.kind == Kind.NOTIFICATION or (mail.kind == Kind.FOLLOW_UP and mail.notification is not None)
    return mail.at_most_once or to_platform


def _approval_fault(work: UnitOfWork, mail: OutboxMail) -> Unsound | None:
    """Compares a platform's mail with the approval in the events, and with the desk's own channels and roles."""
    approved = work.tx.from_events(Notification, mail.notification) if mail.notification else None
    if approved is None or approved.state not in _PASSED or approved.digest != mail.digest or not mail.at_most_once:
        return Unsound.NOT_APPROVED
    if mail.kind != (Kind.NOTIFICATION if approved.counted else Kind.FOLLOW_UP):
        return Unsound.NOT_APPROVED
    rota, persons = work.env.settings.rota, work.env.settings.desk.approval.persons
    counted, author = approvers_of(rota, approved), rota.officer(approved.drafted_by)
    if len(counted) < persons or (persons > 1 and (author is None or author.id in counted)):
        return Unsound.NOT_APPROVED
    given = {address.lower() for address in (*approved.to, *approved.cc)}
    return None if mail.recipient.lower() in given & _channel_addresses(work, approved) else Unsound.RECIPIENT


def _channel_addresses(work: UnitOfWork, approved: Notification) -> set[str]:
    """Returns the addresses of the notification's channel in the desk's own configuration, in lower case."""
    channels = (
        channel
        for platform in work.env.settings.platform_list
        if platform.code == approved.platform
        for channel in platform.channels
        if channel.code == approved.channel and approved.template in PLATFORM_TEMPLATES
    )
    return {address.lower() for channel in channels for address in (*channel.to, *channel.cc)}


def _reader_fault(work: UnitOfWork, mail: OutboxMail) -> Unsound | None:
    """Compares the recipient of any other mail with the desk's own officers, or with those who have written to it."""
    address = mail.recipient.lower()
    if mail.kind in _TO_OFFICERS:
        return None if work.env.settings.rota.by_address(address) else Unsound.RECIPIENT
    if mail.kind not in _TO_AUTHORS:
        return Unsound.RECIPIENT
    case, shown = work.tx.get(Case, mail.case or ""), work.tx.get(StoredMessage, mail.shows or "")
    is_referrer = case is not None and (case.referrer_address or "").lower() == address
    # The author of a declined mail is forgotten at once: the row of the mail that is answered remains.
    is_declined = mail.kind == Kind.DECLINE and shown is not None and shown.place == Place.DECLINED
    if is_referrer or is_declined or work.tx.exists(StoredMessage, where(StoredMessage.from_address).is_(address)):
        return None
    return Unsound.RECIPIENT


def is_told(tx: Transaction, keys: Collection[str]) -> bool:
    """True if the alarm about each of these mails was raised."""
    kinds = (AlarmKind.OUTBOX_CHANGED, AlarmKind.OCTETS_LOST)
    return all(any(tx.exists(Alarm, where(Alarm.id).is_(alarm_key(kind, key))) for kind in kinds) for key in keys)


def tell(work: UnitOfWork, key: str, found: Unsound) -> None:
    """Raises the alarm that a mail is withheld, once for each mail."""
    if is_told(work.tx, [key]):
        return
    if found is Unsound.OCTETS:
        _tell_lost(work, key)
        return
    # only the number: the row's other values may be an intruder's
    raised = alarm(
        AlarmKind.OUTBOX_CHANGED,
        alarm_key(AlarmKind.OUTBOX_CHANGED, key),
        AlarmText.FAULT(key=key, fault=Differs[found.name]()),
        work.now,
    )
    notices.raise_alarm(work, raised, "flaggermail audit verify")


def _tell_lost(work: UnitOfWork, key: str) -> None:
    """Raises the alarm that the octets of a mail are missing or changed; its row is what the events say."""
    mail = work.tx.get(OutboxMail, key)
    if mail is not None:
        identity, text = alarm_key(AlarmKind.OCTETS_LOST, key), AlarmText.LOST(key=mail.id, digest=mail.digest)
        lost = alarm(AlarmKind.OCTETS_LOST, identity, text, work.now, mail.case, mail.notification)
        notices.raise_alarm(work, lost, f"flaggermail outbox show {mail.id}")
