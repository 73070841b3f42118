# SPDX-License-Identifier: EUPL-1.2
"""The parts of a document: what each is, never how it looks.

A format writes every part as its own kind of element (a real heading, a real list, a real note), so that a screen
reader and an archive read from the file what is written here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Text:
    """Plain words. `language` is that of the words where it is not the document's (BCP 47); empty otherwise."""

    text: str
    language: str = ""


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure of the record as the document prints it.

    `name` says which figure it is, once for each place where it is printed (`uses`, `VF-EP2024-0001/1/human/hours`). An
    editable format keeps the name with the words, so that an edited document can be compared with the record.
    """

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Link:
    """Words that lead to a web address."""

    text: str
    address: str


@dataclass(frozen=True, slots=True)
class Note:
    """A footnote, at the place of its number."""

    words: Sequence[Text | Figure | Link]


Words = Sequence[Text | Figure | Link | Note]
"""What stands in one paragraph, heading, item or cell, in its order."""


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of level 1 to 4; the document's title is above level 1. `on_new_page`: a page begins with it."""

    level: int
    words: Words
    on_new_page: bool = False


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph."""

    words: Words


@dataclass(frozen=True, slots=True)
class Bullets:
    """A list without an order."""

    items: Sequence[Words]


@dataclass(frozen=True, slots=True)
class Table:
    """A table with its caption, a header of columns, and rows whose first cell is the header of its row."""

    caption: Words
    columns: Sequence[Words]
    rows: Sequence[Sequence[Words]]


@dataclass(frozen=True, slots=True)
class Picture:
    """An SVG drawing with a short and a full text alternative.

    `upright` is the same for a narrow screen; empty if there is no such layout.
    """

    svg: str
    title: str
    description: str
    upright: str = ""


@dataclass(frozen=True, slots=True)
class Labelled:
    """Labels with their values, one a line, in this order; a label stays where its value is empty."""

    lines: Sequence[tuple[str, Words]]


@dataclass(frozen=True, slots=True)
class Verbatim:
    """Words that are printed to the character, line breaks and blank lines included; `language` as in `Text`."""

    text: str
    language: str = ""


Block = Heading | Paragraph | Bullets | Table | Picture | Labelled | Verbatim


@dataclass(frozen=True, slots=True)
class Document:
    """A document in one language. `at`: the instant that a file format writes as that of its making."""

    title: str
    language: str
    organisation: str
    at: datetime
    blocks: Sequence[Block]
    subtitle: str = ""


@dataclass(frozen=True, slots=True)
class Passage:
    """A paragraph, heading, item, cell or note as it was read back from an edited document.

    `figures` are the figures whose names it still holds, with the words that stand there now; one that was copied comes
    twice. `broken` names those of whose mark only the beginning or only the end is left.
    """

    text: str
    figures: Sequence[Figure] = ()
    broken: Sequence[str] = ()
