# SPDX-License-Identifier: EUPL-1.2
"""The result of parsing one mail: plain values, without interpretation."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum

from flaggermail.mail.signature_facts import NOT_CHECKED, SignatureFacts
from flaggermail.wording.filing import Vouched
from flaggermail.wording.said import Said

YEARS = range(1900, 2101)  # that a field of a mail may name; none is stored as an instant


def is_sane(instant: datetime) -> bool:
    """True if an aware instant lies in the years of mail, in a zone that there is."""
    try:
        return instant.year in YEARS and instant.astimezone(UTC).year in YEARS
    except (ValueError, OverflowError):  # a zone of a day and more
        return False


class MechanicalKind(StrEnum):
    """The kind of a mail according to its structure and headers, before any rule is applied."""

    HUMAN = "human"
    AUTO_REPLY = "auto-reply"  # RFC 3834
    BOUNCE = "bounce"  # RFC 3464, action failed or delayed
    DELIVERED = "delivered"  # RFC 3464, action delivered, relayed or expanded
    FEEDBACK_REPORT = "feedback-report"  # RFC 5965


class NoReceipt(StrEnum):
    """What a machine's mail says that is no receipt: it stops no clock."""

    READ = "read"  # RFC 8098, displayed
    UNREAD = "unread"  # RFC 8098, deleted without having been displayed
    HANDLED = "handled"  # RFC 8098, any other disposition
    ABSENCE = "absence"


class BounceClass(StrEnum):
    """What a delivery report says of its mail."""

    FAILED = "failed"
    DELAYED = "delayed"


class ForwardSource(StrEnum):
    """How a forwarded mail is inside the mail that forwards it."""

    INLINE = "inline"
    ATTACHMENT = "attachment"


class SenderVerdict(StrEnum):
    """Whether the author of a mail is authenticated."""

    VERIFIED = "verified"
    UNVERIFIED = "unverified"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Address:
    """One mailbox of an address field (RFC 5322, section 3.4). `address` is as written, never empty."""

    address: str
    name: str | None = None

    @property
    def domain(self) -> str:
        """The part after the last @ in lower case; empty if there is no @."""
        return self.address.rpartition("@")[2].lower() if "@" in self.address else ""

    @property
    def key(self) -> str:
        """The address normalised for comparison."""
        return self.address.strip().lower()


@dataclass(frozen=True, slots=True)
class Attachment:
    """A part other than the mail's own text. `size` is in octets after decoding."""

    filename: str | None
    content_type: str
    size: int


@dataclass(frozen=True, slots=True)
class Forwarded:
    """The mail inside a forward. An inline header block is the forwarder's claim, so `date` is kept as text."""

    sender: Address | None
    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    subject: str | None
    date: str | None
    body: str
    source: ForwardSource


@dataclass(frozen=True, slots=True)
class Comment:
    """What a person wrote in a ticket system, which printed their name above it."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class HtmlReading:
    """The HTML of a mail, as text: all of it, and what a reader sees; with the writer's own words in each."""

    text: str
    reply_text: str
    seen_text: str
    seen_reply_text: str


@dataclass(frozen=True, slots=True)
class MailKeys:
    """What in a mail may name its case, see `mail.keys`. Message-IDs have no angle brackets."""

    tokens: tuple[str, ...]  # of ours, the most specific first
    named: tuple[str, ...]  # the Message-IDs of mails that it answers, the most likely first, or returns
    topic: str  # its subject without prefixes
    prefix: str | None  # the kind of the outermost prefix: "reply", "forward", "recall"
    inner_topic: str  # the topic of the mail that it forwards, empty without one


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the author is authenticated; `basis` states the evidence. `signature` stands beside it."""

    value: SenderVerdict
    basis: Said
    signature: SignatureFacts = NOT_CHECKED


NOT_AUTHENTICATED = Verdict(SenderVerdict.UNVERIFIED, Vouched.NOBODY_ASKED())


@dataclass(frozen=True, slots=True)
class Message:
    """One mail as parsed from its octets.

    Message-IDs have no angle brackets. Text contains no bare CR, surrogates or NUL. `headers` holds every header field
    of the mail from top to bottom, name in lower case, value decoded and unfolded.
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
    comment: Comment | None = None  # of a named person; in a ticket system's own mail that makes `kind` human
    no_receipt: NoReceipt | None = None  # of a machine's mail
    away_until: str = ""  # of an absence, as it is written: "22 March"
    failed_recipients: tuple[str, ...] = ()
    bounce_class: BounceClass | None = None
    original_message_id: str | None = None  # Message-ID of the mail that a bounce or report is about
    original_envelope_id: str | None = None  # its ENVID as reported (RFC 3464, section 2.2.1)
    original_subject: str | None = None  # its Subject, where its header was returned
    original_token: str | None = None  # our token in its header, whatever Message-ID a server gave it
    forwarded: Forwarded | None = None
    text: str = ""
    unseen: tuple[tuple[int, str], ...] = ()  # what its HTML hides from a reader: place in `text`, and the words
    html_text: str = (
        ""  # of the HTML part, where `text` is that of a plain part; a ticket system's plain part may be a stub
    )
    reply_text: str = ""
    attachments: tuple[Attachment, ...] = ()
    defects: tuple[str, ...] = ()
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    enclosed: tuple[tuple[int, int], ...] = ()  # first and past-the-end octet of each attached mail
    html: HtmlReading | None = None  # of mail with one of our tokens only, from which a reply can act
    answerable: bool = True  # by what it says itself: see `mechanical_kind.answerable`
    keys: MailKeys | None = None  # as parsed; whoever replaces a field that holds one removes them
    content_key: str = ""  # sha256 over the stable parts: see mail.message_ids.content_key
    overran: bool = False  # reading it ended at a limit of time; `defects` say what was left out
    costly: bool = False  # reading it took so long that it is not read again for the sake of other mail
    vouched: Verdict = NOT_AUTHENTICATED  # see flaggermail.intake.vouching

    @property
    def sender(self) -> Address | None:
        """The first author, or None if From is missing or unreadable."""
        return self.from_[0] if self.from_ else None

    def header(self, name: str) -> str | None:
        """Returns the topmost field called `name` (any case), or None."""
        return next(iter(self.header_all(name)), None)

    def header_all(self, name: str) -> tuple[str, ...]:
        """Returns every field called `name` (any case), from top to bottom."""
        wanted = name.lower()
        return tuple(value for key, value in self.headers if key == wanted)
