# SPDX-License-Identifier: EUPL-1.2
"""One stored message: in full, its octets, and a copy of it as a sample."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import zip_longest
from typing import Annotated, ClassVar

from flaggermail.commands import conflicts
from flaggermail.commands.named_rows import the_message
from flaggermail.desk.answers import FLAT, ViewAnswer
from flaggermail.desk.sampling import make_sample
from flaggermail.desk.views.message_lists import PlaceSuggestion, suggested
from flaggermail.desk.views.parsed_mail import ParsedMail, parsed
from flaggermail.desk.views.view import POSITION, ListView, OctetsView, View
from flaggermail.documents.octets import MediaType, Octets, in_blocks
from flaggermail.errors import NotFound, Refusal
from flaggermail.mail.forwards.forwarded import zone_stated
from flaggermail.mail.message import Dnssec, Message, SenderVerdict, SignatureState
from flaggermail.notices.shown_mail import hops_of
from flaggermail.record.definition import where
from flaggermail.record.kinds import OctetSource, Place
from flaggermail.record.rows import Delivery, StoredMessage
from flaggermail.services import UnitOfWork
from flaggermail.settings.rota import DESK, READERS
from flaggermail.wording.acts import in_a_row
from flaggermail.wording.pieces import RefusalPart
from flaggermail.wording.refusals import CommandRefusal, ViewRefusal
from flaggermail.wording.said import StoredText

_PICTURES = frozenset({"image/png", "image/jpeg", "image/jpg", "image/pjpeg"})
_ENDINGS = (".png", ".jpg", ".jpeg")


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownHop(ViewAnswer):
    """A server that took the mail over, by its own words and clock; empty is what it does not say."""

    by: str
    from_: str
    protocol: str
    at: datetime | None
    delay_seconds: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptSignature(ViewAnswer):
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
class MailReceipt(ViewAnswer):
    """What was found about the sender when a copy of a mail came in, as it was recorded then."""

    at: datetime
    folder: str
    source: OctetSource
    verdict: SenderVerdict
    verdict_basis: StoredText
    signature: ReceiptSignature


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachedFile(ViewAnswer):
    """An attachment by its position from 1; `content_type` is what its sender says that it is.

    `sha256` is that of the decoded octets, null if they cannot be decoded alone. `picture`: by type or name it calls
    itself a picture of a kind that `message picture` reads.
    """

    number: int
    filename: str | None
    content_type: str
    size: int
    sha256: str | None
    picture: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageSheet(ViewAnswer):
    """A message with the mail itself; `next` is the cursor of further receipts.

    `take_back`: a person placed it, and nobody has acted on it, or in its case, since.

    There is a receipt for each copy, the first one first, and none for mail that came attached, or never came.
    """

    row: Annotated[StoredMessage, FLAT]
    suggestions: tuple[PlaceSuggestion, ...]
    take_back: bool
    mail: ParsedMail
    attachments: tuple[AttachedFile, ...]
    forwarded_zone_assumed: bool
    hops: tuple[ShownHop, ...]
    receipts: tuple[MailReceipt, ...]
    next: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MailSample(ViewAnswer):
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
        octets = work.env.octets.get(stored.digest)
        mail = work.env.parser.parse(octets)
        page = self.ordered(work, Delivery, Delivery.first_seen_at, where(Delivery.message).is_(stored.id))
        return MessageSheet(
            row=stored,
            suggestions=suggested(work.tx, [stored])[stored.id],
            take_back=_may_take_back(work, stored),
            mail=parsed(mail),
            attachments=tuple(_attached(mail, work.env.parser.digests(octets) if mail.attachments else ())),
            forwarded_zone_assumed=_zone_is_assumed(mail),
            hops=tuple(
                ShownHop(by=hop.by, from_=hop.sender, protocol=hop.protocol, at=hop.at, delay_seconds=hop.delay)
                for hop in hops_of(work, stored)
            ),
            receipts=tuple(_receipt(copy) for copy in page.lines),
            next=page.next,
        )


def _may_take_back(work: UnitOfWork, stored: StoredMessage) -> bool:
    placed = stored.placed_by is not None and stored.place is not Place.QUARANTINE
    return placed and conflicts.acted_since_placing(work, stored) is None


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleMessage(View):
    """An anonymised copy of one message, as a sample for the rules."""

    MAY: ClassVar[frozenset[str]] = DESK

    message: str

    def show(self, work: UnitOfWork) -> MailSample:
        """Returns the sample. Raises NotFound, Refusal, ArchiveFailure."""
        return MailSample.from_fields(make_sample(work, self.message))


@dataclass(frozen=True, slots=True, kw_only=True)
class OctetsOfMessage(ViewAnswer):
    """Whose octets these are, and under which name and with how many octets they are to be saved."""

    message: str  # its id
    name: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageOctets(OctetsView):
    """The octets of one message, or of one attachment: its name as `message show` gives it, or its position from 1.

    `number` is a position alone: an attachment may be named "1".
    """

    MAY: ClassVar[frozenset[str]] = READERS

    message: str
    attachment: str | None = None
    number: Annotated[int, POSITION] | None = None

    def show(self, work: UnitOfWork) -> Octets[ViewAnswer]:
        """Returns the octets. An attachment has no media type of its own: a stranger wrote it.

        Raises NotFound, Refusal, ArchiveFailure.
        """
        stored = kept(work, self.message)
        octets, name, kind = work.env.octets.get(stored.digest), f"{stored.id}.eml", MediaType.MAIL
        if self.attachment is not None or self.number is not None:
            octets, name = attachment_of(work, stored, self.number or self.attachment or "")
            kind = MediaType.UNTOLD
        facts = OctetsOfMessage(message=stored.id, name=name, size=len(octets))
        return Octets(media_type=kind, name=name, size=len(octets), parts=in_blocks(octets), facts=facts)


def kept(work: UnitOfWork, key: str) -> StoredMessage:
    """Returns a message whose octets are kept. Raises NotFound, Refusal."""
    stored = the_message(work, key)
    if stored.discarded_at is not None:
        raise Refusal(CommandRefusal.OCTETS_DESTROYED(message=stored.id))
    return stored


def attachment_of(work: UnitOfWork, stored: StoredMessage, wanted: str | int) -> tuple[bytes, str]:
    """Returns an attachment, by its position or else its name, and a name for its file. Raises NotFound, Refusal."""
    octets = work.env.octets.get(stored.digest)
    at, name = _attachment(work.env.parser.parse(octets), stored.id, wanted)
    content = work.env.parser.attachment(octets, at)
    if content is None:
        raise Refusal(ViewRefusal.ATTACHMENT_ALONE(attachment=str(wanted)))
    return content, name


def _attached(mail: Message, digests: Sequence[str | None]) -> Iterator[AttachedFile]:
    """Yields the attachments of a mail; a file within its text has no digest, as it is not a part."""
    for at, (one, digest) in enumerate(zip_longest(mail.attachments, digests[: len(mail.attachments)]), start=1):
        kind, ending = one.content_type.lower(), (one.filename or "").lower()
        picture = kind in _PICTURES or ending.endswith(_ENDINGS)
        yield AttachedFile.from_fields(one, number=at, sha256=digest, picture=picture)


def _attachment(mail: Message, key: str, named_or_number: str | int) -> tuple[int, str]:
    """Returns the index of an attachment and a name for its file. Raises NotFound; Refusal if several are so named."""
    wanted = str(named_or_number)
    by_name = isinstance(named_or_number, str)
    named = [at for at, one in enumerate(mail.attachments) if by_name and one.filename == wanted]
    if len(named) > 1:
        positions = in_a_row([str(at + 1) for at in named], RefusalPart.OR)
        alike = ViewRefusal.ATTACHMENTS_ALIKE(attachment=wanted, message=key, number=len(named), wanted=positions)
        raise Refusal(alike)
    if not named and wanted.isdecimal() and 0 < int(wanted) <= len(mail.attachments):
        named = [int(wanted) - 1]
    if not named:
        raise NotFound(ViewRefusal.NO_SUCH_ATTACHMENT(attachment=wanted, message=key))
    return named[0], mail.attachments[named[0]].filename or f"{key}-{named[0] + 1}.bin"


def _zone_is_assumed(mail: Message) -> bool:
    """True if the forwarded mail bears a date without a zone; a mail program rarely writes it into a forward."""
    date = mail.forwarded.date if mail.forwarded else None
    return bool(date) and not zone_stated(date or "")


def _receipt(copy: Delivery) -> MailReceipt:
    signature = ReceiptSignature.from_fields(copy, state=copy.signature, basis=copy.signature_basis, domain=copy.signer)
    return MailReceipt.from_fields(copy, at=copy.first_seen_at, signature=signature)
