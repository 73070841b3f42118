# SPDX-License-Identifier: EUPL-1.2
"""The tags, texts and open elements of an HTML mail, read as the WHATWG HTML standard has browsers read them.

Unclosed tags, attributes and comments included. Each character is visited a fixed number of times.
"""

from __future__ import annotations

import html
import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from string import ascii_lowercase, ascii_uppercase
from typing import Generic, Protocol, TypeVar

from flaggermail.mail.html_text import LONGEST

RAW = frozenset(("script", "style", "xmp", "iframe", "noembed", "noframes", "noscript", "textarea", "title"))
"""Elements whose content is no markup."""

_TAG = re.compile(r"<(?:(/?)([A-Za-z][^\s/>]*)|[!?/])")
_ATTRIBUTE = re.compile(r"""([^\s/>"'=]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+)))?""")
_STOP = re.compile(r"[>=]")
_SHORT, _COMMENT_END = re.compile(r"-?>"), re.compile(r"--!?>")
_VOID = frozenset((
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr",
))  # fmt: skip
_FORMATTING = frozenset((
    "a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u",
))  # fmt: skip
_SPECIAL = frozenset((
    "address", "article", "aside", "blockquote", "body", "button", "caption", "center", "dd", "details", "dir", "div",
    "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header",
    "html", "li", "main", "marquee", "menu", "nav", "object", "ol", "p", "pre", "section", "select", "summary", "table",
    "tbody", "td", "template", "tfoot", "th", "thead", "tr", "ul",
))  # fmt: skip
_SMALL = str.maketrans(ascii_uppercase, ascii_lowercase)
_LOOKED_BACK = 100  # open elements among which the one of an end tag is looked for
_DEEPEST = 2000


class Hides(Protocol):
    """How an element looks."""

    @property
    def hidden(self) -> bool:
        """True if a reader does not see its text."""


LookT = TypeVar("LookT", bound=Hides)


@dataclass(frozen=True, slots=True)
class Element(Generic[LookT]):
    """An open element; the names of its attributes are in lower case."""

    name: str
    attributes: Mapping[str, str]
    look: LookT


class HtmlPage(ABC, Generic[LookT]):
    """One pass through the HTML of a mail."""

    def __init__(self, source: str, bare: LookT) -> None:
        """`bare`: the look of text outside of all elements."""
        self.source = source[:LONGEST]
        self.small = self.source.translate(_SMALL)
        self.open: list[Element[LookT]] = [Element("", {}, bare)]

    @property
    def look(self) -> LookT:
        """The look of the innermost open element."""
        return self.open[-1].look

    def walk(self) -> Iterator[tuple[int, int, str]]:
        """Yields where each text and tag begins and ends, with "" for a text, "p" or "/p" for a tag.

        When a text is yielded, `open` holds the elements around it. What follows a tag that never ends is not yielded.
        """
        source, at = self.source, 0
        while (found := _TAG.search(source, at)) is not None:
            if found.start() > at:
                yield at, found.start(), ""
            name = (found[2] or "").lower()
            end = _tag_end(source, found.end()) if name else _comment_end(source, found.start())
            if end < 0:
                return  # never closed: browsers show nothing of the rest
            at = end + 1
            if found[1] and name:
                self._close(name)
                yield found.start(), at, f"/{name}"
            elif name:
                at = self._open(name, source[found.end() : end], at)
                yield found.start(), at, name
        yield at, len(source), ""

    @abstractmethod
    def styled(self, name: str, attributes: Mapping[str, str]) -> LookT:
        """Returns the look of an element within the one that is open."""

    @abstractmethod
    def read_sheet(self, source: str) -> None:
        """Reads the content of a style element."""

    def _open(self, name: str, written: str, at: int) -> int:
        """Opens an element; returns where to go on: behind the content of an element that is no markup."""
        if name in RAW:
            end = self.small.find(f"</{name}", at)
            if name == "style":
                self.read_sheet(self.source[at : end if end >= 0 else None])
            return end if end >= 0 else len(self.source)
        if name not in _VOID and len(self.open) < _DEEPEST:
            attributes = _attributes(written)
            self.open.append(Element(name, attributes, self.styled(name, attributes)))
        return at

    def _close(self, name: str) -> None:
        """Closes an element as browsers do: an inline one closes no block.

        Browsers differ from this where end tags are in disorder: there, what was hidden stays hidden.
        """
        top = len(self.open) - 1
        for depth in range(top, max(0, top - _LOOKED_BACK), -1):
            inner = self.open[depth].name
            if inner == name:
                shows = self.look.hidden and not self.open[depth - 1].look.hidden
                if depth == top or not shows:
                    del self.open[depth:]
                return
            if inner in _SPECIAL and name not in _SPECIAL and name not in _FORMATTING:
                return


def presentational(name: str, attributes: Mapping[str, str]) -> list[tuple[str, str]]:
    """Returns the declarations that old attributes stand for."""
    wanted = [("background-color", attributes["bgcolor"].lower())] if "bgcolor" in attributes else []
    if name == "body" and "text" in attributes:
        wanted.append(("color", attributes["text"].lower()))
    if name == "font" and "color" in attributes:
        wanted.append(("color", attributes["color"].lower()))
    return wanted


def _tag_end(source: str, at: int) -> int:
    """Returns the index of the ">" that ends the tag, outside quoted values; -1 if it never ends."""
    while (found := _STOP.search(source, at)) is not None:
        if found[0] == ">":
            return found.start()
        at = found.end()
        while at < len(source) and source[at].isspace():
            at += 1
        if source[at : at + 1] in {'"', "'"}:
            end = source.find(source[at], at + 1)
            if end < 0:
                return -1
            at = end + 1
    return -1


def _comment_end(source: str, start: int) -> int:
    """Returns the index of the last character of a comment or declaration; -1 if it never ends."""
    if not source.startswith("<!--", start):
        return source.find(">", start)
    found = _SHORT.match(source, start + 4) or _COMMENT_END.search(source, start + 4)
    return found.end() - 1 if found else -1


def _attributes(written: str) -> dict[str, str]:
    """Returns the attributes of a tag by their names in lower case; the first of a name counts."""
    found: dict[str, str] = {}
    for match in _ATTRIBUTE.finditer(written):
        found.setdefault(match[1].lower(), html.unescape(match[2] or match[3] or match[4] or ""))
    return found
