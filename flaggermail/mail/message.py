# SPDX-License-Identifier: EUPL-1.2
"""What can be read from the octets of one mail: plain values, no judgement about its meaning."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class MechanicalKind(StrEnum):
    """What a mail is by its structure and headers alone, before any rule of the desk."""

    HUMAN = "human"
    AUTO_REPLY = "auto-reply"  # RFC 3834
    BOUNCE = "bounce"  # RFC 3464, action failed or delayed
    DELIVERED = "delivered"  # RFC 3464, action delivered, relayed or expanded
    FEEDBACK_REPORT = "feedback-report"  # RFC 5965


@dataclass(frozen=True, slots=True)
class Address:
    """One mailbox of an address header (RFC 5322, section 3.4); `address` is as written, never empty."""

    address: str
    name: str | None = None

    @property
    def domain(self) -> str:
        """The part behind the last @, lower case; empty when there is none."""
        return self.address.rpartition("@")[2].lower() if "@" in self.address else ""

    @property
    def key(self) -> str:
        """The address in the form in which two spellings of it compare equal."""
        return self.address.strip().lower()


@dataclass(frozen=True, slots=True)
class Attachment:
    """A part that is not the mail's own text; `size` in octets after decoding."""

    filename: str | None
    content_type: str
    size: int


@dataclass(frozen=True, slots=True)
class Forwarded:
    """The mail inside a forward. What an inline block says is the forwarder's claim: `date` stays text."""

    sender: Address | None
    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    subject: str | None
    date: str | None
    body: str
    source: str  # "inline" | "attachment"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the author is who he says: `value` is verified, unverified or failed; `basis` says what it rests on."""

    value: str
    basis: str


NOBODY_ASKED = Verdict("unverified", "nobody was asked who wrote it")


@dataclass(frozen=True, slots=True)
class Message:
    """One mail as read from its octets.

    Message-IDs stand without angle brackets. Text holds no bare CR, no surrogates, no NUL. `headers` are all header
    fields of the mail itself from top to bottom, name in lower case, value decoded and unfolded.
    """

    sha256: str
    size: int
    message_id: str | None = None
    in_reply_to: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    from_: tuple[Address, ...] = ()
    reply_to: tuple[Address, ...] = ()
    to: tuple[Address, ...] = ()
    cc: tuple[Address, ...] = ()
    subject: str | None = None
    date: datetime | None = None
    kind: MechanicalKind = MechanicalKind.HUMAN
    failed_recipients: tuple[str, ...] = ()
    bounce_class: str | None = None  # "failed" | "delayed"
    original_message_id: str | None = None  # of the mail that a bounce or report is about
    original_envelope_id: str | None = None  # ENVID of that mail, as the report tells it (RFC 3464, section 2.2.1)
    forwarded: Forwarded | None = None
    text: str = ""
    reply_text: str = ""
    attachments: tuple[Attachment, ...] = ()
    defects: tuple[str, ...] = ()
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    enclosed: tuple[tuple[int, int], ...] = ()  # first and past-the-last octet of each attached mail
    content_key: str = ""  # sha256 over the stable parts: see mail.message_ids.content_key
    vouched: Verdict = NOBODY_ASKED  # see flaggermail.intake.vouching

    @property
    def sender(self) -> Address | None:
        """The first author, or nothing where From is missing or unreadable."""
        return self.from_[0] if self.from_ else None

    def header(self, name: str) -> str | None:
        """The topmost field called `name` (any case), or nothing."""
        return next(iter(self.header_all(name)), None)

    def header_all(self, name: str) -> tuple[str, ...]:
        """Every field called `name`, from top to bottom."""
        wanted = name.lower()
        return tuple(value for key, value in self.headers if key == wanted)
