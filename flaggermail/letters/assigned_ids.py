# SPDX-License-Identifier: EUPL-1.2
"""Message-IDs that a server gave to mail of ours: answers and delivery reports name those, and not the ones we wrote.

Exchange Online and Amazon SES replace them. What the server told of it, or what its copy in the folder of sent mail
shows, is kept, so that both lead to our mail.
"""

from __future__ import annotations

from dataclasses import replace

from flaggermail.mail import reply_tokens
from flaggermail.mail.keys import keys_of, read_keys
from flaggermail.mail.message import Message
from flaggermail.mail.message_ids import LONGEST_ID
from flaggermail.record.events import Change, added
from flaggermail.record.finding import where
from flaggermail.record.kinds import AssignedBy
from flaggermail.record.rows import AssignedId, StoredMessage
from flaggermail.services import UnitOfWork

MOST_ASKED = 100
"""Names looked up for one mail: a mail of a long exchange has few, and a stranger's may have any number."""


def learned(work: UnitOfWork, name: str | None, ours: str, source: AssignedBy) -> tuple[Change, ...]:
    """Returns the change that records that our mail `ours` left as `name`; empty if there is nothing to learn.

    A name that another mail bears is not believed: what answers that mail would be taken for an answer to ours.
    """
    if name is None or name == ours or len(name) > LONGEST_ID or work.tx.get(AssignedId, name) is not None:
        return ()
    if work.tx.exists(StoredMessage, where(StoredMessage.message_id).is_(name)):
        return ()
    return (added(AssignedId(id=name, ours=ours, source=source, learned_at=work.now)),)


def as_ours(work: UnitOfWork, message: Message) -> Message:
    """Returns a mail whose references name our own Message-IDs in place of those that servers gave to mail of ours."""
    named = keys_of(message, work.env.language).named
    asked = [name for name in named if not reply_tokens.tokens([name])][:MOST_ASKED]
    rows = work.tx.find(AssignedId, where(AssignedId.id).in_(asked)) if asked else []
    if not rows:
        return message
    ours, original = {row.id: row.ours for row in rows}, message.original_message_id
    answered = message.in_reply_to or reply_tokens.parents(message)
    renamed = replace(
        message,
        keys=None,
        in_reply_to=tuple(ours.get(name, name) for name in answered),
        references=tuple(ours.get(name, name) for name in message.references),
        original_message_id=ours.get(original, original) if original else None,
    )
    return replace(renamed, keys=read_keys(renamed, work.env.language))
