# SPDX-License-Identifier: EUPL-1.2
"""A document as one HTML page: for a screen of any width, for paper, and as the source of the PDF.

It holds no script and fetches nothing; a policy in its head forbids both. Nothing in it depends on when or where it is
written.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC
from types import MappingProxyType
from typing import TypeGuard

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
from flaggermail.documents.svg import Markup, element, escaped, inline, lines
from flaggermail.wording.report import PrintedWord

_OF_THE_WEB = re.compile(r"https?://\S+", re.ASCII)


def with_addresses(words: Words) -> Iterator[Text | Figure | Link | Note]:
    """Yields the words with the addresses of links to the web whose words do not say where they lead."""
    for word in words:
        if isinstance(word, Note):
            yield Note([*_in_note(word)])
            continue
        yield word
        if _leads_away(word):
            yield Note([Text(word.address)])


def _in_note(note: Note) -> Iterator[Text | Figure | Link]:
    for word in note.words:
        yield word
        if _leads_away(word):
            yield Text(f" ({word.address})")


def _leads_away(word: Text | Figure | Link | Note) -> TypeGuard[Link]:
    return isinstance(word, Link) and bool(_OF_THE_WEB.fullmatch(word.address)) and word.address not in word.text


NARROW = 480  # pixels of a window below which a picture with two layouts is shown upright
FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif'


@dataclass(frozen=True, slots=True)
class Colours:
    """The colours of one ground."""

    ground: str
    text: str
    soft: str
    line: str
    rule: str
    band: str


LIGHT = Colours(ground="#ffffff", text="#1b1f24", soft="#4d5661", line="#57606a", rule="#d0d7de", band="#f6f8fa")
DARK = Colours(ground="#0d1117", text="#e6edf3", soft="#a3adb8", line="#8b949e", rule="#30363d", band="#161b22")


def text_sheet(listed: int = 48) -> str:
    """Returns the style sheet of what every page has: ground, headings, and tables that a narrow screen lists.

    A table as a list has its rows below one another, and each cell is named by its `data-head`; that is how it is shown
    in windows of up to `listed` times the size of the text, where the page's broadest table would have to scroll.
    """
    return (
        ":root { color-scheme: light dark }\n"
        f"body {{ margin: 0; font: 16px/1.5 {FONT}; overflow-wrap: anywhere }}\n"
        "main { max-width: 60rem; margin: 0 auto; padding: 1rem }\n"
        "h1 { font-size: 1.75rem; line-height: 1.2 } h2 { font-size: 1.375rem; margin-top: 2.5rem }\n"
        "h3 { font-size: 1.125rem; margin-top: 2rem } h4 { font-size: 1rem; margin: 1.5rem 0 .5rem }\n"
        "p, li { max-width: 42rem } figure { margin: 0 }\n"
        "figure svg { display: block; width: 100%; height: auto } figure svg.upright { display: none }\n"
        f"@media screen and (max-width: {NARROW}px) {{\n"
        "figure svg.broad { display: none } figure svg.upright { display: block; max-width: 24rem } }\n"
        "table { border-collapse: collapse; overflow-wrap: normal; width: 100% }\n"
        "caption { text-align: start; font-weight: 600; padding: .25rem 0 }\n"
        "th, td { text-align: start; vertical-align: top; padding: .25rem .75rem }\n"
        "td { font-variant-numeric: tabular-nums }\n"
        "th:first-child { padding-left: 0 } tr > :last-child { padding-right: 0 }\n"
        "tbody th { min-width: 7em } caption, tbody th { overflow-wrap: anywhere }\n"
        f"{_text_colours(LIGHT)}\n"
        f"@media screen and (prefers-color-scheme: dark) {{\n{_text_colours(DARK)} }}\n"
        f"@media screen and (max-width: {listed}rem) {{\n"
        "table, caption, tbody, tr, th, td { display: block } td:empty { display: none }\n"
        "thead { position: absolute; clip-path: inset(50%); width: 1px; height: 1px; overflow: hidden }\n"
        "tbody tr { padding: .5rem 0 } th, td { padding: 0; text-align: start }\n"
        "td::before { content: attr(data-head) ': ' } }\n"
    )


def _text_colours(colours: Colours) -> str:
    return (
        f"body {{ color: {colours.text}; background: {colours.ground} }} .soft {{ color: {colours.soft} }}\n"
        f"thead th {{ border-bottom: 2px solid {colours.line} }}\n"
        f"tbody tr {{ border-bottom: 1px solid {colours.rule} }}"
    )


_DEEPEST = 4  # the last level of a heading
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_INSTANT = "%Y-%m-%dT%H:%M:%SZ"
_SPACES = re.compile(r"\s+")
_SAFE_ADDRESS = re.compile(r"(?:https?://|mailto:)\S+|#\S+", re.ASCII)
_QUOTED = re.compile(r'[\\"\x00-\x1f<>&]')


def page(document: Document, *, paged: bool = False) -> str:
    """Returns the document as HTML; `paged`: its notes stand at the foot of each page, else at its end.

    Raises ValueError if a picture is no SVG or a heading skips a level.
    """
    writing = _Blocks(document.language, paged=paged)
    subtitle = element("p", {"class": "subtitle"}, document.subtitle) if document.subtitle else ""
    body = (element("h1", None, document.title), subtitle, *map(writing.block, document.blocks), writing.notes())
    said = {"author": document.organisation, "dcterms.created": document.at.astimezone(UTC).strftime(_INSTANT)}
    return written(document.language, document.title, document_sheet(document), body, said)


def written(
    language: str, title: str, sheet: str, body: Iterable[str], said: Mapping[str, str] = MappingProxyType({})
) -> str:  # fmt: skip
    """Returns a page with that style sheet; `said` are the further fields of its head."""
    named = {"viewport": "width=device-width, initial-scale=1", "color-scheme": "light dark", **said}
    head = (
        element("meta", {"charset": "utf-8"}),
        element("meta", {"http-equiv": "Content-Security-Policy", "content": _POLICY}),
        *(element("meta", {"name": name, "content": content}) for name, content in named.items()),
        element("title", None, title),
        element("style", None, Markup(f"\n{sheet}\n")),
    )
    content = element("body", None, element("main", None, lines("", *body, "\n")))
    whole = element("html", {"lang": language}, lines("", element("head", None, lines("", *head)), content))
    return f"<!DOCTYPE html>\n{whole}\n"


Column = tuple[Sequence[str], str, str]
"""The words of a column, the same without what they lead to, and its class, which may be empty."""


def table(
    caption: Sequence[str], columns: Sequence[Column], rows: Sequence[Sequence[str]], *, roles: bool = True
) -> Markup:  # fmt: skip
    """Returns a table whose first column names its rows; they are a list where the page is narrow, so it never scrolls.

    Its roles are written out: where a narrow page shows it as a list, some programs would take it for none. Raises
    ValueError for a row that has another number of cells than there are columns.
    """

    def of(role: str) -> dict[str, str]:
        return {"role": role} if roles else {}

    kinds = [{"class": kind} if kind else {} for _, _, kind in columns]
    heads = [
        element("th", {**of("columnheader"), "scope": "col", **kind}, *words)
        for (words, _, _), kind in zip(columns, kinds, strict=True)
    ]
    body = list[Markup]()
    for row in rows:
        cells = [
            element("td", {**of("cell"), "data-head": name, **kind}, cell)
            if at
            else element("th", {**of("rowheader"), "scope": "row"}, cell)
            for at, (cell, (_, name, _), kind) in enumerate(zip(row, columns, kinds, strict=True))
        ]
        body.append(element("tr", of("row"), *cells))
    parts = (
        element("caption", None, *caption),
        element("thead", of("rowgroup"), element("tr", of("row"), *heads)),
        element("tbody", of("rowgroup"), lines("", *body, "\n")) if body else "",
    )
    return element("table", of("table"), lines("", *parts, "\n"))


# ---------------------------------------------------------------- the blocks


@dataclass(slots=True)
class _Blocks:
    """What is counted while a page is written: its notes and its pictures."""

    language: str
    paged: bool
    _notes: list[Note] = field(default_factory=list)
    _pictures: int = 0
    _level: int = 0

    def block(self, block: Block) -> Markup:
        """Returns one block."""
        match block:
            case Heading():
                return self._heading(block)
            case Paragraph():
                return element("p", None, *self._words(block.words))
            case Bullets():
                items = [element("li", None, *self._words(item)) for item in block.items]
                return element("ul", None, lines("", *items, "\n"))
            case Table():
                return self._table(block)
            case Picture():
                return self._picture(block)
            case Labelled():
                return self._labelled(block)
            case Verbatim():
                language = {"lang": block.language} if block.language else {}
                # A parser drops the first line break; each paragraph runs from the side of its own writing.
                return element("pre", {"dir": "auto", **language}, f"\n{block.text}")

    def _heading(self, heading: Heading) -> Markup:
        """Returns a heading below the title, which is the h1. Raises ValueError if a level is left out."""
        if not 1 <= heading.level <= min(self._level + 1, _DEEPEST):
            raise ValueError(f"a heading of level {heading.level} follows one of level {self._level}")
        self._level = heading.level
        where = {"class": "new-page"} if heading.on_new_page else {}
        return element(f"h{heading.level + 1}", where, *self._words(heading.words))

    def _table(self, block: Table) -> Markup:
        """Returns a table; without roles if its caption leads to a note: with them, only its cells may hold a link."""
        caption = [*self._words(block.caption)]
        columns = [([*self._words(column)], plain(column), "") for column in block.columns]
        rows = [[Markup("".join(self._words(cell))) for cell in row] for row in block.rows]
        return table(caption, columns, rows, roles=not any(isinstance(word, Link | Note) for word in block.caption))

    def _picture(self, picture: Picture) -> Markup:
        self._pictures += 1
        key = f"picture-{self._pictures}"
        named = (picture.title, picture.description)
        drawn = [inline(picture.svg, key, *named, kind="broad" if picture.upright else "")]
        if picture.upright:
            drawn.append(inline(picture.upright, f"{key}-upright", *named, kind="upright"))
        return element("figure", None, *drawn)

    def _labelled(self, labelled: Labelled) -> Markup:
        """Returns labels with their values; a label stays where its value is empty."""
        pairs = [
            element("div", None, element("dt", None, label), element("dd", None, "", *self._words(words)))
            for label, words in labelled.lines
        ]
        return element("dl", None, lines("", *pairs, "\n"))

    # ------------------------------------------------------------ words and notes

    def _words(self, words: Words) -> Iterator[Markup]:
        for one in with_addresses(words):
            yield self._note(one) if isinstance(one, Note) else _word(one)

    def _note(self, note: Note) -> Markup:
        """Returns the number of a note, which leads to it, and the note if it stands at the foot of the page."""
        self._notes.append(note)
        number = len(self._notes)
        label = PrintedWord.NOTE(number=number).in_language(self.language)
        attributes = {"href": f"#note-{number}", "id": f"note-{number}-at", "role": "doc-noteref", "aria-label": label}
        reference = element("sup", None, element("a", attributes, str(number)))
        if not self.paged:
            return reference
        label, foot = element("sup", {"class": "label"}, f"{number} "), {"class": "foot", "id": f"note-{number}"}
        return lines(reference, element("span", foot, label, *map(_word, note.words)))

    def notes(self) -> Markup:
        """Returns the notes as a list, each with a link back to its number; empty if they are printed elsewhere."""
        if not self._notes or self.paged:
            return Markup()
        items = [self._item(number, note) for number, note in enumerate(self._notes, 1)]
        head = element("h2", {"id": "notes"}, PrintedWord.NOTES.words(self.language))
        attributes = {"role": "doc-endnotes", "aria-labelledby": "notes"}
        return element("section", attributes, lines("", head, element("ol", None, lines("", *items, "\n")), "\n"))

    def _item(self, number: int, note: Note) -> Markup:
        label = PrintedWord.BACK(number=number).in_language(self.language)
        back = element("a", {"href": f"#note-{number}-at", "role": "doc-backlink", "aria-label": label}, "↑")
        return element("li", {"id": f"note-{number}"}, *map(_word, note.words), " ", back)


def _word(word: Text | Figure | Link) -> Markup:
    match word:
        case Text():
            return element("span", {"lang": word.language}, word.text) if word.language else escaped(word.text)
        case Figure():
            return element("span", {"data-figure": word.name}, word.text)
        case Link():
            leads = _SAFE_ADDRESS.fullmatch(word.address)
            return element("a", {"href": word.address}, word.text) if leads else escaped(word.text)


def plain(words: Words) -> str:
    """Returns words without what they lead to; notes are left out."""
    return _SPACES.sub(" ", "".join(word.text for word in words if not isinstance(word, Note))).strip()


# ---------------------------------------------------------------- how it looks


def document_sheet(document: Document) -> str:
    """Returns the style sheet of a document; on paper its title and the number of the page are at the foot."""
    return (
        f"{text_sheet()}"
        "main { max-width: 46rem } .subtitle { margin-top: -.5rem; font-size: 1.125rem }\n"
        "h5 { font-size: 1rem; font-style: italic; margin: 1.5rem 0 .5rem }\n"
        "main > p, main > ul, main > dl, main > pre { margin: .75rem 0 }\n"
        "main > table, main > figure { margin: 1rem 0 1.5rem } caption { padding-bottom: .5rem }\n"
        "pre { font: inherit; white-space: pre-wrap; overflow-wrap: anywhere; padding: .75rem 1rem }\n"
        "pre { unicode-bidi: plaintext } sup { line-height: 0; font-size: .75em; font-weight: 400 }\n"
        "dl > div { display: grid; grid-template-columns: minmax(8rem, 14rem) 1fr; column-gap: 1rem }\n"
        "dt { font-weight: 600 } dd { margin: 0 } li { margin: .25rem 0 }\n"
        "a { color: inherit; text-underline-offset: .15em } sup a { padding: 0 .2em }\n"
        f"{_colours(LIGHT)}\n"
        f"@media screen and (prefers-color-scheme: dark) {{\n{_colours(DARK)} }}\n"
        "@media screen and (max-width: 40rem) { dl > div { display: block; margin: .5rem 0 } }\n"
        f"@media print {{\n{_paper_sheet(document)} }}"
    )


def _colours(colours: Colours) -> str:
    return (
        f".subtitle {{ color: {colours.soft} }} pre {{ background: {colours.band}; "
        f"border-left: 3px solid {colours.line} }} a:focus-visible {{ outline: 3px solid {colours.line} }}"
    )


def _paper_sheet(document: Document) -> str:
    """Returns the part for paper: A4, a heading never last on its page, a row never in two."""
    foot = f"font: 8.5pt/1.2 inherit; font-size: 8.5pt; color: {LIGHT.soft}; vertical-align: top; padding-top: 6mm"
    title = _QUOTED.sub(lambda found: f"\\{ord(found[0]):x} ", document.title)
    return (
        "@page { size: A4; margin: 22mm 25mm 26mm; "
        f'@bottom-left {{ content: "{title}"; width: 85%; text-align: left; {foot} }} '
        f"@bottom-right {{ content: counter(page); width: 15%; text-align: right; {foot} }} }}\n"
        "main { max-width: none; padding: 0 } body { font-size: 10.5pt; line-height: 1.45; orphans: 2; widows: 2 }\n"
        "p, li { max-width: none } h1 { font-size: 22pt } h2 { font-size: 15pt; margin: 9mm 0 3mm }\n"
        "h3 { font-size: 12.5pt; margin: 7mm 0 2mm } h4, h5 { font-size: 10.5pt; margin: 5mm 0 2mm }\n"
        ".subtitle { font-size: 12pt } h1, h2, h3, h4, h5, caption { break-after: avoid; break-inside: avoid }\n"
        ".new-page { break-before: page } tr, figure, dl > div, li { break-inside: avoid }\n"
        "thead { display: table-header-group } th, td { padding: 1mm 3mm 1mm 0 } table { font-size: 9.5pt }\n"
        "main > table, main > figure { margin: 4mm 0 6mm } pre { padding: 2mm 4mm }\n"
        "dl { display: table; border-collapse: collapse } dl > div { display: table-row }\n"
        "dt, dd { display: table-cell; padding: .5mm 0 } dt { width: 45mm; padding-right: 4mm }\n"
        "[role=doc-backlink], sup a { text-decoration: none } li { padding-left: 1mm }\n"
        ".foot { float: footnote; font-size: 8.5pt; font-weight: 400; font-style: normal; line-height: 1.3 }\n"
        ".foot::footnote-call, .foot::footnote-marker { content: none }"
    )
