# SPDX-License-Identifier: EUPL-1.2
"""Proposes what in the printed mails of one annex is redacted, and on which ground; a person decides."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from flaggermail.annex.redaction.addresses import handles, mail_addresses, web_addresses
from flaggermail.annex.redaction.header_names import in_address
from flaggermail.annex.redaction.identity_numbers import (
    SeenNumbers,
    birth_dates,
    citizen_numbers,
    document_numbers,
    ibans,
    staff_numbers,
)
from flaggermail.annex.redaction.introductions import Introductions, recipient_values
from flaggermail.annex.redaction.known import KnownToDesk
from flaggermail.annex.redaction.lexicon import Lexicon, written_small
from flaggermail.annex.redaction.marks import MARKER, RECIPIENTS, SEPARATORS, Detail, Mark, PrintedPart, PrintedText
from flaggermail.annex.redaction.name_forms import LearnedNames, PersonName, person_of
from flaggermail.annex.redaction.name_reading import NameReader
from flaggermail.annex.redaction.name_search import NameSearch
from flaggermail.annex.redaction.name_shapes import NameShapes
from flaggermail.annex.redaction.places import behind_box, postcodes, streets, streets_above
from flaggermail.annex.redaction.references import internet_addresses, keys, licence_plates, tickets
from flaggermail.annex.redaction.spans import Cover, TextSpan, Word, words_of
from flaggermail.annex.redaction.spreading import Growing
from flaggermail.annex.redaction.telephones import telephones
from flaggermail.wording.annex import WooGround

GROUNDS: Mapping[Detail, WooGround] = MappingProxyType(
    {
        Detail.NAME: WooGround.PERSONAL_SPHERE,
        Detail.MAIL_ADDRESS: WooGround.PERSONAL_SPHERE,
        Detail.TELEPHONE: WooGround.PERSONAL_SPHERE,
        Detail.IBAN: WooGround.PERSONAL_SPHERE,
        Detail.CITIZEN_NUMBER: WooGround.IDENTIFICATION_NUMBERS,
        Detail.POSTCODE: WooGround.PERSONAL_SPHERE,
        Detail.STREET: WooGround.PERSONAL_SPHERE,
        Detail.WEB_ADDRESS: WooGround.PERSONAL_SPHERE,
        Detail.HANDLE: WooGround.PERSONAL_SPHERE,
        Detail.LICENCE_PLATE: WooGround.PERSONAL_SPHERE,
        Detail.BIRTH_DATE: WooGround.PERSONAL_SPHERE,
        Detail.DOCUMENT_NUMBER: WooGround.PERSONAL_SPHERE,
        Detail.STAFF_NUMBER: WooGround.PERSONAL_SPHERE,
        Detail.IP_ADDRESS: WooGround.PERSONAL_SPHERE,
        Detail.TICKET: WooGround.GOVERNMENT_FUNCTIONING,
        Detail.CHANNEL: WooGround.SECURITY,
        Detail.OWN_ADDRESS: WooGround.GOVERNMENT_FUNCTIONING,
        Detail.KEY: WooGround.GOVERNMENT_FUNCTIONING,
        Detail.TAIL: WooGround.GOVERNMENT_FUNCTIONING,
    }
)
"""The ground that is proposed for each kind; a person changes it, and a lawyer has to look.

