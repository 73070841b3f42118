# SPDX-License-Identifier: EUPL-1.2
"""The mail that a check sends to the desk itself, and how it is known again in the mailbox.

Its header field bears 128 random bits of the check, what the mail is for, and a seal over the bits that this desk alone
can make: by that a later check knows what an earlier one left, and deletes no mail that somebody else marked so. It is
an automatic mail (RFC 3834): no program answers it, and a daemon beside the check files it and tells nobody.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes
from enum import StrEnum
from hmac import compare_digest

from flaggermail.mail.compose import Letter, compose
from flaggermail.mail.message import Address
from flaggermail.mail.reply_tokens import CHECK_HEADER, OWN_HEADER

SUBJECT = "flaggermail check"
MARK = "X-MS-Exchange-Organization-AuthAs"
_BODY = """\
Deze mail stuurt Flaggermail aan zichzelf om de mailservers te controleren. Hij wordt daarna verwijderd.
Flaggermail sends this mail to itself to check the mail servers. It is deleted afterwards.

    two   spaces, a tab\tand an accent: één
.a line that begins with a dot
"""

Seal = Callable[[str], bytes | None]


class CheckPart(StrEnum):
    """What a mail of a check is for."""

    PLAIN = "plain"
    PLUS = "plus"
    FORGED = "forged"  # bears a forged mark in a field that only the server may write
    ANSWER = "answer"  # the scratch desk's confirmation


@dataclass(frozen=True, slots=True)
class Marks:
    """The marks of one check: its random bits, and the seal over them."""

    bits: str
    seal: str

    @classmethod
    def made(cls, bits: str, seal: Seal) -> Marks:
        """Returns the marks of a check; the seal is empty where this account can make none."""
        return cls(bits, _sealed(bits, seal))

    def value(self, part: CheckPart) -> str:
        """Returns the value of the header field."""
        return f"{self.bits} {part} {self.seal}".rstrip()

    def message_id(self, part: CheckPart, domain: str) -> str:
        """Returns the Message-ID, without angle brackets."""
        return f"check.{self.bits}.{part}@{domain}"


def written(marks: Marks, part: CheckPart, own: Address, to: str, at: datetime) -> bytes:
    """Returns the octets of one mail of a check, from the desk's own address to that, or to a plus-address of it."""
    headers = [(CHECK_HEADER, marks.value(part)), (OWN_HEADER, marks.bits), ("Auto-Submitted", "auto-generated")]
    if part is CheckPart.FORGED:
        headers.append((MARK, forged_mark(marks)))
    return compose(
        Letter(
            message_id=marks.message_id(part, own.domain),
            date=at,
            from_=own,
            to=(Address(to),),
            subject=f"{SUBJECT} {marks.bits} {part}",
            body=_BODY,
            headers=tuple(headers),
        )
    )


def forged_mark(marks: Marks) -> str:
    """Returns a mark that no server writes: `Internal` it writes itself on what its own users submit."""
    return f"forged-{marks.bits}"


def part_of(octets: bytes, bits: str) -> CheckPart | None:
    """Returns what a mail of the check with these bits is for, by its field or else by its subject."""
    for name in (CHECK_HEADER, "Subject"):
        words = field(octets, name).split()
        after = words[words.index(bits) + 1 :] if bits in words else []
        if after and after[0] in set(CheckPart):
            return CheckPart(after[0])
    return None


def bits_of(octets: bytes, seal: Seal) -> str | None:
    """Returns the bits of a mail that a check of this desk sent, by its seal; None for any other mail."""
    words = field(octets, CHECK_HEADER).split()
    if len(words) != 3:  # noqa: PLR2004 - bits, part, seal
        return None
    expected = _sealed(words[0], seal)
    return words[0] if expected and compare_digest(expected.encode(), words[2].encode("utf-8", "replace")) else None


def field(octets: bytes, name: str) -> str:
    """Returns the first header field of that name as one line; empty if there is none."""
    found = fields(octets, name)
    return found[0] if found else ""


def fields(octets: bytes, name: str) -> list[str]:
    """Returns the header fields of that name, each as one line."""
    header = message_from_bytes(octets.partition(b"\r\n\r\n")[0] + b"\r\n\r\n")
    return [" ".join(str(value).split()) for value in header.get_all(name, [])]


def body_digest(octets: bytes) -> str:
    """Returns the SHA-256 of the body, without empty lines at its end (RFC 6376, section 3.4.3)."""
    body = octets.partition(b"\r\n\r\n")[2]
    while body.endswith(b"\r\n"):
        body = body.removesuffix(b"\r\n")
    return hashlib.sha256(body + b"\r\n").hexdigest()


def _sealed(bits: str, seal: Seal) -> str:
    made = seal(f"mail of check {bits}")
    return made.hex()[:32] if made is not None else ""
