# SPDX-License-Identifier: EUPL-1.2
"""Reads a name at a place where one is expected: how far it goes, and which words it has."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from flaggermail.annex.redaction.known import KnownToDesk
from flaggermail.annex.redaction.lexicon import Lexicon
from flaggermail.annex.redaction.name_forms import PersonName, person_of
from flaggermail.annex.redaction.spans import HYPHENS, SPACES, TextSpan, Word, words_of

_MOST_WORDS = 8
_GAP = re.compile(rf"(?:\.?[{SPACES}]{{0,2}}|[{HYPHENS}]|\.?[{SPACES}]?\([{SPACES}]?|\)[{SPACES}]|\.[{HYPHENS}])\Z")
_DASH = re.compile(rf"[{SPACES}][{HYPHENS}\u2013][{SPACES}]\Z")  # "Meeuwsen - ten Have"
_SHORTEST_CAPITALS = 4  # letters of a word in capitals that may be a name by itself; shorter ones are abbreviations
_LONGEST_INITIAL = 2  # "Th."


@dataclass(frozen=True, slots=True)
class ReadName:
    """A name in a text: its place, the words it has, and whether a title stands before it."""

    start: int
    end: int
    person: PersonName


@dataclass(frozen=True)
class NameReader:
    """The words of one text, and names read from them."""

    text: str
    known: KnownToDesk

    @cached_property
    def words(self) -> Sequence[Word]:
        """The words of the text."""
        return tuple(words_of(self.text))

    @cached_property
    def lexicon(self) -> Lexicon:
        """What the lists know of the words."""
        return Lexicon(self.text, self.words, self.known)

    @cached_property
    def starts(self) -> Sequence[int]:
        """Where each word begins."""
        return tuple(word.start for word in self.words)

    def gap(self, index: int) -> str:
        """Returns what is between a word and the next one, shortened; the rest of the text behind the last one."""
        end = self.words[index].end
        stop = self.words[index + 1].start if index + 1 < len(self.words) else len(self.text)
        return self.text[end : min(stop, end + 6)]

    def after_titles(self, index: int, stop: int) -> int:
        """Returns the index of the first word that is no title ("de heer", "mr. drs.")."""
        titles, infixes = self.known.words["titles"], self.known.words["infixes"]
        while index < len(self.words) and self.words[index].start < stop:
            folded = self.words[index].folded
            before_title = (
                folded in infixes
                and index + 1 < len(self.words)
                and (self.words[index + 1].folded in titles and not self.words[index].capital)
            )
            if not (folded in titles or before_title) or "\n" in self.gap(index):
                break
            index += 1
        return index

    def read(self, index: int, stop: int, *, small: bool = False) -> tuple[ReadName | None, int]:
        """Returns the name that begins at a word, and the index behind it; None if there is none.

        With `small`, a name without capitals counts too: "hoi jan,".
        """
        begin = self.after_titles(index, stop)
        titled = begin > index
        at, last = begin, begin - 1
        while at < len(self.words) and at - begin < _MOST_WORDS and self.words[at].end <= stop:
            if at > begin and (not self._joins(at - 1) or self._leaves_for_a_town(begin, at)):
                break
            if not self._fits(at, first=at == begin, small=small):
                break
            if self._counts(at, small=small):
                last = at
            at += 1
        if last < begin:
            return None, max(begin, index + 1) if begin == index else begin
        return self._name(begin, last, stop, titled=titled), last + 1

    def _leaves_for_a_town(self, begin: int, index: int) -> bool:
        """True for "van" in "wethouder Heeringa van Urk": a surname behind a function, and before an institution."""
        if index != begin + 1 or not begin or self.words[index].capital or index + 1 >= len(self.words):
            return False
        given = self.words[begin].folded in self.known.words["given_names"] or self.words[begin].initial
        function = self.words[begin - 1].folded in self.known.words["functions"]
        small = self.words[index].folded in self.known.words["infixes"]
        return small and function and not given and self.lexicon.institution(index + 1) > 0

    def _joins(self, index: int) -> bool:
        """True if what is behind a word joins it to the next one as one name."""
        gap = self.gap(index)
        if not _GAP.match(gap):
            following = index + 2 < len(self.words) and self.words[index + 2].capital
            return bool(_DASH.match(gap)) and self.lexicon.infix(index + 1) and following
        word = self.words[index]
        return (
            not gap.startswith(".") or len(word.text) <= _LONGEST_INITIAL or word.folded in self.known.words["infixes"]
        )

    def _fits(self, index: int, *, first: bool, small: bool) -> bool:
        """True if a word can be part of a name."""
        word = self.words[index]
        folded = word.folded
        if not first and self.lexicon.institution(index) and "(" in self.gap(index - 1):
            return False  # "Ypma (Volt)"
        if folded in self.known.words["infixes"]:
            return not first or word.capital or self._infix_first(index)
        if not word.capital and folded in self.known.words["infix_openers"]:
            return self._opens(index)
        if first and (
            folded in self.known.words["places"] or (self.lexicon.institution(index) and not self._titled(index))
        ):
            return False
        behind_infix = not first and word.capital and self.words[index - 1].folded in self.known.words["infixes"]
        barred = folded in self.known.words["roles"] if behind_infix else self.known.is_no_name(folded)
        if barred and not (word.initial and self.gap(index).startswith(".")):
            return False  # "van Boven" is a name, "Boven" is a word
        if folded in self.known.words["degrees"] and not first:
            return False
        return word.capital or small

    def _titled(self, index: int) -> bool:
        """True if a title is right before a word: "mevrouw Best" is no town."""
        return bool(index) and self.words[index - 1].folded in self.known.words["titles"]

    def _opens(self, index: int) -> bool:
        """True if a small word such as "in" belongs to a surname: "in 't Veld"."""
        behind = self.words[index + 1 : index + 3]
        small = len(behind) > 1 and behind[0].folded in {"t", "den", "der"} and behind[1].capital
        return small and not self.lexicon.institution(index + 1)  # "uit Den Haag"

    def _infix_first(self, index: int) -> bool:
        """True if a small word begins a surname: "mevrouw van den Berg", and not "de burgemeester van Terneuzen"."""
        function = self.lexicon.behind_function(index)
        for at in range(index + 1, min(index + 4, len(self.words))):
            word = self.words[at]
            if word.folded in self.known.words["infixes"]:
                continue
            if function and (word.folded not in self.known.words["surnames"] or self.lexicon.institution(at)):
                return False
            return word.capital and not self.known.is_no_name(word.folded)
        return False

    def _counts(self, index: int, *, small: bool) -> bool:
        """True if a name can end with this word."""
        word = self.words[index]
        if word.folded in self.known.words["infixes"] and not (word.capital and self.gap(index)[:1] in {",", "\n", ""}):
            return False
        if word.text.isupper() and 1 < len(word.text) < _SHORTEST_CAPITALS:
            return len(word.text) > _LONGEST_INITIAL and word.folded in self.known.words["given_names"]
        return word.capital or small

    def _name(self, begin: int, last: int, stop: int, *, titled: bool) -> ReadName:
        end = self.words[last].end
        if self.words[last].initial and self.text[end : end + 1] == "." and end < stop:
            end += 1
        if "(" in self.text[self.words[begin].start : end] and self.text[end : end + 1] == ")":
            end += 1
        tokens = [word.text for word in self.words[begin : last + 1]]
        return ReadName(self.words[begin].start, end, person_of(tokens, self.known.words, surname=titled))

    def name_before(self, end: int, limit: int) -> ReadName | None:
        """Returns the name that ends right before `end` and begins not before `limit`."""
        index = bisect_left(self.starts, end) - 1
        if (
            index < 0
            or self.words[index].start < limit
            or not self._counts(index, small=False)
            or not self._fits(index, first=False, small=False)
        ):
            return None
        first = index
        while first and self.words[first - 1].start >= limit and index - first < _MOST_WORDS:
            if not self._joins(first - 1) or not self._fits(first - 1, first=False, small=False):
                break
            first -= 1
        while (
            first < index
            and self.words[first].folded in self.known.words["infixes"]
            and not (self.words[first].capital or self._infix_first(first))
        ):
            first += 1
        while first < index and self.words[first].folded in self.known.words["titles"]:
            first += 1
        if (
            first
            and first == index
            and self.known.is_no_name(self.words[first - 1].folded)
            and self.gap(first - 1) == " "
        ):
            return None  # "Gemeente Utrecht"
        return self._name(first, index, end, titled=False)


@dataclass(frozen=True)
class NamesOfText:
    """Finds names in one text by where they stand. `addresses`: the mail addresses in it, in order."""

    reader: NameReader
    addresses: Sequence[TextSpan]

    @property
    def text(self) -> str:
        """The text."""
        return self.reader.text

    @property
    def known(self) -> KnownToDesk:
        """What the desk knows."""
        return self.reader.known
