# SPDX-License-Identifier: EUPL-1.2
"""The mails of an exchange as printed texts: subject, Van, Aan, CC, body and names of attachments of each.

Nothing else of a mail is printed: no Message-ID, no Received field, no key of ours, no HTML beside a plain text.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from flaggermail.annex import clean
from flaggermail.annex.clean import CleanText
from flaggermail.annex.exchange import Entry
from flaggermail.annex.flowing import flowed
from flaggermail.annex.redaction.marks import Detail, Mark, PrintedPart, PrintedText, WooGround
from flaggermail.annex.seals import seal
from flaggermail.errors import OctetsLost, Refusal
from flaggermail.mail.language_guess import UNKNOWN
from flaggermail.mail.message import Address, Message
from flaggermail.record.contacts import ContactMeans, LanguageCode
from flaggermail.record.kinds import AnnexForm, Direction, PersonBasis
from flaggermail.record.rows import ContactNote, StoredMessage
from flaggermail.services import UnitOfWork
from flaggermail.wording.annex import AnnexLabel, NoAnnex

_PLACE = "\ufdd0"  # a noncharacter (Unicode, section 23.7): no mail with hidden words has it in its text


@dataclass(frozen=True, slots=True)
class PrintedMail:
    """One mail as it is printed; `language` is the guessed one (ISO 639-1), empty if it is not clear."""

    message: str
    digest: str  # SHA-256 of the raw octets
    ours: bool
    at: datetime
    language: str
    texts: tuple[PrintedText, ...]
    seals: tuple[str, ...]  # of the texts, in their order
    taken_out: int  # characters that a reader cannot see
    unseen: tuple[tuple[int, int], ...] = ()  # places in its body that its HTML hides from a reader
    comment: bool = False  # a person's, by what a ticket system prints around it


@dataclass(frozen=True, slots=True)
class PrintedNote:
    """A contact of which there is no mail; its words are not printed."""

    at: datetime
    means: ContactMeans


@dataclass(frozen=True, slots=True)
class PrintedExchange:
    """What an annex prints, in order."""

    entries: tuple[PrintedMail | PrintedNote, ...]

    @property
    def mails(self) -> tuple[PrintedMail, ...]:
        """The mails among the entries."""
        return tuple(one for one in self.entries if isinstance(one, PrintedMail))

    @property
    def texts(self) -> tuple[PrintedText, ...]:
        """Every printed text of every mail; a mark names its position in here."""
        return tuple(text for mail in self.mails for text in mail.texts)

    @property
    def published(self) -> tuple[PrintedText, ...]:
        """The same texts as they are published: each place is where it was, and broken paragraphs are one line each."""
        return tuple(
            replace(text, text=flowed(text.text)) if text.part is PrintedPart.BODY else text for text in self.texts
        )

    @property
    def hidden(self) -> tuple[Mark, ...]:
        """The places that mails hide from their readers, as marks."""
        bodies = [at for at, text in enumerate(self.texts) if text.part is PrintedPart.BODY]
        return tuple(
            Mark(of, start, end, WooGround.NOT_SEEN, Detail.HIDDEN_TEXT)
            for of, mail in zip(bodies, self.mails, strict=True)
            for start, end in mail.unseen
        )

    @property
    def seals(self) -> tuple[str, ...]:
        """The seals of the texts."""
        return tuple(one for mail in self.mails for one in mail.seals)


def of_entries(
    work: UnitOfWork, entries: Sequence[Entry], form: AnnexForm, language: LanguageCode
) -> PrintedExchange:  # fmt: skip
    """Returns the entries as they are printed. Raises Refusal naming a mail whose octets the archive does not give."""
    found: list[PrintedMail | PrintedNote] = []
    bodies: list[str] = []
    for entry in entries:
        if isinstance(entry.row, ContactNote):
            found.append(PrintedNote(entry.at, entry.row.means))
            continue
        earlier = bodies if form is AnnexForm.THREAD else []
        mail, body = _printed(work, entry, entry.row, earlier, language)
        bodies.append(body)
        found.append(mail)
    return PrintedExchange(tuple(found))


def _printed(
    work: UnitOfWork, entry: Entry, row: StoredMessage, earlier: Sequence[str], language: LanguageCode
) -> tuple[PrintedMail, str]:
    """Returns a mail, and its body before quotations of the `earlier` bodies were left out."""
    octets = octets_of(work, row)
    read = work.env.parser.parse(octets)
    body = clean.lines(_with_places(read) if read.text.strip() or read.unseen else read.html_text)
    short = clean.without_quotations(body.text, earlier, partial(_above, language))
    whole, unseen = _put_back(short, [clean.lines(words).text for _, words in read.unseen])
    number = len(earlier)
    parts: list[tuple[PrintedPart, CleanText]] = [
        (PrintedPart.SUBJECT, clean.line(read.subject or "")),
        (PrintedPart.FROM, _addresses(read.from_)),
        (PrintedPart.TO, _addresses(read.to)),
        (PrintedPart.CC, _addresses(read.cc)),
        (PrintedPart.BODY, CleanText(whole, body.taken_out)),
    ]
    texts = [PrintedText(number, part, 0, one.text) for part, one in parts]
    names = [clean.line(one.filename) for one in read.attachments if one.filename]
    texts += [PrintedText(number, PrintedPart.ATTACHMENT, at, one.text) for at, one in enumerate(names)]
    mail = PrintedMail(
        message=row.id,
        digest=row.digest,
        ours=row.direction is Direction.OUT,
        at=entry.at,
        language=_language(work, read),
        texts=tuple(texts),
        seals=tuple(seal(octets, entry.at, text) for text in texts),
        unseen=unseen,
        comment=row.person_basis is PersonBasis.COMMENT,
        taken_out=sum(one.taken_out for one in (*(one for _, one in parts), *names)),
    )
    return mail, body.text.replace(_PLACE, "")


def _with_places(read: Message) -> str:
    """Returns the text of a mail with a sign wherever its HTML hides words, which are no part of a quotation."""
    if not read.unseen:
        return read.text.replace(_PLACE, "")
    pieces, done = list[str](), 0
    for at, words in read.unseen:
        pieces += (read.text[done:at], "\n" * words.startswith("\n"), _PLACE, "\n" * words.endswith("\n"))
        done = at
    return "".join((*pieces, read.text[done:]))


def _put_back(text: str, hidden: Sequence[str]) -> tuple[str, tuple[tuple[int, int], ...]]:
    """Returns a text with the hidden words in their places, and where they are."""
    first, *pieces = text.split(_PLACE)
    whole, places, length = [first], list[tuple[int, int]](), len(first)
    for words, piece in zip(hidden, pieces, strict=True):
        places += [(length, length + len(words))] if words else []
        whole += (words, piece)
        length += len(words) + len(piece)
    return "".join(whole), tuple(places)


def octets_of(work: UnitOfWork, row: StoredMessage) -> bytes:
    """Returns the raw octets of a mail. Raises Refusal if they were destroyed or lost."""
    if row.discarded_at is not None:
        day = row.discarded_at.astimezone(work.env.settings.zone).date().isoformat()
        raise Refusal(NoAnnex.DESTROYED(message=row.id, day=day))
    try:
        return work.env.octets.get(row.digest)
    except OctetsLost as fault:
        raise Refusal(NoAnnex.LOST(message=row.id)) from fault


def _above(language: LanguageCode, number: int) -> str:
    return AnnexLabel.PRINTED_ABOVE(number=number + 1).in_language(language)


def _addresses(addresses: Sequence[Address]) -> CleanText:
    return clean.line(", ".join(one.address if not one.name else f"{one.name} <{one.address}>" for one in addresses))


def _language(work: UnitOfWork, read: Message) -> str:
    """Returns the language of the writer's own words."""
    found = work.env.settings.rules.languages.of(read.reply_text or read.text)
    return "" if found == UNKNOWN else found
