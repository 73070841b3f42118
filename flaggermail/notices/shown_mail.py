# SPDX-License-Identifier: EUPL-1.2
"""What a notice shows of a received mail: who wrote which words, without our own mail repeated below an answer."""

from __future__ import annotations

from flaggermail.cases.signed import signature_of
from flaggermail.mail.message import Address, Message
from flaggermail.record.rows import StoredMessage
from flaggermail.services import UnitOfWork

SHOWN_TEXT = 6000  # characters of a mail shown in a notice; a command shows the rest


def template_values(stored: StoredMessage, message: Message, *, is_answer: bool) -> dict[str, object]:
    """Returns `text`, the sender's own words; `original`, the mail that they forwarded, or None; and `whole`.

    An answer to our mail is shown by its new words alone; `whole` is then the command that shows all of it.
    """
    inner = message.forwarded
    if inner is not None:
        note = message.reply_text.strip()[:SHOWN_TEXT]
        original = {"sender": _written(inner.sender), "text": inner.body[: SHOWN_TEXT - len(note)]}
        return {"text": note, "original": original, "whole": ""}
    own = message.reply_text.strip() if is_answer else ""
    left_out = bool(own) and own != message.text.strip()
    text = own if left_out else message.text
    return {
        "text": text[:SHOWN_TEXT],
        "original": None,
        "whole": f"flaggermail message show {stored.id}" if left_out else "",
    }


def signed(work: UnitOfWork, message: Message) -> dict[str, str]:
    """Returns name and telephone below the sender's own words, as template values; empty without a signature."""
    phone = work.env.settings.desk.organisation.phone
    found = signature_of(message.text, work.env.language, (phone,) if phone else ())
    return {"signer": found.name if found else "", "signer_phone": found.phone if found else ""}


def in_one_text(message: Message) -> str:
    """Returns the note above a forward and the forwarded text, or the whole text."""
    text = message.text if message.forwarded is None else f"{message.reply_text}\n\n{message.forwarded.body}"
    return text[:SHOWN_TEXT]


def _written(author: Address | None) -> str:
    """Returns the author as the forward names them; empty if it names none."""
    if author is None:
        return ""
    return f"{author.name} <{author.address}>" if author.name else author.address
