# SPDX-License-Identifier: EUPL-1.2
"""Quarantined mail that may be the answer for which a clock runs: reminders, escalations and pages name it."""

from __future__ import annotations

from datetime import datetime

from flaggermail.cases import elections
from flaggermail.matching import lookup
from flaggermail.record.finding import where
from flaggermail.record.kinds import Direction, Place
from flaggermail.record.rows import Case, Notification, Platform, StoredMessage
from flaggermail.rules.conditions import in_domains
from flaggermail.services import UnitOfWork

LISTED = 5  # mails named in one reminder, the oldest first


def waiting_for(
    work: UnitOfWork, case: Case, notification: Notification | None, since: datetime
) -> list[StoredMessage]:
    """Returns the mail in the quarantine in the name of the platform notified, the oldest first.

    Mail from before `since`, when the clock started, is no answer. Mail in the junk folder counts, as no notice of it
    was sent. Whether a sender is genuine is another matter: the verdict stands beside each.
    """
    if notification is None:
        return []
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
        and platform_of(work, mail) == notification.platform
    ]
    return sorted(found, key=lambda mail: (mail.received_at, mail.id))[:LISTED]


def platform_of(work: UnitOfWork, mail: StoredMessage) -> str | None:
    """Returns the code of the platform in whose name a mail was written."""
    address = mail.from_address or ""
    domain = address.rpartition("@")[2]
    owner = next((p.code for p in work.tx.find(Platform) if in_domains(domain, frozenset(p.domains))), None)
    return owner or lookup.platform_answering(work, [address])


def entries_of(work: UnitOfWork, case: Case, found: list[StoredMessage]) -> list[dict[str, object]]:
    """Returns the mails as template values; `reply` is the number to answer with, if there is only one mail."""
    names = {platform.code: platform.name for platform in work.tx.find(Platform)}
    return [
        {
            "at": mail.received_at,
            "who": names.get(platform_of(work, mail) or "", ""),
            "verdict": mail.verdict,
            "reply": short_number(work, case) if len(found) == 1 else "",
            "place": mail.id,
        }
        for mail in found
    ]


def short_number(work: UnitOfWork, case: Case) -> str:
    """Returns the number to type for a case: `1` if only its election can be meant, else the whole number."""
    meant = elections.meant_by_number_alone(work)
    serial = case.number.rpartition("-")[2]
    return str(int(serial)) if [one.code for one in meant] == [case.election] and serial.isdecimal() else case.number
