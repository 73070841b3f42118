# SPDX-License-Identifier: EUPL-1.2
"""Checks of a tagged PDF, each by the clause that it holds a file against: PDF/UA-1 (ISO 14289-1) and ISO 32000-1.

`CHECKS` names them; each returns what is wrong in any PDF, nothing if it holds. `problems` runs all.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from io import BytesIO
from itertools import pairwise
from typing import TypeAlias

import pikepdf
from pikepdf import Name, Pdf

from tests.pdf_reading import (
    Element,
    annotated,
    children,
    elements,
    every_piece,
    fonts_of,
    held,
    is_element,
    kind,
    of_kind,
    of_root,
    pieces,
    shown,
    texts_of_pages,
    to_unicode,
    words_of,
)

_XMP = "{http://www.aiim.org/pdfua/ns/id/}part"
_HEADINGS = ("H1", "H2", "H3", "H4", "H5", "H6")
_STANDARD = frozenset({
    "Document", "Part", "Art", "Sect", "Div", "BlockQuote", "Caption", "TOC", "TOCI", "Index", "NonStruct", "Private",
    "P", "H", *_HEADINGS, "L", "LI", "Lbl", "LBody", "Table", "TR", "TH", "TD", "THead", "TBody", "TFoot", "Span",
    "Quote", "Note", "Reference", "BibEntry", "Code", "Link", "Annot", "Ruby", "Warichu", "Figure", "Formula", "Form",
})  # fmt: skip
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")


# ---------------------------------------------------------------- the document (ISO 14289-1, 6.2 and 7.1)


def is_marked(pdf: Pdf) -> list[str]:
    """ISO 14289-1, 6.2: the document says that it is tagged."""
    return [] if of_root(pdf, "/MarkInfo").get("/Marked") is True else ["MarkInfo.Marked is not true"]


def has_no_suspects(pdf: Pdf) -> list[str]:
    """ISO 14289-1, 7.1: no mark is a guess."""
    return ["MarkInfo.Suspects is true"] if of_root(pdf, "/MarkInfo").get("/Suspects") is True else []


def has_structure(pdf: Pdf) -> list[str]:
    """ISO 32000-1, 14.7.2: a structure with one document in it."""
    found = [kind(node) for node in children(of_root(pdf, "/StructTreeRoot")) if is_element(node)]
    return [] if found == ["Document"] else [f"the structure holds {found}, not one Document"]


def has_language(pdf: Pdf) -> list[str]:
    """ISO 14289-1, 7.2: the document's language."""
    language = str(pdf.Root.get("/Lang", ""))
    return [] if _LANGUAGE.fullmatch(language) else [f"the document's language is {language!r}"]


def languages_are_codes(pdf: Pdf) -> list[str]:
    """RFC 5646: a language of an element is a code."""
    given = [str(node.Lang) for node in elements(pdf) if "/Lang" in node]
    return [f"{one!r} is no language" for one in given if not _LANGUAGE.fullmatch(one)]


def has_title(pdf: Pdf) -> list[str]:
    """ISO 14289-1, 7.1: a title in the metadata; the older place has the same."""
    older = str(pdf.docinfo.get("/Title", ""))  # first: what opens the metadata writes it anew
    with pdf.open_metadata(set_pikepdf_as_editor=False) as metadata:
        title = str(metadata.get("dc:title", ""))
    return [] if title and title == older else [f"title {title!r} in the metadata, {older!r} in Info"]


def shows_title(pdf: Pdf) -> list[str]:
    """ISO 14289-1, 7.1: a window shows the title, not the file's name."""
    shows = of_root(pdf, "/ViewerPreferences").get("/DisplayDocTitle")
    return [] if shows is True else ["ViewerPreferences.DisplayDocTitle is not true"]


def says_its_standard(pdf: Pdf) -> list[str]:
    """ISO 14289-1, 5: the metadata name the standard."""
    with pdf.open_metadata(set_pikepdf_as_editor=False) as metadata:
        part = str(metadata.get(_XMP, ""))
    return [] if part == "1" else [f"pdfuaid:part is {part!r}"]


def is_version(pdf: Pdf) -> list[str]:
    """ISO 14289-1 rests on PDF 1.7."""
    return [] if pdf.pdf_version == "1.7" else [f"PDF version {pdf.pdf_version}"]


def is_not_encrypted(pdf: Pdf) -> list[str]:
    """Anybody can read it, an archive too."""
    return ["the file is encrypted"] if pdf.is_encrypted or "/Encrypt" in pdf.trailer else []


