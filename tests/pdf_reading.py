# SPDX-License-Identifier: EUPL-1.2
"""Reads a tagged PDF: its structure, what its pages paint, and the text of both."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import pikepdf
from pikepdf import Name, Pdf

Element: TypeAlias = Any
"""An element of the structure, or another object of a PDF: its entries have no types."""

_PAINTING = frozenset({
    "Tj", "TJ", "'", '"', "S", "s", "f", "F", "f*", "B", "B*", "b", "b*", "sh", "Do", "BI", "INLINE IMAGE",
})  # fmt: skip
_CODES = re.compile(rb"<([0-9A-Fa-f]+)>")


@dataclass(frozen=True)
class Piece:
    """A piece of marked content that an element of the structure holds."""

    page: int
    number: int
    holder: Element


def of_root(pdf: Pdf, key: str) -> Element:
    """Returns an entry of the catalogue; an empty one if it has none."""
    return pdf.Root.get(key, {})


def children(node: Element) -> list[Element]:
    """Returns what an element holds: elements, numbers, references."""
    kids = node.get("/K", [])
    return list(kids) if isinstance(kids, (list, pikepdf.Array)) else [kids]


def is_element(kid: Element) -> bool:
    """True for an element of the structure."""
    return not isinstance(kid, int) and kid.get("/Type") not in {Name.MCR, Name.OBJR} and "/S" in kid


def elements(pdf: Pdf) -> Iterator[Element]:
    """Yields every element of the structure in reading order."""
    root = pdf.Root.get("/StructTreeRoot")
    waiting = list(reversed(children(root))) if root is not None else []
    while waiting:
        node = waiting.pop()
        if is_element(node):
            yield node
            waiting += [kid for kid in reversed(children(node)) if is_element(kid)]


def kind(node: Element) -> str:
    """Returns an element's type: `H1`."""
    return str(node.S)[1:]


def of_kind(pdf: Pdf, *kinds: str) -> list[Element]:
    """Returns the elements of these types in reading order."""
    return [node for node in elements(pdf) if kind(node) in kinds]


def held(node: Element, *kinds: str) -> list[Element]:
    """Returns the elements of these types that an element holds itself."""
    return [kid for kid in children(node) if is_element(kid) and kind(kid) in kinds]


def pieces(pdf: Pdf, node: Element, pages: Mapping[Element, int] | None = None) -> Iterator[Piece]:
    """Yields the marked content below an element, in reading order."""
    numbered = pages or {page.objgen: at for at, page in enumerate(pdf.pages)}
    for kid in children(node):
        if isinstance(kid, int):
            yield Piece(numbered[node.Pg.objgen], kid, node)
        elif kid.get("/Type") == Name.MCR:
            yield Piece(numbered[kid.get("/Pg", node.get("/Pg")).objgen], int(kid.MCID), node)
        elif is_element(kid):
            yield from pieces(pdf, kid, numbered)


def every_piece(pdf: Pdf) -> list[Piece]:
    """Returns all marked content that the structure holds."""
    root = pdf.Root.get("/StructTreeRoot")
    return [piece for node in children(root) for piece in pieces(pdf, node)] if root is not None else []


@dataclass(frozen=True)
class Shown:
    """One instruction that paints, with the marks around it: its number, or that it is an artifact."""

    operator: str
    number: int | None
    artifact: bool
    pagination: bool
    text: str
    notdef: bool
    lacking: bool  # a glyph that its font does not have
    replaced: str | None  # ActualText of the marked content


def _fonts(page: pikepdf.Page) -> Element:
    resources: Element = page.obj.get("/Resources", {})
    return resources.get("/Font", {})


