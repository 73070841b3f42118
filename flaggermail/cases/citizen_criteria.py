# SPDX-License-Identifier: EUPL-1.2
"""Objections to declining a citizen's report automatically, and how a declined sender is remembered."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator
from dataclasses import replace

from flaggermail.mail.fields import in_domains, mailbox_of
from flaggermail.mail.message import Message
from flaggermail.record.kinds import Place
from flaggermail.record.rows import StoredMessage
from flaggermail.settings.reply_words import READ, IntakeWords, found
from flaggermail.wording.filing import CitizenDoubt
from flaggermail.wording.said import StoredText

PERSONAL = ("from_address", "from_name", "subject")  # fields of a row that are emptied when a mail is declined


def pseudonym(secret: str, address: str) -> str:
    """Returns the HMAC-SHA-256 (RFC 2104) of a mailbox under an election's key; without the key it is anonymous.

    Tags behind a plus sign make no other sender of it.
    """
    return hmac.new(secret.encode(), mailbox_of(address).encode(), hashlib.sha256).hexdigest()


def doubts(message: Message, free_mail: frozenset[str], words: IntakeWords) -> tuple[StoredText, ...]:
    """Returns why a person must decide, regardless of the rules; callers check that the sender is verified and new."""
    return tuple(_doubts(message, free_mail, words))


def _doubts(message: Message, free_mail: frozenset[str], words: IntakeWords) -> Iterator[StoredText]:
    if message.sender is None or not in_domains(message.sender.domain, free_mail):
        yield CitizenDoubt.NO_PUBLIC_PROVIDER()
    if message.forwarded is not None or message.enclosed:
        yield CitizenDoubt.FORWARD()
    if message.attachments:
        yield CitizenDoubt.ATTACHMENT()
    if len(message.text) > READ:
        yield CitizenDoubt.LONG()
    name = message.sender.name if message.sender else None
    if found(words.authorities, f"{name or ''}\n{message.text}"):
        yield CitizenDoubt.AUTHORITYS_WORDS()
    if not found(words.citizens, f"{message.subject or ''}\n{message.reply_text}"):
        yield CitizenDoubt.NO_CITIZENS_WORDS()


def minimal(stored: StoredMessage, reason: StoredText) -> StoredMessage:
    """Returns the row to keep of a declined mail: no address, no name, no subject."""
    emptied = replace(stored, from_address=None, from_name=None, subject=None, same_id_as=None)
    return replace(emptied, place=Place.DECLINED, case=None, notification=None, suggestions=(), reason=reason)
