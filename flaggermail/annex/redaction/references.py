# SPDX-License-Identifier: EUPL-1.2
"""Numbers of a platform's tickets, and our own keys: tokens and the tails of case numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator

from flaggermail.annex.redaction.known import KnownToDesk
from flaggermail.annex.redaction.marks import Detail
from flaggermail.annex.redaction.spans import SPACES, TextSpan
from flaggermail.mail.subject import tail_places

# Salesforce: "ref:_00Dxx0gEq._500xx1AbC:ref", since 2023 "thread::AbC-1dEf2::".
_FRAMED = re.compile(r"(?<![^\W_])(?:ref:[ ]?[!._A-Za-z0-9]{6,64}[ ]?:ref|thread::[\w.+/=-]{6,64}::)(?![^\W_])")
_HASH = re.compile(r"(?<![\w&/])#{1,3}[ ]?(?=[\w-]{0,40}\d{4})[A-Za-z0-9][\w-]{2,40}")
_BRACKET = re.compile(r"(?<=[\[{(])[ ]?(?:[A-Za-z]{1,10}[-_:#]{1,2})?\d[\d-]{4,24}(?=[ ]?[\]})])")
_CODE = re.compile(r"(?<![^\W_])(?<![/@.-])(?:[A-Z]{2,10}[-_]\d{4,20}|[A-Z]{2,5}\d{6,20})(?![^\W_]|[@-]|\.\w)")
_VALUE = r"(?=[\w#/-]{0,40}\d)#?[A-Za-z0-9](?:[A-Za-z0-9]|[-_/](?=[A-Za-z0-9])){2,40}"
_YEAR = re.compile(r"#?(?:19|20)\d\d(?:[-/]\d{1,4}){0,2}")
_TELEPHONE = re.compile(r"[+(]?0(?!00)\d(?:\D?\d){8,}")
_TOKEN = re.compile(r"(?<![0-9a-z])(?:vf\.)?[0-9a-f]{32}(?:\.\d{1,6})?(?![0-9a-z])", re.IGNORECASE)
_DATE = re.compile(r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])")
_OF_PARLIAMENT = re.compile(
    r"(?:19|20)\d\d[ZDz]\d{4,6}|kst-?\d{5}.*|\d{2}[ ]?\d{3}(?:-[IVXLC]+)?(?:-\d{1,4})?", re.IGNORECASE
)
_OF_STATE = re.compile(r"(?:19|20)\d\d-0000\d{6}")  # a letter of a ministry
_CAPITALS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_DIGITS = 3  # of a reference behind a word


def tickets(text: str, known: KnownToDesk) -> Iterator[TextSpan]:
    """Yields references of other organisations' systems; none is a case number of ours, a year or a date."""
    for pattern in (_FRAMED, _HASH, _BRACKET, _CODE, _behind_words(known)):
        for match in pattern.finditer(text):
            start, end = match.span(1) if pattern.groups else match.span()
            value = text[start:end].strip()
            if pattern is _FRAMED or _is_reference(value, known):
                yield TextSpan(start, end, Detail.TICKET)


def _behind_words(known: KnownToDesk) -> re.Pattern[str]:
    """Matches "Case 00012345", "Ticket ID: ABC-123", "zaaknummer 12345"."""
    words = "|".join(
        map(re.escape, sorted(known.language.reference_words | known.words["ticket_words"], key=len, reverse=True))
    )
    numbers = "|".join(map(re.escape, sorted(known.language.number_words, key=len, reverse=True)))
    gap = rf"[.]?[{SPACES}]?[:=#-]?[{SPACES}]{{0,2}}"
    return re.compile(rf"(?<!\w)(?:{words})(?:[ -]?(?:{numbers})(?!\w))?{gap}({_VALUE})(?![\w@#]|\.\w)", re.IGNORECASE)


def _is_reference(value: str, known: KnownToDesk) -> bool:
    bare = value.lstrip("# ")
    digits = sum(map(str.isdigit, bare))
    if _DATE.fullmatch(bare.lstrip(_CAPITALS).lstrip("-_")):  # "IMG_20240605"
        return False
    if digits < _DIGITS or _YEAR.fullmatch(bare) or _DATE.fullmatch(bare) or _TELEPHONE.fullmatch(bare):
        return False
    if _OF_PARLIAMENT.fullmatch(bare) or _OF_STATE.fullmatch(bare):
        return False
    ours = bare.casefold().startswith(f"{known.prefix.casefold()}-") if known.prefix else False
    return not ours and not bare.casefold().startswith("cve-")


def keys(text: str, known: KnownToDesk) -> Iterator[TextSpan]:
    """Yields our tokens, and the tails of our case numbers with the dash before them; the numbers stay."""
    for match in _TOKEN.finditer(text):
        yield TextSpan(*match.span(), Detail.KEY)
    if known.prefix:
        for start, end in tail_places(text, known.prefix, known.tails):
            yield TextSpan(start, end, Detail.TAIL)
