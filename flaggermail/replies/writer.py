# SPDX-License-Identifier: EUPL-1.2
"""Reads in the record what tells an officer's signature and quotations from their own words."""

from __future__ import annotations

import re
from functools import cache, partial

from flaggermail.letters import stored_messages
from flaggermail.mail.message import Message, SenderVerdict
from flaggermail.mail.vocabulary import folded
from flaggermail.notices import notices
from flaggermail.record.definition import where
from flaggermail.record.kinds import Direction
from flaggermail.record.rows import StoredMessage
from flaggermail.replies import objections
from flaggermail.replies.left_over import ReplyWriter, own_lines
from flaggermail.services import UnitOfWork
from flaggermail.settings.rota import Officer

_MOST_LETTERS, _MOST_EARLIER = 3, 12  # mails that are read again


def writer_of(
    work: UnitOfWork, officer: Officer, stored: StoredMessage, message: Message, *, of_ours: bool
) -> ReplyWriter:
    """Returns what the officer may sign with, what they answer (if `of_ours`), and how their earlier mails ended."""
    sender = message.sender
    signed = f"{officer.id} {officer.name} {officer.address.partition('@')[0]} {sender.name if sender else ''}"
    names = frozenset(re.findall(r"[^\W\d_]+", folded(signed)))
    return ReplyWriter(
        work.env.language, work.env.settings.reply_words, names,
        _letter(work, message) if of_ours else "", cache(partial(_earlier, work, officer, stored)),
    )  # fmt: skip


def _letter(work: UnitOfWork, message: Message) -> str:
    """Returns the text of our mails that a reply names; empty if none can be read."""
    answers = stored_messages.as_ours(work, message)
    named = where(StoredMessage.message_id).in_((*answers.in_reply_to, *answers.references))
    ours = work.tx.newest(StoredMessage, _MOST_LETTERS, named, where(StoredMessage.direction).is_(Direction.OUT))
    letters = (notices.reparse(work, mail) for mail in reversed(ours))
    return "\n".join(letter.text for letter in letters if letter is not None)


def _earlier(work: UnitOfWork, officer: Officer, stored: StoredMessage) -> list[list[str]]:
    """Returns the own lines of the officer's earlier mails that did something else than judge a draft."""
    mails = work.tx.newest(
        StoredMessage, _MOST_EARLIER, where(StoredMessage.from_address).is_(officer.address.lower()),
        where(StoredMessage.verdict).is_(SenderVerdict.VERIFIED),
    )  # fmt: skip
    found: list[list[str]] = []
    for mail in mails:
        if mail.id == stored.id or mail.notification is not None:
            continue
        read = notices.reparse(work, mail)
        if read is not None and any(work.tx.reached(key) for key in objections.keys_of(read, "")):
            found.append(own_lines(read.text, "", work.env.language))
    return found
