# SPDX-License-Identifier: EUPL-1.2
"""Quarantined mail that may be the answer for which a clock runs: reminders, escalations and pages name it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from flaggermail.cases import elections
from flaggermail.record.finding import where
from flaggermail.record.kinds import Direction, Place
from flaggermail.record.rows import Case, Channel, Notification, Platform, StoredMessage
from flaggermail.rules.conditions import in_domains
from flaggermail.services import UnitOfWork

LISTED = 5  # mails named in one reminder, the oldest first


def waiting_for(
    work: UnitOfWork, case: Case, notification: Notification | None, since: datetime
) -> list[StoredMessage]:  # fmt: skip
    """Returns the mail in the quarantine in the name of the platform notified, the oldest first.

    Mail from before `since`, when the clock started, is no answer. Mail in the junk folder counts, as no notice of it
    was sent. Whether a sender is genuine is another matter: the verdict stands beside each.
    """
    platform = work.tx.get(Platform, notification.platform) if notification else None
    if platform is None:
        return []
    domains, channels = frozenset(platform.domains), work.tx.find(Channel, where(Channel.platform).is_(platform.code))
    addresses = {address for channel in channels for address in channel.answers_from or ()}
    parked = work.tx.find(
        StoredMessage,
        where(StoredMessage.place).is_(Place.QUARANTINE),
        where(StoredMessage.exercise).is_(case.exercise),
    )
    found = [
        mail
        for mail in parked
        if mail.direction == Direction.IN
        and mail.received_at >= since
        and (mail.enclosed_in is None or mail.placed_by is not None)
        and mail.from_address is not None
        and (in_domains(mail.from_address.rpartition("@")[2], domains) or mail.from_address in addresses)
    ]
    return sorted(found, key=lambda mail: (mail.received_at, mail.id))[:LISTED]


def entries_of(
    work: UnitOfWork, case: Case, platform: Platform | None, found: Sequence[StoredMessage]
) -> list[dict[str, object]]:
    """Returns the mails as template values; `reply` is the number to answer with, if there is only one mail."""
    number = short_number(work, case) if len(found) == 1 else ""
    who = platform.name if platform else ""
    return [
        {"at": mail.received_at, "who": who, "verdict": mail.verdict, "reply": number, "place": mail.id}
        for mail in found
    ]


def short_number(work: UnitOfWork, case: Case) -> str:
    """Returns the number to type for a case: `1` if only its election can be meant, else the whole number."""
    meant = elections.meant_by_number_alone(work)
    serial = case.number.rpartition("-")[2]
    return str(int(serial)) if [one.code for one in meant] == [case.election] and serial.isdecimal() else case.number
