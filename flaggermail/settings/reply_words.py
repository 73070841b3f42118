# SPDX-License-Identifier: EUPL-1.2
"""The words of rules/reply-words.yaml as patterns, applied to an officer's reply."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from flaggermail.record.case_values import CaseType, Source
from flaggermail.settings.intake_words import WordList, found

V = TypeVar("V", CaseType, Source)
WordsOf = Mapping[str, Mapping[V, tuple[str, ...]]]
"""The words for each value, by language; the first of a value is the one that is shown."""
_CURLY = str.maketrans({"\u2019": "'", "\u2018": "'", "\u02bc": "'"})  # apostrophes as phones write them


@dataclass(frozen=True, slots=True)
class ReplyWords:
    """One list of words for each meaning, over all languages, and the words for types and sources of cases."""

    doubt: WordList
    unreached: WordList
    types: WordsOf[CaseType] = field(default_factory=dict)
    sources: WordsOf[Source] = field(default_factory=dict)

    def doubt_in(self, text: str) -> str | None:
        """Returns the word with which the writer withdraws or postpones what they say in the same text, or None."""
        return found(self.doubt, text.translate(_CURLY))

    def reached_nobody(self, text: str) -> bool:
        """True if a call was not answered."""
        return found(self.unreached, text.translate(_CURLY)) is not None