def has_no_actions(pdf: Pdf) -> list[str]:
    """Nothing runs: no script, and no action but a link's."""
    found = [f"the catalogue has {key}" for key in ("/OpenAction", "/AA", "/AcroForm") if key in pdf.Root]
    found += ["there are scripts"] if "/JavaScript" in of_root(pdf, "/Names") else []
    found += [f"page {at} has /AA" for at, page in enumerate(pdf.pages, 1) if "/AA" in page.obj]
    actions = [one.get("/A", {}).get("/S") for one in annotated(pdf)]
    return found + [f"an action {one}" for one in actions if one not in {None, Name.URI, Name.GoTo}]


def has_no_files(pdf: Pdf) -> list[str]:
    """No file is within."""
    found = ["there are embedded files"] if "/EmbeddedFiles" in of_root(pdf, "/Names") or "/AF" in pdf.Root else []
    attached = [one for one in annotated(pdf) if one.get("/Subtype") != Name.Link]
    return found + [f"an annotation {one.get('/Subtype')}" for one in attached]


def refers_to_no_file(pdf: Pdf) -> list[str]:
    """ISO 32000-1, 7.3.8.2 and 8.10.4: no content comes from elsewhere."""
    streams = [one for one in pdf.objects if isinstance(one, pikepdf.Stream)]
    return [f"object {one.objgen} has its content elsewhere" for one in streams if "/F" in one or "/Ref" in one]


# ---------------------------------------------------------------- pages and marks (ISO 14289-1, 7.1 and 7.18)


def tabs_follow_structure(pdf: Pdf) -> list[str]:
    """ISO 14289-1, 7.18.3: the key Tab follows the structure."""
    return [f"page {at}: /Tabs" for at, page in enumerate(pdf.pages, 1) if page.obj.get("/Tabs") != Name.S]


def parent_tree(pdf: Pdf) -> dict[int, Element]:
    """Returns the entries of the parent tree."""
    numbers = list(of_root(pdf, "/StructTreeRoot").get("/ParentTree", {}).get("/Nums", []))
    return {int(key): value for key, value in zip(numbers[::2], numbers[1::2], strict=True)}


def pages_lead_to_structure(pdf: Pdf) -> list[str]:
    """ISO 32000-1, 14.7.4.4: each page's number leads to the holders of its marked content."""
    tree, found = parent_tree(pdf), []
    keys: list[Element] = [page.obj.get("/StructParents") for page in pdf.pages]
    if len(set(keys)) < len(keys):
        return [f"/StructParents of the pages are {keys}"]
    holders = {(piece.page, piece.number): piece.holder.objgen for piece in every_piece(pdf)}
    for at, key in enumerate(keys):
        entries = list(tree.get(key, [])) if key is not None else []
        named = {number: entry.objgen for number, entry in enumerate(entries)}
        expected = {number: holder for (page, number), holder in holders.items() if page == at}
        found += [] if named == expected else [f"page {at + 1}: the parent tree names other holders"]
    return found


def all_marks_are_reached_once(pdf: Pdf) -> list[str]:
    """ISO 14289-1, 7.1: each piece of marked content is in the structure, once."""
    reached = Counter((piece.page, piece.number) for piece in every_piece(pdf))
    marked = Counter[tuple[int, int]]()
    for at, page in enumerate(pdf.pages):
        for one in pikepdf.parse_content_stream(page):
            if str(one.operator) == "BDC" and "/MCID" in one.operands[1]:
                marked[at, int(one.operands[1].MCID)] += 1
    wrong = {key for key in reached | marked if reached[key] != 1 or marked[key] != 1}
    return [f"page {page + 1}: content {number}" for page, number in sorted(wrong)]


def all_else_is_artifact(pdf: Pdf) -> list[str]:
    """ISO 14289-1, 7.1: what is painted is in the structure or an artifact, never both."""
    return [
        f"page {at}: {one.operator}"
        for at, page in enumerate(pdf.pages, 1)
        for one in shown(page)
        if (one.number is None) != one.artifact
    ]


def feet_are_artifacts(pdf: Pdf) -> list[str]:
    """ISO 14289-1, 7.8: what repeats on each page is an artifact of pagination."""
    return [
        f"page {at}: no foot"
        for at, page in enumerate(pdf.pages, 1)
        if not any(one.pagination and one.text.strip() for one in shown(page))
    ]


