# SPDX-License-Identifier: EUPL-1.2
"""The text of one mail, to be read without a mail program; the mail itself lies beside it, unchanged."""

from __future__ import annotations

from collections.abc import Iterable

from flaggermail.archive.dossier_names import visible, visible_line
from flaggermail.mail.message import Address, Message

LONGEST_HEADER = 20_000  # characters of one line


def rendition(mail: Message, attachments: Iterable[str]) -> bytes:
    """Returns header and text in UTF-8; `attachments` are the lines that name them."""
    head = [
        ("From", _people(mail.from_)),
        ("Reply-To", _people(mail.reply_to)),
        ("To", _people(mail.to)),
        ("Cc", _people(mail.cc)),
        ("Subject", mail.subject or ""),
        ("Date", mail.header("date") or ""),
        ("Message-ID", mail.message_id or ""),
    ]
    lines = [f"{name}: {visible_line(value[:LONGEST_HEADER])}" for name, value in head if value]
    lines += [f"Attachment: {visible_line(line)}" for line in attachments]
    lines += [f"Defect: {visible_line(defect)}" for defect in mail.defects]
    return ("\n".join([*lines, "", *visible(mail.text).splitlines()]) + "\n").encode("utf-8", "replace")


def _people(people: Iterable[Address]) -> str:
    return ", ".join(f"{one.name} <{one.address}>" if one.name else one.address for one in people)
