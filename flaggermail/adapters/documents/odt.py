# SPDX-License-Identifier: EUPL-1.2
"""Writes a document as an OpenDocument text (ISO/IEC 26300, version 1.3). The same document gives the same octets.

Every part is its own kind of element: a heading with its level, a list, a table with its header, a note. A figure is
between two bookmarks of its name, because these survive when an office program reads, edits and writes the document.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC
from io import BytesIO
from typing import assert_never
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from flaggermail.adapters.documents.odt_styles import locale, root, styles
from flaggermail.documents.addresses import with_addresses
from flaggermail.documents.markup import Markup, element, escaped, lines
from flaggermail.documents.model import (
    Block,
    Bullets,
    Document,
    Figure,
    Heading,
    Labelled,
    Link,
    Note,
    Paragraph,
    Picture,
    Table,
    Text,
    Verbatim,
    Words,
)
from flaggermail.documents.svg import on_paper, size

MIMETYPE = "application/vnd.oasis.opendocument.text"
_TEXT_WIDTH = 16.0  # centimetres
_DAY = (1980, 1, 1, 0, 0, 0)  # the first that a zip file can hold: the entries' own dates say nothing
_HARD = re.compile(r"(\n|\t|(?<= ) +|^ +| +$)", re.MULTILINE)


def written(document: Document) -> bytes:
    """Returns the document as an OpenDocument text."""
    writing = _Body(document.language)
    body = [*writing.document(document)]
    content = (
        element("office:automatic-styles", None, lines("", *writing.styles(), "\n")),
        element("office:body", None, element("office:text", None, lines("", *body, "\n"))),
    )
    used = ("style", "text", "table", "draw", "fo", "svg", "xlink")
    pictures = {f"Pictures/picture-{at}.svg": on_paper(one.svg).encode() for at, one in enumerate(writing.pictures, 1)}
    files = {
        "content.xml": root("document-content", lines("", *content, "\n"), *used),
        "styles.xml": styles(document.title, document.language),
        "meta.xml": _meta(document),
        **pictures,
    }
    return _zipped({**files, "META-INF/manifest.xml": _manifest([*files])})


def _zipped(files: dict[str, bytes]) -> bytes:
    """Returns the package: its type first and not compressed, so that it is known by its first octets."""
    made = BytesIO()
    with ZipFile(made, "w") as package:
        for name, octets in {"mimetype": MIMETYPE.encode(), **files}.items():
            entry = ZipInfo(name, _DAY)
            entry.create_system, entry.external_attr = 0, 0  # of no kind of machine
            entry.compress_type = ZIP_STORED if name == "mimetype" else ZIP_DEFLATED
            package.writestr(entry, octets)
    return made.getvalue()


def _manifest(names: Sequence[str]) -> bytes:
    types = {"/": MIMETYPE} | {name: "image/svg+xml" if name.endswith(".svg") else "text/xml" for name in names}
    entries = [
        element("manifest:file-entry", {"manifest:full-path": name, "manifest:media-type": kind})
        for name, kind in types.items()
    ]
    head = {"xmlns:manifest": "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0", "manifest:version": "1.3"}
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{element("manifest:manifest", head, *entries)}\n'.encode()


def _meta(document: Document) -> bytes:
    """Returns title, language, maker and instant, and nothing of the machine that writes the file."""
    at = document.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    said = {
        "dc:title": document.title, "dc:language": document.language, "meta:initial-creator": document.organisation,
        "dc:creator": document.organisation, "meta:creation-date": at, "dc:date": at,
    }  # fmt: skip
    inside = element("office:meta", None, *(element(name, None, value) for name, value in said.items()))
    return root("document-meta", inside, "meta", "dc")


# ---------------------------------------------------------------- the blocks


@dataclass(slots=True)
class _Body:
    """What is counted while a document is written: its pictures, tables and notes, and the languages of its words."""

    language: str
    pictures: list[Picture] = field(default_factory=list)
    _tables: int = 0
    _notes: int = 0
    _marks: int = 0
    _columns: dict[int, None] = field(default_factory=dict)
    _spans: dict[str, None] = field(default_factory=dict)
    _mails: dict[str, None] = field(default_factory=dict)

    def document(self, document: Document) -> Iterator[Markup]:
        """Yields the elements of the body."""
        yield self._p("Title", [Text(document.title)])
        if document.subtitle:
            yield self._p("Subtitle", [Text(document.subtitle)])
        for block in document.blocks:
            yield from self._block(block)

    def _block(self, block: Block) -> Iterator[Markup]:
        match block:
            case Heading():
                yield self._heading(block)
            case Paragraph():
                yield self._p("Text_20_body", block.words)
            case Bullets():
                items = [element("text:list-item", None, self._p("List_20_item", item)) for item in block.items]
                yield element("text:list", {"text:style-name": "Bullets"}, *items)
            case Table():
                yield from self._table(block)
            case Picture():
                yield self._picture(block)
            case Labelled():
                for label, words in block.lines:
                    name = element("text:span", {"text:style-name": "Label"}, _text(label))
                    yield element(
                        "text:p", {"text:style-name": "Labelled"}, name, element("text:tab"), *self._words(words)
                    )
            case Verbatim():
                yield self._verbatim(block)
            case _:
                assert_never(block)

    def _p(self, style: str, words: Words) -> Markup:
        return element("text:p", {"text:style-name": style}, "", *self._words(words))

    def _heading(self, heading: Heading) -> Markup:
        style = f"Heading_20_{heading.level}"
        attributes: dict[str, str | int] = {
            "text:style-name": f"New_20_page_20_{heading.level}" if heading.on_new_page else style,
            "text:outline-level": heading.level,
        }
        return element("text:h", attributes, *self._words(heading.words))

    def _table(self, table: Table) -> Iterator[Markup]:
        """Yields the caption, and the table with a header that is repeated on each page."""
        self._tables += 1
        name = f"Table{self._tables}"
        self._columns[len(table.columns)] = None
        yield self._p("Caption", table.caption)
        header = element(
            "table:table-row", None, *(self._cell("Table_20_Heading", one, "Head") for one in table.columns)
        )
        rows = []
        for row in table.rows:
            cells = [
                self._cell("Table_20_Contents" if at else "Row_20_Heading", one, "Cell") for at, one in enumerate(row)
            ]
            rows.append(element("table:table-row", {"table:style-name": "Row"}, *cells))
        column: dict[str, str | int] = {
            "table:style-name": f"Column{len(table.columns)}",
            "table:number-columns-repeated": len(table.columns),
        }
        yield element(
            "table:table",
            {"table:name": name, "table:style-name": "Table"},
            element("table:table-column", column), element("table:table-header-rows", None, header), *rows,
        )  # fmt: skip
        yield element("text:p", {"text:style-name": "Standard"}, "")

    def _cell(self, style: str, words: Words, kind: str) -> Markup:
        attributes = {"table:style-name": kind, "office:value-type": "string"}
        return element("table:table-cell", attributes, self._p(style, words))

    def _picture(self, picture: Picture) -> Markup:
        """Returns a paragraph with the picture, as wide as the text, with what it shows in words."""
        self.pictures.append(picture)
        at = len(self.pictures)
        wide, high = size(picture.svg)
        frame = {
            "draw:name": f"Picture{at}", "draw:style-name": "Drawing", "text:anchor-type": "as-char",
            "svg:width": f"{_TEXT_WIDTH}cm", "svg:height": f"{_TEXT_WIDTH * high / wide:.3f}cm",
        }  # fmt: skip
        image = {
            "xlink:href": f"Pictures/picture-{at}.svg", "xlink:type": "simple", "xlink:show": "embed",
            "xlink:actuate": "onLoad", "draw:mime-type": "image/svg+xml",
        }  # fmt: skip
        named = element("svg:title", None, picture.title), element("svg:desc", None, picture.description)
        return element(
            "text:p", {"text:style-name": "Picture"}, element("draw:frame", frame, element("draw:image", image), *named)
        )

    def _verbatim(self, verbatim: Verbatim) -> Markup:
        """Returns one paragraph: line breaks, tabs and spaces in it are elements, which no program joins."""
        style = "Verbatim"
        if verbatim.language:
            self._mails[verbatim.language] = None
            style = f"Verbatim_20_{verbatim.language}"
        return element("text:p", {"text:style-name": style}, _text(verbatim.text))

    # ------------------------------------------------------------ words

    def _words(self, words: Words) -> Iterator[Markup]:
        return self._written(with_addresses(words))

    def _written(self, words: Iterable[Text | Figure | Link | Note]) -> Iterator[Markup]:
        for word in words:
            match word:
                case Text() if word.language:
                    self._spans[word.language] = None
                    yield element("text:span", {"text:style-name": f"In_20_{word.language}"}, _text(word.text))
                case Text():
                    yield _text(word.text)
                case Figure():
                    yield self._marked(word)
                case Link():
                    attributes = {
                        "xlink:type": "simple",
                        "xlink:href": word.address,
                        "text:style-name": "Internet_20_link",
                    }
                    yield element("text:a", attributes, _text(word.text))
                case Note():
                    yield self._note(word)

    def _marked(self, figure: Figure) -> Markup:
        self._marks += 1
        name = {"text:name": f"f{self._marks}:{figure.name};"}
        return Markup(f"{element('text:bookmark-start', name)}{_text(figure.text)}{element('text:bookmark-end', name)}")

    def _note(self, note: Note) -> Markup:
        self._notes += 1
        body = element(
            "text:note-body", None, element("text:p", {"text:style-name": "Footnote"}, "", *self._written(note.words))
        )
        citation = element("text:note-citation", None, str(self._notes))
        attributes = {"text:id": f"note{self._notes}", "text:note-class": "footnote"}
        return element("text:note", attributes, citation, body)

    # ------------------------------------------------------------ styles of this document

    def styles(self) -> Iterator[Markup]:
        """Yields the styles that depend on what the document holds; asked for after its blocks are written."""
        for level in range(1, 5):
            yield _automatic(
                f"New_20_page_20_{level}", "paragraph", f"Heading_20_{level}", paragraph={"fo:break-before": "page"}
            )
        for language in self._spans:
            yield _automatic(f"In_20_{language}", "text", "", text=locale(language))
        for language in self._mails:
            yield _automatic(f"Verbatim_20_{language}", "paragraph", "Verbatim", text=locale(language))
        yield _automatic("Table", "table", "", table={"style:width": f"{_TEXT_WIDTH}cm", "table:align": "margins"})
        for count in self._columns:
            yield _automatic(
                f"Column{count}",
                "table-column",
                "",
                **{"table-column": {"style:column-width": f"{_TEXT_WIDTH / count:.3f}cm"}},
            )
        yield _automatic("Row", "table-row", "", **{"table-row": {"fo:keep-together": "always"}})
        for name, line in (("Head", "1pt solid #57606a"), ("Cell", "0.5pt solid #d0d7de")):
            yield _automatic(
                name,
                "table-cell",
                "",
                **{"table-cell": {"fo:padding": "0.08cm", "fo:border": "none", "fo:border-bottom": line}},
            )
        yield _automatic(
            "Drawing",
            "graphic",
            "",
            graphic={"style:vertical-pos": "top", "style:vertical-rel": "baseline", "style:wrap": "none"},
        )


def _automatic(name: str, family: str, parent: str, **properties: dict[str, str]) -> Markup:
    inherited = {"style:parent-style-name": parent} if parent else {}
    inside = [element(f"style:{kind}-properties", given) for kind, given in properties.items()]
    return element("style:style", {"style:name": name, "style:family": family, **inherited}, *inside)


def _text(text: str) -> Markup:
    """Returns text whose line breaks, tabs and further spaces are elements: a reader of the format joins them else."""
    return Markup("".join(map(_piece, _HARD.split(text.replace("\r\n", "\n").replace("\r", "\n")))))


def _piece(text: str) -> Markup:
    if text == "\n":
        return element("text:line-break")
    if text == "\t":
        return element("text:tab")
    if text and not text.strip(" "):
        return element("text:s", {"text:c": len(text)})
    return escaped(text)
