# SPDX-License-Identifier: EUPL-1.2
"""Our document as passages in reading order, with the place of each figure in them."""

from __future__ import annotations

import re
from bisect import bisect_left
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
from flaggermail.report.quantities import Quantity, QuantityKind, plain, whole, within

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
    passage = ReadPassage.from_text("".join(one.text for one in parts))
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
    held = within(passage.quantities, start, start + len(text))
    return PrintedFigure(one.name, text, start, held, () if held else whole(text))
