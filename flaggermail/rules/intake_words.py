# SPDX-License-Identifier: EUPL-1.2
"""The words of rules/intake.yaml as patterns, applied to incoming mail."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from flaggermail.mail.vocabulary import folded

READ = 20_000  # characters searched: longer than any letter, and a bound for mail made to be slow
_GAP = r"\b(?:[^.!?]|(?<=\d)\.(?=\d)){0,60}?\b"  # the expansion of ` ... `; the point of "18.20 uur" ends no sentence


@dataclass(frozen=True, slots=True)
class IntakeWords:
    """One pattern per list, over all languages; search with `found`."""

    attempts: re.Pattern[str]
    places: re.Pattern[str]
    authorities: re.Pattern[str]
    citizens: re.Pattern[str]


def any_of(words: Iterable[str]) -> re.Pattern[str]:
    """Compiles a pattern for `words` in folded text: a final `*` is any ending, ` ... ` a gap within a sentence."""
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(_pattern, words))})(?!\w)")


def _pattern(word: str) -> str:
    parts = (re.escape(part).replace(r"\*", r"\w*") for part in folded(word).split(" ... "))
    return _GAP.join(parts)


def found(words: re.Pattern[str], text: str) -> str | None:
    """Returns the first match of `words` in `text`, or None."""
    hit = words.search(folded(text[:READ]))
    return hit.group() if hit else None
