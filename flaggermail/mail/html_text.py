# SPDX-License-Identifier: EUPL-1.2
"""HTML of a mail as plain text, quotations marked with ">".

Not by html.parser: 120 kB of unclosed attributes cost it 20 seconds. Here each "<" is looked at once.
"""

from __future__ import annotations

import html
import re

LONGEST = 2_000_000  # characters read; a mail that says something says it there

_TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9:]{0,20})(?=[\s/>])[^<>]{0,5000}>")
_SPACE = re.compile(r"[ \t\r\n\f\v]+")
_HIDDEN = ("script", "style", "head", "title", "template", "noscript")
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_BLOCK = frozenset((
    "address", "article", "aside", "blockquote", "body", "center", "dd", "dl", "dt", "div", "fieldset", "figure",
    "footer", "form", "header", "hr", "html", "li", "main", "nav", "ol", "p", "pre", "section", "table", "tbody",
    "tfoot", "thead", "tr", "ul", *_HEADINGS,
))  # fmt: skip
_APART = frozenset(("p", "blockquote", "ul", "ol", "pre", "table", *_HEADINGS))
_DEEPEST_QUOTE = 20


class _Page:
    """The text while it is written: lines, and how deep the quotation is."""

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


def text_of(markup: str) -> str:
    """The text that a reader sees: blocks on lines of their own, quotations marked, no scripts, styles or addresses."""
    source = _without(_without_comments(markup[:LONGEST]), _HIDDEN)
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
    """`source` without comments, declarations and processing instructions; what is unclosed goes to the next ">"."""
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


def _without(source: str, names: tuple[str, ...]) -> str:
    """`source` without those elements and what they hold; an unclosed one stays."""
    small = source.lower()
    if len(small) != len(source):  # a few capitals become two letters when made small
        return source
    for name in names:
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
