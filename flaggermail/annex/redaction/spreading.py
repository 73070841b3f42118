# SPDX-License-Identifier: EUPL-1.2
"""The same words, the same treatment: what a person marked by hand is proposed wherever else it is written."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from flaggermail.annex.redaction.lexicon import Lexicon
from flaggermail.annex.redaction.marks import Mark, PrintedPart, PrintedText
from flaggermail.annex.redaction.name_forms import LearnedNames, PersonName, person_of
from flaggermail.annex.redaction.name_shapes import NameShapes
from flaggermail.annex.redaction.spans import Cover, TextSpan, Word, fold, words_of

_SHORTEST = 3  # letters of a word that is looked for by itself


def spread(texts: Sequence[PrintedText], marks: Sequence[Mark], of: Mark) -> tuple[Mark, ...]:
    """Returns marks for the words under `of` wherever else they are in `texts`, beside the existing `marks`.

    All its words behind each other are found in capitals or small, with or without accents. Each word of three letters
    or more is found by itself too, and if it was marked with a capital, only with a capital: "Bakker" does not mark
    every baker. What is neither letters nor a word of its own is found as it stands.
    """
    marked = texts[of.of].text[of.start : of.end]
    words = tuple(words_of(marked))
    found: list[Mark] = []
    for number, text in enumerate(texts):
        cover = Cover()
        cover.add(text.text, (TextSpan(mark.start, mark.end, mark.detail) for mark in marks if mark.of == number))
        if number == of.of:
            cover.add(text.text, [TextSpan(of.start, of.end, of.detail)])
        taken = set(cover)
        cover.add(text.text, _places(text.text, marked, words, of))
        found += (Mark(number, span.start, span.end, of.ground, of.detail) for span in cover if span not in taken)
    return tuple(sorted(found))


def _places(text: str, marked: str, words: Sequence[Word], of: Mark) -> Iterator[TextSpan]:
    """Yields where the marked words are."""
    plain = marked.strip()
    if not words or any(map(str.isdigit, plain)) or "@" in plain:
        at = text.find(plain) if plain else -1
        while at >= 0:
            yield TextSpan(at, at + len(plain), of.detail)
            at = text.find(plain, at + len(plain))
        return
    folded = [word.folded for word in words]
    single = {
        (form, word.capital) for form, word in zip(folded, words, strict=True) if len(fold(word.text)) >= _SHORTEST
    }
    there = tuple(words_of(text))
    end = 0
    for index, word in enumerate(there):
        if word.start < end:
            continue
        ahead = there[index : index + len(words)]
        if word.folded == folded[0] and [one.folded for one in ahead] == folded:
            end = ahead[-1].end
            yield TextSpan(word.start, end, of.detail)
        elif ((word.folded, True) in single and word.capital) or (word.folded, False) in single:
            end = word.end
            yield TextSpan(word.start, end, of.detail)


_MOST_WORDS = 6  # that a mark grows over to one side, infixes among them


@dataclass
class Growing:
    """The names in one text. `discovered`: those that are longer than their mark was."""

    lexicon: Lexicon
    part: PrintedPart
    names: LearnedNames
    discovered: list[PersonName] = field(default_factory=list)

    @cached_property
    def _shapes(self) -> NameShapes:
        return NameShapes(self.lexicon, self.part)

    @cached_property
    def _starts(self) -> list[int]:
        return [word.start for word in self.lexicon.words]

    def grown(self, spans: Iterable[TextSpan]) -> list[TextSpan]:
        """Returns the marks of names in order, each as long as its name; adjoining marks are merged."""
        found: list[TextSpan] = []
        for span in sorted(spans):
            start, end = self._name(span)
            if found and start < found[-1].end:
                found[-1] = TextSpan(found[-1].start, max(end, found[-1].end), span.detail)
            else:
                found.append(TextSpan(start, end, span.detail))
        return found

    def _name(self, span: TextSpan) -> tuple[int, int]:
        words = self.lexicon.words
        first = bisect_left(self._starts, span.start)
        last = bisect_left(self._starts, span.end) - 1
        if last < first:
            return span.start, span.end
        left, right = self._left(first, last), self._right(last)
        if (left, right) != (first, last):
            tokens = [word.text for word in words[left : right + 1]]
            self.discovered.append(person_of(tokens, self.lexicon.known.words))
        return min(span.start, words[left].start), max(span.end, words[right].end)

    def _right(self, last: int) -> int:
        """Returns the last word of the name whose mark ends with the word `last`."""
        lexicon, words = self.lexicon, self.lexicon.words
        end, at = last, last + 1
        while at < len(words) and at - last <= _MOST_WORDS and self._shapes.joins(at - 1, at):
            if lexicon.infix(at) and not (words[at].capital and lexicon.before(at) == " " and self._small(at - 1)):
                at += 1
                continue
            if not self._belongs(at, infixed=at - end > 1, behind=True) or self._shapes.of_a_body(at, at):
                break
            end = at
            if lexicon.plain(at):
                break
            at += 1
        return end

    def _small(self, index: int) -> bool:
        """True if a word has no capital: what follows it with one is another word."""
        return not self.lexicon.words[index].capital

    def _left(self, first: int, last: int) -> int:
        """Returns the first word of the name whose mark is from the word `first` to the word `last`."""
        lexicon, words = self.lexicon, self.lexicon.words
        begin, at = first, first - 1
        while at >= 0 and first - at <= _MOST_WORDS and self._shapes.joins(at, at + 1):
            if lexicon.infix(at) or (self.part is PrintedPart.ATTACHMENT and len(words[at].text) == 1):
                at -= 1
                continue
            infixed = begin - at > 1
            if infixed and (begin < last or self._given(begin)):
                break  # "opmerking van [Sanne Bakker]"
            if not self._belongs(at, infixed=infixed) or self._begins_plainly(at, begin):
                break
            begin = at
            at -= 1
        return self._infixes(begin, at + 1)

    def _given(self, index: int) -> bool:
        """True if a name begins with a word: a given name that is frequent or was introduced, or an initial."""
        word = self.lexicon.words[index]
        folded = word.folded
        introduced = folded in self.names.given and folded not in self.names.guessed
        return word.initial or introduced or folded in self.lexicon.known.words["given_names"]

    def _infixes(self, begin: int, first: int) -> int:
        """Returns where a surname begins: with the small words from `first` if two, with a capital, or "'s-"."""
        count = begin - first
        words = self.lexicon.words
        if not count or self.lexicon.behind_function(first):
            return begin
        if not words[begin - 1].text[0].isalpha() and self.lexicon.text[words[begin - 1].end] != " ":
            return begin - 1
        capital = words[first].capital and not self.lexicon.begins(first)
        return first if capital or count > 1 else begin

    def _begins_plainly(self, index: int, name: int) -> bool:
        """True if a word begins a sentence and may be any word of it, with a name behind it that begins with `name`."""
        lexicon = self.lexicon
        begins = lexicon.begins(index) if self.part is PrintedPart.BODY else lexicon.begins_title(index)
        return begins and (lexicon.ordinary(index) or lexicon.opens(index) or self._given(name))

    def _belongs(self, index: int, *, infixed: bool, behind: bool = False) -> bool:
        """True if a word beside a name, or `behind` it, is part of it: behind small words also a town's name."""
        lexicon, word = self.lexicon, self.lexicon.words[index]
        if word.capital and behind and infixed and lexicon.surname_follows(index - 1):
            return not lexicon.institution(index)
        doubtful = behind and self.part is PrintedPart.BODY and lexicon.doubtful(index)
        if (
            not word.capital
            or (lexicon.plain(index) and not doubtful)
            or (word.text.isupper() and len(word.text) <= len("Van"))
        ):
            return False
        if lexicon.institution(index) > 1 or (lexicon.institution(index) and not lexicon.town(index)):
            return False
        return infixed or not lexicon.town(index)
