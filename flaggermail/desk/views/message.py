# SPDX-License-Identifier: EUPL-1.2
"""One stored message: in full, its octets, and a copy of it as a sample."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar
from zoneinfo import ZoneInfo

from flaggermail.commands.lookups import the_message
from flaggermail.desk.answers import Answer
from flaggermail.desk.views.view import Document, OctetsView, View, json_of, plain
from flaggermail.documents.octets import MediaType, Octets, in_blocks
from flaggermail.errors import NotFound, Refusal
from flaggermail.mail.forwards.forwarded import zone_stated
from flaggermail.mail.message import Json, Message, contract
from flaggermail.matching.scoring import read
from flaggermail.notices.shown_mail import hops_of
from flaggermail.record.definition import where
from flaggermail.record.rows import Delivery, StoredMessage
from flaggermail.rule_changes.sampling import make_sample
from flaggermail.services import UnitOfWork
from flaggermail.settings.rota import DESK, READERS


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowMessage(View):
    """One message with the mail itself, unfolded."""

    MAY: ClassVar[frozenset[str]] = READERS

    message: str  # an id, or a Message-ID

    def show(self, work: UnitOfWork) -> Document:
        """Returns the message and its "mail" as `parse --json` gives it. Raises NotFound, Refusal, ArchiveFailure."""
        stored = _kept(work, self.message)
        mail = work.env.parser.parse(work.env.octets.get(stored.digest))
        return {
            **_with_suggestions(stored, work.env.settings.zone),
            "mail": contract(mail),
            "forwarded_zone_assumed": _zone_is_assumed(mail),
            "hops": [hop.document(work.env.settings.zone) for hop in hops_of(work, stored)],
            "receipts": receipts(work, stored),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleMessage(View):
    """An anonymised copy of one message, as a sample for the rules."""

    MAY: ClassVar[frozenset[str]] = DESK

    message: str

    def show(self, work: UnitOfWork) -> Document:
        """Returns {"name", "mail", "beside", "differences"}: two texts, and what to call them without a number."""
        found = make_sample(work, self.message)
        return {
            "name": found.name, "mail": found.mail, "beside": found.beside, "differences": list(found.differences),
        }  # fmt: skip


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
        stored = _kept(work, self.message)
        octets, name, kind = work.env.octets.get(stored.digest), f"{stored.id}.eml", MediaType.MAIL
        if self.attachment is not None:
            number, name = _attachment(work.env.parser.parse(octets), stored.id, self.attachment)
            content = work.env.parser.attachment(octets, number)
            if content is None:
                raise Refusal(f"attachment {self.attachment}: cannot be decoded alone; save the whole message")
            octets, kind = content, MediaType.UNTOLD
        facts = OctetsOfMessage(message=stored.id, name=name, size=len(octets))
        return Octets(media_type=kind, name=name, size=len(octets), parts=in_blocks(octets), facts=facts)


def _kept(work: UnitOfWork, key: str) -> StoredMessage:
    """Returns a message whose octets are kept. Raises NotFound, Refusal."""
    stored = the_message(work, key)
    if stored.discarded_at is not None:
        raise Refusal(f"message {stored.id}: was destroyed at the end of the review window")
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


def _with_suggestions(stored: StoredMessage, zone: ZoneInfo) -> dict[str, Json]:
    """Returns the row; each suggestion has its case, score and evidence."""
    return {**plain(stored, zone), "suggestions": [read(said).document for said in stored.suggestions]}


def _zone_is_assumed(mail: Message) -> bool:
    """True if the forwarded mail bears a date without a zone; a mail program rarely writes it into a forward."""
    date = mail.forwarded.date if mail.forwarded else None
    return bool(date) and not zone_stated(date or "")


# ---- What was found about the sender of a mail when each of its copies came in, as it was recorded then


def receipts(work: UnitOfWork, stored: StoredMessage) -> list[Document]:
    """Returns a document for each copy, the first one first; none for mail that came attached, or never came."""
    found = work.tx.find(Delivery, where(Delivery.message).is_(stored.id))
    return [_receipt(copy, work.env.settings.zone) for copy in sorted(found, key=lambda one: one.first_seen_at)]


def _receipt(copy: Delivery, zone: ZoneInfo) -> Document:
    """Returns where a copy came from, the verdict then, and the signature with its key."""
    return {
        "at": json_of(copy.first_seen_at, zone),
        "folder": copy.folder,
        "source": copy.source.value,
        "verdict": json_of(copy.verdict, zone),
        "verdict_basis": copy.verdict_basis.english,
        "signature": {
            "state": copy.signature.value,
            "basis": copy.signature_basis.english,
            "domain": copy.signer,
            "selector": copy.selector,
            "key_record": copy.key_record,
            "key_digest": copy.key_digest,
            "dnssec": copy.dnssec.value,
            "resolver": copy.resolver,
            "looked_up_at": json_of(copy.looked_up_at, zone),
        },
    }