An account number is none that a law prescribes for identifying persons (5.1.1e, with article 46 of the Uitvoeringswet
AVG); the burgerservicenummer is. A ticket's number is a platform's; what speaks for 5.1.2f a platform has to say.
"""

_SIGNS_OF_A_LANGUAGE = 2  # words that only it has
ADDRESSES = frozenset({Detail.MAIL_ADDRESS, Detail.OWN_ADDRESS, Detail.CHANNEL, Detail.KEY})
VALUES = frozenset({PrintedPart.FROM, PrintedPart.TO, PrintedPart.CC})


def propose(texts: Sequence[PrintedText], known: KnownToDesk) -> tuple[Mark, ...]:
    """Returns what is proposed for redaction in `texts`, the printed texts of all mails of one annex.

    The marks are sorted, do not overlap and are not empty. A name that one text introduces is found in all of them.
    """
    covers = [Cover() for _ in texts]
    names = LearnedNames()
    for name in known.names:
        names.learn(person_of(name.split(), known.words))
    small = written_small([text.text for text in texts if text.part is PrintedPart.BODY])
    nouns = {text.mail for text in texts if text.part is PrintedPart.BODY and _capitals_are_nouns(text.text, known)}
    searched: list[_Searched] = []
    seen = SeenNumbers()
    for text, cover in zip(texts, covers, strict=True):
        _add_numbers(text.text, cover, known)
        seen.see(text.text, cover)
    for text, cover in zip(texts, covers, strict=True):
        cover.add(text.text, seen.repeats(text.text))
        introduced = list(_introduced(text, cover, names, known))
        lexicon = Lexicon(text.text, _free_words(text, cover), known, small)
        searched.append(_Searched(text, cover, lexicon, introduced, text.mail not in nouns))
    for text, cover, spans in zip(texts, covers, _searched(searched, names, known), strict=True):
        cover.add(text.text, spans)
    _unite_recipients(texts, covers, known)
    marks: list[Mark] = []
    for of, (text, cover) in enumerate(zip(texts, covers, strict=True)):
        proposed = [
            Mark(of, span.start, span.end, GROUNDS[span.detail], span.detail)
            for span in cover
            if span.detail is not Detail.OTHER
        ]
        marks += _whole_value(text, proposed)
    return tuple(marks)


def _whole_value(text: PrintedText, marks: Sequence[Mark]) -> list[Mark]:
    """Returns the marks of a text; those in To and Cc cover the whole value, so that no name counts the recipients."""
    if text.part not in RECIPIENTS or not marks:
        return list(marks)
    found, at = list[Mark](), 0
    for number, mark in enumerate(marks):
        last = number + 1 == len(marks)
        start = at + len(text.text[at : mark.start]) - len(text.text[at : mark.start].lstrip(SEPARATORS))
        end = max(mark.end, len(text.text.rstrip(SEPARATORS))) if last else mark.end
        found.append(replace(mark, start=start, end=end))
        at = end
    return found


def _add_numbers(text: str, cover: Cover, known: KnownToDesk) -> None:
    """Adds what has a form of its own, the surest first. A marker that is there already is kept, and no proposal."""
    cover.add(text, (TextSpan(*match.span(), Detail.OTHER) for match in MARKER.finditer(text)))
    cover.add(text, web_addresses(text, known))
    cover.add(text, mail_addresses(text, known))
    cover.add(text, keys(text, known))
    cover.add(text, handles(text, known))
    cover.add(text, ibans(text))
    for recogniser in (internet_addresses, birth_dates, licence_plates, document_numbers, staff_numbers):
        cover.add(text, recogniser(text, known))
    found = [span for span in streets(text, known) if not known.is_public(text[span.start : span.end])]
    cover.add(text, found)
    codes = [span for span in postcodes(text, known, found) if not _is_of_everybody(text, span, known)]
    cover.add(text, codes)
    cover.add(text, streets_above(text, codes))
    cover.add(text, telephones(text, known))
    cover.add(text, citizen_numbers(text, known))
    cover.add(text, tickets(text, known))


def _is_of_everybody(text: str, span: TextSpan, known: KnownToDesk) -> bool:
    """True for the postcode of a colophon, and of a PO box before it ("Postbus 20011, 2500 EA")."""
    return known.is_public(text[span.start : span.end]) or behind_box(text, span.start, known)


def _introduced(text: PrintedText, cover: Cover, names: LearnedNames, known: KnownToDesk) -> Iterator[TextSpan]:
    """Yields the names that a text introduces, and learns them; local parts of addresses are learned too."""
    addresses = [span for span in cover if span.detail in ADDRESSES and "@" in text.text[span.start : span.end]]
    introductions = Introductions(NameReader(text.text, known), addresses)
    for span in addresses:
        person = in_address(text.text[span.start : span.end], known) if span.detail is Detail.MAIL_ADDRESS else None
        if person:
            names.learn(person)
    if text.part in VALUES:
        read = introductions.in_value()
    elif text.part is PrintedPart.BODY:
        read = introductions.in_body()
    else:
        return
    for name in read:
        names.learn(name.person)
        yield TextSpan(name.start, name.end, Detail.NAME)


@dataclass(frozen=True)
class _Searched:
    """One text in which names are looked for, with what it introduces."""

    text: PrintedText
    cover: Cover
    lexicon: Lexicon
    introduced: Sequence[TextSpan]
    shapes_tell: bool

    def found(self, names: LearnedNames, known: KnownToDesk) -> tuple[list[TextSpan], list[PersonName]]:
        """Returns the places of all names, and names that were not learned yet."""
        search = NameSearch(names, known, self.text.text, self.text.part, tuple(self.cover))
        growing = Growing(self.lexicon, self.text.part, names)
        spans = [*self.introduced, *search.found(), *self._shaped(search.discovered)]
        return growing.grown(_united(spans)), [*search.discovered, *growing.discovered]

    def _shaped(self, discovered: list[PersonName]) -> Iterator[TextSpan]:
        """Yields the names by shape, and adds them to `discovered`."""
        if not self.shapes_tell or self.text.part in VALUES:
            return
        shapes = NameShapes(self.lexicon, self.text.part)
        for first, last in shapes.found():
            discovered.append(shapes.person(first, last))
            yield TextSpan(self.lexicon.words[first].start, self.lexicon.words[last].end, Detail.NAME)


def _searched(searched: Sequence[_Searched], names: LearnedNames, known: KnownToDesk) -> list[list[TextSpan]]:
    """Returns the places of all names in each text; names found beside others are looked for again."""
    found: list[list[TextSpan]] = []
    for last in (False, False, True):
        both = [one.found(names, known) for one in searched]
        found = [spans for spans, _ in both]
        before = len(names.seen)
        for person in (person for _, discovered in both for person in discovered):
            names.learn(person, guessed=True)
        if last or len(names.seen) == before:
            break
    return found


def _capitals_are_nouns(text: str, known: KnownToDesk) -> bool:
    """True for a text in a language that writes each noun with a capital."""
    return len(written_small([text]) & known.words["noun_capitals"]) >= _SIGNS_OF_A_LANGUAGE


def _free_words(text: PrintedText, cover: Cover) -> tuple[Word, ...]:
    """Returns the words that nothing covers yet; in the name of a file, also those that only a capital parts."""
    covered = list(cover)
    starts = [span.start for span in covered]
    free: list[Word] = []
    for word in words_of(text.text, humps=text.part is PrintedPart.ATTACHMENT):
        before = bisect_right(starts, word.start) - 1
        if before < 0 or covered[before].end <= word.start:
            free.append(word)
    return tuple(free)


def _united(spans: Iterable[TextSpan]) -> list[TextSpan]:
    """Returns places of names; those that overlap are one."""
    united: list[TextSpan] = []
    for span in sorted(spans):
        if united and span.start < united[-1].end:
            united[-1] = TextSpan(united[-1].start, max(span.end, united[-1].end), span.detail)
        else:
            united.append(span)
    return united


_BETWEEN_RECIPIENTS = re.compile(r"[\s,;<>\"'()\[\]]*\Z")


def _unite_recipients(texts: Sequence[PrintedText], covers: Sequence[Cover], known: KnownToDesk) -> None:
    """Makes the recipients of a forwarded mail one place each, so that their number is not shown."""
    for text, cover in zip(texts, covers, strict=True):
        if text.part is PrintedPart.BODY:
            cover.unite(text.text, list(recipient_values(text.text, known.language)), _BETWEEN_RECIPIENTS)
