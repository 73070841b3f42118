# SPDX-License-Identifier: EUPL-1.2
"""Reads in the record what tells an officer's signature and quotations from their own words."""

from __future__ import annotations

import re
from functools import cache, partial

from flaggermail.mail.message import Message, SenderVerdict
from flaggermail.mail.vocabulary import folded
from flaggermail.matching import lookup
from flaggermail.notices import notices
from flaggermail.record.definition import where
from flaggermail.record.rows import StoredMessage
from flaggermail.replies import objections
from flaggermail.replies.left_over import ReplyWriter, own_lines
from flaggermail.services import UnitOfWork
from flaggermail.settings.rota import Officer

_MOST_EARLIER = 12  # mails that are read again


def writer_of(
    work: UnitOfWork, officer: Officer, stored: StoredMessage, message: Message, *, of_ours: bool
) -> ReplyWriter:
    """Returns what the officer may sign with, what they answer (if `of_ours`), and how their earlier mails ended."""
    sender = message.sender
    signed = f"{officer.id} {officer.name} {officer.address.partition('@')[0]} {(sender and sender.name) or ''}"
    names = frozenset(re.findall(r"[^\W\d_]+", folded(signed)))
    return ReplyWriter(
        work.env.language, work.env.settings.reply_words, names,
        lookup.letters_answered(work, message) if of_ours else "", cache(partial(_earlier, work, officer, stored)),
    )  # fmt: skip


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
