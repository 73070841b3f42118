# SPDX-License-Identifier: EUPL-1.2
"""A report as plain text, and the figures in it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from flaggermail.documents.model import (
    Bullets,
    Document,
    Figure,
    Heading,
    Labelled,
    Note,
    Paragraph,
    Table,
    Words,
)


def plain(document: Document) -> str:
    """Returns the text of a document, a line for each block, item and row."""
    return "\n".join(line for block in document.blocks for line in lines_of(block, words_of))


def lines_of(block: object, text: Callable[[Words], str]) -> list[str]:
    """Returns the lines of a block; pictures have none."""
    if isinstance(block, Heading):
        return [f"{'#' * block.level} {text(block.words)}"]
    if isinstance(block, Paragraph):
        return [text(block.words)]
    if isinstance(block, Bullets):
        return [f"- {text(item)}" for item in block.items]
    if isinstance(block, Table):
        rows: Sequence[Sequence[Words]] = [block.columns, *block.rows]
        return [text(block.caption), *(" | ".join(map(text, row)) for row in rows)]
    return [f"{label}: {text(words)}" for label, words in block.lines] if isinstance(block, Labelled) else []


def words_of(words: Words) -> str:
    """Returns words as text; a note in brackets."""
    return "".join(f"[{words_of(one.words)}]" if isinstance(one, Note) else one.text for one in words)


def unnamed(words: Words) -> str:
    """Returns the words that are no figure."""
    return "".join(
        unnamed(one.words) if isinstance(one, Note) else "" if isinstance(one, Figure) else one.text for one in words
    )


def figures(document: Document) -> list[Figure]:
    """Returns every figure of a document."""
    found: list[Figure] = []

    def collect(words: Words) -> str:
        for one in words:
            if isinstance(one, Note):
                collect(one.words)
            elif isinstance(one, Figure):
                found.append(one)
        return ""

    for block in document.blocks:
        lines_of(block, collect)
    return found
