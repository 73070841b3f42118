# SPDX-License-Identifier: EUPL-1.2
"""Stored messages: by place, declined ones until they are destroyed, those that wait, and one in full."""

from __future__ import annotations

import base64
from collections import Counter
from dataclasses import dataclass
from typing import ClassVar
from zoneinfo import ZoneInfo

from flaggermail.cases.citizen_retention import due_at
from flaggermail.cases.holds import HeldOnDay
from flaggermail.commands.lookups import the_message
from flaggermail.desk.views.view import Document, View, json_of, plain
from flaggermail.errors import NotFound, Refusal
from flaggermail.mail.forwards.forwarded import zone_stated
from flaggermail.mail.message import Json, Message, contract
from flaggermail.matching.scoring import read
from flaggermail.notices.shown_mail import hops_of
from flaggermail.notifications.clocks import minutes
from flaggermail.record.definition import where
from flaggermail.record.kinds import Place
from flaggermail.record.rows import Decline, Delivery, StoredMessage
from flaggermail.rule_changes.sampling import make_sample
from flaggermail.services import UnitOfWork
from flaggermail.settings.rota import DESK, READERS
from flaggermail.wording.acts import in_a_row
from flaggermail.wording.pieces import RefusalPart
from flaggermail.wording.refusals import CommandRefusal, ViewRefusal


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
class MessageOctets(View):
    """The octets of one message, or of one attachment: its name as `message show` gives it, or its position from 1."""

    MAY: ClassVar[frozenset[str]] = READERS

    message: str
    attachment: str | None = None

    def show(self, work: UnitOfWork) -> Document:
        """Returns {"message", "name", "size", "base64"}; the name is safe for a file. Raises NotFound, Refusal."""
        stored = _kept(work, self.message)
        octets, name = work.env.octets.get(stored.digest), f"{stored.id}.eml"
        if self.attachment is not None:
            number, name = _attachment(work.env.parser.parse(octets), stored.id, self.attachment)
            content = work.env.parser.attachment(octets, number)
            if content is None:
                raise Refusal(ViewRefusal.ATTACHMENT_ALONE(attachment=self.attachment))
            octets = content
        return {
            "message": stored.id, "name": name, "size": len(octets),
            "base64": base64.b64encode(octets).decode("ascii"),
        }  # fmt: skip


def _kept(work: UnitOfWork, key: str) -> StoredMessage:
    """Returns a message whose octets are kept. Raises NotFound, Refusal."""
    stored = the_message(work, key)
    if stored.discarded_at is not None:
        raise Refusal(CommandRefusal.OCTETS_DESTROYED(message=stored.id))
    return stored


def _attachment(mail: Message, key: str, wanted: str) -> tuple[int, str]:
    """Returns the index of an attachment and a name for its file. Raises NotFound; Refusal if several are so named."""
    named = [at for at, one in enumerate(mail.attachments) if one.filename == wanted]
    if len(named) > 1:
        positions = in_a_row([str(at + 1) for at in named], RefusalPart.OR)
        alike = ViewRefusal.ATTACHMENTS_ALIKE(attachment=wanted, message=key, number=len(named), wanted=positions)
        raise Refusal(alike)
    if not named and wanted.isdecimal() and 0 < int(wanted) <= len(mail.attachments):
        named = [int(wanted) - 1]
    if not named:
        raise NotFound(ViewRefusal.NO_SUCH_ATTACHMENT(attachment=wanted, message=key))
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
