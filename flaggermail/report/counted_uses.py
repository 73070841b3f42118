# SPDX-License-Identifier: EUPL-1.2
"""Sentences that say how often the status was used, wherever they stand in a text."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator

from flaggermail.report.quantities import Quantity, QuantityKind

_ABBREVIATED = frozenset({"nr", "no", "art", "d.w.z", "bijv", "o.b.v", "blz", "p", "drs", "mr", "dr", "e.g", "i.e"})
_ENDS = re.compile(r"[.!?]+[)\"']* (?=[A-Z0-9À-Þ\"'(])")
_STATUS = re.compile(r"\b(?:flagger\w*|status|escalatielijn|priority line|inzet|inzetten)\b", re.IGNORECASE)
_USED = re.compile(
    r"\b(?:ingezet|inzetten|inzette|zette|gebruikt|gebruikte|gebruik|toegepast|benut|aangewend|used|uses?|deployed|employed"
    r"|invoked|exercised)\b",
    re.IGNORECASE,
)
_PUT_TO_USE = re.compile(r"\bingezet\b", re.IGNORECASE)
_NOT = re.compile(r"\b(?:niet|geen|not|no|never|nooit)\b", re.IGNORECASE)
_COUNTED = re.compile(
    r" (?:(?:keer|maal) )?(?:inzetten|inzet|uses?|meldingen? (?:gedaan|verstuurd|verzonden|aan|bij)"
    r"|notifications? (?:was|were|to|sent))\b",
    re.IGNORECASE,
)
_LONGEST = 24  # characters of an abbreviation, and more
_NEAR = 200  # characters beside a number in which it is said what it counts
_NUMBER_OF = re.compile(r"(?:aantal inzetten|aantal keren|number of (?:uses|times))[^.;]{0,40}$", re.IGNORECASE)


def sentences(text: str) -> Iterator[tuple[int, int]]:
    """Yields where each sentence of a text begins and ends."""
    start = 0
    for found in _ENDS.finditer(text):
        word = text[max(start, found.start() - _LONGEST) : found.start()].rpartition(" ")[2].casefold()
        if word.strip("(") not in _ABBREVIATED:
            yield start, found.end() - 1
            start = found.end()
    if start < len(text):
        yield start, len(text)


def sentence_at(text: str, place: int) -> str:
    """Returns the sentence in which a place of a text is."""
    return next((text[start:end] for start, end in sentences(text) if place < end), text)


def counts_in(text: str, quantities: tuple[Quantity, ...]) -> Iterator[Quantity]:
    """Yields each quantity of a text, in their order, that says how often the status was used."""
    starts = [one.start for one in quantities]
    for start, end in sentences(text):
        sentence = text[start:end]
        often = _PUT_TO_USE.search(sentence) or (_STATUS.search(sentence) and _USED.search(sentence))
        for one in quantities[bisect_left(starts, start) : bisect_left(starts, end)]:
            before = text[max(start, one.start - _NEAR) : one.start]
            after = text[one.end : min(end, one.end + _NEAR)]
            times = one.kind is QuantityKind.TIMES and often
            number = one.kind is QuantityKind.COUNT and (_COUNTED.match(after) or _NUMBER_OF.search(before))
            if times or number:
                yield one


def denies(text: str) -> str:
    """Returns the first sentence that says that the status was not used; empty if none does."""
    for start, end in sentences(text):
        sentence = text[start:end]
        if _USED.search(sentence) and _NOT.search(sentence):
            return sentence
    return ""
