# SPDX-License-Identifier: EUPL-1.2
"""A report as an editor has it: the passages with their marks, and an OpenDocument file that LibreOffice can save."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from io import BytesIO
from zipfile import ZipFile

import odfdo
from lxml import etree

from flaggermail.documents.model import (
    Bullets,
    Document,
    Figure,
    Heading,
    Labelled,
    Note,
    Paragraph,
    Passage,
    Picture,
    Table,
    Text,
    Words,
)

_TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"


def passages(document: Document) -> list[Passage]:
    """Returns the passages of a document, each figure marked."""
    return [one for words, _ in _parts(document) for one in _of(words)]


def unmarked(found: Sequence[Passage]) -> list[Passage]:
    """Returns the passages as an editor leaves them that drops every mark."""
    return [Passage(one.text) for one in found]


def edited(found: Sequence[Passage], *changes: tuple[str, str], marked: bool = True) -> list[Passage]:
    """Returns the passages after each change of words, the first time that they stand there; marks go along."""
    result = list(found)
    for old, new in changes:
        at = next((at for at, one in enumerate(result) if old in one.text), None)
        assert at is not None, f"{old!r} stands nowhere"
        result[at] = _changed(result[at], old, new)
    return result if marked else unmarked(result)


def _changed(passage: Passage, old: str, new: str) -> Passage:
    """Returns a passage in which words were replaced inside the marks that they touch."""
    start = passage.text.index(old)
    common = next((n for n, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new)))
    rest_old, rest_new = old[common:], new[common:]
    tail = next(
        (n for n, (a, b) in enumerate(zip(reversed(rest_old), reversed(rest_new), strict=False)) if a != b),
        min(len(rest_old), len(rest_new)),
    )
    begin, end = start + common, start + len(old) - tail
    put = rest_new[: len(rest_new) - tail]
    figures, cursor = list[Figure](), 0
    for figure in passage.figures:
        at = passage.text.index(figure.text, cursor)
        cursor = at + len(figure.text)
        if begin >= cursor or end <= at:
            inside = figure.text
        else:
            inside = (
                passage.text[at : max(begin, at)]
                + (put if begin >= at else "")
                + passage.text[min(end, cursor) : cursor]
            )
        figures.append(Figure(figure.name, inside))
    return Passage(passage.text[:begin] + put + passage.text[end:], tuple(figures))


def _parts(document: Document) -> Iterator[tuple[Words, int]]:
    """Yields the words of each paragraph with its level; 0 for what is no heading."""
    yield (Text(document.title),), 1
    yield (Text(document.subtitle),), 0
    for block in document.blocks:
        if isinstance(block, Heading):
            yield block.words, block.level
        elif isinstance(block, Paragraph):
            yield block.words, 0
        elif isinstance(block, Bullets):
            yield from ((item, 0) for item in block.items)
        elif isinstance(block, Table):
            yield block.caption, 0
            yield from ((cell, 0) for row in (block.columns, *block.rows) for cell in row)
        elif isinstance(block, Labelled):
            yield from (((Text(f"{label}: "), *words), 0) for label, words in block.lines)
        elif not isinstance(block, Picture):
            yield (Text(block.text),), 0


def _of(words: Words) -> Iterator[Passage]:
    own = [one for one in words if not isinstance(one, Note)]
    yield Passage("".join(one.text for one in own), tuple(one for one in own if isinstance(one, Figure)))
    for one in words:
        if isinstance(one, Note):
            yield from _of(one.words)


# ---------------------------------------------------------------- as a file


def odt(document: Document) -> bytes:
    """Returns an OpenDocument text in which a pair of bookmarks holds each figure."""
    file = odfdo.Document("text")
    file.body.clear()
    for words, level in _parts(document):
        if level:
            paragraph: odfdo.Element = odfdo.Header(level)
        else:
            paragraph = odfdo.Paragraph()
        _fill(paragraph, words)
        file.body.append(paragraph)
    written = BytesIO()
    file.save(written)
    return written.getvalue()


def _fill(paragraph: odfdo.Element, words: Words) -> None:
    for number, one in enumerate(words):
        if isinstance(one, Note):
            note = odfdo.Note(note_class="footnote", note_id=f"note{number}", citation="1", body="")
            inside = odfdo.Paragraph()
            _fill(inside, one.words)
            body = note.get_element("text:note-body")
            assert body is not None
            body.clear()
            body.append(inside)
            paragraph.append(note)
        elif isinstance(one, Figure):
            paragraph.append(odfdo.BookmarkStart(one.name))
            paragraph.append(odfdo.Span(one.text))
            paragraph.append(odfdo.BookmarkEnd(one.name))
        else:
            paragraph.append(odfdo.Span(one.text))


def read_odt(octets: bytes) -> list[Passage]:
    """Returns the paragraphs and headings of an OpenDocument text with what stands between its bookmarks."""
    with ZipFile(BytesIO(octets)) as file:
        root = etree.fromstring(file.read("content.xml"))
    found = list[Passage]()
    for element in root.iter(f"{_TEXT}p", f"{_TEXT}h"):
        pieces = list(_pieces(element))
        text = "".join(piece for kind, piece in pieces if kind == "text")
        figures = dict[str, str]()
        open_marks = set[str]()
        for kind, piece in pieces:
            if kind == "start":
                open_marks.add(piece)
                figures[piece] = ""
            elif kind == "end":
                open_marks.discard(piece)
            else:
                figures.update({name: figures[name] + piece for name in open_marks})
        found.append(Passage(text, tuple(Figure(name, inside) for name, inside in figures.items())))
    return found


def _pieces(element: etree._Element) -> Iterator[tuple[str, str]]:  # lxml has no public name for it
    if element.text:
        yield "text", element.text
    for child in element:
        name = str(child.tag).removeprefix(_TEXT)
        if name in {"bookmark-start", "bookmark-end"}:
            yield name.removeprefix("bookmark-"), str(child.get(f"{_TEXT}name"))
        elif name == "s":
            yield "text", " " * int(child.get(f"{_TEXT}c") or 1)
        elif name != "note":
            yield from _pieces(child)
        if child.tail:
            yield "text", child.tail
