# SPDX-License-Identifier: EUPL-1.2
"""Tells quickly that a text has none of many phrases: words that each of them needs are missing.

Searching a text for some hundred phrases takes longer than collecting its words once. Only a text that has every whole
word of some phrase has to be searched for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from collections.abc import Set as AbstractSet

LATIN = "[a-z\u00df-\u00ff]"
"""A letter, in folded text, at which a word of a phrase neither begins nor ends."""
GAP = " ... "

_WORD = re.compile(f"{LATIN}+")
_SPACES = {ord(char): " " for char in map(chr, range(128)) if not "a" <= char <= "z"}


def words_of(small: str) -> frozenset[str]:
    """Returns the words of a folded text: runs of Latin letters."""
    return frozenset(small.translate(_SPACES).split() if small.isascii() else _WORD.findall(small))


class NeededWords:
    """The whole words of each of some phrases; see `machine_words.phrases` for what a phrase matches."""

    def __init__(self, phrases: Iterable[str], *, whole: bool = False) -> None:
        """`phrases`: folded; `whole`: a phrase does not end inside a word."""
        needed: dict[str, list[frozenset[str]]] = {}
        loose: list[str] = []
        for phrase in phrases:
            words = _whole_words(phrase, whole=whole)
            if words:
                needed.setdefault(max(sorted(words), key=len), []).append(words)
            else:
                loose.append(max(phrase.split(GAP), key=len))
        self._needed = needed
        self._keys = frozenset(needed)
        self._loose = tuple(loose)
        self._loose_in_ascii = tuple(piece for piece in loose if piece.isascii())

    def met(self, small: str, words: AbstractSet[str]) -> bool:
        """True if the folded text, which has these words, may have one of the phrases; False only if it has none."""
        some = any(need <= words for key in self._keys & words for need in self._needed[key])
        return some or any(piece in small for piece in (self._loose_in_ascii if small.isascii() else self._loose))


def _whole_words(phrase: str, *, whole: bool) -> frozenset[str]:
    """Returns the words of a phrase that are whole words of any text with the phrase: not those beside a gap."""
    pieces = phrase.split(GAP)
    return frozenset(
        word.group()
        for number, piece in enumerate(pieces)
        for word in _WORD.finditer(piece)
        if (word.start() or not number) and (word.end() < len(piece) or (whole and number == len(pieces) - 1))
    )
