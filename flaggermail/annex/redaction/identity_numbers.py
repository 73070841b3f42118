# SPDX-License-Identifier: EUPL-1.2
"""Numbers that identify a person or an account and carry a check: IBAN (ISO 13616) and burgerservicenummer."""

from __future__ import annotations

import re
from collections.abc import Iterator

from flaggermail.annex.redaction.known import KnownToDesk
from flaggermail.annex.redaction.marks import Detail
from flaggermail.annex.redaction.spans import SPACES, TextSpan, fold

# Characters of an IBAN by country: IBAN registry of SWIFT, the registration authority of ISO 13616.
_LENGTHS = {
    "AD": 24, "AE": 23, "AL": 28, "AT": 20, "AZ": 28, "BA": 20, "BE": 16, "BG": 22, "BH": 22, "BR": 29, "BY": 28,
    "CH": 21, "CR": 22, "CY": 28, "CZ": 24, "DE": 22, "DK": 18, "DO": 28, "EE": 20, "EG": 29, "ES": 24, "FI": 18,
    "FO": 18, "FR": 27, "GB": 22, "GE": 22, "GI": 23, "GL": 18, "GR": 27, "GT": 28, "HR": 21, "HU": 28, "IE": 22,
    "IL": 23, "IQ": 23, "IS": 26, "IT": 27, "JO": 30, "KW": 30, "KZ": 20, "LB": 28, "LC": 32, "LI": 21, "LT": 20,
    "LU": 20, "LV": 21, "LY": 25, "MC": 27, "MD": 24, "ME": 22, "MK": 19, "MR": 27, "MT": 31, "MU": 30, "NL": 18,
    "NO": 15, "PK": 24, "PL": 28, "PS": 29, "PT": 25, "QA": 29, "RO": 24, "RS": 22, "SA": 24, "SC": 31, "SE": 24,
    "SI": 19, "SK": 24, "SM": 27, "ST": 25, "SV": 28, "TL": 23, "TN": 24, "TR": 26, "UA": 29, "VA": 22, "VG": 24,
    "XK": 20,
}  # fmt: skip
_IBAN_HEAD = re.compile(r"(?<![^\W_])([A-Za-z]{2})[ ]?\d{2}")
_GROUPED = f"{SPACES}.-\u2011"
_NINETY_SEVEN = 97

_CITIZEN_NUMBER = re.compile(
    rf"(?<![^\W_])(?<![.,+/#-])(?:\d{{8,9}}|\d{{3}}([.{SPACES}-])\d{{3}}\1\d{{3}}|\d{{4}}([.{SPACES}-])\d{{2}}\2\d{{3}}"
    rf"|\d{{2}}([.{SPACES}])\d{{3}}\3\d{{3}})(?![^\W_]|[/%@-]|[.,]\d)"
)
_WEIGHTS = (9, 8, 7, 6, 5, 4, 3, 2, -1)
_WORDS = re.compile(r"[^\W\d_]+")
_NEAR = 30  # characters before a number in which its word is
_AFTER = 12  # and behind it


def ibans(text: str) -> Iterator[TextSpan]:
    """Yields account numbers of the length of their country whose check digits hold (ISO 7064, mod 97-10)."""
    end = 0
    for match in _IBAN_HEAD.finditer(text):
        length = _LENGTHS.get(match[1].upper())
        stop = _end_of_iban(text, match.start(), length) if length and match.start() >= end else None
        if stop:
            end = stop
            yield TextSpan(match.start(), stop, Detail.IBAN)


def _end_of_iban(text: str, start: int, length: int) -> int | None:
    """Returns the end of the IBAN at `start`; None if what is there is none."""
    signs: list[str] = []
    at, gap = start, 0
    while at < len(text) and len(signs) < length:
        sign = text[at]
        if sign.isascii() and sign.isalnum():
            signs.append(sign)
            gap = 0
        elif sign in _GROUPED and not gap:
            gap = 1
        else:
            return None
        at += 1
    if len(signs) < length or (at < len(text) and text[at].isalnum()):
        return None
    moved = "".join((*signs[4:], *signs[:4]))
    return at if int("".join(str(int(sign, 36)) for sign in moved)) % _NINETY_SEVEN == 1 else None


def citizen_numbers(text: str, known: KnownToDesk) -> Iterator[TextSpan]:
    """Yields numbers of nine digits, or eight, that pass the check by eleven and that nothing else claims.

    Eight digits need the word ("BSN"): they are dates and references more often. Source: Wet algemene bepalingen
    burgerservicenummer, and the check as the Logisch ontwerp BRP describes it.
    """
    for match in _CITIZEN_NUMBER.finditer(text):
        digits = "".join(filter(str.isdigit, match[0]))
        if not passes_eleven(digits):
            continue
        before = [fold(word) for word in _WORDS.findall(_since_digit(text, match.start()))]
        named = any(word in known.words["citizen_number_words"] for word in before[-4:])
        grouped = len(digits) != len(match[0])
        if named or (len(digits) == len(_WEIGHTS) and not _is_other(text, match, before, known, grouped=grouped)):
            yield TextSpan(match.start(), match.end(), Detail.CITIZEN_NUMBER)


def passes_eleven(digits: str) -> bool:
    """True if eight or nine digits pass the check by eleven; eight are nine with a zero before them."""
    nine = digits.zfill(len(_WEIGHTS))
    total = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, nine, strict=True))
    return total % 11 == 0 and int(digits) > 0


def _since_digit(text: str, end: int) -> str:
    """Returns what is before a number, as far as the number before it."""
    before = text[max(0, end - _NEAR) : end]
    return re.split(r"\d", before)[-1]


def _is_other(text: str, match: re.Match[str], before: list[str], known: KnownToDesk, *, grouped: bool) -> bool:
    """True if a number is an amount, a telephone number or a reference by the words and signs beside it."""
    last = before[-1] if before else ""
    sign = text[max(0, match.start() - 2) : match.start()].strip()
    after = [fold(word) for word in _WORDS.findall(text[match.end() : match.end() + _AFTER])]
    if sign[-1:] in {"#", "\u20ac", "$", "\u00a3", "["} or (grouped and after and after[0] in known.words["units"]):
        return True
    words = known.language.reference_words | known.words["telephone_words"]
    numbered = last in known.language.number_words and len(before) > 1 and before[-2] in words
    return (
        last in words or numbered or last in known.words["units"] or (bool(after) and after[0] in known.words["units"])
    )
