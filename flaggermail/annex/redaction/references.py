# SPDX-License-Identifier: EUPL-1.2
"""Numbers of a platform's tickets, our own keys, licence plates, and addresses of the internet (RFC 791, RFC 4291)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import AddressValueError, IPv4Address, IPv4Network, IPv6Address, IPv6Network

from flaggermail.annex.redaction.identity_numbers import behind_words
from flaggermail.annex.redaction.known import KnownToDesk
from flaggermail.annex.redaction.marks import Detail
from flaggermail.annex.redaction.spans import SPACES, TextSpan, fold
from flaggermail.mail.case_numbers import tail_places

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
    """Yields references of other organisations' systems, except our case numbers, years and dates."""
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


# The series of the RDW, the Dutch vehicle authority: L is a letter, 9 a digit.
_SERIES = frozenset(
    {"LL9999", "9999LL", "99LL99", "LL99LL", "LLLL99", "99LLLL", "99LLL9", "9LLL99", "LL999L", "L999LL", "LLL99L",
     "L99LLL", "9LL999", "999LL9"}
)  # fmt: skip
_GROUPS = frozenset({"2-2-2", "2-3-1", "1-3-2", "3-2-1", "1-2-3"})
_GROUP = r"(?:[A-Z]{1,3}|[a-z]{1,3}|\d{1,3})"
_PLATE = re.compile(rf"(?<![^\W_])(?=({_GROUP}([-\u2010\u2011.{SPACES}]){_GROUP}\2{_GROUP})(?![^\W_]))")
_JOINED = re.compile(r"(?<![^\W_])(?<!\w-)(?=([A-Z\d]{6}|[a-z\d]{6})(?![^\W_]))")
_PLATE_LENGTH = 6
_VOWELS = frozenset("AEIOUCQMWY")  # letters that current series do not have

_FOUR = re.compile(r"(?<![^\W_])(?<![.-])(?:\d{1,3}\.){3}\d{1,3}(?![^\W_]|-|\.\d)")
_SIX = re.compile(r"(?<![\w:.])(?=[0-9A-Fa-f:]{0,5}:)[0-9A-Fa-f:]{6,39}(?![\w:])")
_COLONS = 3
_HOME = (
    IPv4Network("0.0.0.0/8"), IPv4Network("10.0.0.0/8"), IPv4Network("127.0.0.0/8"), IPv4Network("169.254.0.0/16"),
    IPv4Network("172.16.0.0/12"), IPv4Network("192.168.0.0/16"), IPv4Network("224.0.0.0/3"),
)  # fmt: skip
"""Of a network at home or of a machine itself: thousands have the same."""
_HOME_SIX = (IPv6Network("::/8"), IPv6Network("fc00::/7"), IPv6Network("fe80::/10"), IPv6Network("ff00::/8"))
_WORD = re.compile(r"[^\W\d_]+")


def licence_plates(text: str, known: KnownToDesk) -> Iterator[TextSpan]:
    """Yields Dutch licence plates: with their hyphens anywhere, otherwise behind a word such as "kenteken"."""
    named = list(behind_words(text, known.words, "plate_words"))
    at = last = 0
    for match in sorted((*_PLATE.finditer(text), *_JOINED.finditer(text)), key=re.Match[str].start):
        written = match[1]
        letters = "".join(filter(str.isalnum, written))
        if match.start() < last or len(letters) != _PLATE_LENGTH or not _is_series(written, letters):
            continue
        while at < len(named) and named[at][1] < match.end(1):
            at += 1
        behind = at < len(named) and named[at][0] <= match.start()
        if (behind and not (written.islower() and " " in written)) or _is_plate(written, known):
            last = match.end(1)
            yield TextSpan(*match.span(1), Detail.LICENCE_PLATE)


def _is_series(written: str, letters: str) -> bool:
    """True if letters, all capitals or all small, and digits stand as in a series, and the groups if there are any."""
    if not (letters.isupper() or letters.islower()):
        return False
    groups = "-".join(str(len(group)) for group in re.split(rf"[-\u2010\u2011.{SPACES}]", written) if group)
    series = "".join("9" if sign.isdigit() else "L" for sign in letters)
    return series in _SERIES and (groups in _GROUPS or groups == str(_PLATE_LENGTH))


def _is_plate(written: str, known: KnownToDesk) -> bool:
    """True without a word: capitals with hyphens, no abbreviation before four digits; else letters of today alone."""
    letters = "".join(filter(str.isalpha, written))
    if not letters.isupper():
        return False
    four = len(letters) == len("TK") and (written[:2] == letters or written[-2:] == letters)  # "TK-12-34"
    if any(sign in written for sign in "-\u2010\u2011"):
        return not (four and fold(letters) in known.words["never"])
    return not (four and written.isalnum()) and not _VOWELS & set(letters)


def internet_addresses(text: str, known: KnownToDesk) -> Iterator[TextSpan]:
    """Yields addresses of version 4 and 6, apart from those of a network at home and from numbers of versions."""
    for match in _FOUR.finditer(text):
        octets = [int(part) for part in match[0].split(".")]
        if max(octets) < 1 << 8 and not _is_version(text, match.start(), known):
            address = IPv4Address(bytes(octets))
            if not any(address in network for network in _HOME):
                yield TextSpan(*match.span(), Detail.IP_ADDRESS)
    for match in _SIX.finditer(text):
        if match[0].count(":") >= _COLONS and _is_six(match[0]):
            yield TextSpan(*match.span(), Detail.IP_ADDRESS)


def _is_version(text: str, start: int, known: KnownToDesk) -> bool:
    words = _WORD.findall(text[max(0, start - 16) : start])
    return bool(words) and fold(words[-1]) in known.words["version_words"]


def _is_six(written: str) -> bool:
    try:
        address = IPv6Address(written)
    except AddressValueError:
        return False
    return not any(address in network for network in _HOME_SIX)
