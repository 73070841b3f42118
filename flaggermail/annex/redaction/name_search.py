# SPDX-License-Identifier: EUPL-1.2
"""Finds learned names everywhere in an annex: whole, in part, with other infixes, as initials, inflected, joined."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from flaggermail.annex.redaction.known import KnownToDesk, RedactionWords
from flaggermail.annex.redaction.marks import Detail, PrintedPart
from flaggermail.annex.redaction.name_forms import LearnedNames, PersonName
from flaggermail.annex.redaction.spans import (
    APOSTROPHES,
    HYPHENS,
    SHORT,
    SPACES,
    TextSpan,
    Word,
    fold,
    starts_sentence,
    words_of,
)

_GAP = re.compile(
    rf"(?:\.?[{SPACES}]{{0,2}}|[{SPACES}]{{0,2}}[{HYPHENS}][{SPACES}]?|[._]{{1,2}}|\.[{HYPHENS}]|[{SPACES}]?\r?\n[>{SPACES}|]{{0,8}})\Z"
)
_REACH = 4  # words: three infixes and a name
_TOGETHER = 3  # initials that stand together at most
_COMMA = re.compile(rf",[{SPACES}]?\Z")
_FILE_GAP = re.compile(rf"[._{HYPHENS}{SPACES}]{{0,3}}\Z")
_NUMBER_BEFORE = re.compile(rf"\d[{SPACES}{HYPHENS}]?\Z")
_NUMBER_BEHIND = re.compile(rf"[.]?[{SPACES}{HYPHENS}]?\d")
_NO_SURNAMES = ("never", "places", "degrees", "salutations", "conjunctions")  # lists
_INITIAL_GAP = re.compile(r"\.[ \u00a0]?")
_INITIALS = frozenset({"Th", "Ch", "Ph", "IJ", "Ij", "Fr", "Jh", "Tj", "Sj", "Kl", "Joh", "Chr"})
_STANDS_ALONE = re.compile(r"[ \r>|]*\n|[ \r>|]*\Z|[)/:]")
_LONGEST_GLUED, _LONGEST_LINE = 6, 40
_SHORTEST_SMALL = 5  # letters of a name that is found without its capital
_SHORTEST_IN_FILE = 3
_MOST_INITIALS = 5


@dataclass(frozen=True)
class NameSearch:
    """The names, looked for in one text. `discovered`: names that were found beside learned ones."""

    names: LearnedNames
    known: KnownToDesk
    text: str
    part: PrintedPart
    covered: Sequence[TextSpan] = ()
    discovered: list[PersonName] = field(default_factory=list)

    def found(self) -> Iterator[TextSpan]:
        """Yields the places of learned names, in order, apart from dotted initials."""
        words = tuple(self._words())
        index = 0
        while index < len(words):
            last = self._run(words, index)
            if last is None:
                behind = self._unlearned(words, index)
                if behind:
                    yield TextSpan(words[index].start, words[behind].end, Detail.NAME)
                index = (behind or index) + 1
                continue
            first = self._backwards(words, index)
            if self._is_name(words, index, last):
                end, last = self._forwards(words, first, last)
                yield TextSpan(words[first].start, end, Detail.NAME)
            index = last + 1
        yield from self._initials(words)

    def _words(self) -> Iterator[Word]:
        """Yields the words; in the name of a file also those that only a capital parts, unless the whole is a name."""
        in_file = self.part is PrintedPart.ATTACHMENT
        covered = iter((*self.covered, TextSpan(len(self.text), len(self.text), Detail.OTHER)))
        taken = next(covered)
        for word in words_of(self.text):
            while taken.end <= word.start < len(self.text) and taken.start < len(self.text):
                taken = next(covered)
            if taken.start <= word.start:
                continue
            if in_file and not self._hit(word) and not word.text.isupper():
                yield from words_of(self.text, word.start, word.end, humps=True)
            else:
                yield word

    # ---- one word

    def _hit(self, word: Word) -> bool:
        """True if a word is a part of a name, a form of it, or a joined form."""
        return self._key(word) is not None

    def _key(self, word: Word) -> str | None:
        """Returns the form under which a word was learned."""
        folded = word.folded
        for form in (folded, _before_apostrophe(word.text)):
            if form and (form in self.names.parts or form in self.names.joined):
                return form
        return None

    def _counts_alone(self, word: Word) -> bool:
        """True if a single word is the name and not an ordinary word."""
        key = self._key(word)
        if key is None or len(key) <= 1:  # one letter is an initial
            return False
        words = self.known.words
        if key in self.names.joined and key not in self.names.parts:
            return True
        if word.folded in words["months"] and self._dated(word):
            return False
        ordinary = key in words["ordinary"] or word.folded in words["ordinary"]
        never = any(one in words["never"] or one in words["places"] for one in (key, word.folded))
        if never or self.known.is_no_name(word.folded):
            return False
        if self.part is PrintedPart.ATTACHMENT:
            plain = word.capital or not ordinary or (key in self.names.surnames and key not in self.names.given)
            return plain and len(key) >= _SHORTEST_IN_FILE
        if not word.capital:
            given = key in self.names.given and self.names.parts.get(key, False) and key not in self.names.guessed
            return given and ((not ordinary and len(key) >= _SHORTEST_SMALL) or self._alone(word))
        abbreviated = word.text.isupper() and len(word.text) < _SHORTEST_IN_FILE  # "BO"
        return not abbreviated and not (ordinary and starts_sentence(self.text, word.start))

    def _dated(self, word: Word) -> bool:
        """True if a number is beside a word: "6 Jan 2024", "May 2024"."""
        before, behind = self.text[max(0, word.start - 2) : word.start], self.text[word.end : word.end + 3]
        return bool(_NUMBER_BEFORE.search(before) or _NUMBER_BEHIND.match(behind))

    def _alone(self, word: Word) -> bool:
        """True if nothing else is on the line: a name without capitals at the end of a mail."""
        before, behind = (
            self.text[max(0, word.start - _LONGEST_LINE) : word.start].rpartition("\n")[2],
            self.text[word.end : word.end + 3],
        )
        return not before.strip(f"{SPACES}>|") and not behind.partition("\n")[0].strip()

    # ---- several words

    def _run(self, words: Sequence[Word], index: int) -> int | None:
        """Returns the index of the last word of the name that begins at a word; None if the word is no part of one."""
        if not self._hit(words[index]):
            if index + 1 < len(words) and self._pair(words, index):
                return self._further(words, index + 1)
            return None
        return self._further(words, index)

    def _further(self, words: Sequence[Word], last: int) -> int:
        at = last + 1
        while at < len(words) and at - last <= _REACH and self._near(words[at - 1], words[at]):  # three infixes, a name
            folded = words[at].folded
            if self._hit(words[at]) and (words[at].capital or words[last].capital is words[at].capital):
                last = at
            elif not (
                folded in self.known.words["infixes"]
                or words[at].initial
                or folded in self.known.words["infix_openers"]
            ):
                break
            at += 1
        return last

    def _pair(self, words: Sequence[Word], index: int) -> bool:
        """True if two words are a name that was learned as one: "Anne Marie", "Mc Donald"."""
        both = words[index].folded + words[index + 1].folded
        gap = self.text[words[index].end : words[index + 1].start]
        return (
            gap in {" ", "-", "'", "\u2019", "\u00a0"}
            and words[index].capital
            and both in self.names.parts
            and self.names.parts[both]
        )

    def _near(self, word: Word, following: Word) -> bool:
        gap = self.text[word.end : following.start]
        if self.part is PrintedPart.ATTACHMENT:
            return bool(_FILE_GAP.match(gap))
        ended = len(word.text) > SHORT or word.folded in self.known.words["infix_openers"]
        if gap.startswith(".") and ended and not self._dotted_names(word, following):  # the end of a sentence
            return False
        return bool(_GAP.match(gap) or (_COMMA.match(gap) and self._turned(word, following)))

    def _dotted_names(self, word: Word, following: Word) -> bool:
        """True for "jan.devries": a point without a space between two parts."""
        return following.start - word.end == 1 and self._hit(following)

    def _turned(self, word: Word, following: Word) -> bool:
        """True for "Vries, Jan" and "Vries, J.": the surname first."""
        return (
            word.capital
            and word.folded in self.names.surnames
            and (following.folded in self.names.given or following.initial)
        )

    def _is_name(self, words: Sequence[Word], first: int, last: int) -> bool:
        """True if the words are a name: two parts of one, or a single one that is no ordinary word."""
        if first == last:
            word = words[first]
            if self._counts_alone(word):
                return True
            key = self._key(word)
            initial = (
                first and words[first - 1].initial and self.text[words[first - 1].end : word.start].startswith(".")
            )
            infixed = self._backwards(words, first) < first and word.capital
            return bool(key and word.capital and (initial or infixed))
        hits = [word for word in words[first : last + 1] if self._hit(word)]
        if len(hits) <= 1:  # a pair that was learned as one word
            return words[first].capital
        if any(word.capital for word in hits):
            return True
        guessed = any(self._key(word) in self.names.guessed for word in hits)
        return not guessed and all(len(word.text) > SHORT for word in hits)  # "jan devries"

    def _backwards(self, words: Sequence[Word], index: int) -> int:
        """Returns where the surname at `index` begins with the infixes and initials before it."""
        first = index
        folded = self._key(words[index]) or words[index].folded
        for infixes in sorted(self.names.before.get(folded, ()), key=len, reverse=True):
            begin = self._infixes(words, index, infixes)
            if begin < index:
                first = begin
                break
        at = first
        while at and first - at < _MOST_INITIALS and self._is_initial(words, at - 1, at, folded):
            at -= 1
        return at

    def _infixes(self, words: Sequence[Word], index: int, infixes: tuple[str, ...]) -> int:
        """Returns where the infixes before a surname begin, also shortened ("v.d. Berg"); `index` if there are none."""
        for count in range(len(infixes), 0, -1):
            wanted = infixes[-count:]
            before = words[max(0, index - count) : index]
            same = len(before) == count and all(
                word.folded in {infix, infix[0]} for word, infix in zip(before, wanted, strict=True)
            )
            if same and all(self._near(words[i], words[i + 1]) for i in range(index - count, index)):
                return index - count
        short = "".join(infix[0] for infix in infixes)
        if index and len(short) > 1 and words[index - 1].folded == short and self._near(words[index - 1], words[index]):
            return index - 1
        return index

    def _is_initial(self, words: Sequence[Word], index: int, following: int, surname: str) -> bool:
        """True if a capital before a surname is an initial: with a point, or one that was learned."""
        word = words[index]
        if not (word.initial or word.text in _INITIALS):
            return False
        gap = self.text[word.end : words[following].start]
        if gap.startswith("."):
            return bool(_GAP.match(gap))
        learned = {form[0] for form in self.names.initials}
        return (
            surname in self.names.surnames
            and word.initial
            and word.text in learned
            and bool(re.fullmatch(rf"[{SPACES}_{HYPHENS}]?", gap))
        )

    def _forwards(self, words: Sequence[Word], first: int, last: int) -> tuple[int, int]:
        """Returns where a name ends and its last word: with an initial, or an unknown surname behind a given name."""
        end = words[last].end
        key = self._key(words[last]) or ""
        at = last + 1
        if (
            at < len(words)
            and words[at].initial
            and self._near(words[last], words[at])
            and self.text[words[at].end : words[at].end + 1] == "."
        ):
            return words[at].end + 1, at
        if (
            key in self.names.given
            and key not in self.names.surnames
            and words[last].capital
            and self.part is not PrintedPart.ATTACHMENT
        ):
            name = self._surname(words, last)
            if name:
                given = tuple(word.text for word in words[first : last + 1] if self._hit(word))
                between = tuple(words[i].folded for i in range(last + 1, name))
                self.discovered.append(PersonName(given[:1], "", between, (words[name].text,)))
                return words[name].end, name
        return end, last

    def _unlearned(self, words: Sequence[Word], index: int) -> int | None:
        """Returns where a name ends that begins with a frequent given name or initials; None if none does."""
        word = words[index]
        lists = self.known.words
        if word.initial and self.text[word.end : word.end + 1] == ".":
            return self._behind_initials(words, index)
        barred = (
            word.folded in lists["ordinary"] or word.folded in lists["places"] or self.known.is_no_name(word.folded)
        )
        if not word.capital or word.folded not in lists["given_names"] or barred or word.text.isupper():
            return None
        last = index
        if (
            last + 1 < len(words)
            and self.text[words[last].end : words[last + 1].start] == "-"
            and words[last + 1].capital
        ):
            last += 1  # "Geert-Jan"
        name = self._surname(words, last)
        between = tuple(words[i].folded for i in range(last + 1, name)) if name else ()
        self.discovered.append(PersonName((word.text,), "", between, (words[name].text,) if name else ()))
        return name or last

    def _behind_initials(self, words: Sequence[Word], index: int) -> int | None:
        """Returns the index of the surname behind initials with points: "R.J. Dubbeldam", "K. van Heemstra"."""
        at = index
        while (
            at + 1 < len(words)
            and at - index < _MOST_INITIALS
            and words[at].initial
            and _INITIAL_GAP.fullmatch(self.text, words[at].end, words[at + 1].start)
        ):
            at += 1
        letters = "".join(word.text for word in words[index:at])
        while (
            at < len(words) - 1
            and at - index < 2 * _MOST_INITIALS
            and words[at].folded in self.known.words["infixes"]
            and self.text[words[at].end : words[at + 1].start] == " "
        ):
            at += 1
        word = words[at]
        fits = (
            word.capital
            and len(word.text) >= _SHORTEST_IN_FILE
            and not word.text.isupper()
            and not self.known.is_no_name(word.folded)
        )
        if at == index or not letters or not fits:
            return None
        between = tuple(one.folded for one in words[index + len(letters) : at])
        self.discovered.append(PersonName((), letters, between, (word.text,)))
        return at

    def _surname(self, words: Sequence[Word], given: int) -> int | None:
        """Returns the index of a surname right behind a given name: a capital on the same line, infixes between."""
        lists = self.known.words
        at = given + 1
        while at < len(words) and at - given <= _REACH:  # three infixes
            word = words[at]
            gap = self.text[words[at - 1].end : word.start]
            if gap not in {" ", "\u00a0"}:
                return None
            if word.folded in lists["infixes"] and not word.text.isupper():
                at += 1
                continue
            common = any(word.folded in lists[name] for name in _NO_SURNAMES)
            plain = word.capital and len(word.text) > 1 and not self.known.is_no_name(word.folded)
            if not plain or common or word.text.isupper():
                return None
            following = words[at + 1] if at + 1 < len(words) else None
            double = following and self.text[word.end : following.start] == "-" and following.capital
            return at + 1 if double else at
        return None

    # ---- initials

    def _initials(self, words: Sequence[Word]) -> Iterator[TextSpan]:
        """Yields "J. de V." and "JdV" of learned names."""
        for match in _dotted(self.known.words).finditer(self.text):
            letters = "".join(sign for sign in match[0] if sign.isupper())
            small = re.findall(r"[a-z]+", match[0])
            if letters.casefold() in self.known.words["never"] and " " not in match[0]:  # "L.S."
                continue
            if letters in self.names.initials or (small and letters[:1] + letters[-1:] in self.names.initials):
                yield TextSpan(match.start(), match.end(), Detail.NAME)
        for word in words:
            glued = len(word.text) <= _LONGEST_GLUED and word.text in self.names.glued
            if glued and fold(word.text) not in self.known.words["never"] and self._reads_as_initials(word):
                yield TextSpan(word.start, word.end, Detail.NAME)

    def _reads_as_initials(self, word: Word) -> bool:
        """True if letters are initials by their small infix, or because nothing but they are there: "(JV)", "/JV"."""
        if len(word.text) > SHORT and (not word.text.isupper() or len(word.text) > _TOGETHER):  # "JdV", "JVDB"
            return True
        line = self.text[max(0, word.start - _LONGEST_LINE) : word.start].rpartition("\n")[2]
        return bool(_STANDS_ALONE.match(self.text, word.end)) and (
            line[-1:] in {"(", "/"} or len(line.split()) <= SHORT
        )  # "gr. JV", "2. Actie JV:"


@lru_cache(maxsize=4)
def _dotted(words: RedactionWords) -> re.Pattern[str]:
    """Matches initials with points, infixes between them: "J. de V.", "J.P. v.d. B."."""
    capital = r"[^\W\d_a-z\u00df-\u00ff]"
    infixes = "|".join(map(re.escape, (*words.sorted_lists["infixes"], "v", "d")))
    small = rf"(?:['\u2019]?(?i:{infixes})[.]?[{SPACES}]?)"
    return re.compile(rf"(?<![\w.])(?:{capital}\.[{SPACES}{HYPHENS}]?){{1,4}}{small}{{0,3}}{capital}(?:\.|(?!\w))")


def _before_apostrophe(text: str) -> str:
    """Returns the folded word before the last apostrophe: Turkish endings, "Jan's"."""
    for at in range(len(text) - 1, 0, -1):
        if text[at] in APOSTROPHES:
            return fold(text[:at])
    return ""
