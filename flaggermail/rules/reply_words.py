# SPDX-License-Identifier: EUPL-1.2
"""The words of rules/reply-words.yaml, by which an officer's reply is weighed, as patterns."""

from __future__ import annotations

import re
from dataclasses import dataclass

from flaggermail.rules.intake_words import found

_CURLY = str.maketrans({"\u2019": "'", "\u2018": "'", "\u02bc": "'"})  # what a phone writes for an apostrophe


@dataclass(frozen=True, slots=True)
class ReplyWords:
    """One pattern a list, over all languages."""

    doubt: re.Pattern[str]
    unreached: re.Pattern[str]

    def doubts(self, text: str) -> bool:
        """Whether somebody takes back, or puts off, what he says beside it."""
        return found(self.doubt, text.translate(_CURLY)) is not None

    def reached_nobody(self, text: str) -> bool:
        """Whether a call was in vain."""
        return found(self.unreached, text.translate(_CURLY)) is not None
