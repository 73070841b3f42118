# SPDX-License-Identifier: EUPL-1.2
"""Places in one text, the words of a text, and the form in which two words are compared."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from flaggermail.annex.redaction.marks import Detail

SHORT = 2  # letters: initials, and small words that are in every text
LONGEST_WORD = 60
"""Characters of a word that may be a name; normalising takes time quadratic in the length of a run of accents."""

APOSTROPHES = "'\u2019\u2018`\u00b4"
SPACES = " \u00a0\u202f\u2009\t"
HYPHENS = "\\-\u2010\u2011"  # in a class of characters

_LETTER = r"[^\W\d_]"
_WORD = re.compile(
    rf"(?<![^\W_])(?<![{APOSTROPHES}])[{APOSTROPHES}](?:[tnsTNS])(?![^\W_])"  # 't, 'n
    rf"|{_LETTER}(?:{_LETTER}|[{APOSTROPHES}](?={_LETTER})|[\u0300-\u036f])*"
)
_HUMP = re.compile(r"(?<=[a-z\u00df-\u00ff])(?=[A-Z\u00c0-\u00de])")
_UNDECOMPOSED = str.maketrans(
    {"\u0142": "l", "\u00f8": "o", "\u00df": "ss", "\u0131": "i", "\u00e6": "ae", "\u0153": "oe", "\u0111": "d"}
)
_SIGNS = re.compile(rf"[{APOSTROPHES}{HYPHENS}]")
_ACCENTS = re.compile(r"[\u0300-\u036f]+")


class TextSpan(NamedTuple):
    """A place in a text and what kind of detail it holds."""

    start: int
    end: int
    detail: Detail


class Word(NamedTuple):
    """A word of a text: letters, with apostrophes between them."""

    start: int
    end: int
    text: str

    @property
    def folded(self) -> str:
        """The form in which it is compared."""
        return fold(self.text)

    @property
    def capital(self) -> bool:
        """True if it begins with a capital."""
        return self.text[0].isupper()

    @property
    def initial(self) -> bool:
        """True if it is one capital letter."""
        return len(self.text) == 1 and self.text.isupper()


@lru_cache(maxsize=65536)
def fold(word: str) -> str:
    """Returns a word without capitals, accents, apostrophes and hyphens; a word too long for a name unchanged."""
    if len(word) > LONGEST_WORD:
        return word
    small = word.casefold()
    if not small.isascii():
        small = _ACCENTS.sub("", unicodedata.normalize("NFKD", small.translate(_UNDECOMPOSED)))
    return _SIGNS.sub("", small)


def words_of(text: str, start: int = 0, end: int | None = None, *, humps: bool = False) -> Iterator[Word]:
    """Yields the words between `start` and `end`; with `humps`, "deVries" is two words."""
    for match in _WORD.finditer(text, start, len(text) if end is None else end):
        if not humps or len(match[0]) > LONGEST_WORD:
            yield Word(match.start(), match.end(), match[0])
            continue
        at = match.start()
        for part in _HUMP.split(match[0]):
            yield Word(at, at + len(part), part)
            at += len(part)


def starts_sentence(text: str, at: int) -> bool:
    """True if the word at `at` begins a sentence, a line of a list, or the text. A wrapped line is none of these."""
    near = text[max(0, at - _LOOK) : at]
    before = near.rstrip(f"{SPACES}\r\n>|*\"'\u2018\u201c(")
    return not before or near[len(before) :].count("\n") > 1 or before[-1] in ".!?:\u2026-\u2022\u2013"


_LOOK = 40  # characters before a word


def _longest_first(span: TextSpan) -> tuple[int, int]:
    return span.start, -span.end


class Cover:
    """Places of one text that do not overlap. What is added later yields to what is there, and keeps the rest."""

    def __init__(self) -> None:
        """Nothing is covered."""
        self._starts: list[int] = []
        self._spans: list[TextSpan] = []

    def add(self, text: str, spans: Iterable[TextSpan]) -> None:
        """Adds the parts of `spans` that are free, less white space and marks at their ends."""
        free = [part for span in sorted(spans, key=_longest_first) for part in self._free(span)]
        kept: list[TextSpan] = []
        for start, stop, detail in free:
            end, begin = stop, max(start, kept[-1].end) if kept else start
            while begin < end and not (text[begin].isalnum() or text[begin] in _KEPT_FIRST):
                begin += 1
            while end > begin and not (text[end - 1].isalnum() or text[end - 1] in _KEPT_LAST):
                end -= 1
            if begin < end:
                kept.append(TextSpan(begin, end, detail))
        self._spans = sorted((*self._spans, *kept))
        self._starts = [span.start for span in self._spans]

    def _free(self, span: TextSpan) -> Iterator[TextSpan]:
        """Yields what is left of `span` beside the places that are covered."""
        at = span.start
        first = max(0, bisect_right(self._starts, at) - 1)
        for taken in self._spans[first : bisect_left(self._starts, span.end)]:
            if taken.start > at:
                yield TextSpan(at, taken.start, span.detail)
            at = max(at, taken.end)
        if at < span.end:
            yield TextSpan(at, span.end, span.detail)

    def unite(self, text: str, ranges: Sequence[tuple[int, int]], between: re.Pattern[str]) -> None:
        """Makes one place of neighbours within one of `ranges`, in order, with only `between` in the gap.

        Only what identifies a person is united; closing brackets behind the last one belong to it.
        """
        united: list[TextSpan] = []
        ends = [end for _, end in ranges]
        for span in self._spans:
            last = united[-1] if united else None
            index = bisect_left(ends, span.end)
            inside = last is not None and index < len(ranges) and ranges[index][0] <= last.start
            if (
                last
                and inside
                and {last.detail, span.detail} <= _OF_A_PERSON
                and between.match(text, last.end, span.start)
            ):
                stop = span.end
                while stop < ends[index] and text[stop] in ">\"'":
                    stop += 1
                united[-1] = TextSpan(last.start, stop, Detail.NAME)
            else:
                united.append(span)
        self._spans = united
        self._starts = [span.start for span in united]

    def __iter__(self) -> Iterator[TextSpan]:
        """Yields the places in order."""
        return iter(self._spans)


_KEPT_FIRST = "+@([#_-\u2018'\u2019"
_KEPT_LAST = ").]_'\u2019/=#"
_OF_A_PERSON = frozenset({Detail.NAME, Detail.MAIL_ADDRESS})
