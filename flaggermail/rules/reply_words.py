# SPDX-License-Identifier: EUPL-1.2
"""The words of rules/reply-words.yaml as patterns, applied to an officer's reply."""

from __future__ import annotations

import re
from dataclasses import dataclass

from flaggermail.rules.intake_words import found

_CURLY = str.maketrans({"\u2019": "'", "\u2018": "'", "\u02bc": "'"})  # apostrophes as phones write them


@dataclass(frozen=True, slots=True)
class ReplyWords:
    """One pattern per list, over all languages."""

    doubt: re.Pattern[str]
    unreached: re.Pattern[str]

    def doubts(self, text: str) -> bool:
        """True if the writer withdraws or postpones what they say in the same text."""
        return found(self.doubt, text.translate(_CURLY)) is not None

    def reached_nobody(self, text: str) -> bool:
        """True if a call was not answered."""
        return found(self.unreached, text.translate(_CURLY)) is not None
