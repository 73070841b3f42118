# SPDX-License-Identifier: EUPL-1.2
"""The styles of an OpenDocument text, by name, so that an office program restyles the document at its own places."""

from __future__ import annotations

from collections.abc import Mapping

from flaggermail.documents.looks import LIGHT
from flaggermail.documents.markup import Markup, element, lines

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
