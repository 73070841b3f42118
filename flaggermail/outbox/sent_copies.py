# SPDX-License-Identifier: EUPL-1.2
"""Proof that an uncertain mail was delivered: copies of it that returned to our own mailbox."""

from __future__ import annotations

from datetime import datetime

from flaggermail.record.definition import where
from flaggermail.record.kinds import Role
from flaggermail.record.rows import Delivery, OutboxMail, StoredMessage
from flaggermail.record.states import MailState
from flaggermail.services import UnitOfWork
from flaggermail.settings.model import SendingProof

_MAY_LEAVE_A_COPY = frozenset({"accepted", "attempting"})


def proven(work: UnitOfWork, own: StoredMessage) -> list[tuple[OutboxMail, datetime]]:
    """Returns the uncertain mails of our message `own` that were delivered, each with the instant of its copy.

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
