# SPDX-License-Identifier: EUPL-1.2
"""Whether a mail quotes us: words of ours in a row, however they were quoted, wrapped or marked up.

A platform's ticket system drops References and the number, and keeps the quotation. Only words that we wrote ourselves
count, and only if they tell this letter from our other letters: a template says the same in all of them.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from flaggermail.mail.vocabulary import without_invisible

LEAST = 30
"""Words in a row that make a quotation."""
LEAST_BESIDE = 15
"""Words in a row that do, in a mail that names a reference of the same case too."""
SPECIFIC = 6
"""Words in it that stand in no template, no name that templates are filled in with, and no letter of another case."""

GAP = ""  # stands between words that do not follow each other in our own text
_GRAM = LEAST_BESIDE  # words looked up at once; of any 30 in a row, 15 begin at a multiple of 16
_FOREIGN = 8  # words in a row that somebody else wrote first, or that stand between quotation marks
_BOILERPLATE = 5  # words in a row that another text of ours contains too

MOST_WORDS = 100_000  # of a mail; a quotation begins earlier in any mail that a person wrote
MOST_OWN = 3_000  # words of one letter of ours
MOST_STEPS = 2_000_000  # words compared for one mail; one that repeats our words beyond that is no answer

_WORD = re.compile(r"[^\W_]+")
_INITIALS = re.compile(r"^[ \t]{0,4}[A-Z]{1,3}>", re.MULTILINE)  # "JD> what Jane Doe wrote", in old programs
_QUOTED_LINES = re.compile(r"(?:^[ \t]{0,4}>.*\n?)+", re.MULTILINE)
_MARKS = '"\u201c\u201d\u201e\u201f\u00ab\u00bb\uff02'
_BETWEEN_MARKS = re.compile(rf"[{_MARKS}]([^{_MARKS}]{{1,4000}})[{_MARKS}]")

Words = tuple[str, ...]
Gram = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OwnLetter:
    """A letter of ours to a platform: its case and notification, and our own words in it."""

    case: str
    notification: str | None
    words: Words


@dataclass(frozen=True, slots=True)
class Quotation:
    """The longest run of one letter's words in a mail; `specific` is set if it tells this letter from others."""

    letter: OwnLetter
    start: int  # in the words of the letter
    length: int
    specific: bool = False


def words_of(*texts: str) -> Words:
    """Returns the words of a mail's texts without case, quote marks and line breaks; texts are apart."""
    found: list[str] = []
    for text in texts:
        if text:
            found += [*_WORD.findall(_INITIALS.sub("", without_invisible(text)).casefold()), GAP]
    return tuple(found[:MOST_WORDS])


def own_words(text: str) -> Words:
    """Returns the words of our letter, with a gap where it quotes another author.

    Lines with a quote mark are a quotation, and so is a longer passage between quotation marks.
    """
    found: list[str] = []
    for part in _QUOTED_LINES.split(without_invisible(text)):
        at = 0
        for match in _BETWEEN_MARKS.finditer(part):
            inside = words_of(match[1])[:-1]
            found += words_of(part[at : match.start()])[:-1]
            found += inside if len(inside) < _FOREIGN else [GAP]
            at = match.end()
        found += words_of(part[at:])
    return tuple(found[:MOST_OWN])


def without_foreign(letter: OwnLetter, foreign: Iterable[Words]) -> OwnLetter:
    """Returns the letter with gaps for what stands in mail that had come in before it: a referrer's words, say."""
    theirs = _grams(foreign, _FOREIGN)
    covered = _covered(letter.words, theirs, _FOREIGN)
    return replace(letter, words=tuple(GAP if at in covered else word for at, word in enumerate(letter.words)))


def quotations(mail: Words, letters: Sequence[OwnLetter], least: int = LEAST) -> tuple[Quotation, ...]:
    """Returns the longest run of each letter that `mail` quotes with at least `least` words, `LEAST_BESIDE` or more.

    Takes time linear in the mail. Returns nothing for a mail that repeats our words without end.
    """
    index = _index(letters)
    best: dict[int, Quotation] = {}
    reached: dict[tuple[int, int], int] = {}  # letter and offset between the texts -> end of the run found there
    steps = 0
    for at in range(0, len(mail) - _GRAM + 1, least - _GRAM + 1):
        for number, position in index.get(mail[at : at + _GRAM], ()):
            if reached.get((number, at - position), 0) > at:
                continue
            start, end = _run(mail, letters[number].words, at, position)
            reached[number, at - position] = at - position + end
            steps += end - start
            if end - start >= least and (number not in best or end - start > best[number].length):
                best[number] = Quotation(letters[number], start, end - start)
        if steps > MOST_STEPS:
            return ()
    return tuple(best.values())


def judged(found: Collection[Quotation], letters: Sequence[OwnLetter], usual: Collection[str]) -> list[Quotation]:
    """Returns the longest quotation of each case, the longest first, `specific` if it can belong to no other case.

    `usual`: the words of the templates and of the names that they are filled in with, which anybody can know.
    """
    longest: dict[str, Quotation] = {}
    for one in sorted(found, key=lambda one: -one.length):
        longest.setdefault(one.letter.case, one)
    result = []
    for case, one in longest.items():
        others = _grams((letter.words for letter in letters if letter.case != case), _BOILERPLATE)
        run = one.letter.words[one.start : one.start + one.length]
        covered = _covered(run, others, _BOILERPLATE)
        own = [word for at, word in enumerate(run) if at not in covered and word not in usual and not word.isdigit()]
        result.append(replace(one, specific=len(own) >= SPECIFIC))
    return result


def _index(letters: Sequence[OwnLetter]) -> Mapping[Gram, list[tuple[int, int]]]:
    index: dict[Gram, list[tuple[int, int]]] = {}
    for number, letter in enumerate(letters):
        for position, gram in _positions(letter.words, _GRAM):
            index.setdefault(gram, []).append((number, position))
    return index


def _positions(words: Words, length: int) -> Iterable[tuple[int, Gram]]:
    """Yields each run of `length` words without a gap, with its position."""
    clear = 0  # the first position with no gap behind it and before the run's end
    for at, word in enumerate(words):
        if word == GAP:
            clear = at + 1
        elif at - clear + 1 >= length:
            yield at - length + 1, words[at - length + 1 : at + 1]


def _run(mail: Words, ours: Words, at: int, position: int) -> tuple[int, int]:
    """Returns start and end, in our words, of the longest run through a gram that both contain."""
    start, end = position, position + _GRAM
    offset = at - position
    while start > 0 and start + offset > 0 and ours[start - 1] == mail[start + offset - 1] != GAP:
        start -= 1
    while end < len(ours) and end + offset < len(mail) and ours[end] == mail[end + offset] != GAP:
        end += 1
    return start, end


def _grams(texts: Iterable[Words], length: int) -> set[Gram]:
    return {gram for words in texts for _, gram in _positions(words, length)}


def _covered(words: Words, grams: Collection[Gram], length: int) -> set[int]:
    """Returns the positions in `words` that lie in one of the grams."""
    found = (at for at, gram in _positions(words, length) if gram in grams)
    return {position for at in found for position in range(at, at + length)}
