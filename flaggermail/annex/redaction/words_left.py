# SPDX-License-Identifier: EUPL-1.2
"""Words that no mark takes out and no list knows: a second reader is asked about each, and none is kept silently."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from flaggermail.annex.redaction.known import KnownToDesk
from flaggermail.annex.redaction.lexicon import Lexicon, lexicon_of, written_small
from flaggermail.annex.redaction.marks import MARKER, Mark, PrintedPart, PrintedText
from flaggermail.annex.redaction.name_shapes import TITLES
from flaggermail.annex.redaction.spans import SHORT, Word

_SHORTEST = 3  # letters of a small word in the name of a file


class LeftWord(NamedTuple):
    """A word that is left: characters `start` to `end` of the `of`-th printed text."""

    of: int
    start: int
    end: int


def words_left(texts: Sequence[PrintedText], marks: Sequence[Mark], known: KnownToDesk) -> tuple[LeftWord, ...]:
    """Returns the words of `texts` outside `marks` that may be a person's name, in order.

    These are: capitals within sentences that no list knows, or that are words and names ("Bakker"); a capital that
    begins a sentence and has a verb behind it ("Jorinde belde"); each word that no list knows in subjects and in names
    of files.
    """
    small = written_small([text.text for text in texts if text.part is PrintedPart.BODY])
    taken: list[list[tuple[int, int]]] = [[] for _ in texts]
    for mark in marks:
        taken[mark.of].append((mark.start, mark.end))
    found: list[LeftWord] = []
    for of, text in enumerate(texts):
        covered = sorted((*taken[of], *(match.span() for match in MARKER.finditer(text.text))))
        lexicon = lexicon_of(text.text, known, small)
        for index in _left(lexicon, text.part):
            word = lexicon.words[index]
            before = bisect_right(covered, (word.start, len(text.text))) - 1
            if before < 0 or covered[before][1] <= word.start:
                found.append(LeftWord(of, word.start, word.end))
    return tuple(found)


def _left(lexicon: Lexicon, part: PrintedPart) -> Iterator[int]:
    for index, word in enumerate(lexicon.words):
        if _is_code(word, lexicon.known.prefix) or _beside_digit(lexicon.text, word) or _is_month(lexicon, word):
            continue
        if part is PrintedPart.ATTACHMENT and not word.capital:
            if _is_left_in_file(lexicon, index):
                yield from _with_infixes(lexicon, index)
        elif word.capital and _is_left(lexicon, index, part):
            yield index


def _with_infixes(lexicon: Lexicon, index: int) -> Iterator[int]:
    """Yields the small words of a surname before a word, and the word."""
    first = index
    while first and lexicon.infix(first - 1):
        first -= 1
    yield from range(first, index + 1)


def _is_left(lexicon: Lexicon, index: int, part: PrintedPart) -> bool:
    if lexicon.plain(index) and lexicon.doubtful(index) and index and lexicon.infix(index - 1):
        return lexicon.before(index) == " "  # "inwoner van Bode"
    if lexicon.institution(index) or lexicon.plain(index) or lexicon.infix(index):
        return False
    if lexicon.town(index):
        return False
    if part in TITLES:
        return not (lexicon.begins_title(index) and lexicon.opens(index))
    if not lexicon.begins(index):
        return True
    if lexicon.ordinary(index) or lexicon.opens(index) or index + 1 >= len(lexicon.words):
        return False
    following = lexicon.words[index + 1]
    return following.folded in lexicon.known.words["verbs"] or (
        following.capital and lexicon.before(index + 1) in {" ", "-"} and not lexicon.plain(index + 1)
    )


def _is_left_in_file(lexicon: Lexicon, index: int) -> bool:
    """True for a small word of a file's name that neither a list nor a mail knows: "notitie-verschuren.docx"."""
    word = lexicon.words[index]
    known = word.folded in lexicon.small or lexicon.opens(index) or lexicon.plain(index)
    extension = word.end == len(lexicon.text) and lexicon.text[word.start - 1 : word.start] == "."
    return len(word.text) >= _SHORTEST and not (known or extension or lexicon.infix(index) or lexicon.town(index))


def _is_code(word: Word, prefix: str) -> bool:
    """True for one or two capitals, and for the prefix of our numbers."""
    return word.text == prefix or (word.text.isupper() and len(word.text) <= SHORT) or len(word.text) == 1


def _beside_digit(text: str, word: Word) -> bool:
    """True for letters that are part of a code: "JA21"."""
    return text[word.start - 1 : word.start].isdigit() or text[word.end : word.end + 1].isdigit()


def _is_month(lexicon: Lexicon, word: Word) -> bool:
    """True for a month with a number beside it: "6 Jan 2024"."""
    beside = lexicon.text[max(0, word.start - 2) : word.start] + lexicon.text[word.end : word.end + 3]
    return word.folded in lexicon.known.words["month_names"] and any(map(str.isdigit, beside))