def parents_agree(pdf: Pdf) -> list[str]:
    """ISO 32000-1, table 323: an element names the one that holds it."""
    return [
        f"{kind(kid)} in {kind(node)}"
        for node in elements(pdf)
        for kid in children(node)
        if is_element(kid) and kid.get("/P", kid).objgen != node.objgen
    ]


def types_are_standard(pdf: Pdf) -> list[str]:
    """ISO 14289-1, 7.1: each type of element is one of the standard's."""
    roles = of_root(pdf, "/StructTreeRoot").get("/RoleMap", {})
    return [kind(node) for node in elements(pdf) if str(roles.get(node.S, node.S))[1:] not in _STANDARD]


# ---------------------------------------------------------------- kinds of elements


def headings_skip_no_level(pdf: Pdf) -> list[str]:
    """ISO 14289-1, 7.4.2: a heading is at most one level below the one before."""
    levels = [int(kind(node)[1]) for node in of_kind(pdf, *_HEADINGS)]
    return [f"H{after} after H{before}" for before, after in pairwise([0, *levels]) if after > before + 1]


def first_is_the_only_title(pdf: Pdf) -> list[str]:
    """One heading of the first level, which comes first: the title."""
    levels = [kind(node) for node in of_kind(pdf, *_HEADINGS)]
    return [] if levels[:1] == ["H1"] and levels.count("H1") == 1 else [f"headings {levels}"]


def headings_have_words(pdf: Pdf) -> list[str]:
    """A heading is never empty."""
    texts = texts_of_pages(pdf)
    empty = [node for node in of_kind(pdf, *_HEADINGS) if not words_of(pdf, node, texts).strip()]
    return [f"{kind(node)} is empty" for node in empty]


def pictures_have_words(pdf: Pdf) -> list[str]:
    """ISO 14289-1, 7.3: a picture has alternate text, and says where on its page it is."""
    return [
        f"picture {at}: {problem}"
        for at, node in enumerate(of_kind(pdf, "Figure"), 1)
        for problem in _of_picture(pdf, node)
    ]


def _of_picture(pdf: Pdf, node: Element) -> Iterator[str]:
    if not str(node.get("/Alt", "")).strip():
        yield "no Alt"
    box = [float(one) for one in node.get("/A", {}).get("/BBox", [])]
    page = pdf.pages[next(pieces(pdf, node)).page]
    left, low, right, high = (float(one) for one in page.mediabox)
    if len(box) != 4 or not (left <= box[0] < box[2] <= right and low <= box[1] < box[3] <= high):
        yield f"BBox {box}"


def tables_have_headers(pdf: Pdf) -> list[str]:
    """ISO 14289-1, 7.5: each header cell says of what; each row has one."""
    cells = [node for node in of_kind(pdf, "TH") if node.get("/A", {}).get("/Scope") not in {Name.Row, Name.Column}]
    rows = [node for node in of_kind(pdf, "TR") if not held(node, "TH")]
    return [*("TH without Scope" for _ in cells), *("TR without TH" for _ in rows)]


def tables_are_regular(pdf: Pdf) -> list[str]:
    """ISO 14289-1, 7.5: all rows of a table have the same number of cells, and hold nothing else."""
    found = []
    for at, table in enumerate(of_kind(pdf, "Table"), 1):
        rows = [row for part in [table, *held(table, "THead", "TBody", "TFoot")] for row in held(part, "TR")]
        counts = {len(held(row, "TH", "TD")) for row in rows}
        foreign = [kid for row in rows for kid in children(row) if not is_element(kid) or kind(kid) not in {"TH", "TD"}]
        found += (
            []
            if rows and len(counts) == 1 and not foreign
            else [f"table {at}: {sorted(counts)} cells, {len(foreign)} others"]
        )
    return found


def lists_have_items(pdf: Pdf) -> list[str]:
    """ISO 14289-1, 7.6: a list holds items, an item its label and its body."""
    inside = [kid for node in of_kind(pdf, "L") for kid in children(node)]
    found = [kid for kid in inside if not is_element(kid) or kind(kid) != "LI"]
    items = [[kind(kid) for kid in children(node) if is_element(kid)] for node in of_kind(pdf, "LI")]
    empty = [node for node in of_kind(pdf, "L") if not held(node, "LI")]
    return [
        *("L holds what is no LI" for _ in found),
        *(f"LI holds {one}" for one in items if one != ["Lbl", "LBody"]),
        *("L without items" for _ in empty),
    ]


