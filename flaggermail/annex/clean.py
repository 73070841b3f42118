# SPDX-License-Identifier: EUPL-1.2
"""The text of a mail as an annex prints it: without characters that a reader cannot see, and each mail only once.

Pure: the same mail gives the same text.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from flaggermail.mail.vocabulary import is_invisible

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
