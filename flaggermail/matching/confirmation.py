# SPDX-License-Identifier: EUPL-1.2
"""The confirmation to the sender of a referral that was filed later, or in addition to the first referral."""

from __future__ import annotations

from dataclasses import replace

from flaggermail.mail.automated import mechanical_kind
from flaggermail.mail.message import Message, SenderVerdict
from flaggermail.matching.lookup import sender_of
from flaggermail.matching.scoring import Suggestion
from flaggermail.notices import notices
from flaggermail.record.events import EventKind
from flaggermail.record.kinds import Direction, Kind
from flaggermail.record.rows import Case, StoredMessage
from flaggermail.services import EventRef, UnitOfWork


def confirm(work: UnitOfWork, stored: StoredMessage, message: Message) -> None:
    """Sends the sender of a referral the number of its case, once for each case and sender.

    Machine mail, lists, our own address and unverified senders get no answer (RFC 3834), nor do officers, who can see
    the case, nor who wrote years ago.
    """
    case = work.tx.get(Case, stored.case) if stored.case else None
    if (
        case is None
        or stored.direction != Direction.IN
        or stored.arrival.in_file
        or stored.verdict != SenderVerdict.VERIFIED
        or stored.from_address is None
    ):
        return
    sender = sender_of(work, message)
    ours = work.env.own_addresses
    if sender.platform or sender.officer or not mechanical_kind.answerable(message, ours):
        return
    to_him = replace(case, referrer_address=stored.from_address, referrer_name=stored.from_name, root_message=stored.id)
    notices.confirm_intake(work, to_him, stored.subject or "")


def placed_by_score(
    work: UnitOfWork, stored: StoredMessage, message: Message, by: Suggestion, *, quietly: bool = False
) -> None:
    """Records that this mail was filed by its score and why, and confirms it to its sender."""
    about = EventRef(stored.case, stored.notification, stored.id)
    work.record(EventKind.MESSAGE_PLACED_BY_SCORE, about=about, reason=by.said)
    if not quietly:
        confirm(work, stored, message)


def confirm_referral(work: UnitOfWork, stored: StoredMessage, message: Message) -> None:
    """Confirms a mail that a person filed, if it is a referral."""
    if Kind.REFERRAL in stored.kinds:
        confirm(work, stored, message)
