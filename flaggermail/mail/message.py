# SPDX-License-Identifier: EUPL-1.2
"""The result of parsing one mail: plain values, without interpretation.

Serialises a Message to JSON: as `flaggermail parse --json` documents it, and in full between processes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum

from flaggermail.wording.filing import SenderEvidence
from flaggermail.wording.said import UNSAID, StoredText


class SignatureState(StrEnum):
    """The state of the signature of the author's domain, on the octets that the mailbox gave."""

    VERIFIED = "verified"
    FAILED = "failed on the stored copy"  # which the server may have changed after it received the mail: no forgery yet
    ABSENT = "absent"
    NOT_CHECKED = "not checked"  # nobody asked, or nothing could be said: no answer, no usable key, a weak signature


class Dnssec(StrEnum):
    """Whether the resolver says that DNSSEC proves its answer: the bit AD (RFC 4035, section 3.2.3)."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "not known"  # nobody asked, or no answer came


@dataclass(frozen=True, slots=True)
class SignatureFacts:
    """The signature that counted among those of the author's domain, and the key record as it was seen.

    `key_record` is None if no answer came, and empty if the DNS has no such record. It is text of a limited length;
    `key_digest` is the SHA-256 of the whole record, in hexadecimal.
    """

    state: SignatureState = SignatureState.NOT_CHECKED
    basis: StoredText = UNSAID  # why
    domain: str | None = None  # d= and s= (RFC 6376, section 3.5)
    selector: str | None = None
    key_record: str | None = None
    key_digest: str | None = None
    dnssec: Dnssec = Dnssec.UNKNOWN
    resolver: str | None = None  # the addresses of the name servers asked
    looked_up_at: datetime | None = None


NOT_CHECKED = SignatureFacts()


YEARS = range(1900, 2101)  # that a field of a mail may name; none is stored as an instant


def is_sane(instant: datetime) -> bool:
    """True if an aware instant is in the years of mail and in a zone that exists."""
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
class Signer:
    """Who signed, with their telephone numbers and organisation as they were written; each may be empty."""

    name: str = ""
    phones: tuple[str, ...] = ()
    organisation: str = ""


@dataclass(frozen=True, slots=True)
class HtmlReading:
    """The HTML of a mail, as text: all of it, and what a reader sees; with the writer's own words in each."""

    text: str
    reply_text: str
    seen_text: str
    seen_reply_text: str