def shown(page: pikepdf.Page) -> Iterator[Shown]:
    """Yields what a page paints, in the order of its instructions."""
    stack: list[Element] = []
    font: Mapping[int, str] = {}
    glyphs = 0
    fonts = _fonts(page)
    for one in pikepdf.parse_content_stream(page):
        operator, operands = str(one.operator), list[Element](one.operands)
        if operator in {"BDC", "BMC"}:
            stack.append((operands[0], operands[1] if operator == "BDC" else {}))
        elif operator == "EMC":
            stack.pop()
        elif operator == "Tf":
            font, glyphs = to_unicode(fonts[operands[0]]), glyphs_of(fonts[operands[0]])
        elif operator in _PAINTING:
            codes = [code for operand in operands for code in _two_by_two(operand)] if operator in {"Tj", "TJ"} else []
            marks = [given for _, given in stack if "/MCID" in given]
            artifacts = [given for tag, given in stack if tag == Name.Artifact]
            yield Shown(
                operator, int(marks[-1].MCID) if marks else None, bool(artifacts),
                any(given.get("/Type") == Name.Pagination for given in artifacts),
                "".join(font.get(code, "\0") for code in codes), 0 in codes,
                max(codes, default=-1) >= glyphs,
                str(marks[-1].ActualText) if marks and "/ActualText" in marks[-1] else None,
            )  # fmt: skip


def _two_by_two(operand: Element) -> Iterator[int]:
    """Yields the codes in the operand of a text instruction; each takes two octets in the fonts of a tagged PDF."""
    for part in operand if isinstance(operand, pikepdf.Array) else [operand]:
        if isinstance(part, pikepdf.String):
            octets = bytes(part)
            yield from (int.from_bytes(octets[at : at + 2]) for at in range(0, len(octets), 2))


def to_unicode(font: Element) -> dict[int, str]:
    """Returns the characters of a font's codes by its ToUnicode map; empty if it has none."""
    if "/ToUnicode" not in font:
        return {}
    found: dict[int, str] = {}
    octets = font.ToUnicode.read_bytes()
    for block in re.findall(rb"beginbfchar(.*?)endbfchar", octets, re.DOTALL):
        codes = _CODES.findall(block)
        found |= {int(code, 16): _utf16(text) for code, text in zip(codes[::2], codes[1::2], strict=True)}
    for block in re.findall(rb"beginbfrange(.*?)endbfrange", octets, re.DOTALL):
        codes = _CODES.findall(block)
        for first, last, text in zip(codes[::3], codes[1::3], codes[2::3], strict=True):
            start = int(text, 16)
            found |= {code: chr(start + at) for at, code in enumerate(range(int(first, 16), int(last, 16) + 1))}
    return found


def glyphs_of(font: Element) -> int:
    """Returns how many glyphs an embedded TrueType font has, by its table `maxp`; 0 if it has none."""
    own = font.get("/DescendantFonts", [font])[0].get("/FontDescriptor", {})
    if "/FontFile2" not in own:
        return 0
    octets = own.FontFile2.read_bytes()
    tables = {octets[at : at + 4]: octets[at + 8 : at + 12] for at in range(12, 12 + 16 * octets[5], 16)}
    start = int.from_bytes(tables[b"maxp"])
    return int.from_bytes(octets[start + 4 : start + 6])


def _utf16(text: bytes) -> str:
    return bytes.fromhex(text.decode()).decode("utf-16-be", "replace")


def fonts_of(pdf: Pdf) -> dict[str, Element]:
    """Returns the fonts of all pages by their names."""
    found = {}
    for page in pdf.pages:
        for font in _fonts(page).values():
            found[str(font.BaseFont)] = font
    return found


def annotated(pdf: Pdf) -> list[Element]:
    """Returns the annotations of all pages."""
    return [one for page in pdf.pages for one in page.obj.get("/Annots", [])]


def texts_of_pages(pdf: Pdf) -> dict[tuple[int, int], str]:
    """Returns the text of each marked content, by page and number, as its glyphs or its replacement give it."""
    found: dict[tuple[int, int], str] = {}
    for at, page in enumerate(pdf.pages):
        for one in shown(page):
            if one.number is not None:
                before = found.get((at, one.number), "")
                found[at, one.number] = one.replaced if one.replaced is not None else before + one.text
    return found


def words_of(pdf: Pdf, node: Element, texts: Mapping[tuple[int, int], str]) -> str:
    """Returns the text of an element; `texts` are those of the pages."""
    found = []
    for piece in pieces(pdf, node):
        replaced = piece.holder.get("/ActualText")
        found.append(str(replaced) if replaced is not None else texts.get((piece.page, piece.number), ""))
    return "".join(found)


def languages(pdf: Pdf) -> list[tuple[str, str]]:
    """Returns language and text of each element that is in a language of its own."""
    texts = texts_of_pages(pdf)
    return [(str(node.Lang), words_of(pdf, node, texts)) for node in elements(pdf) if "/Lang" in node]
