# SPDX-License-Identifier: EUPL-1.2
"""Whether a mail is what the record says: the desk sends nothing that its events do not give.

One UPDATE of the outbox is enough to send a mail to somebody else, or again. So before each send the row is compared
with its events, found by an index, its octets with their digest, and a platform's mail with what was approved, by
whom, and for which addresses. A mail that differs is withheld and raises one alarm; all other mail leaves. It leaves
too once the row is again what the events say.
"""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum

from flaggermail.errors import ArchiveFault
from flaggermail.notices import notices
from flaggermail.notifications.approval import APPROVES
from flaggermail.ports import Transaction
from flaggermail.record.alarms import AlarmKind, alarm, alarm_key
from flaggermail.record.finding import where
from flaggermail.record.rows import Alarm, Notification, OutboxMail
from flaggermail.record.states import MailState
from flaggermail.services import UnitOfWork
from flaggermail.wording.alarm_texts import AlarmText, Differs

_PASSED = frozenset({"approved", "sent", "failed"})  # states of a notification that was approved


class Unsound(StrEnum):
    """Why a mail is withheld; the word stands in the alarm."""

    UNREADABLE = "unreadable"  # a column holds a value of another type
    ADDED = "added"  # no event gives the row
    CHANGED = "changed"  # the row is not what its events say
    NOT_APPROVED = "not approved"  # by enough persons who may, for these octets
    RECIPIENT = "recipient"  # no address of the channel as approved
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
    found = row_fault(work.tx, mail) or (_approval_fault(work, mail) if mail.at_most_once else None)
    if found is None:
        try:
            work.env.octets.get(mail.digest)
        except ArchiveFault:
            found = Unsound.OCTETS
    return found


def _approval_fault(work: UnitOfWork, mail: OutboxMail) -> Unsound | None:
    """Compares a platform's mail with the approval in the events, and with today's roles."""
    approved = work.tx.from_events(Notification, mail.notification) if mail.notification else None
    if approved is None or approved.state not in _PASSED or approved.digest != mail.digest:
        return Unsound.NOT_APPROVED
    persons = {officer for officer in approved.approved_by if _may_approve(work, officer)}
    if len(persons) < work.env.settings.desk.approval.persons:
        return Unsound.NOT_APPROVED
    return None if mail.recipient in {*approved.to, *approved.cc} else Unsound.RECIPIENT


def _may_approve(work: UnitOfWork, officer_id: str) -> bool:
    officer = work.env.settings.rota.officer(officer_id)
    return officer is not None and bool(officer.roles & APPROVES)


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
