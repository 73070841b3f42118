# SPDX-License-Identifier: EUPL-1.2
"""Writes a document as an OpenDocument text (ISO/IEC 26300, version 1.3). The same document gives the same octets.

Every part is its own kind of element: a heading with its level, a list, a table with its header, a note. A figure is
between two bookmarks of its name, because these survive when an office program reads, edits and writes the document.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC
from io import BytesIO
from typing import assert_never
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from flaggermail.documents.html import LIGHT, with_addresses
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
from flaggermail.documents.svg import Markup, element, escaped, lines, on_paper, size

NAMESPACES: Mapping[str, str] = {
    "office": "urn:oasis:names:tc:opendocument:xmlns:office:1.0",
    "style": "urn:oasis:names:tc:opendocument:xmlns:style:1.0",
    "text": "urn:oasis:names:tc:opendocument:xmlns:text:1.0",
    "table": "urn:oasis:names:tc:opendocument:xmlns:table:1.0",
    "draw": "urn:oasis:names:tc:opendocument:xmlns:drawing:1.0",
    "fo": "urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0",
    "svg": "urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0",
    "meta": "urn:oasis:names:tc:opendocument:xmlns:meta:1.0",
    "manifest": "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0",
    "dc": "http://purl.org/dc/elements/1.1/",
    "xlink": "http://www.w3.org/1999/xlink",
}
VERSION = "1.3"  # of OpenDocument
FAMILY = "Source Sans Pro"
LABEL_WIDTH = "4.5cm"
_DICTIONARIES = ("nl-NL", "en-GB")  # an office program picks one by language and region
_HEADINGS = (
    ("15pt", "0.9cm", "0.3cm"),
    ("12.5pt", "0.7cm", "0.2cm"),
    ("11pt", "0.5cm", "0.2cm"),
    ("10.5pt", "0.5cm", "0.2cm"),
)


def locale(language: str) -> dict[str, str]:
    """Returns the attributes of a language (BCP 47): `fo:language` and `fo:country`, for every kind of script.

    An office program reads the language of Arabic or Chinese words from attributes of their own.
    """
    primary, _, region = language.partition("-")
    usual = next((one for one in _DICTIONARIES if one.startswith(f"{primary}-")), "none")
    country = region.upper() if len(region) == len("NL") else usual.rpartition("-")[2]
    return {
        "fo:language": primary, "fo:country": country,
        "style:language-asian": primary, "style:country-asian": country,
        "style:language-complex": primary, "style:country-complex": country,
    }  # fmt: skip


def root(name: str, content: str, *used: str) -> bytes:
    """Returns an XML file whose root is `office:NAME`, with the namespaces that it uses."""
    attributes = {f"xmlns:{prefix}": NAMESPACES[prefix] for prefix in ("office", *used)}
    written = element(f"office:{name}", {**attributes, "office:version": VERSION}, Markup(content))
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{written}\n'.encode()


def styles(title: str, language: str) -> bytes:
    """Returns `styles.xml`: the named styles, the page, and its footer with the title and the page's number."""
    face = element(
        "style:font-face",
        {"style:name": FAMILY, "svg:font-family": f"'{FAMILY}'", "style:font-family-generic": "swiss"},
    )
    parts = (
        element("office:font-face-decls", None, face),
        element(
            "office:styles", None, lines("", _default(language), *_paragraphs(), *_spans(), _list(), _notes(), "\n")
        ),
        element("office:automatic-styles", None, _page_layout()),
        element("office:master-styles", None, _master(title)),
    )
    return root("document-styles", lines("", *parts, "\n"), "style", "text", "table", "fo", "svg", "draw")


def _style(name: str, family: str = "paragraph", parent: str = "", paragraph: Mapping[str, str] | None = None,
           text: Mapping[str, str] | None = None, **more: str) -> Markup:  # fmt: skip
    attributes = {"style:name": name.replace(" ", "_20_"), "style:display-name": name, "style:family": family}
    attributes |= {"style:parent-style-name": parent.replace(" ", "_20_")} if parent else {}
    attributes |= {f"style:{key.replace('_', '-')}": value for key, value in more.items()}
    inside = [
        element(f"style:{kind}-properties", given)
        for kind, given in (("paragraph", paragraph), ("text", text))
        if given
    ]
    return element("style:style", attributes, *inside)


def _default(language: str) -> Markup:
    text = {
        "style:font-name": FAMILY, "fo:font-size": "10.5pt", "fo:color": LIGHT.text, "style:font-size-asian": "10.5pt",
        "style:font-size-complex": "10.5pt", **locale(language), "fo:hyphenate": "false",
    }  # fmt: skip
    spacing = {"fo:orphans": "2", "fo:widows": "2", "style:tab-stop-distance": "1.25cm", "style:writing-mode": "page"}
    inside = (element("style:paragraph-properties", spacing), element("style:text-properties", text))
    return element("style:default-style", {"style:family": "paragraph"}, *inside)


