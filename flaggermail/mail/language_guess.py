# SPDX-License-Identifier: EUPL-1.2
"""Guesses the language of a text by its function words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

UNKNOWN = "unknown"
_READ = 4000  # characters; the first lines are enough to recognise a language
_FEWEST = 2  # function words; a single one may also occur in another language
_WORD = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True, slots=True)
class Languages:
    """The function words of each language, in lower case."""

    words: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def of(self, text: str) -> str:
        """Returns the language with the most function words in `text`; `unknown` if there are too few or a tie."""
        found = [word.lower() for word in _WORD.findall(text[:_READ])]
        counts = sorted(
            ((sum(word in words for word in found), code) for code, words in self.words.items()), reverse=True
        )
        if not counts or counts[0][0] < _FEWEST or (len(counts) > 1 and counts[0][0] == counts[1][0]):
            return UNKNOWN
        return counts[0][1]