def notes_are_referred_to(pdf: Pdf) -> list[str]:
    """ISO 14289-1, 7.9: a note has a name of its own, and a reference for each."""
    names = [str(node.get("/ID", "")) for node in of_kind(pdf, "Note")]
    tree = of_root(pdf, "/StructTreeRoot").get("/IDTree", {}).get("/Names", [])
    listed = [str(one) for one in list(tree)[::2]]
    problems = [f"note {name!r}" for name in names if not name or names.count(name) > 1 or name not in listed]
    references = of_kind(pdf, "Reference")
    if len(references) != len(names):
        problems.append(f"{len(references)} references to {len(names)} notes")
    return problems


def links_are_held(pdf: Pdf) -> list[str]:
    """ISO 14289-1, 7.18.5: a link is in a Link, with words for it, and leads back to that."""
    tree = parent_tree(pdf)
    held_in = {
        kid.Obj.objgen: node.objgen
        for node in of_kind(pdf, "Link")
        for kid in children(node)
        if not isinstance(kid, int) and kid.get("/Type") == Name.OBJR
    }
    found = []
    for one in annotated(pdf):
        holder = tree.get(int(one.get("/StructParent", -1)))
        if not str(one.get("/Contents", "")).strip():
            found.append("a link without Contents")
        if holder is None or held_in.get(one.objgen) != holder.objgen:
            found.append("a link outside the structure")
    return found


def links_lead_somewhere(pdf: Pdf) -> list[str]:
    """A link within the document leads to a place that is there."""
    named = [str(one) for one in list(of_root(pdf, "/Names").get("/Dests", {}).get("/Names", []))[::2]]
    wanted = [str(one.Dest) for one in annotated(pdf) if isinstance(one.get("/Dest"), pikepdf.String)]
    return [f"{one!r} is nowhere" for one in wanted if one not in named]


def headings_are_bookmarks(pdf: Pdf) -> list[str]:
    """ISO 14289-1, 7.17: the outline has each heading."""
    with pdf.open_outline() as outline:
        waiting = list(outline.root)
        count = 0
        while waiting:
            one = waiting.pop()
            count += 1
            waiting += one.children
    headings = len(of_kind(pdf, *_HEADINGS))
    return [] if count == headings else [f"{count} bookmarks of {headings} headings"]


# ---------------------------------------------------------------- fonts (ISO 14289-1, 7.21)


def fonts_are_embedded(pdf: Pdf) -> list[str]:
    """ISO 14289-1, 7.21.4.1: the file holds its fonts."""
    files = ("/FontFile", "/FontFile2", "/FontFile3")
    return [
        name
        for name, font in fonts_of(pdf).items()
        for own in font.get("/DescendantFonts", [font])
        if not any(file in own.get("/FontDescriptor", {}) for file in files)
    ]


def fonts_have_characters(pdf: Pdf) -> list[str]:
    """ISO 14289-1, 7.21.7: each font says which characters its glyphs are."""
    return [name for name, font in fonts_of(pdf).items() if not to_unicode(font)]


def characters_are_known(pdf: Pdf) -> list[str]:
    """ISO 14289-1, 7.21.7 and 7.21.8: no glyph is the one for what is missing, and each has its character."""
    return [
        f"page {at}: {one.text!r}"
        for at, page in enumerate(pdf.pages, 1)
        for one in shown(page)
        if one.notdef or one.lacking or any(sign in "\0\ufeff\ufffe" for sign in one.text)
    ]


Check: TypeAlias = Callable[[Pdf], Sequence[str]]
CHECKS: Mapping[str, Check] = {
    check.__name__: check
    for check in (
        is_marked, has_no_suspects, has_structure, has_language, languages_are_codes, has_title, shows_title,
        says_its_standard, is_version, is_not_encrypted, has_no_actions, has_no_files, refers_to_no_file,
        tabs_follow_structure, pages_lead_to_structure, all_marks_are_reached_once, all_else_is_artifact,
        feet_are_artifacts, parents_agree, types_are_standard, headings_skip_no_level, first_is_the_only_title,
        headings_have_words, pictures_have_words, tables_have_headers, tables_are_regular, lists_have_items,
        notes_are_referred_to, links_are_held, links_lead_somewhere, headings_are_bookmarks, fonts_are_embedded,
        fonts_have_characters, characters_are_known,
    )
}  # fmt: skip


def problems(octets: bytes) -> dict[str, Sequence[str]]:
    """Returns what is wrong in a PDF, by the check that says so; nothing in a good one."""
    with pikepdf.open(BytesIO(octets)) as pdf:
        found = {name: check(pdf) for name, check in CHECKS.items()}
    return {name: wrong for name, wrong in found.items() if wrong}