@dataclass(frozen=True, slots=True)
class MailKeys:
    """What in a mail may name its case, see `mail.reply_tokens`. Message-IDs have no angle brackets."""

    tokens: tuple[str, ...]  # of ours, the most specific first
    named: tuple[str, ...]  # the Message-IDs of mails that it answers, the most likely first, or returns
    topic: str  # its subject without prefixes
    prefix: str | None  # the kind of the outermost prefix: "reply", "forward", "recall"
    inner_topic: str  # the topic of the mail that it forwards, empty without one


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the author is authenticated; `basis` states the evidence. `signature` stands beside it."""

    value: SenderVerdict
    basis: StoredText
    signature: SignatureFacts = NOT_CHECKED


NOT_AUTHENTICATED = Verdict(SenderVerdict.UNVERIFIED, SenderEvidence.NOBODY_ASKED())


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
    shown_text: str = ""  # the same with a line of ours before each answer inside our letter, if the desk has found one
    signer: Signer = Signer()
    phones: tuple[str, ...] = ()  # the telephone numbers in `text`, as they are written
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
    vouched: Verdict = NOT_AUTHENTICATED  # see flaggermail.intake.facts

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


# ---- as JSON


Json = None | bool | int | float | str | Sequence["Json"] | Mapping[str, "Json"]


def contract(message: Message) -> dict[str, Json]:
    """Returns the object of `parse --json`; dates are ISO 8601 with offset."""
    return {
        "sha256": message.sha256,
        "message_id": message.message_id,
        "in_reply_to": message.in_reply_to,
        "references": message.references,
        "from": _addresses(message.from_),
        "to": _addresses(message.to),
        "cc": _addresses(message.cc),
        "subject": message.subject,
        "date": message.date.isoformat() if message.date else None,
        "kind": message.kind.value,
        "failed_recipients": message.failed_recipients,
        "bounce_class": message.bounce_class,
        "forwarded": _claimed(message.forwarded) if message.forwarded else None,
        "text": message.text,
        "reply_text": message.reply_text,
        "attachments": _attachments(message.attachments),
        "defects": message.defects,
    }


def _addresses(addresses: Iterable[Address]) -> list[Json]:
    return [{"name": one.name, "address": one.address} for one in addresses]


def _attachments(attachments: Iterable[Attachment]) -> list[Json]:
    return [{"filename": one.filename, "content_type": one.content_type, "size": one.size} for one in attachments]


def _claimed(forwarded: Forwarded) -> dict[str, Json]:
    """Returns a forwarded mail. A printed author may have a name without an address."""

    def person(address: Address) -> Json:
        if "@" in address.address:
            return {"name": address.name, "address": address.address}
        return {"name": address.name or address.address, "address": None}

    return {
        "from": person(forwarded.sender) if forwarded.sender else None,
        "to": [person(one) for one in forwarded.to],
        "cc": [person(one) for one in forwarded.cc],
        "subject": forwarded.subject,
        "date": forwarded.date,
        "body": forwarded.body,
        "source": forwarded.source,
    }


def packed(message: Message) -> dict[str, Json]:
    """Returns every value of a Message; `unpacked` is the inverse."""
    return {
        **contract(message),
        "size": message.size,
        "reply_to": _addresses(message.reply_to),
        "unseen": [list(place) for place in message.unseen],
        "html_text": message.html_text,
        "comment": [message.comment.name, message.comment.text] if message.comment else None,
        "no_receipt": message.no_receipt,
        "away_until": message.away_until,
        "original_message_id": message.original_message_id,
        "original_envelope_id": message.original_envelope_id,
        "original_subject": message.original_subject,
        "original_token": message.original_token,
        "forwarded": _packed_forward(message.forwarded) if message.forwarded else None,
        "headers": [list(field) for field in message.headers],
        "enclosed": [number for span in message.enclosed for number in span],
        "answerable": message.answerable,
        "keys": _packed_keys(message.keys) if message.keys else None,
        "content_key": message.content_key,
        "overran": message.overran,
        "costly": message.costly,
        "html": _packed_html(message.html) if message.html else None,
        "signer": [message.signer.name, message.signer.organisation, *message.signer.phones],
        "phones": message.phones,
    }


def _packed_keys(keys: MailKeys) -> list[Json]:
    return [keys.tokens, keys.named, keys.topic, keys.prefix, keys.inner_topic]


def _packed_html(html: HtmlReading) -> list[Json]:
    return [html.text, html.reply_text, html.seen_text, html.seen_reply_text]


def _packed_forward(forwarded: Forwarded) -> dict[str, Json]:
    return {
        "from": _addresses([forwarded.sender] if forwarded.sender else []),
        "to": _addresses(forwarded.to),
        "cc": _addresses(forwarded.cc),
        "subject": forwarded.subject,
        "date": forwarded.date,
        "body": forwarded.body,
        "source": forwarded.source,
    }


def unpacked(value: object) -> Message:
    """Returns the Message of a `packed` object. Raises TypeError, KeyError or ValueError if it is not one."""
    fields = _object(value)
    date = _text_or_none(fields["date"])
    signer, organisation, *phones = _texts(fields["signer"])
    forwarded, bounce, no_receipt = fields["forwarded"], fields["bounce_class"], fields["no_receipt"]
    return Message(
        sha256=_text(fields["sha256"]),
        size=_number(fields["size"]),
        message_id=_text_or_none(fields["message_id"]),
        in_reply_to=_texts(fields["in_reply_to"]),
        references=_texts(fields["references"]),
        from_=_mailboxes(fields["from"]),
        reply_to=_mailboxes(fields["reply_to"]),
        to=_mailboxes(fields["to"]),
        cc=_mailboxes(fields["cc"]),
        subject=_text_or_none(fields["subject"]),
        date=_instant(date) if date else None,
        kind=MechanicalKind(_text(fields["kind"])),
        comment=Comment(*_texts(fields["comment"])) if fields["comment"] is not None else None,
        no_receipt=NoReceipt(_text(no_receipt)) if no_receipt is not None else None,
        away_until=_text(fields["away_until"]),
        failed_recipients=_texts(fields["failed_recipients"]),
        bounce_class=BounceClass(_text(bounce)) if bounce is not None else None,
        original_message_id=_text_or_none(fields["original_message_id"]),
        original_envelope_id=_text_or_none(fields["original_envelope_id"]),
        original_subject=_text_or_none(fields["original_subject"]),
        original_token=_text_or_none(fields["original_token"]),
        forwarded=_forward(_object(forwarded)) if forwarded is not None else None,
        text=_text(fields["text"]),
        unseen=tuple((_number(at), _text(words)) for at, words in map(_list, _list(fields["unseen"]))),
        html_text=_text(fields["html_text"]),
        reply_text=_text(fields["reply_text"]),
        attachments=tuple(_listed(_object(one)) for one in _list(fields["attachments"])),
        defects=_texts(fields["defects"]),
        headers=tuple((_text(name), _text(content)) for name, content in map(_list, _list(fields["headers"]))),
        enclosed=_spans(_list(fields["enclosed"])),
        answerable=fields["answerable"] is True,
        keys=_keys(_list(fields["keys"])) if fields["keys"] is not None else None,
        content_key=_text(fields["content_key"]),
        overran=fields["overran"] is True,
        costly=fields["costly"] is True,
        html=HtmlReading(*_texts(fields["html"])) if fields["html"] is not None else None,
        signer=Signer(signer, tuple(phones), organisation),
        phones=_texts(fields["phones"]),
    )


def _forward(fields: Mapping[str, object]) -> Forwarded:
    return Forwarded(
        sender=next(iter(_mailboxes(fields["from"])), None),
        to=_mailboxes(fields["to"]),
        cc=_mailboxes(fields["cc"]),
        subject=_text_or_none(fields["subject"]),
        date=_text_or_none(fields["date"]),
        body=_text(fields["body"]),
        source=ForwardSource(_text(fields["source"])),
    )


def _keys(values: Sequence[object]) -> MailKeys:
    tokens, named, topic, prefix, inner_topic = values
    return MailKeys(_texts(tokens), _texts(named), _text(topic), _text_or_none(prefix), _text(inner_topic))


def _spans(numbers: Sequence[object]) -> tuple[tuple[int, int], ...]:
    flat = [_number(number) for number in numbers]
    return tuple(zip(flat[::2], flat[1::2], strict=True))


def _listed(fields: Mapping[str, object]) -> Attachment:
    return Attachment(_text_or_none(fields["filename"]), _text(fields["content_type"]), _number(fields["size"]))


def _mailboxes(value: object) -> tuple[Address, ...]:
    people = map(_object, _list(value))
    return tuple(Address(_text(person["address"]), _text_or_none(person["name"])) for person in people)


def _object(value: object) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise TypeError(f"an object was expected, not {type(value).__name__}")
    return value


def _list(value: object) -> Sequence[object]:
    if not isinstance(value, (list, tuple)):
        raise TypeError(f"a list was expected, not {type(value).__name__}")
    return value


def _instant(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    if at.tzinfo is None or not is_sane(at):
        raise ValueError("no instant of a mail")
    return at


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"text was expected, not {type(value).__name__}")
    if not value.isascii():
        value.encode()  # half of a surrogate pair cannot be stored; UnicodeEncodeError is a ValueError
    return value


def _text_or_none(value: object) -> str | None:
    return None if value is None else _text(value)


def _texts(value: object) -> tuple[str, ...]:
    return tuple(map(_text, _list(value)))


def _number(value: object) -> int:
    if not isinstance(value, int):
        raise TypeError(f"a number was expected, not {type(value).__name__}")
    return value
