# SPDX-License-Identifier: EUPL-1.2
"""The mails of an exchange as printed texts: subject, Van, Aan, CC, body and names of attachments of each.

Nothing else of a mail is printed: no Message-ID, no Received field, no key of ours, no HTML beside a plain text.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version

from flaggermail import __version__, progress
from flaggermail.annex.exchange import Entry
from flaggermail.annex.redaction.marks import Detail, Mark, PrintedPart, PrintedText
from flaggermail.annex.redaction.words_left import LeftWord
from flaggermail.errors import OctetsLost, Refusal
from flaggermail.mail.machine_words import UNKNOWN
from flaggermail.mail.message import Address, Message
from flaggermail.mail.vocabulary import is_invisible
from flaggermail.record.case_values import ContactMeans, LanguageCode
from flaggermail.record.kinds import AnnexForm, Direction, PersonBasis
from flaggermail.record.rows import ContactNote, StoredMessage
from flaggermail.services import UnitOfWork
from flaggermail.wording.annex import AnnexLabel, WooGround
from flaggermail.wording.refusals import AnnexRefusal

PARSER = f"flaggermail {__version__}, mail-parser {version('mail-parser')}"


def seal(octets: bytes, at: datetime, text: PrintedText) -> str:
    """Returns the seal of a printed text of the mail with these octets, printed with the instant `at`."""
    key = hashlib.sha256(b"annex\0" + octets).digest()
    sealed = "\0".join((text.part, str(text.number), at.astimezone(UTC).isoformat(), text.text))
    return hmac.new(key, sealed.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()


def encode_marks(marks: Sequence[Mark], kept: Iterable[LeftWord] = ()) -> str:
    """Returns marks as the row holds them: JSON lists of text, start, end, ground and kind, in order.

    A list of three is a place where a person left a word that no list knows.
    """
    places = [[one.of, one.start, one.end, one.ground, one.detail] for one in sorted(marks)]
    return json.dumps([*places, *map(list, sorted(kept))])


def read_marks(stored: str) -> tuple[Mark, ...]:
    """Returns the marks of a row."""
    return tuple(
        Mark(of, start, end, WooGround(ground), Detail(detail))
        for of, start, end, *taken in json.loads(stored)
        if taken
        for ground, detail in [taken]
    )


def kept_places(stored: str) -> frozenset[LeftWord]:
    """Returns the places of a row where a person left a word that no list knows."""
    return frozenset(LeftWord(of, start, end) for of, start, end, *taken in json.loads(stored) if not taken)


def fitting(texts: Sequence[PrintedText], marks: Sequence[Mark]) -> tuple[Mark, ...]:
    """Returns the marks in order. Raises Refusal for one outside of its text, or over another."""
    found = tuple(sorted(marks))
    for at, mark in enumerate(found):
        inside = 0 <= mark.of < len(texts) and 0 <= mark.start < mark.end <= len(texts[mark.of].text)
        before = found[at - 1] if at else None
        if not inside or (before is not None and before.of == mark.of and mark.start < before.end):
            raise Refusal(AnnexRefusal.MARK_OUTSIDE(number=at + 1))
    return found


_LINE_ENDS = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
# What a no-break space between minutes and AM/PM becomes on its way (measured; "?a0" stands in the report of 2024).
_BROKEN = r"(?:\?a0|=E2=80=AF|=A0|â€¯|Â[ \u00a0]|[\ufffd?])"
_BEFORE_NOON = re.compile(rf"(?<=\d:\d\d){_BROKEN}(?=[AP]\.?M\b)", re.IGNORECASE)
_SPACES = str.maketrans(dict.fromkeys("\u00a0\u2007\u2009\u202f", " "))
_WORD = re.compile(r"\S+")
_QUOTE_MARKS = re.compile(r"^[> \t]+")
_RUN = 8  # words by which a quotation is looked up
_PLACES = 16  # of the same run in one mail that are tried
_FEWEST = 30  # words of a quotation that is left out, unless it is all of the mail


@dataclass(frozen=True, slots=True)
class CleanText:
    """A printed text, and how many characters were taken out or replaced in it."""

    text: str
    taken_out: int = 0


def lines(text: str) -> CleanText:
    """Returns a text with LF between its lines, without empty lines around it."""
    ended = _LINE_ENDS.sub("\n", text)
    kept = "".join(sign for sign in ended if sign in "\n\t" or not is_invisible(sign))
    repaired, broken = _BEFORE_NOON.subn(" ", kept)
    return CleanText(repaired.translate(_SPACES).strip("\n"), len(ended) - len(kept) + broken)


def line(text: str) -> CleanText:
    """Returns a value of a header, or a file name, as one line."""
    found = lines(text)
    return CleanText(" ".join(found.text.split()), found.taken_out)


# ---- quotations


def without_quotations(text: str, earlier: Sequence[str], said: Callable[[int], str]) -> str:
    """Returns `text` with one line, `said(n)`, in the place of lines that repeat the n-th of the `earlier` texts.

    A line goes only if all of its words stand there, in a run of the same words in the same order: so nothing is left
    out that is not printed.
    """
    for number in reversed(range(len(earlier))):
        text = _without(text, earlier[number], said(number))
    return text


@dataclass(frozen=True, slots=True)
class _Words:
    """The words of a text, and the line of each."""

    words: list[str]
    line_of: list[int]


def _words(text: str) -> _Words:
    found = _Words([], [])
    for number, one in enumerate(text.split("\n")):
        for match in _WORD.finditer(_QUOTE_MARKS.sub("", one)):
            found.words.append(match[0])
            found.line_of.append(number)
    return found


def _without(text: str, printed: str, said: str) -> str:
    body, source = _words(text), _words(printed).words
    runs = defaultdict[tuple[str, ...], list[int]](list)
    for at in range(len(source) - _RUN + 1):
        places = runs[tuple(source[at : at + _RUN])]
        if len(places) < _PLACES:
            places.append(at)
    cut: list[tuple[int, int]] = []
    at = 0
    while at <= len(body.words) - _RUN:
        places = runs.get(tuple(body.words[at : at + _RUN]), [])
        length = max((_same(body.words, at, source, place) for place in places), default=0)
        if length >= _FEWEST or (length and length == len(source)):
            cut.append((at, at + length))
        at += max(1, length)
    return _replaced(text, body, cut, said)


def _same(words: Sequence[str], at: int, source: Sequence[str], place: int) -> int:
    """Returns how many words are the same from there on."""
    length = 0
    while at + length < len(words) and place + length < len(source) and words[at + length] == source[place + length]:
        length += 1
    return length


def _replaced(text: str, body: _Words, cut: Sequence[tuple[int, int]], said: str) -> str:
    """Returns the text with `said` in the place of each run of words, as far as it fills whole lines."""
    kept = text.split("\n")
    for begin, end in reversed(cut):
        first, last = body.line_of[begin], body.line_of[end - 1]
        first += begin > 0 and body.line_of[begin - 1] == first
        last -= end < len(body.words) and body.line_of[end] == last
        if first <= last and bisect_left(body.line_of, first) < bisect_left(body.line_of, last + 1):
            kept[first : last + 1] = [said]
    return "\n".join(kept)


_NARROWEST, _WIDEST = 60, 100  # characters of a line at which programs break paragraphs (RFC 5322 advises 78)
_WORDS_OF_A_PARAGRAPH = 12  # in a line that is longer: then paragraphs are not broken
_STAYS = re.compile(
    r"[\s>|+*#\u2022\u2013_=~-]"  # quotations, lists, rules
    r"|\(?(?:\d{1,3}|[A-Za-z])[.)]\s"  # numbered lists
    r"|[\w -]{1,30}:\s"  # labels
    r"|.*(?:[^\s.!?]\s{2,}\S|\t|\|)"  # columns
    r"|\s*\Z"
)
_SIGNATURE = re.compile(r"--\s?")


def flowed(text: str) -> str:
    """Returns a text of the same length, in which broken paragraphs are one line each."""
    lines = text.split("\n")
    end = next((at for at, line in enumerate(lines) if _SIGNATURE.fullmatch(line)), len(lines))
    flowing = [at < end and _STAYS.match(line) is None for at, line in enumerate(lines)]
    width = _width([line for line, flows in zip(lines, flowing, strict=True) if flows])
    if not width:
        return text
    parts = [lines[0]]
    for at in range(1, len(lines)):
        before, line = lines[at - 1], lines[at]
        joins = flowing[at - 1] and flowing[at] and _is_full(before, line, width)
        parts += (" " if joins else "\n", line)
    return "".join(parts)


def _width(lines: Sequence[str]) -> int:
    """Returns at which width the paragraphs are broken; 0 if they are not."""
    if any(len(line) > _WIDEST and line.count(" ") >= _WORDS_OF_A_PARAGRAPH for line in lines):
        return 0
    widest = max((len(line) for line in lines if len(line) <= _WIDEST), default=0)
    return widest if widest >= _NARROWEST else 0


def _is_full(line: str, following: str, width: int) -> bool:
    """True if the first word of the following line had no room in this one. A hyphen may belong to either."""
    return len(line) + 1 + len(following.split(maxsplit=1)[0]) > width and not line.endswith("-")


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
    for entry in progress.counted(entries, len(entries)):
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
    body = lines(_with_places(read) if read.text.strip() or read.unseen else read.html_text)
    short = without_quotations(body.text, earlier, partial(_above, language))
    whole, unseen = _put_back(short, [lines(words).text for _, words in read.unseen])
    number = len(earlier)
    parts: list[tuple[PrintedPart, CleanText]] = [
        (PrintedPart.SUBJECT, line(read.subject or "")),
        (PrintedPart.FROM, _addresses(read.from_)),
        (PrintedPart.TO, _addresses(read.to)),
        (PrintedPart.CC, _addresses(read.cc)),
        (PrintedPart.BODY, CleanText(whole, body.taken_out)),
    ]
    texts = [PrintedText(number, part, 0, one.text) for part, one in parts]
    names = [line(one.filename) for one in read.attachments if one.filename]
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
        raise Refusal(AnnexRefusal.DESTROYED(message=row.id, day=day))
    try:
        return work.env.octets.get(row.digest)
    except OctetsLost as fault:
        raise Refusal(AnnexRefusal.LOST(message=row.id)) from fault


def _above(language: LanguageCode, number: int) -> str:
    return AnnexLabel.PRINTED_ABOVE(number=number + 1).in_language(language)


def _addresses(addresses: Sequence[Address]) -> CleanText:
    return line(", ".join(one.address if not one.name else f"{one.name} <{one.address}>" for one in addresses))


def _language(work: UnitOfWork, read: Message) -> str:
    """Returns the language of the writer's own words."""
    found = work.env.settings.rules.languages.guess(read.reply_text or read.text)
    return "" if found == UNKNOWN else found
