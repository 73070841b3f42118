# SPDX-License-Identifier: EUPL-1.2
"""The confirmation to whoever referred something that is filed later than it came, or beside the first referral."""

from __future__ import annotations

from dataclasses import replace

from flaggermail.mail.automated import mechanical_kind
from flaggermail.mail.message import Message
from flaggermail.matching.lookup import sender_of
from flaggermail.matching.scoring import Suggestion
from flaggermail.notices import notices
from flaggermail.record.events import EventKind
from flaggermail.record.kinds import Kind
from flaggermail.record.rows import Case, StoredMessage
from flaggermail.services import EventRef, UnitOfWork


def confirm(work: UnitOfWork, stored: StoredMessage, message: Message) -> None:
    """Tell the sender of a referral the number of the case in which it is; once for each case and sender.

    Machine mail, lists, ourselves and senders for whom nobody vouches hear nothing (RFC 3834), nor do officers, who see
    the case.
    """
    case = work.tx.get(Case, stored.case) if stored.case else None
    if case is None or stored.direction != "in" or stored.verdict != "verified" or stored.from_address is None:
        return
    sender = sender_of(work, message)
    ours = work.env.settings.desk.mailbox.address
    if sender.platform or sender.officer or not mechanical_kind.answerable(message, ours):
        return
    to_him = replace(case, referrer_address=stored.from_address, referrer_name=stored.from_name, root_message=stored.id)
    notices.confirm_intake(work, to_him, stored.subject or "")


def placed_by_score(
    work: UnitOfWork, stored: StoredMessage, message: Message, by: Suggestion, *, quietly: bool = False
) -> None:
    """Say in the record that no person placed this mail, and why it was; its sender gets the number of the case."""
    about = EventRef(stored.case, stored.notification, stored.id)
    work.record(EventKind.MESSAGE_PLACED_BY_SCORE, about=about, reason=by.text)
    if not quietly:
        confirm(work, stored, message)


def confirm_referral(work: UnitOfWork, stored: StoredMessage, message: Message) -> None:
    """The same for a mail that a person filed, where it is a referral."""
    if Kind.REFERRAL.value in stored.kinds:
        confirm(work, stored, message)
