# SPDX-License-Identifier: EUPL-1.2
"""Names by their shape alone: capitals beside each other that no list knows; single ones in subjects and file names.

A person whom nothing introduces is found so, whatever the name: lists of names know the frequent ones only. What stands
beside a word for an organisation ("Stichting ...") is the organisation's name and is left to the second reader.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from flaggermail.annex.redaction.lexicon import Lexicon
from flaggermail.annex.redaction.marks import PrintedPart
from flaggermail.annex.redaction.name_forms import PersonName, person_of
from flaggermail.annex.redaction.spans import HYPHENS, SPACES

TITLES = frozenset({PrintedPart.SUBJECT, PrintedPart.ATTACHMENT})
"""Parts that are no sentences: a capital that no list knows is a name there more often than not."""
_JOINED = re.compile(rf"(?:[{SPACES}]|[{HYPHENS}]|\.[{SPACES}]?)\Z")
_IN_FILE = re.compile(rf"(?:[{SPACES}_.]|[{HYPHENS}]|_?-_?|\.[{SPACES}_])\Z|\Z")
_DASH = re.compile(rf"[{SPACES}][{HYPHENS}\u2013][{SPACES}]\Z")
_LINE_END = re.compile(rf"[{SPACES}]?\r?\n[>|{SPACES}]*")
_WRAPPED = 50  # characters of a line that a program ended, not a person
_MOST_CAPITALS = 5  # beside each other; more are a title in which each word has one
_SHORTEST = 3  # letters of a word in capitals that may be a name
_INFIXES = 4  # between two words of a name


@dataclass(frozen=True)
class NameShapes:
    """The names by shape in one text."""

    lexicon: Lexicon
    part: PrintedPart

    @cached_property
    def _gap(self) -> re.Pattern[str]:
        return _IN_FILE if self.part is PrintedPart.ATTACHMENT else _JOINED

    def found(self) -> Iterator[tuple[int, int]]:
        """Yields the first and the last word of each name."""
        if self._all_capitals():
            return
        index, words = 0, self.lexicon.words
        while index < len(words):
            if self._opens_before_a_name(index):
                index += 1
                continue
            last = self._run(index) if self._starts(index) else index - 1
            if last < index:
                index += 1
                continue
            if self._is_name(index, last):
                yield index, last
            index = last + 1

    def _opens_before_a_name(self, index: int) -> bool:
        """True for the first word of a sentence before a frequent given name and a capital: "Apparently Jan Bos"."""
        ahead = range(index + 1, index + 3)
        words = self.lexicon.words
        if index + 2 >= len(words) or not self._begins(index) or not self._given(index + 1):
            return False
        return not self._given(index) and all(self.joins(at - 1, at) and words[at].capital for at in ahead)

    def person(self, first: int, last: int) -> PersonName:
        """Returns the name between two words."""
        return person_of([word.text for word in self.lexicon.words[first : last + 1]], self.lexicon.known.words)

    def _all_capitals(self) -> bool:
        """True for a title in which most words have a capital: capitals say nothing there."""
        words = [word for word in self.lexicon.words if len(word.text) > _SHORTEST]
        capitals = sum(word.capital for word in words)
        return self.part is PrintedPart.SUBJECT and len(words) > _MOST_CAPITALS and capitals > len(words) * 3 / 4

    # ---- runs of words

    def _starts(self, index: int) -> bool:
        """True if a name may begin with a word."""
        lexicon, word = self.lexicon, self.lexicon.words[index]
        if lexicon.infix(index):
            return self._infix_starts(index)
        if self._begins(index):
            return lexicon.unknown(index) and not lexicon.opens(index) and not self._shouted(index)
        if word.initial and lexicon.text[word.end : word.end + 1] == ".":
            return index + 1 < len(lexicon.words) and self.joins(index, index + 1)
        return (lexicon.unknown(index) or self._doubtful(index)) and not self._shouted(index)

    def _begins(self, index: int) -> bool:
        """True if a word begins a sentence or a title."""
        return self.lexicon.begins(index) if self.part is PrintedPart.BODY else self.lexicon.begins_title(index)

    def _infix_starts(self, index: int) -> bool:
        """True for "Van der Berg" within a sentence, and for "'s-Gravenmeurs"."""
        lexicon, word = self.lexicon, self.lexicon.words[index]
        if not word.text[0].isalpha():
            return lexicon.text[word.end : word.end + 1] in {"-", "\u2011"}
        following = index + 1 < len(lexicon.words) and lexicon.infix(index + 1)
        return word.capital and (following or not lexicon.begins(index))

    def _shouted(self, index: int) -> bool:
        """True for a word in capitals that is too short for a name, or that is one of many."""
        word = self.lexicon.words[index]
        return word.text.isupper() and len(word.text) <= _SHORTEST

    def _doubtful(self, index: int) -> bool:
        """True for a capital that is a word and a name, within a sentence: "Klein", "Bakker"."""
        lexicon = self.lexicon
        return lexicon.words[index].capital and lexicon.ordinary(index) and not lexicon.plain(index)

    def joins(self, index: int, following: int) -> bool:
        """True if the gap between two words may lie within a name."""
        words = self.lexicon.words
        gap = self.lexicon.text[words[index].end : min(words[following].start, words[index].end + 4)]
        if words[following].start - words[index].end > len(gap):
            return False
        if "\n" in gap:
            return self.part is PrintedPart.BODY and self._wrapped(words[index].end, words[following].start)
        initial = words[index].capital and len(words[index].text) <= len("Th")
        if gap.startswith(".") and not (initial or self.lexicon.infix(index)):
            return self.part is PrintedPart.ATTACHMENT and bool(self._gap.match(gap))
        return bool(self._gap.match(gap)) or (
            bool(_DASH.match(gap)) and self.lexicon.infix(following) and not words[following].capital
        )

    def _wrapped(self, end: int, start: int) -> bool:
        """True if between two words only the end of a long line is, with the quote marks of the next one."""
        text = self.lexicon.text
        line = max(text.rfind("\n", max(0, end - _WRAPPED), end) + 1, end - _WRAPPED, 0)
        return end - line >= _WRAPPED and bool(_LINE_END.fullmatch(text, end, start))

    def _run(self, index: int) -> int:
        """Returns the last word of the run of capitals, and of infixes between them, that begins at a word."""
        words, last, at = self.lexicon.words, index, index + 1
        if self.lexicon.infix(index) and not self._behind_infixes(index):
            return index - 1
        while at < len(words) and self.joins(at - 1, at) and at - last <= _INFIXES:
            if self.lexicon.infix(at):
                at += 1
                continue
            if not self._continues(at, last) or (at - last > 1 and self._given(at)):
                break
            last = at
            if self.lexicon.plain(at):  # nothing follows a surname that is a word
                break
            at += 1
        return last if not self.lexicon.infix(last) else index - 1

    def _given(self, index: int) -> bool:
        """True for a frequent given name: behind "van" it begins a name ("opmerking van Sanne Bakker")."""
        return self.lexicon.words[index].folded in self.lexicon.known.words["given_names"]

    def _behind_infixes(self, index: int) -> bool:
        at = index
        while at < len(self.lexicon.words) and self.lexicon.infix(at):
            at += 1
        return at < len(self.lexicon.words) and self.lexicon.words[at].capital

    def _continues(self, index: int, last: int) -> bool:
        """True if a word goes on with a name whose last word is `last`; behind an infix towns are names too."""
        lexicon, word = self.lexicon, self.lexicon.words[index]
        if word.capital and lexicon.surname_follows(index - 1) and not lexicon.institution(index):
            return True
        doubtful = lexicon.doubtful(index) and self.part is PrintedPart.BODY
        if not word.capital or (lexicon.plain(index) and not doubtful) or self._shouted(index):
            return word.initial and lexicon.text[word.end : word.end + 1] == "."
        if lexicon.institution(index) and not lexicon.town(index):
            return False
        return not lexicon.town(index) or (index - last > 1 and lexicon.institution(index) <= 1)

    def _is_name(self, first: int, last: int) -> bool:
        """True if a run of words is a person's name."""
        lexicon = self.lexicon
        capitals = [at for at in range(first, last + 1) if lexicon.words[at].capital and not lexicon.infix(at)]
        strange = [at for at in capitals if lexicon.unknown(at)]
        if self.of_a_body(first, last) or len(capitals) > _MOST_CAPITALS or not strange:
            return False
        if lexicon.infix(first):
            return not lexicon.behind_function(first)
        if len(capitals) > 1 and not (self.part is PrintedPart.BODY and self._one_word(first, last)):
            return True
        return self.part in TITLES and self._alone_in_title(first)

    def _one_word(self, first: int, last: int) -> bool:
        """True if only hyphens join a run: "Return-Path", "Noord-Korea"."""
        words, text = self.lexicon.words, self.lexicon.text
        return not any(sign.isspace() for sign in text[words[first].start : words[last].end])

    def of_a_body(self, first: int, last: int) -> bool:
        """True if a word for an organisation is right before or behind a run: "Stichting ...", "... College"."""
        lexicon, words = self.lexicon, self.lexicon.words
        before = first and self.joins(first - 1, first) and lexicon.body(first - 1)
        behind = last + 1 < len(words) and words[last + 1].capital and self.joins(last, last + 1)
        return bool(before or (behind and lexicon.body(last + 1)))

    def _alone_in_title(self, index: int) -> bool:
        """True if a single capital in a subject or the name of a file is somebody's: no place, no first word."""
        lexicon = self.lexicon
        if lexicon.words[index].text.isupper():
            return False
        if self._begins(index):
            behind = lexicon.text[lexicon.words[index].end : lexicon.words[index].end + 3]
            return self.part is PrintedPart.ATTACHMENT or bool(re.match(r"\s?[-/,\u2013]\s", behind))
        before = lexicon.words[index - 1].folded
        return before not in lexicon.known.words["place_words"] and not lexicon.behind_function(index - 1)
