# SPDX-License-Identifier: EUPL-1.2
"""Which passage of an edited document is which passage of ours: by marks, by words, by quantities, by neighbours.

A passage may have been reworded, translated, moved, split in two or joined to another. Where nothing says which one it
is, it has no counterpart: a figure of it is then missing, and nothing else is accused.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cached_property
from itertools import groupby

from flaggermail.report.quantities import Quantity, QuantityKind, plain, same, whole
from flaggermail.wording.number_words import bare

_ALIKE = 0.4  # of the words of both together, from which on two passages are one
_INSIDE = 0.6  # of the words of the shorter one, from which on it is a part of the other
_FEWEST_WORDS = 3
_SPEAKING = frozenset({
    QuantityKind.DURATION, QuantityKind.DATE, QuantityKind.TIME, QuantityKind.NUMBER, QuantityKind.PERCENT,
})  # fmt: skip
_WORD = re.compile(r"[^\W_]+")
_MOST_PAIRS = 250_000  # of passages, held against each other by their quantities alone
_MOST_QUANTITIES = 5_000  # of a passage
_COMMON = 200  # passages with a word, from which on it tells nothing


@dataclass(frozen=True)
class ReadPassage:
    """A passage of either document with its quantities."""

    text: str

    @classmethod
    def from_text(cls, text: str) -> ReadPassage:
        """Returns the passage with a text as `quantities.plain` gives it."""
        return cls(plain(text))

    @cached_property
    def quantities(self) -> tuple[Quantity, ...]:
        """Its quantities in their order; of a passage that is no prose, the first."""
        return whole(self.text)[:_MOST_QUANTITIES]

    @cached_property
    def masked(self) -> str:
        """Its words without accents, with a sign for each quantity."""
        parts, at = list[str](), 0
        for one in self.quantities:
            parts += [self.text[at : one.start], " # "]
            at = one.end
        return " ".join(bare("".join([*parts, self.text[at:]])).split())

    @cached_property
    def words(self) -> Counter[str]:
        """The words that are no quantity, with how often each is there."""
        return Counter(_WORD.findall(self.masked))


class Alignment:
    """The counterparts of our passages, by their places; a passage may have several, or none."""

    def __init__(self, ours: Sequence[ReadPassage], theirs: Sequence[ReadPassage]) -> None:
        self._ours, self._theirs = ours, theirs
        self.links: defaultdict[int, list[int]] = defaultdict(list)

    def by_marks(self, marked: Iterable[tuple[int, int]]) -> None:
        """Links passages that share marks of figures: the pair with the most of them."""
        for (one, other), _ in Counter(marked).most_common():
            if one not in self.links and other not in self._linked():
                self.links[one] = [other]

    def by_text(self) -> None:
        """Links what the marks did not, from the surest to the least sure."""
        while self._same_words():
            pass
        self._similar()
        self._translated()
        self._parts()
        self._neighbours()

    def _linked(self) -> set[int]:
        return {other for others in self.links.values() for other in others}

    def _free(self) -> tuple[list[int], list[int]]:
        linked = self._linked()
        ours = [at for at in range(len(self._ours)) if at not in self.links]
        return ours, [at for at in range(len(self._theirs)) if at not in linked]

    def _same_words(self) -> bool:
        """Links runs of passages that differ in nothing but quantities; False if there is no more of them."""
        ours, theirs = self._free()
        keys = [self._ours[at].masked for at in ours], [self._theirs[at].masked for at in theirs]
        found = False
        for first, second, size in SequenceMatcher(None, *keys, autojunk=False).get_matching_blocks():
            for step in range(size):
                self.links[ours[first + step]] = [theirs[second + step]]
                found = True
        return found

    def _similar(self) -> None:
        ours, theirs = self._free()
        scores = []
        for one, other, shared in self._sharing_words(ours, theirs):
            of_both = self._ours[one].words.total() + self._theirs[other].words.total()
            alike = 2 * shared / of_both
            if shared >= _FEWEST_WORDS and alike >= _ALIKE:
                scores.append((alike + self._agreement(one, other) / 2, one, other))
        self._link_best(scores)

    def _translated(self) -> None:
        """Links passages that hold the same speaking quantities, in whatever words."""
        ours, theirs = self._free()
        held = {at: self._speaking(self._theirs[at]) for at in theirs}
        held = {at: found for at, found in held.items() if found}
        if len(ours) * len(held) > _MOST_PAIRS:  # no translation of this report: nothing is accused
            return
        scores = []
        for one in ours:
            speaking = self._speaking(self._ours[one])
            for other, found in held.items() if speaking else ():
                agreed = _agreed(speaking, found) / max(len(speaking), len(found))
                if agreed >= 1 / 2:
                    scores.append((agreed - abs(one - other) / 1e6, one, other))
        self._link_best(scores)

    def _neighbours(self) -> None:
        """Links passages between two that are linked, if as many are left on both sides, with quantities of a kind."""
        ours, theirs = self._free()
        free = set(theirs)
        for gap in _runs(ours):
            before = max(self.links.get(gap[0] - 1, [-1]))
            after = min(self.links.get(gap[-1] + 1, [len(self._theirs)]))
            between = list(range(before + 1, after))
            if len(between) != len(gap) or not free.issuperset(between):
                continue
            for one, other in zip(gap, between, strict=True):
                if self._kinds(self._ours[one]) == self._kinds(self._theirs[other]):
                    self.links[one] = [other]

    def _parts(self) -> None:
        """Links what is a part of a passage: one that was split off, or that was joined to another."""
        ours, theirs = self._free()
        scores = []
        for one, other, shared in self._sharing_words(range(len(self._ours)), theirs):
            if shared >= _FEWEST_WORDS and shared >= _INSIDE * self._theirs[other].words.total():
                scores.append((shared, other, one))
        for other, one in _best(scores):
            self.links[one].append(other)
        scores = []
        for one, other, shared in self._sharing_words(ours, range(len(self._theirs))):
            if shared >= _FEWEST_WORDS and shared >= _INSIDE * self._ours[one].words.total():
                scores.append((shared, one, other))
        for one, other in _best(scores):
            if one not in self.links:
                self.links[one].append(other)

    def _sharing_words(self, ours: Iterable[int], theirs: Iterable[int]) -> Iterator[tuple[int, int, int]]:
        """Yields pairs of passages with how many words they share; words that are everywhere find no pair."""
        holding = defaultdict[str, list[int]](list)
        for other in theirs:
            for word in self._theirs[other].words:
                holding[word].append(other)
        for one in ours:
            words = self._ours[one].words
            near = {other for word in words if len(holding.get(word, ())) <= _COMMON for other in holding.get(word, ())}
            for other in sorted(near):
                yield one, other, (words & self._theirs[other].words).total()

    def _agreement(self, one: int, other: int) -> float:
        mine, yours = self._ours[one].quantities, self._theirs[other].quantities
        return _agreed(mine, yours) / max(len(mine), len(yours), 1)

    def _speaking(self, passage: ReadPassage) -> list[Quantity]:
        return [one for one in passage.quantities if one.kind in _SPEAKING]

    def _kinds(self, passage: ReadPassage) -> list[QuantityKind]:
        numbers = {QuantityKind.TIMES: QuantityKind.COUNT}
        return sorted(numbers.get(one.kind, one.kind) for one in passage.quantities)

    def _link_best(self, scores: Sequence[tuple[float, int, int]]) -> None:
        linked = self._linked()
        for _, one, other in sorted(scores, key=lambda score: (-score[0], score[1], score[2])):
            if one not in self.links and other not in linked:
                self.links[one] = [other]
                linked.add(other)


def _best(scores: Sequence[tuple[int, int, int]]) -> Iterator[tuple[int, int]]:
    """Yields for each second of the triples the third with the highest first."""
    seen = set[int]()
    for _, one, other in sorted(scores, key=lambda score: (-score[0], score[1], score[2])):
        if one not in seen:
            seen.add(one)
            yield one, other


def _runs(places: Sequence[int]) -> Iterator[list[int]]:
    for _, run in groupby(enumerate(places), key=lambda one: one[1] - one[0]):
        yield [place for _, place in run]


def _agreed(mine: Sequence[Quantity], yours: Sequence[Quantity]) -> int:
    """Returns how many quantities are in both."""
    left, agreed = list(yours), 0
    for one in mine:
        for other in left:
            if same(one, other):
                left.remove(other)
                agreed += 1
                break
    return agreed
