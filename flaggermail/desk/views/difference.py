# SPDX-License-Identifier: EUPL-1.2
"""How one text differs from another, in pieces: by lines, and by words where a passage was changed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

from flaggermail.desk.answers import ViewAnswer
from flaggermail.record.kinds import PieceKind

MOST_LINES = 2_000  # of each text; longer ones differ as a whole
MOST_WORDS = 2_000  # of each passage; a longer one is compared by its lines alone
_ALIKE = 0.5  # of the words of two passages; others are read one after the other
_WORD = re.compile(r"\S+\s*|\s+")


class ComparedWith(StrEnum):
    """What a draft is compared with."""

    TEMPLATE = "template"
    DRAFT = "draft"


@dataclass(frozen=True, slots=True, kw_only=True)
class TextPiece(ViewAnswer):
    """Characters that are in both texts, or in one of them."""

    kind: PieceKind
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TextDifference(ViewAnswer):
    """The pieces of both texts in their order: subject, an empty line, text; `draft` is the one that came before."""

    compared_with: ComparedWith
    draft: str | None
    pieces: tuple[TextPiece, ...]


def pieces(before: str, after: str) -> tuple[TextPiece, ...]:
    """Returns the pieces of two texts; those that are not `ADDED` make the first, not `REMOVED` the second."""
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    passages = _passages(old, new) if max(len(old), len(new)) <= MOST_LINES else iter(((before, after),))
    return tuple(
        TextPiece(kind=kind, text=text)
        for removed, added in passages
        for kind, text in (
            ((PieceKind.SAME, added),) if removed == added
            else ((PieceKind.REMOVED, removed), (PieceKind.ADDED, added))
        ) if text
    )  # fmt: skip


def _passages(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yields each passage of both texts, the same where nothing differs; one that is much alike, word by word."""
    for removed, added in _pairs(SequenceMatcher(None, old, new), old, new):
        old_words, new_words = _WORD.findall(removed), _WORD.findall(added)
        words = SequenceMatcher(None, old_words, new_words)
        short = removed != added and max(len(old_words), len(new_words)) <= MOST_WORDS
        if short and words.quick_ratio() >= _ALIKE and words.ratio() >= _ALIKE:
            yield from _pairs(words, old_words, new_words)
        else:
            yield removed, added


def _pairs(found: SequenceMatcher[str], old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[str, str]]:
    for _, first, last, begin, end in found.get_opcodes():
        yield "".join(old[first:last]), "".join(new[begin:end])
