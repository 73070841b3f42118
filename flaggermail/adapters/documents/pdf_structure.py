# SPDX-License-Identifier: EUPL-1.2
"""Writes the structure of a PDF anew, from the elements of the page that it was set from (ISO 32000-1, section 14.8).

weasyprint marks every text and picture on a page with a number and names these in its own structure, in the order in
which it walks its boxes. The same walk here says which element of the HTML each number belongs to. What is in no
element (the foot of a page, the header of a table on its second page) becomes an artifact.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias
from unicodedata import bidirectional
from xml.etree.ElementTree import Element

import pikepdf
from pikepdf import Array, Dictionary, Name, Object, Pdf, String

from flaggermail.documents.svg import NAMESPACE

Box: TypeAlias = Any
"""A box of weasyprint, which has no types."""

Tagged: TypeAlias = Any
"""An element of a structure, whose entries pikepdf cannot type."""

_SVG = f"{{{NAMESPACE}}}"
_PER_PIXEL = 0.75  # points
_STRUCTURE: Mapping[str, str] = {
    **{f"h{level}": f"H{level}" for level in range(1, 7)},
    "p": "P", "pre": "P", "ul": "L", "ol": "L", "dl": "L", "table": "Table", "caption": "Caption", "thead": "THead",
    "tbody": "TBody", "tr": "TR", "th": "TH", "td": "TD", "dt": "Lbl", "dd": "LBody", "section": "Sect", "a": "Link",
    f"{_SVG}svg": "Figure",
}  # fmt: skip
# What holds nothing but elements: an empty cell or value is in the structure too.
_HOLDERS = frozenset({"table", "thead", "tbody", "tr", "dl", "ul", "ol"})
_NOTE, _REFERENCE = "note-", "doc-noteref"
_LATIN = 0x250  # the first character beyond Latin
_RIGHT_TO_LEFT = frozenset({"R", "AL", "AN"})
_SHARED_GLYPHS = frozenset("\u00a0\u00ad")  # drawn as a space, and as a hyphen or not at all


@dataclass(slots=True)
class _Leaf:
    """A piece of a page: a text or a picture with its number, or the annotation of a link."""

    page: int
    element: Element
    number: int = -1  # of the marked content
    annotation: Object | None = None
    box: Box = None
    marker: bool = False  # of a list

    @property
    def text(self) -> str:
        """The characters of a text; empty for a picture."""
        return getattr(self.box, "text", "")


@dataclass(slots=True)
class _Node:
    """An element of the structure before it is written."""

    element: Element
    kind: str
    kids: list[_Node | _Leaf] = field(default_factory=list)


def restructure(pdf: Pdf, pages: Sequence[Box], html: Element) -> None:
    """Replaces the structure of `pdf`, which weasyprint set from `html` as `pages`.

    Raises ValueError if the walks differ: a structure that fits no page is never written.
    """
    leaves = _leaves(pdf, pages)
    parents = {child: parent for parent in html.iter() for child in parent}
    shown = _without_repeated(leaves, parents)
    tree = _Tree(html, parents)
    for leaf in shown:
        tree.add(leaf)
    _renumber(pdf, shown)
    _Trees(pdf, pages, parents).write(tree.root)


def _leaves(pdf: Pdf, pages: Sequence[Box]) -> list[_Leaf]:
    """Returns the pieces of all pages in reading order."""
    numbered = {page.objgen: at for at, page in enumerate(pdf.pages)}
    found = [*_walked(pdf.Root.StructTreeRoot.K[0], numbered)]
    boxes = [(at, *one) for at, page in enumerate(pages) for one in _boxes(_box(page))]
    if len(found) != len(boxes):
        raise ValueError(f"weasyprint's structure has {len(found)} pieces, its pages {len(boxes)}")
    leaves = []
    for (page_of_tree, kid), (page, box, is_link) in zip(found, boxes, strict=True):
        if page_of_tree != page or is_link == isinstance(kid, int):
            raise ValueError("weasyprint's structure has another order than its pages")
        leaf = _Leaf(page, box.element, box=box, marker=str(box.element_tag).endswith("::marker"))
        if isinstance(kid, int):
            leaf.number = kid
        else:
            leaf.annotation = kid
        leaves.append(leaf)
    return leaves


def _box(page: Box) -> Box:
    return page._page_box  # noqa: SLF001 - weasyprint offers no other way to the boxes of a page


def _walked(node: Tagged, numbered: Mapping[Any, int]) -> Iterator[tuple[int, int | Object]]:
    """Yields page and number, or page and annotation, of all pieces below an element of weasyprint's structure."""
    page = numbered.get(node.Pg.objgen, -1) if "/Pg" in node else -1
    for kid in node.get("/K", Array()):
        if isinstance(kid, int):
            yield page, kid
        elif kid.get("/Type") == Name.OBJR:
            yield numbered[kid.Pg.objgen], kid.Obj
        else:
            yield from _walked(kid, numbered)


