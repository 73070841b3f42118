# SPDX-License-Identifier: EUPL-1.2
"""Converts the HTML of a mail to plain text; quotations are marked with ">".

html.parser is not used: it takes 20 seconds for 120 kB of unclosed attributes. This scanner visits each "<" once.
"""

from __future__ import annotations

import html
import re

LONGEST = 2_000_000  # characters read; the text of a real mail lies within them

_TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9:]{0,20})(?=[\s/>])[^<>]{0,5000}>")
_SPACE = re.compile(r"[ \t\r\n\f\v]+")
_HIDDEN = ("script", "style", "head", "title", "noscript", "iframe", "noembed", "noframes")
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_BLOCK = frozenset((
    "address", "article", "aside", "blockquote", "body", "center", "dd", "dl", "dt", "div", "fieldset", "figure",
    "footer", "form", "header", "hr", "html", "li", "main", "nav", "ol", "p", "pre", "section", "table", "tbody",
    "tfoot", "thead", "tr", "ul", *_HEADINGS,
))  # fmt: skip
_PAGE = re.compile(r"[\ufeff\s]{0,200}<(?:!doctype\s+html|html[\s>]|head>|body[\s>])", re.IGNORECASE)
_PAGE_TAGS = _BLOCK | {"a", "b", "br", "em", "font", "head", "i", "img", "meta", "span", "strong", "style", "td", "th"}
_BEGINNING, _FEWEST_TAGS = 20_000, 10  # characters looked at, and tags that a page has
_APART = frozenset(("p", "blockquote", "ul", "ol", "pre", "table", *_HEADINGS))
_DEEPEST_QUOTE = 20


class _Page:
    """The text under construction: finished lines, the current line, the quote depth."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.line: list[str] = []
        self.quote = 0

    def write(self, text: str) -> None:
        text = _SPACE.sub(" ", html.unescape(text)) if "&" in text else _SPACE.sub(" ", text)
        if text and not (text == " " and not self.line):
            self.line.append(text)

    def end_line(self, *, apart: bool = False) -> None:
        text = "".join(self.line).strip(" ")
        prefix = ">" * min(self.quote, _DEEPEST_QUOTE)
        if text:
            self.lines.append(f"{prefix} {text}" if prefix else text)
        elif self.line:
            self.lines.append(prefix)
        self.line = []
        if apart and self.lines and self.lines[-1].strip("> "):
            self.lines.append(prefix)

    def tag(self, name: str, closing: str) -> None:
        if name == "br":
            self.line.append("")
            self.end_line()
        elif name == "blockquote":
            self.end_line(apart=not closing)
            self.quote = max(0, self.quote - 1) if closing else self.quote + 1
            self.end_line(apart=bool(closing))
        elif name in _BLOCK:
            self.end_line(apart=name in _APART)
            if name == "hr":
                self.lines.append("_" * 32)
            if name == "li" and not closing:
                self.line.append("- ")
        elif name in {"td", "th"} and not closing and self.line:
            self.line.append(" ")


def is_source(text: str) -> bool:
    """True if a plain text is the source of an HTML page, as some programs send it under `text/plain`.

    It begins as a page does, or tags of a page make up a fifth of it: somebody who quotes a line of HTML writes more
    around it.
    """
    begun = text[:_BEGINNING]
    if begun.count("<") < _FEWEST_TAGS:
        return _PAGE.match(begun) is not None and "</" in begun
    tags = [match for match in _TAG.finditer(begun) if match[2].lower() in _PAGE_TAGS]
    closing = sum(bool(match[1]) for match in tags)
    if _PAGE.match(begun):
        return closing > 0
    length = sum(match.end() - match.start() for match in tags)
    return closing >= _FEWEST_TAGS // 2 and len(tags) >= _FEWEST_TAGS and 5 * length >= len(begun)


def text_of(markup: str) -> str:
    """Returns the visible text: blocks on separate lines, quotations marked, no scripts, styles or link targets."""
    source = _without_elements(_without_comments(markup[:LONGEST]), _HIDDEN)
    page, at = _Page(), 0
    for match in _TAG.finditer(source):
        if match.start() > at:
            page.write(source[at : match.start()])
        page.tag(match.group(2).lower(), match.group(1))
        at = match.end()
    page.write(source[at:])
    page.end_line()
    return "\n".join(page.lines).strip("\n")


def _without_comments(source: str) -> str:
    """Removes comments, declarations and processing instructions. An unclosed one ends at the next ">"."""
    out: list[str] = []
    at = 0
    for mark, close in (("<!--", "-->"), ("<!", ">"), ("<?", ">")):
        out, at = [], 0
        while (start := source.find(mark, at)) >= 0:
            end = source.find(close, start + len(mark))
            if end < 0:
                break
            out.append(source[at:start])
            at = end + len(close)
        source = "".join((*out, source[at:]))
    return source


def _without_elements(source: str, names: tuple[str, ...]) -> str:
    """Removes the named elements and their content. An unclosed element is kept."""
    small = source.lower()
    if len(small) != len(source):  # a few capital letters become two characters in lower case
        return source
    for name in names:
        if f"<{name}" not in small:
            continue
        out: list[str] = []
        at = 0
        for start in re.finditer(rf"<{name}[\s>]", small):
            if start.start() < at:
                continue
            end = small.find(f"</{name}", start.end())
            if end < 0:
                break
            out.append(source[at : start.start()])
            at = small.find(">", end) + 1 or len(source)
        source = "".join((*out, source[at:]))
        small = source.lower()
    return source
