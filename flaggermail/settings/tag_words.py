# SPDX-License-Identifier: EUPL-1.2
"""Labels and narratives: closed lists, without words for what a platform did."""

from __future__ import annotations

import re
from collections.abc import Iterable

from flaggermail.mail.vocabulary import folded

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
