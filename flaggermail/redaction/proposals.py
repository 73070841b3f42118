# SPDX-License-Identifier: EUPL-1.2
"""Proposes what in the printed mails of one annex is redacted, and on which ground; a person decides."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from flaggermail.redaction.addresses import mail_addresses
from flaggermail.redaction.header_names import in_local_part
from flaggermail.redaction.identity_numbers import citizen_numbers, ibans
from flaggermail.redaction.introductions import Introductions, recipient_values
from flaggermail.redaction.known import KnownToDesk
from flaggermail.redaction.marks import (
    MARKER,
    RECIPIENTS,
    SEPARATORS,
    Detail,
    Mark,
    PrintedPart,
    PrintedText,
    WooGround,
)
from flaggermail.redaction.name_forms import LearnedNames, person_of
from flaggermail.redaction.name_reading import NameReader
from flaggermail.redaction.name_search import NameSearch
from flaggermail.redaction.places import postcodes, streets, streets_above
from flaggermail.redaction.references import keys, tickets
from flaggermail.redaction.spans import Cover, TextSpan
from flaggermail.redaction.telephones import telephones
from flaggermail.redaction.web import handles, web_addresses

GROUNDS: Mapping[Detail, WooGround] = MappingProxyType(
    {
        Detail.NAME: WooGround.PERSONAL_SPHERE,
        Detail.MAIL_ADDRESS: WooGround.PERSONAL_SPHERE,
        Detail.TELEPHONE: WooGround.PERSONAL_SPHERE,
        Detail.IBAN: WooGround.IDENTIFICATION_NUMBERS,
        Detail.CITIZEN_NUMBER: WooGround.IDENTIFICATION_NUMBERS,
        Detail.POSTCODE: WooGround.PERSONAL_SPHERE,
        Detail.STREET: WooGround.PERSONAL_SPHERE,
        Detail.WEB_ADDRESS: WooGround.PERSONAL_SPHERE,
        Detail.HANDLE: WooGround.PERSONAL_SPHERE,
        Detail.TICKET: WooGround.COMPETITION,
        Detail.CHANNEL: WooGround.SECURITY,
        Detail.OWN_ADDRESS: WooGround.GOVERNMENT_FUNCTIONING,
        Detail.KEY: WooGround.GOVERNMENT_FUNCTIONING,
        Detail.TAIL: WooGround.GOVERNMENT_FUNCTIONING,
    }
)
"""The ground that is proposed for each kind. A person changes it where the case asks for another."""

ADDRESSES = frozenset({Detail.MAIL_ADDRESS, Detail.OWN_ADDRESS, Detail.CHANNEL, Detail.KEY})
VALUES = frozenset({PrintedPart.FROM, PrintedPart.TO, PrintedPart.CC})


def propose(texts: Sequence[PrintedText], known: KnownToDesk) -> tuple[Mark, ...]:
    """Returns what is proposed for redaction in `texts`, the printed texts of all mails of one annex.

    The marks are sorted, do not overlap and are not empty. A name that one text introduces is found in all of them.
    """
    covers = [Cover() for _ in texts]
    introduced: list[list[TextSpan]] = []
    names = LearnedNames()
    for name in known.names:
        names.learn(person_of(name.split(), known.words))
    for text, cover in zip(texts, covers, strict=True):
        _add_numbers(text.text, cover, known)
        introduced.append(list(_introduced(text, cover, names, known)))
    found = _searched(texts, covers, names, known)
    for text, cover, own, others in zip(texts, covers, introduced, found, strict=True):
        cover.add(text.text, _united(own, others))
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
    found = [span for span in streets(text, known) if not known.is_public(text[span.start : span.end])]
    cover.add(text, found)
    codes = list(postcodes(text, known, found))
    cover.add(text, codes)
    cover.add(text, streets_above(text, codes))
    cover.add(text, telephones(text, known))
    cover.add(text, citizen_numbers(text, known))
    cover.add(text, tickets(text, known))


def _introduced(text: PrintedText, cover: Cover, names: LearnedNames, known: KnownToDesk) -> Iterator[TextSpan]:
    """Yields the names that a text introduces, and learns them; local parts of addresses are learned too."""
    addresses = [span for span in cover if span.detail in ADDRESSES and "@" in text.text[span.start : span.end]]
    introductions = Introductions(NameReader(text.text, known), addresses)
    for span in addresses:
        person = in_local_part(text.text[span.start : span.end], known) if span.detail is Detail.MAIL_ADDRESS else None
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


def _searched(
    texts: Sequence[PrintedText], covers: Sequence[Cover], names: LearnedNames, known: KnownToDesk
) -> list[list[TextSpan]]:
    """Returns the places of all names in each text; names found beside others are looked for once more."""
    found: list[list[TextSpan]] = []
    for last in (False, True):
        searches = [
            NameSearch(names, known, text.text, text.part, tuple(cover))
            for text, cover in zip(texts, covers, strict=True)
        ]
        found = [list(search.found()) for search in searches]
        discovered = [person for search in searches for person in search.discovered]
        if last or not discovered:
            break
        for person in discovered:
            names.learn(person)
    return found


def _united(own: Iterable[TextSpan], others: Iterable[TextSpan]) -> list[TextSpan]:
    """Returns places of names; those that overlap are one."""
    united: list[TextSpan] = []
    for span in sorted((*own, *others)):
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