def _boxes(box: Box) -> Iterator[tuple[Box, bool]]:
    """Yields the boxes of texts, pictures and links of a page, in weasyprint's order; without those of its margins."""
    kind = {parent.__name__ for parent in type(box).__mro__}
    if "MarginBox" in kind:
        return
    if box.link_annotation:
        yield box, True
    for child in getattr(box, "children", ()):
        in_line = child.children if type(child).__name__ == "LineBox" else [child]
        for one in in_line:
            if type(one).__name__ == "TextBox":
                yield one, False
            else:
                yield from _boxes(one)
    if "ReplacedBox" in kind:
        yield box, False


def _without_repeated(leaves: Sequence[_Leaf], parents: Mapping[Element, Element]) -> list[_Leaf]:
    """Returns the pieces to be read: not those of a table's header on a further page, which repeats it."""
    first: dict[Element, int] = {}
    shown: list[_Leaf] = []
    for leaf in leaves:
        header = next((one for one in _upwards(leaf.element, parents) if one.tag == "thead"), None)
        if header is None or first.setdefault(header, leaf.page) == leaf.page:
            shown.append(leaf)
    return shown


def _upwards(element: Element, parents: Mapping[Element, Element]) -> Iterator[Element]:
    """Yields an element and those around it, from within."""
    yield element
    while element in parents:
        element = parents[element]
        yield element


# ---------------------------------------------------------------- the tree


class _Tree:
    """The structure: an element of the page is one element of it, on however many pages and lines it is."""

    def __init__(self, html: Element, parents: Mapping[Element, Element]) -> None:
        self.root = _Node(html, "Document")
        self._parents = parents
        self._nodes: dict[tuple[Element, str], _Node] = {(html, "Document"): self.root}

    def add(self, leaf: _Leaf) -> None:
        """Puts a piece into the elements that hold it."""
        path = [*_upwards(leaf.element, self._parents)][-2::-1]
        node = self.root
        for element in path:
            for kind in _kinds(element, marker=leaf.marker and element is leaf.element):
                node = self._child(node, element, kind)
            if element.tag in _HOLDERS:
                self._complete(node)
        node.kids.append(leaf)

    def _child(self, node: _Node, element: Element, kind: str) -> _Node:
        found = self._nodes.get((element, kind))
        if found is None:
            found = self._nodes[element, kind] = _Node(element, kind)
            node.kids.append(found)
        return found

    def _complete(self, node: _Node) -> None:
        """Gives an element all that it holds, in order, so that what is empty is there as well."""
        if node.kids:
            return
        for child in node.element:
            inner = node
            for kind in _kinds(child):
                inner = self._child(inner, child, kind)
                if kind == "LI" and child.tag == "li":
                    break
            if child.tag in {"div", "tr"}:
                for cell in inner.element:
                    for kind in _kinds(cell):
                        self._child(inner, cell, kind)


def _kinds(element: Element, *, marker: bool = False) -> tuple[str, ...]:
    """Returns what an element of the page is in the structure, from without; nothing if it is only for looks."""
    identity, tag = element.get("id", ""), element.tag
    if tag == "li":
        if marker:
            return ("LI", "Lbl")
        return ("LI", "LBody")
    if tag == "div" and element.get("class") is None:  # of a `dl`
        return ("LI",)
    if tag == "a" and element.get("role") == _REFERENCE:
        return ("Reference", "Link")
    if tag == "sup" and element.get("class") == "label":
        return ("Lbl",)
    if tag == "span" and identity.startswith(_NOTE):
        return ("Note",)
    if tag == "span":
        return ("Span",) if element.get("lang") else ()
    found = _STRUCTURE.get(str(tag))
    return (found,) if found else ()


# ---------------------------------------------------------------- numbers on the pages


def _renumber(pdf: Pdf, shown: Sequence[_Leaf]) -> None:
    """Numbers the pieces of each page anew; what is in no element of the structure becomes an artifact."""
    by_page: dict[int, dict[int, _Leaf]] = {}
    for leaf in shown:
        if leaf.annotation is None:
            by_page.setdefault(leaf.page, {})[leaf.number] = leaf
    for at, page in enumerate(pdf.pages):
        kept, count, written = by_page.get(at, {}), 0, []
        for operands, operator in _instructions(page):
            if str(operator) != "BDC" or "/MCID" not in operands[1]:
                written.append((operands, operator))
            elif found := kept.get(int(operands[1].MCID)):
                found.number, count = count, count + 1
                written.append(([operands[0], _properties(found)], operator))
            else:
                written.append(([Name.Artifact, Dictionary(Type=Name.Pagination)], operator))
        page.Contents = pdf.make_stream(pikepdf.unparse_content_stream(written))


def _instructions(page: pikepdf.Page) -> Iterator[tuple[Any, Any]]:
    """Yields operands and operator of each instruction of a page."""
    for one in pikepdf.parse_content_stream(page):
        yield one.operands, one.operator


