# SPDX-License-Identifier: EUPL-1.2
"""References that another organisation's system writes into its mail: `[3-1220000]`, `Case #0012345`, `TT-123-ABC`.

No system and no form is listed. A reference is a run of digits, perhaps with letters, with a mark beside it: a number
sign, brackets, a word such as "case" (rules/mail-language.yaml), or capitals and hyphens. What is a date, a time, a
year, a telephone number, an amount, an address of a machine, a version or a case number of ours is none.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from enum import StrEnum

from flaggermail.mail.case_numbers import without_numbers
from flaggermail.mail.vocabulary import Language, folded, without_invisible

MOST = 5
"""References taken from a subject, and from the lines of a text. An answer bears one; a longer list is a guess."""
_LOOK = 1_000  # characters of a subject that are read
_LINES, _LONGEST_LINE, _WORDS_BESIDE = 100, 60, 4  # lines of a text that are read; characters and further words of one
_LONGEST = 60  # characters of a reference
_NEAR = 60  # characters before a reference in which its mark is

_DIGITS = re.compile(r"[0-9]+")
_TOKEN = re.compile(r"[A-Za-z0-9]+(?:[-_/][A-Za-z0-9]+)*")
# Salesforce: "ref:_00Dxx0gEq._500xx1AbC:ref", since 2023 "thread::AbC-1dEf2::".
_FRAMED = re.compile(r"(?<![^\W_])(?:ref:[ ]?[!._A-Za-z0-9]{6,64}[ ]?:ref|thread::[\w.+/=-]{6,64}::)(?![^\W_])")
_OPENS, _CLOSES = r"\[({<\u3010", r"\])}>\u3011"
_FREE_BEFORE = re.compile(rf"(?:^|[\s{_OPENS}\"'#:,;|])$")
_FREE_AFTER = re.compile(rf"(?:$|[\s{_CLOSES}\"'#;|!?\u2013\u2014]|[.,:](?!\d))")
_AMOUNT_BEFORE = re.compile(r"\d[.,:]$")
_HASH = re.compile(rf"(?:^|[\s{_OPENS}\"',;:|>])[^\W\d_]{{0,24}}#{{1,3}}:?[ ]?$")
_WORDS = re.compile(r"[^\W\d_]+")
_GAP = re.compile(r"\.?[ ]?[:=-]?[ ]{0,2}")  # between a word and its reference
_BETWEEN = re.compile(r"[.]?[ -]")  # between "case" and "number"
_BRACKET = re.compile(rf"(?:^|[^\w{_OPENS}])[{_OPENS}]{{1,3}}[ ]?$")  # not "Re[12345]:"
_CLOSED = re.compile(rf"[ ]?[{_CLOSES}]")
_OPENED = re.compile(rf"[{_OPENS}][^{_OPENS}{_CLOSES}]*$")
_HYPHENS = str.maketrans("\u2010\u2011\u2012\u2212", "----")
_YEAR = re.compile(r"(?:19|20)\d\d")
_DAY = r"(?:0[1-9]|[12]\d|3[01])"
_MONTH = r"(?:0[1-9]|1[0-2])"
_DATE = re.compile(rf"(?:19|20)\d\d{_MONTH}{_DAY}|{_DAY}{_MONTH}(?:19|20)\d\d")
_CODE = re.compile(r"[A-Z]{1,10}(?:[-_](?:[A-Z]{1,10}|\d{1,20})){1,5}|[A-Z]{2,5}\d{6,20}")  # "TT-123-ABC", "INC0012345"
_ZONE = re.compile(r"(?:GMT|UTC)-\d{4}")
_TELEPHONE = re.compile(r"0(?:\D?\d){8,}")
_ROUND = re.compile(r"[1-9]\d{0,2}(?:000)+")  # an amount
_SHORT, _LONG = 3, 5  # digits in a row beside a strong mark, and beside a weak one
_MOST_GROUPS = 2  # of digits alone: "555-123-4567" is a telephone number, "3-1220000" is a reference


class ReferenceMark(StrEnum):
    """What marks a reference."""

    HASH = "hash"  # "#123", "##123##", "Case# 123", "[Ticket#123]"
    NAMED = "named"  # the whole of a bracket or line, behind a word: "{TICKET:123}"
    WORD = "word"  # behind a word in running text: "Your case 12345 was closed"
    BRACKET = "bracket"  # alone in a bracket: "[3-1220000]"
    CODE = "code"  # nothing but its own form: "TT-123-ABC"


def in_subject(subject: str, prefix: str, language: Language) -> tuple[str, ...]:
    """Returns at most `MOST` references in a subject, in order, without repeats and without our own numbers (`prefix`).

    Digits alone are returned with a number sign, whatever marked them, and letters in capitals: a system that writes
    one reference in two forms means the same.
    """
    text = subject[:_LOOK]
    return tuple(dict.fromkeys(_found(text, prefix, language, line=False)))[:MOST] if _has_digit(text) else ()


def on_lines(text: str, prefix: str, language: Language) -> tuple[str, ...]:
    """Returns at most `MOST` references that end a short line of `text`, which is what the sender wrote themselves.

    A code that only its own form marks does not count there: signatures hold such numbers.
    """
    short = (line.strip() for line in text.split("\n", _LINES)[:_LINES] if _has_digit(line[:_LONGEST_LINE]))
    lines = (line for line in short if len(line) <= _LONGEST_LINE and len(line.split()) <= _WORDS_BESIDE + 2)
    found = (one for line in lines for one in _found(line, prefix, language, line=True))
    return tuple(dict.fromkeys(found))[:MOST]


def is_year(reference: str) -> bool:
    """True for a year, with or without a number sign: "#2024" is a word that people search for."""
    return _YEAR.fullmatch(reference.strip("# ")) is not None


def _found(text: str, prefix: str, language: Language, *, line: bool) -> Iterator[str]:
    """Yields the references in a subject or `line`."""
    plain = unicodedata.normalize("NFKC", without_invisible(text))
    plain = (without_numbers(plain, prefix) if prefix.lower() in plain.lower() else plain).translate(_HYPHENS)
    if ":" in plain:
        for match in _FRAMED.finditer(plain):
            yield match[0].replace(" ", "")
        plain = _FRAMED.sub(" ", plain)
    for match in _TOKEN.finditer(plain):
        token, before, after = match[0], plain[max(0, match.start() - _NEAR) : match.start()], plain[match.end() :][:2]
        if len(token) > _LONGEST or _digits_in_a_row(token) < _SHORT or not _is_free(before, after):
            continue
        if line and not _closes_line(plain, match):
            continue
        mark = _mark(before, after, language, whole=line)
        if _is_reference(token, mark) and not (line and mark is ReferenceMark.CODE):
            yield f"#{token}" if token.isdecimal() else token.upper()


def _has_digit(text: str) -> bool:
    return _DIGITS.search(text) is not None


def _closes_line(line: str, match: re.Match[str]) -> bool:
    """True if a token ends its line, apart from marks, and few words stand before it."""
    return not any(map(str.isalnum, line[match.end() :])) and len(line[: match.start()].split()) <= _WORDS_BESIDE


def _is_free(before: str, after: str) -> bool:
    """True if a token is no part of something longer: an address, a number with a point, a percentage."""
    return bool(_FREE_BEFORE.search(before[-1:]) and _FREE_AFTER.match(after)) and not _AMOUNT_BEFORE.search(before)


def _mark(before: str, after: str, language: Language, *, whole: bool) -> ReferenceMark:
    """Returns the strongest mark beside a token; `whole`: nothing but its name stands on its line."""
    if "#" in before[-3:] and _HASH.search(before):
        return ReferenceMark.HASH
    closed = _CLOSED.match(after) is not None
    if _is_named(before, language):
        opened = _OPENED.search(before)
        within = opened is not None and closed and len(opened[0].split()) <= _WORDS_BESIDE
        return ReferenceMark.NAMED if whole or within else ReferenceMark.WORD
    return ReferenceMark.BRACKET if closed and _BRACKET.search(before) else ReferenceMark.CODE


def _is_named(before: str, language: Language) -> bool:
    """True if a word for references stands before a token: "case", "case number", "Ref. no.:"."""
    words = list(_WORDS.finditer(before))
    if not words or not _GAP.fullmatch(before, words[-1].end()):
        return False
    last = folded(words[-1][0])
    if last not in language.number_words:
        return last in language.reference_words
    near = len(words) > 1 and _BETWEEN.fullmatch(before, words[-2].end(), words[-1].start())
    return bool(near) and folded(words[-2][0]) in language.reference_words


def _digits_in_a_row(token: str) -> int:
    """Returns the length of the longest run of digits that is neither a year nor a date."""
    runs = (run for run in _DIGITS.findall(token) if not _YEAR.fullmatch(run) and not _DATE.fullmatch(run))
    return max(map(len, runs), default=0)


def _is_reference(token: str, mark: ReferenceMark) -> bool:
    """True if a token of `_SHORT` digits or more with this mark is a reference, and nothing else that has digits."""
    longest = _digits_in_a_row(token)
    if mark is ReferenceMark.NAMED:
        return True
    if mark is ReferenceMark.CODE:
        return _CODE.fullmatch(token) is not None and not _ZONE.fullmatch(token)
    groups = re.split(r"[-_/]", token)
    if all(map(str.isdigit, groups)):
        if mark is ReferenceMark.HASH:
            return True
        other = _TELEPHONE.fullmatch(token) or _ROUND.fullmatch(token) or len(groups) > _MOST_GROUPS
        return longest >= _LONG and not (mark is ReferenceMark.BRACKET and other)
    return longest >= _LONG or (len(groups) > 1 and token == token.upper())
