# SPDX-License-Identifier: EUPL-1.2
"""In which language a text is written, by the small words that every text of it holds."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

UNKNOWN = "unknown"
_READ = 4000  # characters; a language shows in the first lines
_FEWEST = 2  # small words; one alone stands in another language too
_WORD = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True, slots=True)
class Languages:
    """The small words of each language, in small letters."""

    words: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def of(self, text: str) -> str:
        """The language with the most of its small words in `text`; `unknown` where they are few or two have as many."""
        found = [word.lower() for word in _WORD.findall(text[:_READ])]
        counts = sorted(
            ((sum(word in words for word in found), code) for code, words in self.words.items()), reverse=True
        )
        if not counts or counts[0][0] < _FEWEST or (len(counts) > 1 and counts[0][0] == counts[1][0]):
            return UNKNOWN
        return counts[0][1]