def _properties(leaf: _Leaf) -> Dictionary:
    """Returns the properties of marked content, with its characters where glyphs alone may not tell them.

    Not for writing from right to left, which programs take from the glyphs and turn round themselves: the structure
    has its characters.
    """
    found = Dictionary(MCID=leaf.number)
    told = any(ord(sign) >= _LATIN or sign in _SHARED_GLYPHS for sign in leaf.text)
    if told and not _from_right(leaf.text):
        found.ActualText = String(leaf.text)
    return found


def _from_right(text: str) -> bool:
    return any(bidirectional(sign) in _RIGHT_TO_LEFT for sign in text)


# ---------------------------------------------------------------- written


class _Trees:
    """Writes the elements of a structure, and the trees that lead from pages and names to them."""

    def __init__(self, pdf: Pdf, pages: Sequence[Box], parents: Mapping[Element, Element]) -> None:
        self._pdf, self._pages, self._parents = pdf, pages, parents
        self._marked: list[dict[int, Object]] = [{} for _ in pages]
        self._annotations: list[tuple[Object, Object]] = []
        self._named: dict[str, Object] = {}

    def write(self, root: _Node) -> None:
        """Writes the structure into the document's catalogue."""
        top = self._pdf.make_indirect(Dictionary(Type=Name.StructTreeRoot))
        top.K = Array([self._element(root, top)])
        numbers: list[Object | int] = []
        for at, marked in enumerate(self._marked):
            numbers += [at, self._pdf.make_indirect(Array([marked[one] for one in range(len(marked))]))]
        for at, (annotation, holder) in enumerate(self._annotations, len(self._marked)):
            annotation.StructParent = at
            numbers += [at, holder]
        top.ParentTree = self._pdf.make_indirect(Dictionary(Nums=Array(numbers)))
        top.ParentTreeNextKey = len(self._marked) + len(self._annotations)
        if self._named:
            pairs = [item for name in sorted(self._named) for item in (String(name), self._named[name])]
            top.IDTree = self._pdf.make_indirect(Dictionary(Names=Array(pairs)))
        self._pdf.Root.StructTreeRoot = top

    def _element(self, node: _Node, parent: Object) -> Object:
        made = self._pdf.make_indirect(Dictionary(Type=Name.StructElem, S=Name(f"/{node.kind}"), P=parent))
        self._attributes(node, made)
        made.K = Array([self._kid(kid, made) for kid in node.kids])
        return made

    def _kid(self, kid: _Node | _Leaf, holder: Object) -> Object:
        if isinstance(kid, _Node):
            return self._element(kid, holder)
        page = self._pdf.pages[kid.page].obj
        if kid.annotation is None and _from_right(kid.text):
            span = Dictionary(Type=Name.StructElem, S=Name.Span, P=holder, ActualText=String(kid.text))
            span = self._marked[kid.page][kid.number] = self._pdf.make_indirect(span)
            span.K = Array([Dictionary(Type=Name.MCR, Pg=page, MCID=kid.number)])
            return span
        if kid.annotation is None:
            self._marked[kid.page][kid.number] = holder
            return Dictionary(Type=Name.MCR, Pg=page, MCID=kid.number)
        kid.annotation.Contents = String(_label(kid.element))
        self._annotations.append((kid.annotation, holder))
        return Dictionary(Type=Name.OBJR, Pg=page, Obj=kid.annotation)

    def _attributes(self, node: _Node, made: Object) -> None:
        element, kind = node.element, node.kind
        language = element.get("lang")
        if language and kind != "Document":
            made.Lang = String(language)
        if kind == "TH":
            scope = Name.Column if element.get("scope") == "col" else Name.Row
            made.A = Dictionary(O=Name.Table, Scope=scope)
        elif kind == "L":
            numbering = {"ul": Name.Disc, "ol": Name.Decimal}.get(str(element.tag), Name("/None"))
            made.A = Dictionary(O=Name.List, ListNumbering=numbering)
        elif kind == "Note":
            self._named[element.get("id", "")] = made
            made.ID = String(element.get("id", ""))
        elif kind == "Figure":
            words = (element.findtext(f"{_SVG}title", ""), element.findtext(f"{_SVG}desc", ""))
            made.Alt = String(". ".join(word for word in words if word))
            made.A = Dictionary(O=Name.Layout, Placement=Name.Block, BBox=self._bounds(node))

    def _bounds(self, node: _Node) -> Array:
        """Returns where a picture is on its page, in points from its lower left corner."""
        leaf = next(kid for kid in node.kids if isinstance(kid, _Leaf))
        left, top = leaf.box.content_box_x(), leaf.box.content_box_y()
        high = self._pages[leaf.page].height
        corners = (left, high - top - leaf.box.height, left + leaf.box.width, high - top)
        return Array([round(corner * _PER_PIXEL, 3) for corner in corners])


def _label(element: Element) -> str:
    """Returns the words of a link, or what is said of it."""
    return element.get("aria-label") or " ".join("".join(element.itertext()).split())
