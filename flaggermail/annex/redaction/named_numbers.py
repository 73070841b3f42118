# SPDX-License-Identifier: EUPL-1.2
"""Dates of birth, and numbers of documents and of staff: what identifies a person by the word before it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from flaggermail.annex.redaction.known import KnownToDesk, RedactionWords
from flaggermail.annex.redaction.marks import Detail
from flaggermail.annex.redaction.spans import SPACES, TextSpan

_NEAR = 40  # characters behind the word
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
        stop = min(len(text), match.end() + _NEAR)
        ended = _SENTENCE_ENDS.search(text, match.end(), stop)
        yield match.end(), ended.start() if ended else stop


@lru_cache(maxsize=16)
def _phrases(words: RedactionWords, name: str) -> re.Pattern[str]:
    """Returns what matches a word of a list, whole; a point behind it is part of it, and so is a plural."""
    phrases = "|".join(re.escape(phrase).replace(r"\ ", r"[ -]?") for phrase in words.sorted_lists[name])
    return re.compile(rf"(?<![^\W_])(?:{phrases or '(?!)'})(?![^\W_])(?:\.(?!\s+(?-i:[^\W\d_a-z])))?", re.IGNORECASE)
