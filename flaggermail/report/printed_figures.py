# SPDX-License-Identifier: EUPL-1.2
"""A document of ours as passages in reading order, with the place of each figure in them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from flaggermail.documents.model import (
    Bullets,
    Document,
    Figure,
    Heading,
    Labelled,
    Note,
    Paragraph,
    Picture,
    Table,
    Text,
    Words,
)
from flaggermail.report.aligning import ReadPassage
from flaggermail.report.counted_uses import sentences
from flaggermail.report.quantities import Quantity, plain, whole


@dataclass(frozen=True, slots=True)
class PrintedFigure:
    """A figure with its place in the passage, and which quantities of the passage it holds.

    `alone` are the quantities of its words by themselves, where the passage does not show any there ("een", "geen").
    """

    name: str
    text: str
    start: int
    quantities: tuple[int, ...]
    alone: tuple[Quantity, ...]


@dataclass(frozen=True, slots=True)
class PrintedPassage:
    """A passage of our document below its heading; `cell` names row and column of a cell."""

    read: ReadPassage
    figures: tuple[PrintedFigure, ...]
    heading: str
    is_heading: bool
    cell: str = ""

    def figure_at(self, place: int) -> PrintedFigure | None:
        """Returns the figure that holds a quantity; None if the quantity belongs to the wording."""
        return next((figure for figure in self.figures if place in figure.quantities), None)

    def sentences(self) -> Iterator[str]:
        """Yields its sentences."""
        return (self.read.text[start:end] for start, end in sentences(self.read.text))


def printed_passages(document: Document) -> list[PrintedPassage]:
    """Returns the passages of a document; a footnote is one after that which bears its number."""
    found, heading = list[PrintedPassage](), ""
    for words, kind in _passages(document):
        for part in _with_notes(words):
            read, figures = _printed(part)
            if read.text:
                heading = read.text if kind == _HEADING else heading
                is_heading = kind == _HEADING
                found.append(PrintedPassage(read, figures, heading, is_heading, "" if is_heading else kind))
    return found


_HEADING = "\N{PILCROW SIGN}"


def _passages(document: Document) -> Iterator[tuple[Words, str]]:
    """Yields the words of each passage with the row and column of a cell, or the sign of a heading."""
    yield (Text(document.title),), ""
    yield (Text(document.subtitle),), ""
    for block in document.blocks:
        if isinstance(block, Heading):
            yield block.words, _HEADING
        elif isinstance(block, Paragraph):
            yield block.words, ""
        elif isinstance(block, Bullets):
            yield from ((item, "") for item in block.items)
        elif isinstance(block, Table):
            yield from _cells(block)
        elif isinstance(block, Labelled):
            yield from (((Text(f"{label}: "), *words), "") for label, words in block.lines)
        elif isinstance(block, Picture):
            yield (Text(block.title),), ""
        else:
            yield from (((Text(line),), "") for line in block.text.splitlines())


def _cells(table: Table) -> Iterator[tuple[Words, str]]:
    yield table.caption, ""
    yield from ((column, "") for column in table.columns)
    for row in table.rows:
        for column, cell in zip(table.columns, row, strict=False):
            yield cell, ", ".join(plain("".join(part.text for part in _own(words))) for words in (row[0], column))


def _own(words: Words) -> list[Text | Figure]:
    """Returns the words without footnotes; those of a link are plain words."""
    own = [one for one in words if not isinstance(one, Note)]
    return [one if isinstance(one, Figure) else Text(one.text) for one in own]


def _with_notes(words: Words) -> Iterator[Sequence[Text | Figure]]:
    yield _own(words)
    yield from (_own(one.words) for one in words if isinstance(one, Note))


def _printed(parts: Sequence[Text | Figure]) -> tuple[ReadPassage, tuple[PrintedFigure, ...]]:
    passage = ReadPassage.of("".join(one.text for one in parts))
    figures, cursor = list[PrintedFigure](), 0
    for at, one in enumerate(parts):
        if not isinstance(one, Figure) or not plain(one.text):
            continue
        # Joining two parts may drop a space between them, so the figure is looked for near its place.
        cursor = max(cursor, len(plain("".join(part.text for part in parts[:at]))))
        start = passage.text.find(plain(one.text), max(cursor - 1, 0))
        figures.append(_figure(one, passage, start))
        cursor = start
    return passage, tuple(figures)


def _figure(one: Figure, passage: ReadPassage, start: int) -> PrintedFigure:
    text = plain(one.text)
    held = tuple(
        at
        for at, quantity in enumerate(passage.quantities)
        if quantity.start < start + len(text) and quantity.end > start
    )
    return PrintedFigure(one.name, text, start, held, () if held else whole(text))
