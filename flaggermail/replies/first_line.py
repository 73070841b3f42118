# SPDX-License-Identifier: EUPL-1.2
"""A line of a reply as its reader sees it, and the same line as the patterns of `phrases` match it.

Only what cannot change the meaning is evened out: capitals, accents, invisible characters, full-width signs, marks
around the line, emoji that say yes or nothing. Whatever else a line holds stays in it, and then no pattern matches:
struck-through or decorated letters, letters of another script, quotation marks around a part of it, a doubting face.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Self

_CHUNK = 256  # characters: normalising takes time quadratic in the length of a run of accents
_DECORATED = ("<font>", "<circle>", "<super>", "<sub>", "<square>")  # compatibility forms that look unlike the letter
_UNSEEN = frozenset({"Cf", "Cc", "Mn"})
_OVERLAY = 1  # the combining class of strokes through a letter: the word is crossed out
_BULLETS = (
    "\u2022\u00b7\u25aa\u25e6\u25cf\u2023\uf0b7\uf0a7"  # the last two: Outlook's, in the font Symbol or Wingdings
)
_AROUND = f" *_'\"`\u2018\u2019\u201c\u201d\u201e\u00ab\u00bb()[]{{}}{_BULLETS}"
_DASHES = frozenset("\u2010\u2011\u2012\u2013\u2014\u2212")
_APOSTROPHES = frozenset("\u2018\u2019\u02bc`\u00b4")
_QUOTES = frozenset("\u201c\u201d\u201e\u00ab\u00bb")
# Blocks of faces and gestures, of which `_FRIENDLY` alone are taken for a yes or for nothing.
_FACES = ((0x1F600, 0x1F64F), (0x1F90C, 0x1F93E), (0x1F970, 0x1F97A), (0x1F9D0, 0x1F9DF), (0x1FAE0, 0x1FAE9))
_FRIENDLY = frozenset(
    "\U0001f600\U0001f601\U0001f603\U0001f604\U0001f605\U0001f606\U0001f607\U0001f609\U0001f60a\U0001f60c\U0001f60e"
    "\U0001f642\U0001f64b\U0001f64c\U0001f64f\U0001f917\U0001f929\U0001f973\U0001f91d\U0001fae1"
)
# Thumbs down, crosses, prohibition, stop, raised hands, questions, repeat, return, warning, slow, sleep, broken, end.
_DOUBTING = frozenset(
    "\U0001f44e\U0001f593\u274c\u274e\u2716\u2717\u2718\u2612\U0001f5d9\U0001f6ab\u26d4\U0001f6d1\U0001f6b7\u270b"
    "\U0001f590\U0001f595\u2753\u2754\U0001f501\U0001f502\U0001f503\U0001f504\U0001f519\U0001f51a\u26a0\U0001f6a7"
    "\U0001f40c\U0001f4a4\u2639\u2620\U0001f480\U0001f4a9\U0001f494\U0001f3ad\U0001f0cf"
)
# Symbols and dingbats, emoji. The blocks between them hold letters in circles and squares, and flags made of letters.
_PICTURES = ((0x2600, 0x27BF), (0x1F300, 0x1FAFF))
_CLOCK_AND_STAR = frozenset("\u231a\u23f0\u2b50")


@dataclass(frozen=True, slots=True)
class Line:
    """A line as its reader sees it, and the same sign by sign as patterns match it."""

    shown: str
    plain: str

    @classmethod
    def of(cls, written: str) -> Self:
        """Reads a line; `shown` is empty if nothing of it is seen."""
        shown = seen(written)
        return cls(shown, folded(shown))


def seen(line: str) -> str:
    """Returns a line in its usual characters, without invisible ones and without marks around it."""
    chunks = (_usual(line[at : at + _CHUNK]) for at in range(0, len(line), _CHUNK))
    shown = "".join(sign for chunk in chunks for sign in chunk if _is_seen(sign))
    return " ".join(shown.split()).strip(_AROUND)


def folded(line: str) -> str:
    """Returns what `seen` returned in small letters without accents, sign by sign: it is as long as `line`."""
    return "".join(map(_folded_sign, line))


def is_doubting(sign: str) -> bool:
    """True for an emoji that may say no, ask, wait or joke."""
    return sign in _DOUBTING or (_is_in(_FACES, sign) and sign not in _FRIENDLY)


def _is_in(blocks: tuple[tuple[int, int], ...], sign: str) -> bool:
    return any(first <= ord(sign) <= last for first, last in blocks)


def _usual(chunk: str) -> str:
    decorated = not chunk.isascii() and any(unicodedata.decomposition(sign).startswith(_DECORATED) for sign in chunk)
    return unicodedata.normalize("NFC" if decorated else "NFKC", chunk)


def _is_seen(sign: str) -> bool:
    return sign in "\t\n" or unicodedata.category(sign) not in _UNSEEN or unicodedata.combining(sign) == _OVERLAY


def _folded_sign(sign: str) -> str:
    if sign.isascii():
        return sign.lower()
    if sign in _DASHES:
        return "-"
    if sign in _APOSTROPHES:
        return "'"
    if sign in _QUOTES:
        return '"'
    if (_is_in(_PICTURES, sign) and not sign.isnumeric()) or sign in _CLOCK_AND_STAR:
        return sign if is_doubting(sign) else " "
    parts = unicodedata.normalize("NFD", sign)
    plain = parts[0].isascii() and all(map(unicodedata.combining, parts[1:]))
    return parts[0].lower() if plain else sign
