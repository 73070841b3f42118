# SPDX-License-Identifier: EUPL-1.2
"""What the lists know of the words of one text: institutions, plain words, and words that may be somebody's name."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise

from flaggermail.annex.redaction.known import SHORTEST_NOUN, KnownToDesk
from flaggermail.annex.redaction.spans import Word, fold, starts_sentence, words_of

_NEAR = 3  # characters between two words of an institution
_HYPHENS = "-\u2010\u2011"
_BEFORE_SURNAMES = frozenset({"ten", "ter", "der", "den", "t"})
_REST = 3  # letters before a word that another one ends with: "terugbelverzoek"
_ENDINGS = (
    "heid", "heden", "atie", "aties", "iteit", "iteiten", "lijk", "lijke", "isch", "ische", "schappen", "ment", "tion",
    "tions", "ness", "ments", "ally", "ology", "ism", "ently",
    "antly", "ably", "ibly", "edly", "ingly", "ously", "fully", "tely",
)  # fmt: skip
"""How words end that are no names, where they begin a sentence or a title."""
_WRITTEN_SMALL = re.compile(
    r"(?:(?<=\s)|(?<=[\"'(\u2018\u201c])|\A)[^\W\d_A-Z][^\W\d_]{2,}"
    r"(?![\w@/]|[-.:]\w|\s?(?:@|\bat\b)\s?\S+\.\w)(?=[,;]?[ \t]+\S)"
)
"""Not in an address or the name of a file, nor last in its line: there people write names in small letters."""


def written_small(texts: Sequence[str]) -> frozenset[str]:
    """Returns the words that stand in `texts` by themselves and without a capital: with one, they begin a sentence."""
    return frozenset(fold(match[0]) for text in texts for match in _WRITTEN_SMALL.finditer(text))


@dataclass(frozen=True)
class Lexicon:
    """The words of one text beside the lists. `small`: words that the exchange writes without a capital."""

    text: str
    words: Sequence[Word]
    known: KnownToDesk
    small: frozenset[str] = field(default=frozenset())

    @cached_property
    def _institutions(self) -> tuple[Mapping[int, int], frozenset[int]]:
        """Returns how many words the institution has that a word belongs to, and which of them are towns'."""
        lengths: dict[int, int] = {}
        towns: set[int] = set()
        for index, word in enumerate(self.words):
            length = self._length(index) if index not in lengths and (word.capital or not word.text[0].isalpha()) else 0
            for at in range(index, index + length):
                lengths[at] = length
            if " ".join(one.folded for one in self.words[index : index + length]) in self.known.words.towns:
                towns.update(range(index, index + length))
        return lengths, frozenset(towns)

    def _length(self, index: int) -> int:
        """Returns how many words at `index` are the name of an institution; 0 if none."""
        word = self.words[index]
        for phrase in self.known.words.institutions.get(word.folded, ()):
            there = self.words[index : index + len(phrase)]
            if tuple(one.folded for one in there) != phrase:
                continue
            if any(b.start - a.end > _NEAR or "\n" in self.text[a.end : b.start] for a, b in pairwise(there)):
                continue
            if len(phrase) == 1 and phrase[0] in self.known.words.abbreviations and not word.text.isupper():
                continue
            return len(phrase)
        return 0

    def institution(self, index: int) -> int:
        """Returns how many words the institution or town has that a word belongs to; 0 if it belongs to none."""
        return self._institutions[0].get(index, 0)

    def town(self, index: int) -> bool:
        """True if a word is of a town: people are called after towns, not after ministries."""
        return index in self._institutions[1] or self.words[index].folded in self.known.words["places"]

    def infix(self, index: int) -> bool:
        """True if a word is a small word of surnames."""
        word = self.words[index]
        folded = word.folded
        if word.initial and not word.text.isascii():  # "Ó Flatharta"
            return True
        if folded in self.known.words["infix_openers"]:
            small = index + 1 < len(self.words) and self.words[index + 1].folded in {"t", "den", "der", "de"}
            return small and not self.institution(index + 1)  # "uit Den Haag"
        return folded in self.known.words["infixes"]

    def plain(self, index: int) -> bool:
        """True if a word is known to be no name: a function, a paper, a day."""
        folded = self.words[index].folded
        return folded in self.known.words.plain or folded in self.known.organisation_words

    def doubtful(self, index: int) -> bool:
        """True if a plain word may be a surname behind a given name: "Jan Burger"."""
        folded = self.words[index].folded
        return folded in self.known.words.doubtful and folded not in self.known.organisation_words

    def ordinary(self, index: int) -> bool:
        """True if a word is a name too, and a word: "Bakker"."""
        folded = self.words[index].folded
        return folded in self.known.words["ordinary"] or folded in self.known.words["months"]

    def body(self, index: int) -> bool:
        """True if a word says what an organisation is: "Stichting"."""
        return self.words[index].folded in self.known.words["bodies"]

    def surname_follows(self, index: int) -> bool:
        """True if a small word stands before surnames alone: what follows "ten" is one, whatever it means ("Have")."""
        return index >= 0 and self.words[index].folded in _BEFORE_SURNAMES

    def begins(self, index: int) -> bool:
        """True if a word begins a sentence, a line or the text."""
        start = self.words[index].start
        joined = self.text[start - 1 : start] in _HYPHENS and self.text[max(0, start - 2) : start - 1].isalnum()
        return starts_sentence(self.text, start) and not (start and joined)

    def begins_title(self, index: int) -> bool:
        """True if a word begins a subject or the name of a file: also behind "Re:", and behind a number in brackets."""
        before = self.before(index).rstrip()
        return not index or (before.endswith((":", "]")) and not self.named_by_paper(index))

    def named_by_paper(self, index: int) -> bool:
        """True if a word is behind a paper and a colon: "Klacht: Verschuren"."""
        said = self.words[index - 1].folded
        return bool(index) and said in self.known.words["papers"] and len(said) > len("antw")

    def opens(self, index: int) -> bool:
        """True if a word that begins a sentence or a title is a word all the same: a small one, or a known ending."""
        folded = self.words[index].folded
        if folded in self.small or folded.endswith(_ENDINGS):
            return True
        nouns = self.known.words.nouns.get(folded[-SHORTEST_NOUN:], ())
        return any(folded.endswith(noun) and len(folded) - len(noun) >= _REST for noun in nouns)

    def unknown(self, index: int) -> bool:
        """True if a word with a capital is in no list: it may be somebody's name."""
        word = self.words[index]
        return (
            word.capital
            and len(word.text) > 1
            and not (self.plain(index) or self.ordinary(index) or self.infix(index) or self.institution(index))
            and not self.town(index)
        )

    def before(self, index: int) -> str:
        """Returns the text between a word and the one before it; a line break for the first."""
        if not index:
            return "\n"
        end = self.words[index - 1].end
        return self.text[max(end, self.words[index].start - 4) : self.words[index].start]

    def behind_function(self, index: int) -> bool:
        """True for the small word in "burgemeester van Terneuzen", "collega van Dijk": no name may begin there."""
        if not index or self.words[index].capital or self.before(index) not in {" ", "\u00a0"}:
            return False
        return self.words[index - 1].folded in self.known.words["functions"]


def lexicon_of(text: str, known: KnownToDesk, small: frozenset[str]) -> Lexicon:
    """Returns the words of a text beside the lists."""
    return Lexicon(text, tuple(words_of(text)), known, small)
