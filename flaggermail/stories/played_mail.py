# SPDX-License-Identifier: EUPL-1.2
"""The octets of a mail of a story, as if its sender had written it to this desk at this instant."""

from __future__ import annotations

import re
from datetime import datetime
from email.parser import BytesParser
from email.utils import format_datetime, formataddr, parseaddr
from pathlib import Path

from flaggermail.record.rows import OutboxMail
from flaggermail.services import Services
from flaggermail.stories.scenario import NUMBER_PLACEHOLDER, number_in, reply_fields

_REPLACED = frozenset({b"from", b"to", b"date", b"message-id"})
_FIELD = re.compile(rb"\r\n(?![ \t])")  # a line that begins with white space continues the field (RFC 5322, 2.2.3)


def sender_of(file: Path) -> tuple[str, str]:
    """Returns name and address of the mail's sender."""
    return parseaddr(str(BytesParser().parsebytes(file.read_bytes(), headersonly=True)["From"]))


def played(env: Services, file: Path, key: str, sender: str, answered: OutboxMail | None, at: datetime) -> bytes:
    """Returns the mail in `file` from address `sender` to this desk at `at`; `key` makes its Message-ID unique.

    As an answer to `answered` it refers to that mail, and NUMBER becomes the case number that it bears.
    """
    header, blank, body = file.read_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n").partition(b"\r\n\r\n")
    kept = [line for line in _FIELD.split(header) if line.partition(b":")[0].strip().lower() not in _REPLACED]
    mailbox, domain = env.settings.desk.mailbox, sender.rpartition("@")[2]
    lines = [
        f"Received: from mail.{domain} by {mailbox.authserv_id or 'localhost'} with ESMTPS; {format_datetime(at)}",
        f"From: {formataddr((sender_of(file)[0], sender))}",
        f"To: {mailbox.address}",
        f"Date: {format_datetime(at)}",
        f"Message-ID: <{key}@{domain}>",
    ]
    header = b"\r\n".join(("\r\n".join(lines).encode(), *kept))
    if answered is not None:
        more = "".join(f"{line}\r\n" for line in reply_fields(header, env.octets.get(answered.digest), at))
        number = number_in(env, answered)
        header, body = more.encode() + NUMBER_PLACEHOLDER.sub(number, header), NUMBER_PLACEHOLDER.sub(number, body)
    return header + blank + body
