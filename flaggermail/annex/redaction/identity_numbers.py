# SPDX-License-Identifier: EUPL-1.2
"""Numbers that identify a person or an account and carry a check: IBAN (ISO 13616) and burgerservicenummer."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from flaggermail.annex.redaction.known import KnownToDesk, RedactionWords
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


_NEAR_WORD = 40  # characters behind the word
_WORDS_BETWEEN = 6
_TOKEN = re.compile(r"[^\W_](?:[^\W_]|[.-](?=[^\W_]))*")
_SENTENCE_ENDS = re.compile(r"[!?;]|\.(?=\s+[^\W\d_a-z])|(?<=[^\W\d_]{4})\.(?=\s)|\n\s*\n")
_YEAR = re.compile(r"(?:19|20)\d\d")
_DOCUMENT, _STAFF = range(6, 16), range(4, 13)  # letters and digits
_FEWEST_DIGITS = 2
_DAY_FIRST = r"\d{1,2}(?P<sign>[-/. ])\d{1,2}(?P=sign)(?:\d{4}|\d{2})"
_YEAR_FIRST = r"(?:19|20)\d\d[-/.]\d{1,2}[-/.]\d{1,2}"


def birth_dates(text: str, known: KnownToDesk) -> Iterator[TextSpan]:
    """Yields dates behind "geboren", "date of birth": in figures, with the name of the month, or the year alone."""
    date = _date(known.words)
    for end, stop in behind_words(text, known.words, "birth_words"):
        found = date.search(text, end, stop)
        if found:
            yield TextSpan(*found.span(), Detail.BIRTH_DATE)


@lru_cache(maxsize=4)
def _date(words: RedactionWords) -> re.Pattern[str]:
    months = "|".join(map(re.escape, words.sorted_lists["month_names"])) or "may"
    year = r"(?:19|20)\d\d"
    named = rf"\d{{1,2}}(?:e|ste|de|st|nd|rd|th)?[{SPACES}](?:of[ ])?(?:{months})\.?"
    named += rf"(?:,?[{SPACES}](?:{year}|['\u2019]?\d\d))?"
    turned = rf"(?:{months})\.?[{SPACES}]\d{{1,2}}(?:st|nd|rd|th)?(?:,?[{SPACES}]{year})?"
    return re.compile(rf"(?<!\w)(?:{_YEAR_FIRST}|{_DAY_FIRST}|{named}|{turned}|{year})(?!\w)", re.IGNORECASE)


def document_numbers(text: str, known: KnownToDesk) -> Iterator[TextSpan]:
    """Yields numbers of passports, identity cards, driving licences and the like behind their word."""
    return _numbers(text, known, "document_words", Detail.DOCUMENT_NUMBER, _DOCUMENT)


def staff_numbers(text: str, known: KnownToDesk) -> Iterator[TextSpan]:
    """Yields numbers of members of staff, and of others that an organisation numbers, behind their word."""
    return _numbers(text, known, "staff_words", Detail.STAFF_NUMBER, _STAFF)


def _numbers(text: str, known: KnownToDesk, name: str, detail: Detail, lengths: range) -> Iterator[TextSpan]:
    for end, stop in behind_words(text, known.words, name):
        for number, match in enumerate(_TOKEN.finditer(text, end, stop)):
            signs = [sign for sign in match[0] if sign.isalnum()]
            digits = sum(map(str.isdigit, signs))
            if digits >= _FEWEST_DIGITS and len(signs) in lengths and not _is_date(match[0]):
                yield TextSpan(*match.span(), detail)
                break
            if number >= _WORDS_BETWEEN or digits:
                break


def _is_date(token: str) -> bool:
    return bool(re.fullmatch(rf"{_DAY_FIRST}|{_YEAR_FIRST}|{_YEAR.pattern}", token))


def behind_words(text: str, words: RedactionWords, name: str) -> Iterator[tuple[int, int]]:
    """Yields where what is behind a word of a list begins, and how far it goes: to the end of the sentence."""
    for match in _phrases(words, name).finditer(text):
        stop = min(len(text), match.end() + _NEAR_WORD)
        ended = _SENTENCE_ENDS.search(text, match.end(), stop)
        yield match.end(), ended.start() if ended else stop


@lru_cache(maxsize=16)
def _phrases(words: RedactionWords, name: str) -> re.Pattern[str]:
    """Returns what matches a word of a list, whole; a point behind it is part of it, and so is a plural."""
    phrases = "|".join(re.escape(phrase).replace(r"\ ", r"[ -]?") for phrase in words.sorted_lists[name])
    return re.compile(rf"(?<![^\W_])(?:{phrases or '(?!)'})(?![^\W_])(?:\.(?!\s+(?-i:[^\W\d_a-z])))?", re.IGNORECASE)


_NUMBERS = frozenset(
    {
        Detail.TELEPHONE, Detail.IBAN, Detail.CITIZEN_NUMBER, Detail.TICKET, Detail.LICENCE_PLATE,
        Detail.DOCUMENT_NUMBER, Detail.STAFF_NUMBER, Detail.CHANNEL, Detail.OWN_ADDRESS,
    }
)  # fmt: skip
_CALLED = frozenset({Detail.TELEPHONE, Detail.CHANNEL, Detail.OWN_ADDRESS})
_SHORTEST = 5  # letters and digits of a number that is looked for
_NATIONAL = 9  # digits of a telephone number that are compared; the rest is the country's code or a zero
_MOST_CALLED = 13
_NUMBER_TOKEN = re.compile(r"[A-Za-z0-9]+")
_GAP = re.compile(r"[^\w\n]{0,3}|_")
_TOGETHER = 8  # groups of a number
_LONGEST = 34  # letters and digits, an IBAN


@dataclass
class SeenNumbers:
    """The numbers that are marked anywhere in an annex, reduced to letters and digits."""

    whole: dict[str, Detail] = field(default_factory=dict)
    called: dict[str, Detail] = field(default_factory=dict)  # the last digits of telephone numbers

    def see(self, text: str, spans: Iterable[TextSpan]) -> None:
        """Adds the numbers among the marked places of a text."""
        for span in spans:
            written = text[span.start : span.end]
            if span.detail not in _NUMBERS or "@" in written:
                continue
            signs = "".join(_NUMBER_TOKEN.findall(written)).upper()
            digits = "".join(filter(str.isdigit, signs))
            if span.detail in _CALLED and len(digits) >= _NATIONAL:
                self.called.setdefault(digits[-_NATIONAL:], span.detail)
            elif len(signs) >= _SHORTEST and digits:
                self.whole.setdefault(signs, span.detail)

    def repeats(self, text: str) -> Iterator[TextSpan]:
        """Yields where the same letters and digits occur in a text, in any grouping."""
        if not self.whole and not self.called:
            return
        tokens = list(_NUMBER_TOKEN.finditer(text))
        for first, token in enumerate(tokens):
            signs = ""
            for last in range(first, min(first + _TOGETHER, len(tokens))):
                if last > first and not _GAP.fullmatch(text, tokens[last - 1].end(), tokens[last].start()):
                    break
                signs += tokens[last][0].upper()
                if len(signs) > _LONGEST:
                    break
                detail = self._detail(signs)
                if detail:
                    yield TextSpan(token.start(), tokens[last].end(), detail)

    def _detail(self, signs: str) -> Detail | None:
        if signs in self.whole:
            return self.whole[signs]
        called = signs.isdigit() and _NATIONAL <= len(signs) <= _MOST_CALLED
        return self.called.get(signs[-_NATIONAL:]) if called else None
