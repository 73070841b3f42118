# SPDX-License-Identifier: EUPL-1.2
"""The words of rules/intake.yaml, by which a mail is read when it comes in, as patterns."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from flaggermail.mail.vocabulary import folded

READ = 20_000  # characters of a text that are looked at: more than any letter has, and a bound for mail made to be slow
_GAP = r"\b[^.!?]{0,60}?\b"  # what ` ... ` stands for


@dataclass(frozen=True, slots=True)
class IntakeWords:
    """One pattern a list, over all languages; `found` says how they are looked for."""

    attempts: re.Pattern[str]
    places: re.Pattern[str]
    authorities: re.Pattern[str]
    citizens: re.Pattern[str]


def any_of(words: Iterable[str]) -> re.Pattern[str]:
    """What finds any of `words` in folded text: `*` at the end is any ending, ` ... ` a gap within a sentence."""
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(_pattern, words))})(?!\w)")


def _pattern(word: str) -> str:
    parts = (re.escape(part).replace(r"\*", r"\w*") for part in folded(word).split(" ... "))
    return _GAP.join(parts)


def found(words: re.Pattern[str], text: str) -> str | None:
    """The first of `words` in `text`, or nothing."""
    hit = words.search(folded(text[:READ]))
    return hit.group() if hit else None
