# SPDX-License-Identifier: EUPL-1.2
"""The keys that a mail carries by itself, read once, in the process that parses it.

What a key proves, and whether the record knows it, is decided elsewhere: see `matching`.
"""

from __future__ import annotations

from flaggermail.mail.message import MailKeys, Message
from flaggermail.mail.reply_tokens import answered_by, in_message
from flaggermail.mail.subject import split_subject
from flaggermail.mail.vocabulary import Language


def keys_of(message: Message, language: Language) -> MailKeys:
    """Returns the keys that were read as the mail was parsed; those of any other mail are read now.

    None are stored with a mail of which only the header was read, nor with one whose fields were replaced since.
    """
    return read_keys(message, language) if message.keys is None else message.keys


def read_keys(message: Message, language: Language) -> MailKeys:
    """Reads the keys of a mail. `language`: the prefixes of subjects."""
    original = (message.original_message_id,) if message.original_message_id else ()
    parts = split_subject(message.subject or "", language)
    inner = message.forwarded.subject if message.forwarded else None
    return MailKeys(
        tokens=in_message(message),
        named=tuple(dict.fromkeys((*answered_by(message), *original))),
        topic=parts.base,
        prefix=parts.first,
        inner_topic=split_subject(inner or "", language).base,
    )
