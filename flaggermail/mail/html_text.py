# SPDX-License-Identifier: EUPL-1.2
"""Converts the HTML of a mail to plain text; quotations are marked with ">"."""

from __future__ import annotations

import html
import re

from flaggermail.mail.html_page import LONGEST, RAW, marks

_ELEMENT = re.compile(r"/?[a-z][a-z0-9:]{0,20}")
_SPACE = re.compile(r"[ \t\r\n\f\v]+")
_UNWRITTEN = frozenset(("script", "style", "head", "title", "noscript", "iframe", "noembed", "noframes"))
_HEAD_END = re.compile(r"</head[\s/>]", re.IGNORECASE | re.ASCII)
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_BLOCK = frozenset((
    "address", "article", "aside", "blockquote", "body", "center", "dd", "dl", "dt", "div", "fieldset", "figure",
    "footer", "form", "header", "hr", "html", "li", "main", "nav", "ol", "p", "pre", "section", "table", "tbody",
    "tfoot", "thead", "tr", "ul", *_HEADINGS,
))  # fmt: skip
_PAGE = re.compile(r"[\ufeff\s]{0,200}<(?:!doctype\s+html|html[\s>]|head>|body[\s>])", re.IGNORECASE)
_INLINE = frozenset(("a", "b", "br", "em", "font", "i", "img", "meta", "span", "strong", "td", "th"))
_USUAL = frozenset(f"{sign}{name}" for name in _BLOCK | _INLINE for sign in ("", "/"))
_PAGE_TAGS = _USUAL | {"head", "/head", "style", "/style"}
_BEGINNING, _FEWEST_TAGS = 20_000, 10  # characters looked at, and tags that a page has
_APART = frozenset(("p", "blockquote", "ul", "ol", "pre", "table", *_HEADINGS))
_DEEPEST_QUOTE = 20


class TextLines:
    """The text under construction: finished lines, the current line, the words since the last tag, the quote depth."""

    def __init__(self, source: str, *, bare: bool = False) -> None:
        """`bare`: of what is written as a tag and is none, only its name is text."""
        self.source, self.bare = source, bare
        self.lines: list[str] = []
        self.line: list[str] = []
        self.words: list[str] = []
        self.quote = 0
        self.behind, self.heads = 0, True  # the end of a head; whether another one may be closed

    def add(self, start: int, end: int, tag: str, inside: str) -> None:
        """Adds a piece of the page: a text, or a tag, which may begin a line."""
        if start < self.behind:
            return
        if not tag:
            self.words.append(inside)
        elif tag in _USUAL:
            self._tag(tag)
        elif tag == "head":
            ended = _HEAD_END.search(self.source, end) if self.heads else None
            self.behind, self.heads = (ended.end(), True) if ended else (0, False)
        elif _ELEMENT.fullmatch(tag) is None:  # "<name@host>", of a program that escapes no "<"
            self.words.append(f"<{tag}>" if self.bare else self.source[start:end])
        elif tag.removeprefix("/") not in _UNWRITTEN:
            self._tag(tag)
            if tag in RAW:
                self.words.append(inside)

    def text(self) -> str:
        """Returns the whole text."""
        self._write()
        self._end_line()
        return "\n".join(self.lines).strip("\n")

    def _write(self) -> None:
        words = "".join(self.words)
        self.words.clear()
        words = _SPACE.sub(" ", html.unescape(words)) if "&" in words else _SPACE.sub(" ", words)
        if words and not (words == " " and not self.line):
            self.line.append(words)

    def _end_line(self, *, apart: bool = False) -> None:
        prefix = ">" * min(self.quote, _DEEPEST_QUOTE)
        if self.line:
            text = "".join(self.line).strip(" ")
            self.lines.append(f"{prefix} {text}" if prefix and text else text or prefix)
            self.line = []
        if apart and self.lines and self.lines[-1].strip("> "):
            self.lines.append(prefix)

    def _tag(self, tag: str) -> None:
        if self.words:
            self._write()
        name = tag.removeprefix("/")
        closing = name is not tag
        if name == "br":
            self.line.append("")
            self._end_line()
        elif name == "blockquote":
            self._end_line(apart=not closing)
            self.quote = max(0, self.quote - 1) if closing else self.quote + 1
            self._end_line(apart=closing)
        elif name in _BLOCK:
            if self.line or name in _APART:
                self._end_line(apart=name in _APART)
            if name == "hr":
                self.lines.append("_" * 32)
            if name == "li" and not closing:
                self.line.append("- ")
        elif name in {"td", "th"} and not closing and self.line:
            self.line.append(" ")


def text_of(markup: str) -> str:
    """Returns the text of a page: blocks on separate lines, quotations marked, no scripts, styles or link targets."""
    source = markup[:LONGEST]
    lines = TextLines(source)
    for start, end, tag, inside, _ in marks(source):
        lines.add(start, end, tag, inside)
    return lines.text()


def is_source(text: str) -> bool:
    """True if a plain text is the source of an HTML page, as some programs send it under `text/plain`.

    It begins as a page does, or tags of a page make up a fifth of it: somebody who quotes a line of HTML writes more
    around it.
    """
    begun = text[:_BEGINNING]
    if begun.count("<") < _FEWEST_TAGS:
        return _PAGE.match(begun) is not None and "</" in begun
    tags = [(end - start, tag) for start, end, tag, _, _ in marks(begun) if tag in _PAGE_TAGS]
    closing = sum(tag.startswith("/") for _, tag in tags)
    if _PAGE.match(begun):
        return closing > 0
    length = sum(length for length, _ in tags)
    return closing >= _FEWEST_TAGS // 2 and len(tags) >= _FEWEST_TAGS and 5 * length >= len(begun)
