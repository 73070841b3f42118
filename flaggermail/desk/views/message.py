# SPDX-License-Identifier: EUPL-1.2
"""Stored messages: by place, declined ones until they are destroyed, those that wait, and one in full."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, ClassVar
from zoneinfo import ZoneInfo

from flaggermail.cases.citizen_retention import due_at
from flaggermail.cases.holds import HeldOnDay
from flaggermail.commands.lookups import the_message
from flaggermail.desk.answers import FLAT, Answer
from flaggermail.desk.views.parsed_mail import ParsedMail, parsed
from flaggermail.desk.views.view import Document, ListView, OctetsView, View, plain
from flaggermail.documents.octets import MediaType, Octets, in_blocks
from flaggermail.errors import NotFound, Refusal
from flaggermail.mail.forwards.forwarded import zone_stated
from flaggermail.mail.message import Dnssec, Json, Message, SenderVerdict, SignatureState
from flaggermail.matching.scoring import read
from flaggermail.notices.shown_mail import hops_of
from flaggermail.notifications.clocks import minutes
from flaggermail.record.definition import where
from flaggermail.record.kinds import OctetSource, Place
from flaggermail.record.rows import Decline, Delivery, StoredMessage
from flaggermail.rule_changes.sampling import make_sample
from flaggermail.services import UnitOfWork
from flaggermail.settings.rota import DESK, READERS
from flaggermail.wording.refusals import CommandRefusal
from flaggermail.wording.said import StoredText


@dataclass(frozen=True, slots=True, kw_only=True)
class ListMessages(View):
    """Messages in one place."""

    MAY: ClassVar[frozenset[str]] = READERS

    place: Place = Place.NOISE

    def show(self, work: UnitOfWork) -> Document:
        """Returns {"messages": [...]}, in the order of their arrival."""
        return {"messages": [plain(row, work.env.settings.zone) for row in _placed(work, self.place)]}


@dataclass(frozen=True, slots=True, kw_only=True)
class ListQuarantine(View):
    """Messages that a person must place; with `old` those from files of old mail, which are listed apart."""

    MAY: ClassVar[frozenset[str]] = DESK

    old: bool = False

    def show(self, work: UnitOfWork) -> Document:
        """Returns {"messages": [...]}, oldest first, each with its suggestions and its age in minutes."""
        zone = work.env.settings.zone
        return {
            "messages": [
                {**_with_suggestions(row, zone), "age_minutes": minutes(row.received_at, work.now)}
                for row in _placed(work, Place.QUARANTINE)
                if row.arrival.in_file is self.old
            ]
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ListDeclined(View):
    """Declined mail, and how many senders were declined in each election."""

    MAY: ClassVar[frozenset[str]] = DESK

    def show(self, work: UnitOfWork) -> Document:
        """Returns {"messages": [...], "senders": {election: number}}; each message with the end of its retention.

        A legal hold in "held_by" keeps it longer.
        """
        zone = work.env.settings.zone
        senders = Counter(row.election for row in work.tx.find(Decline, where(Decline.taken_back_at).is_(None)))
        held = HeldOnDay(work.tx, work.today, zone)
        messages = [
            {
                **plain(row, zone),
                "kept_until": _minute(row, work, zone),
                "held_by": [hold.id for hold in held.of_message(row)],
            }
            for row in _placed(work, Place.DECLINED)
        ]
        return {"messages": messages, "senders": dict(sorted(senders.items()))}


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceSuggestion(Answer):
    """A case to which a message may belong, with its score (0 to 100) and the evidence."""

    case: str
    score: int
    why: tuple[StoredText, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownHop(Answer):
    """A server that took the mail over, by its own words and clock; empty is what it does not say."""

    by: str
    from_: str
    protocol: str
    at: datetime | None
    delay_seconds: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptSignature(Answer):
    """What was found of the DKIM signature of a copy when it came in; `domain` is the signer."""

    state: SignatureState
    basis: StoredText
    domain: str | None
    selector: str | None
    key_record: str | None
    key_digest: str | None
    dnssec: Dnssec
    resolver: str | None
    looked_up_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MailReceipt(Answer):
    """What was found about the sender when a copy of a mail came in, as it was recorded then."""

    at: datetime
    folder: str
    source: OctetSource
    verdict: SenderVerdict
    verdict_basis: StoredText
    signature: ReceiptSignature


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageSheet(Answer):
    """A message with the mail itself; `next` is the cursor of further receipts.

    There is a receipt for each copy, the first one first, and none for mail that came attached, or never came.
    """

    row: Annotated[StoredMessage, FLAT]
    suggestions: tuple[PlaceSuggestion, ...]
    mail: ParsedMail
    forwarded_zone_assumed: bool
    hops: tuple[ShownHop, ...]
    receipts: tuple[MailReceipt, ...]
    next: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MailSample(Answer):
    """The two texts of a sample, what to call them without a number, and how the copy differs from the mail."""

    name: str
    mail: str
    beside: str
    differences: tuple[StoredText, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowMessage(ListView):
    """One message with the mail itself, unfolded; `limit` and `cursor` are those of its receipts."""

    MAY: ClassVar[frozenset[str]] = READERS

    message: str  # an id, or a Message-ID

    def show(self, work: UnitOfWork) -> MessageSheet:
        """Returns the message with its mail. Raises NotFound, Refusal, ArchiveFailure."""
        stored = kept(work, self.message)
        mail = work.env.parser.parse(work.env.octets.get(stored.digest))
        copies = sorted(work.tx.find(Delivery, where(Delivery.message).is_(stored.id)), key=_seen)
        page = self.cut(copies, _seen)
        return MessageSheet(
            row=stored,
            suggestions=suggested(stored),
            mail=parsed(mail),
            forwarded_zone_assumed=_zone_is_assumed(mail),
            hops=tuple(
                ShownHop(by=hop.by, from_=hop.sender, protocol=hop.protocol, at=hop.at, delay_seconds=hop.delay)
                for hop in hops_of(work, stored)
            ),
            receipts=tuple(_receipt(copy) for copy in page.lines),
            next=page.next,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleMessage(View):
    """An anonymised copy of one message, as a sample for the rules."""

    MAY: ClassVar[frozenset[str]] = DESK

    message: str

    def show(self, work: UnitOfWork) -> MailSample:
        """Returns the sample. Raises NotFound, Refusal, ArchiveFailure."""
        found = make_sample(work, self.message)
        return MailSample(name=found.name, mail=found.mail, beside=found.beside, differences=found.differences)


@dataclass(frozen=True, slots=True, kw_only=True)
class OctetsOfMessage(Answer):
    """Whose octets these are, and under which name and with how many octets they are to be saved."""

    message: str  # its id
    name: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageOctets(OctetsView):
    """The octets of one message, or of one attachment: its name as `message show` gives it, or its position from 1."""

    MAY: ClassVar[frozenset[str]] = READERS

    message: str
    attachment: str | None = None

    def show(self, work: UnitOfWork) -> Octets[Answer]:
        """Returns the octets. An attachment has no media type of its own: a stranger wrote it.

        Raises NotFound, Refusal, ArchiveFailure.
        """
        stored = kept(work, self.message)
        octets, name, kind = work.env.octets.get(stored.digest), f"{stored.id}.eml", MediaType.MAIL
        if self.attachment is not None:
            number, name = _attachment(work.env.parser.parse(octets), stored.id, self.attachment)
            content = work.env.parser.attachment(octets, number)
            if content is None:
                raise Refusal(f"attachment {self.attachment}: cannot be decoded alone; save the whole message")
            octets, kind = content, MediaType.UNTOLD
        facts = OctetsOfMessage(message=stored.id, name=name, size=len(octets))
        return Octets(media_type=kind, name=name, size=len(octets), parts=in_blocks(octets), facts=facts)


def kept(work: UnitOfWork, key: str) -> StoredMessage:
    """Returns a message whose octets are kept. Raises NotFound, Refusal."""
    stored = the_message(work, key)
    if stored.discarded_at is not None:
        raise Refusal(CommandRefusal.OCTETS_DESTROYED(message=stored.id))
    return stored


def _attachment(mail: Message, key: str, wanted: str) -> tuple[int, str]:
    """Returns the index of an attachment and a name for its file. Raises NotFound; Refusal if several are so named."""
    named = [at for at, one in enumerate(mail.attachments) if one.filename == wanted]
    if len(named) > 1:
        positions = " or ".join(str(at + 1) for at in named)
        raise Refusal(f"attachment {wanted}: message {key} has {len(named)} so named; give its position, {positions}")
    if not named and wanted.isdecimal() and 0 < int(wanted) <= len(mail.attachments):
        named = [int(wanted) - 1]
    if not named:
        raise NotFound(f"attachment {wanted}: message {key} has no such one; `flaggermail message show` lists them")
    return named[0], mail.attachments[named[0]].filename or f"{key}-{named[0] + 1}.bin"


def _placed(work: UnitOfWork, place: Place) -> list[StoredMessage]:
    return sorted(
        work.tx.find(StoredMessage, where(StoredMessage.place).is_(place)), key=lambda row: (row.received_at, row.id)
    )


def _with_suggestions(stored: StoredMessage, zone: ZoneInfo) -> dict[str, Json]:
    """Returns the row; each suggestion has its case, score and evidence."""
    return {**plain(stored, zone), "suggestions": [read(said).document for said in stored.suggestions]}


def _minute(row: StoredMessage, work: UnitOfWork, zone: ZoneInfo) -> str:
    return due_at(work.env, row.first_seen_at).astimezone(zone).isoformat(sep=" ", timespec="minutes")


def _zone_is_assumed(mail: Message) -> bool:
    """True if the forwarded mail bears a date without a zone; a mail program rarely writes it into a forward."""
    date = mail.forwarded.date if mail.forwarded else None
    return bool(date) and not zone_stated(date or "")


def suggested(stored: StoredMessage) -> tuple[PlaceSuggestion, ...]:
    """Returns the cases to which a message may belong, the likeliest first."""
    found = (read(said) for said in stored.suggestions)
    return tuple(PlaceSuggestion(case=one.case, score=one.score, why=one.why) for one in found)


def _seen(copy: Delivery) -> tuple[str, str]:
    return copy.first_seen_at.isoformat(), copy.id


def _receipt(copy: Delivery) -> MailReceipt:
    return MailReceipt(
        at=copy.first_seen_at,
        folder=copy.folder,
        source=copy.source,
        verdict=copy.verdict,
        verdict_basis=copy.verdict_basis,
        signature=ReceiptSignature(
            state=copy.signature,
            basis=copy.signature_basis,
            domain=copy.signer,
            selector=copy.selector,
            key_record=copy.key_record,
            key_digest=copy.key_digest,
            dnssec=copy.dnssec,
            resolver=copy.resolver,
            looked_up_at=copy.looked_up_at,
        ),
    )
