# SPDX-License-Identifier: EUPL-1.2
"""How a platform is called, and the last contact with it about a case."""

from __future__ import annotations

from datetime import datetime

from flaggermail.mail.message import SenderVerdict
from flaggermail.record.case_values import ChannelKind
from flaggermail.record.definition import where
from flaggermail.record.kinds import Direction, Kind
from flaggermail.record.rows import Channel, ContactNote, Notification, StoredMessage
from flaggermail.services import UnitOfWork

_BY_PLATFORM = frozenset({Kind.PLATFORM_ACK, Kind.SUBSTANTIVE_REPLY, Kind.AUTO_REPLY})


def phone_of(work: UnitOfWork, notification: Notification | None) -> str | None:
    """Returns the number at which the platform is called: the channel's own, or that of its phone channel; or None.

    An exercise names the channel's own number only: nobody else plays.
    """
    channel = work.tx.get(Channel, notification.channel) if notification is not None else None
    if notification is None or (channel is not None and channel.phone) or notification.exercise:
        return channel.phone if channel is not None else None
    by_phone = work.tx.find(
        Channel, where(Channel.platform).is_(notification.platform), where(Channel.kind).is_(ChannelKind.PHONE)
    )
    return next((one.phone for one in by_phone if one.phone and _is_valid(one, work)), None)


def _is_valid(channel: Channel, work: UnitOfWork) -> bool:
    return channel.valid_from <= work.today and (channel.valid_until is None or work.today <= channel.valid_until)


def last_contact(work: UnitOfWork, notification: Notification) -> dict[str, object] | None:
    """Returns the last mail of the platform, follow-up of ours or note of a contact, as template values; or None.

    `at` is when it was, `what` an out-of-office reply (auto_reply), another mail of the platform (mail), ours
    (own_mail), or the means of the contact noted; `by` is who noted it, `verdict` that of the mail's sender.
    """
    found = [*_mails(work, notification), *_follow_ups(work, notification), *_notes(work, notification)]
    return max(found, key=lambda contact: contact[0])[1] if found else None


def _mails(work: UnitOfWork, use: Notification) -> list[tuple[datetime, dict[str, object]]]:
    rows = work.tx.find(
        StoredMessage,
        where(StoredMessage.notification).is_(use.id),
        where(StoredMessage.direction).is_(Direction.IN),
    )
    return [
        (row.received_at, _contact(row.received_at, "auto_reply" if row.automatic else "mail", "", row.verdict))
        for row in rows
        if _BY_PLATFORM & set(row.kinds)
    ]


def _follow_ups(work: UnitOfWork, use: Notification) -> list[tuple[datetime, dict[str, object]]]:
    own = where(Notification.case).is_(use.case), where(Notification.channel).is_(use.channel)
    rows = work.tx.find(Notification, *own, where(Notification.counted).is_(False))  # noted ones are contact notes
    return [(row.sent_at, _contact(row.sent_at, "own_mail", "")) for row in rows if row.sent_at and not row.by_hand]


def _notes(work: UnitOfWork, use: Notification) -> list[tuple[datetime, dict[str, object]]]:
    rows = work.tx.find(ContactNote, where(ContactNote.case).is_(use.case))
    return [
        (row.effective_at, _contact(row.effective_at, row.means.value, work.env.settings.rota.officer_name(row.author)))
        for row in rows
        if row.notification in {None, use.id}
    ]


def _contact(at: datetime, what: str, by: str, verdict: str = SenderVerdict.VERIFIED) -> dict[str, object]:
    return {"at": at, "what": what, "by": by, "verdict": verdict}
