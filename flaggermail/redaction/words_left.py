# SPDX-License-Identifier: EUPL-1.2
"""Words that no mark takes out and no list knows: a person is asked about each, and none is kept silently."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import NamedTuple

from flaggermail.redaction.known import KnownToDesk
from flaggermail.redaction.marks import MARKER, Mark, PrintedPart, PrintedText
from flaggermail.redaction.spans import Word, starts_sentence, words_of

_LISTS = ("places", "months", "salutations", "closings", "titles", "degrees", "infixes", "infix_openers")


class LeftWord(NamedTuple):
    """A word that is left: characters `start` to `end` of the `of`-th printed text."""

    of: int
    start: int
    end: int


def words_left(texts: Sequence[PrintedText], marks: Sequence[Mark], known: KnownToDesk) -> tuple[LeftWord, ...]:
    """Returns the capitals within sentences of `texts` that no list knows and no mark takes out, in order."""
    taken: list[list[tuple[int, int]]] = [[] for _ in texts]
    for mark in marks:
        taken[mark.of].append((mark.start, mark.end))
    found: list[LeftWord] = []
    for of, text in enumerate(texts):
        covered = sorted((*taken[of], *(match.span() for match in MARKER.finditer(text.text))))
        for word in words_of(text.text):
            before = bisect_right(covered, (word.start, len(text.text))) - 1
            if _is_left(text, word, known) and (before < 0 or covered[before][1] <= word.start):
                found.append(LeftWord(of, word.start, word.end))
    return tuple(found)


def _is_left(text: PrintedText, word: Word, known: KnownToDesk) -> bool:
    """True if a word that no mark takes out may be somebody's name."""
    if not word.capital or word.initial:
        return False
    if text.part is PrintedPart.BODY and starts_sentence(text.text, word.start):
        return False
    return not (known.is_no_name(word.folded) or any(word.folded in known.words[name] for name in _LISTS))
