# SPDX-License-Identifier: EUPL-1.2
"""The words of a rules folder as patterns: those of incoming mail, of replies and of tags."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeVar

from flaggermail.mail.vocabulary import folded
from flaggermail.record.case_values import CaseType, Source

READ = 20_000  # characters searched: longer than any letter, and a bound for mail made to be slow
_GAP = r"\b(?:[^.!?]|(?<=\d)\.(?=\d)){0,60}?\b"  # the expansion of ` ... `; the point of "18.20 uur" ends no sentence


@dataclass(frozen=True, slots=True)
class IntakeWords:
    """One list of words for each meaning, over all languages; search with `found`."""

    attempts: WordList
    reports: WordList
    selves: WordList
    platforms: WordList
    locations: WordList
    readers: WordList
    places: WordList
    holders: WordList
    authorities: WordList
    citizens: WordList

    def may_tell(self, text: str) -> bool:
        """False if no sentence of a text can be `attempted`: quicker than to look at each."""
        small = folded(text)
        return any(words.pattern.search(small) for words in (self.attempts, self.reports, self.selves))

    def attempted(self, sentence: str) -> bool:
        """True if a sentence says what its writer did, or not yet; "the platform refused our advert" does not.

        A platform with which it begins is turned to only if the sentence reports.
        """
        small = folded(sentence[:READ])
        if self.attempts.pattern.search(small):
            return True
        own, reported = self.selves.pattern.search(small), self.reports.pattern.search(small)
        if not own and not reported:
            return False
        before = (f" {small[: hit.start()]}".rstrip() for hit in self.platforms.pattern.finditer(small))
        turned_to = [words for words in before if not words.endswith(self.locations.endings)]
        if reported:
            return bool(own or turned_to)
        return any(turned_to) and not self.readers.pattern.search(small)


@dataclass(frozen=True)
class WordList:
    """Words in folded text: a final `*` is any ending, ` ... ` a gap within a sentence."""

    words: tuple[str, ...]

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Any of the words; compiled for the first mail, as most commands read none."""
        return re.compile(rf"(?<!\w)(?:{'|'.join(map(_pattern, self.words))})(?!\w)")

    @cached_property
    def endings(self) -> tuple[str, ...]:
        """How a folded text ends that has one of the words, a path or a name's sign behind it."""
        return ("/", ".", "@", *(f" {folded(word)}" for word in self.words))


def _pattern(word: str) -> str:
    parts = (re.escape(part).replace(r"\*", r"\w*") for part in folded(word).split(" ... "))
    return _GAP.join(parts)


def found(words: WordList, text: str) -> str | None:
    """Returns the first match of `words` in `text`, or None."""
    hit = words.pattern.search(folded(text[:READ]))
    return hit.group() if hit else None


V = TypeVar("V", CaseType, Source)
WordsOf = Mapping[str, Mapping[V, tuple[str, ...]]]
"""The words for each value, by language; the first of a value is the one that is shown."""
_CURLY = str.maketrans({"\u2019": "'", "\u2018": "'", "\u02bc": "'"})  # apostrophes as phones write them


@dataclass(frozen=True, slots=True)
class ReplyWords:
    """One list of words for each meaning, over all languages, and the words for types and sources of cases."""

    assent: tuple[str, ...]  # phrases that ask for nothing, in the notation of `replies.phrases`
    signature: WordList
    beside: WordList
    presence: WordList
    hours: WordList
    unreached: WordList
    types: WordsOf[CaseType] = field(default_factory=dict)
    sources: WordsOf[Source] = field(default_factory=dict)

    def reached_nobody(self, text: str) -> bool:
        """True if a call was not answered."""
        return found(self.unreached, text.translate(_CURLY)) is not None


_PARTS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+|\d+")  # the parts of `post-removed`, `post_removed` and `PostRemoved`
_LONG = 5  # letters; a word this long is also found at either end of a part: `deleted` in `undeleted`


def outcome_word(tag: str, words: Iterable[str]) -> str | None:
    """Returns the first of `words` that `tag` contains, or None."""
    parts = [part.lower() for part in _PARTS.findall(tag)]
    return next((word for word in words if _holds(parts, folded(word).split())), None)


def _holds(parts: list[str], word: list[str]) -> bool:
    if len(word) == 1 and len(word[0]) >= _LONG:
        return any(part.startswith(word[0]) or part.endswith(word[0]) for part in parts)
    return any(parts[at : at + len(word)] == word for at in range(len(parts)))
