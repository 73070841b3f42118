# SPDX-License-Identifier: EUPL-1.2
"""The words of rules/intake.yaml as patterns, applied to incoming mail."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from flaggermail.mail.vocabulary import folded

READ = 20_000  # characters searched: longer than any letter, and a bound for mail made to be slow
_GAP = r"\b(?:[^.!?]|(?<=\d)\.(?=\d)){0,60}?\b"  # the expansion of ` ... `; the point of "18.20 uur" ends no sentence


@dataclass(frozen=True, slots=True)
class IntakeWords:
    """One list of words for each meaning, over all languages; search with `found`."""

    attempts: WordList
    places: WordList
    authorities: WordList
    citizens: WordList


@dataclass(frozen=True)
class WordList:
    """Words in folded text: a final `*` is any ending, ` ... ` a gap within a sentence."""

    words: tuple[str, ...]

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Any of the words; compiled for the first mail, as most commands read none."""
        return re.compile(rf"(?<!\w)(?:{'|'.join(map(_pattern, self.words))})(?!\w)")


def _pattern(word: str) -> str:
    parts = (re.escape(part).replace(r"\*", r"\w*") for part in folded(word).split(" ... "))
    return _GAP.join(parts)


def found(words: WordList, text: str) -> str | None:
    """Returns the first match of `words` in `text`, or None."""
    hit = words.pattern.search(folded(text[:READ]))
    return hit.group() if hit else None
