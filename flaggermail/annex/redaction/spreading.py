# SPDX-License-Identifier: EUPL-1.2
"""The same words, the same treatment: what a person marked by hand is proposed wherever else it is written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from flaggermail.annex.redaction.marks import Mark, PrintedText
from flaggermail.annex.redaction.spans import Cover, TextSpan, Word, fold, words_of

_SHORTEST = 3  # letters of a word that is looked for by itself


def spread(texts: Sequence[PrintedText], marks: Sequence[Mark], of: Mark) -> tuple[Mark, ...]:
    """Returns marks for the words under `of` wherever else they are in `texts`, beside the existing `marks`.

    All its words behind each other are found in capitals or small, with or without accents. Each word of three letters
    or more is found by itself too, and if it was marked with a capital, only with a capital: "Bakker" does not mark
    every baker. What is neither letters nor a word of its own is found as it stands.
    """
    marked = texts[of.of].text[of.start : of.end]
    words = tuple(words_of(marked))
    found: list[Mark] = []
    for number, text in enumerate(texts):
        cover = Cover()
        cover.add(text.text, (TextSpan(mark.start, mark.end, mark.detail) for mark in marks if mark.of == number))
        if number == of.of:
            cover.add(text.text, [TextSpan(of.start, of.end, of.detail)])
        taken = set(cover)
        cover.add(text.text, _places(text.text, marked, words, of))
        found += (Mark(number, span.start, span.end, of.ground, of.detail) for span in cover if span not in taken)
    return tuple(sorted(found))


def _places(text: str, marked: str, words: Sequence[Word], of: Mark) -> Iterator[TextSpan]:
    """Yields where the marked words are."""
    plain = marked.strip()
    if not words or any(map(str.isdigit, plain)) or "@" in plain:
        at = text.find(plain) if plain else -1
        while at >= 0:
            yield TextSpan(at, at + len(plain), of.detail)
            at = text.find(plain, at + len(plain))
        return
    folded = [word.folded for word in words]
    single = {
        (form, word.capital) for form, word in zip(folded, words, strict=True) if len(fold(word.text)) >= _SHORTEST
    }
    there = tuple(words_of(text))
    end = 0
    for index, word in enumerate(there):
        if word.start < end:
            continue
        ahead = there[index : index + len(words)]
        if word.folded == folded[0] and [one.folded for one in ahead] == folded:
            end = ahead[-1].end
            yield TextSpan(word.start, end, of.detail)
        elif ((word.folded, True) in single and word.capital) or (word.folded, False) in single:
            end = word.end
            yield TextSpan(word.start, end, of.detail)