def _paragraphs() -> list[Markup]:
    bold, soft = {"fo:font-weight": "bold", "style:font-weight-complex": "bold"}, {"fo:color": LIGHT.soft}
    keep = {"fo:keep-with-next": "always"}
    headings = [
        _style(f"Heading {level}", parent="Heading", next_style_name="Text_20_body", default_outline_level=str(level),
            paragraph={**keep, "fo:margin-top": above, "fo:margin-bottom": below},
            text={**bold, "fo:font-size": size, "style:font-size-complex": size})
        for level, (size, above, below) in enumerate(_HEADINGS, 1)
    ]  # fmt: skip
    return [
        _style("Standard", paragraph={"fo:line-height": "135%"}),
        _style("Text body", parent="Standard", paragraph={"fo:margin-bottom": "0.25cm"}),
        _style("Heading", parent="Standard", next_style_name="Text_20_body", paragraph=keep, text=bold),
        *headings,
        _style("Title", parent="Heading", paragraph={"fo:margin-bottom": "0.2cm", "fo:line-height": "115%"},
            text={**bold, "fo:font-size": "22pt"}),
        _style("Subtitle", parent="Heading", paragraph={"fo:margin-bottom": "0.6cm"},
            text={"fo:font-weight": "normal", "fo:font-size": "12pt", **soft}),
        _style("Caption", parent="Standard", paragraph={**keep, "fo:margin-top": "0.4cm", "fo:margin-bottom": "0.15cm"},
            text=bold),
        _style("List item", parent="Standard", paragraph={"fo:margin-bottom": "0.1cm"}),
        _style("Table Contents", parent="Standard", text={"fo:font-size": "9.5pt"}),
        _style("Table Heading", parent="Table Contents", text=bold),
        _style("Row Heading", parent="Table Contents", text=bold),
        _style("Picture", parent="Standard", paragraph={"fo:margin-top": "0.4cm", "fo:margin-bottom": "0.4cm"}),
        _labelled(),
        _style("Verbatim", parent="Standard", paragraph={
            "fo:margin-top": "0.25cm", "fo:margin-left": "0.1cm", "fo:padding": "0.15cm", "fo:padding-left": "0.4cm",
            "fo:border-left": f"1.5pt solid {LIGHT.line}", "fo:background-color": LIGHT.band}),
        _style("Footnote", parent="Standard", text={"fo:font-size": "9pt"},
            paragraph={"fo:margin-left": "0.5cm", "fo:text-indent": "-0.5cm"}),
        _footer(soft),
    ]  # fmt: skip


def _labelled() -> Markup:
    """Returns the style of a label with its value after a tab; a long value hangs below its beginning."""
    stops = element("style:tab-stops", None, element("style:tab-stop", {"style:position": "0cm"}))
    hanging = {"fo:margin-left": LABEL_WIDTH, "fo:text-indent": f"-{LABEL_WIDTH}", "fo:margin-bottom": "0.05cm"}
    attributes = {"style:name": "Labelled", "style:family": "paragraph", "style:parent-style-name": "Standard"}
    return element("style:style", attributes, element("style:paragraph-properties", hanging, stops))


def _footer(soft: Mapping[str, str]) -> Markup:
    stop = element("style:tab-stop", {"style:position": "16cm", "style:type": "right"})
    attributes = {"style:name": "Footer", "style:family": "paragraph", "style:parent-style-name": "Standard"}
    return element(
        "style:style", attributes,
        element("style:paragraph-properties", {"fo:line-height": "100%"}, element("style:tab-stops", None, stop)),
        element("style:text-properties", {**soft, "fo:font-size": "8.5pt"}),
    )  # fmt: skip


def _spans() -> list[Markup]:
    return [
        _style("Label", "text", text={"fo:font-weight": "bold", "style:font-weight-complex": "bold"}),
        _style("Internet link", "text",
            text={"style:text-underline-style": "solid", "style:text-underline-width": "auto"}),
        _style("Footnote anchor", "text", text={"style:text-position": "super 58%"}),
        _style("Footnote Symbol", "text"),
    ]  # fmt: skip


def _list() -> Markup:
    place = {"text:list-level-position-and-space-mode": "label-alignment"}
    alignment = {"text:label-followed-by": "listtab", "fo:text-indent": "-0.5cm", "fo:margin-left": "0.75cm"}
    level = element(
        "text:list-level-style-bullet", {"text:level": 1, "text:bullet-char": "•"},
        element("style:list-level-properties", place, element("style:list-level-label-alignment", alignment)),
    )  # fmt: skip
    return element("text:list-style", {"style:name": "Bullets"}, level)


def _notes() -> Markup:
    attributes = {
        "text:note-class": "footnote", "text:default-style-name": "Footnote",
        "text:citation-style-name": "Footnote_20_Symbol", "text:citation-body-style-name": "Footnote_20_anchor",
        "style:num-format": "1", "text:start-value": "0", "text:footnotes-position": "page",
        "text:start-numbering-at": "document",
    }  # fmt: skip
    return element("text:notes-configuration", attributes)


def _page_layout() -> Markup:
    page = {
        "fo:page-width": "21cm", "fo:page-height": "29.7cm", "style:print-orientation": "portrait",
        "fo:margin-top": "2.2cm", "fo:margin-bottom": "1.4cm", "fo:margin-left": "2.5cm", "fo:margin-right": "2.5cm",
        "style:writing-mode": "lr-tb",
    }  # fmt: skip
    foot = element("style:header-footer-properties", {"fo:min-height": "1cm", "fo:margin-top": "0.6cm"})
    inside = (element("style:page-layout-properties", page), element("style:footer-style", None, foot))
    return element("style:page-layout", {"style:name": "A4"}, *inside)


def _master(title: str) -> Markup:
    shown = element("text:title", None, title)  # a field: it follows the title in the document's properties
    number = element("text:page-number", {"text:select-page": "current"}, "1")
    line = element("text:p", {"text:style-name": "Footer"}, shown, element("text:tab"), number)
    attributes = {"style:name": "Standard", "style:page-layout-name": "A4"}
    return element("style:master-page", attributes, element("style:footer", None, line))


MIMETYPE = "application/vnd.oasis.opendocument.text"
_TEXT_WIDTH = 16.0  # centimetres
_DAY = (1980, 1, 1, 0, 0, 0)  # the first that a zip file can hold: the entries' own dates say nothing
_HARD = re.compile(r"(\n|\t|(?<= ) +|^ +| +$)", re.MULTILINE)


def odt_octets(document: Document) -> bytes:
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
