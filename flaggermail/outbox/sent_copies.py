# SPDX-License-Identifier: EUPL-1.2
"""What shows that a mail in doubt did leave: copies of it that came back to our own mailbox."""

from __future__ import annotations

from datetime import datetime

from flaggermail.record.rows import Delivery, OutboxMail, StoredMessage
from flaggermail.services import UnitOfWork

_MAY_LEAVE_A_COPY = frozenset({"accepted", "attempting"})


def proven(work: UnitOfWork, own: StoredMessage) -> list[tuple[OutboxMail, datetime]]:
    """The envelopes of our mail `own` that are in doubt and did leave, each with the instant of its copy.

    Each envelope leaves a copy of its own. Of a mail to several recipients the others' prove nothing: there must be as
    many, unlike each other as two ways through a server make them, as envelopes were or may have been taken.
    """
    mails = work.tx.find(OutboxMail, message_id=own.message_id)
    doubtful = [mail for mail in mails if mail.state == "uncertain"]
    taken = sum(mail.state in _MAY_LEAVE_A_COPY or mail.bounced for mail in mails)
    arrivals = _arrivals(work, own, everywhere=not taken and len(doubtful) == 1)
    if len(arrivals) < taken + len(doubtful):
        return []
    # A mailbox server's clock may go before ours or behind.
    return [
        (mail, max(mail.queued_at, min(at, work.now))) for mail, at in zip(doubtful, arrivals[taken:], strict=False)
    ]


def _arrivals(work: UnitOfWork, own: StoredMessage, *, everywhere: bool) -> list[datetime]:
    """When the different copies came, where the settings say that copies prove the sending, or in every folder."""
    desk = work.env.settings.desk
    in_sent = desk.submission.proof == "sent"
    first: dict[str, datetime] = {}
    for copy in work.tx.find(Delivery, message=own.id):
        if everywhere or copy.folder.startswith(desk.mailbox.sent) is in_sent:
            first[copy.digest] = min(first.get(copy.digest, copy.internaldate), copy.internaldate)
    return sorted(first.values())
