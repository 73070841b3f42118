# SPDX-License-Identifier: EUPL-1.2
"""The tags, texts and open elements of an HTML mail, read as the WHATWG HTML standard has browsers read them.

Whatever is asked of a page is read from these marks: its text (`html_text`), what it hides (`hidden_html`), and what
its reader surely sees (`visible_html`). Each character is visited a fixed number of times, also in unclosed tags,
attributes and comments. html.parser is not used: it takes 20 seconds for 120 kB of unclosed attributes.
"""

from __future__ import annotations

import html
import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Generic, Protocol, TypeAlias, TypeVar

LONGEST = 2_000_000  # characters read; the text of a real mail lies within them
RAW = frozenset(("script", "style", "xmp", "iframe", "noembed", "noframes", "noscript", "textarea", "title"))
"""Elements whose content is no markup."""

_MARK = re.compile(
    r"""<(?:(/?)([A-Za-z][^\s/>]*+)((?:[^>=]++|=\s*+(?:"[^"]*+"|'[^']*+'|(?!["'])))*+)>"""
    r"""|!--(?:-?>|[^-]*+(?:-(?!-!?>)[^-]*+)*+--!?>)|(?!!--)[!?/][^>]*+>|([A-Za-z!?/]))"""
)
"""A tag, or a comment or declaration; the last group is one that never ends."""
_CLOSED = re.compile(r"<(?:(/?)([A-Za-z][A-Za-z0-9:]{0,20})(?=[\s/>])([^<>]{0,5000}+)>|(!--)|[!?][^<>]{0,5000}+>)")
_RAW_ENDS = {name: re.compile(f"</{name}", re.IGNORECASE | re.ASCII) for name in RAW}
_ATTRIBUTE = re.compile(r"""([^\s/>"'=]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+)))?""")
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
_LONGEST_TAG = 5000  # characters, where tags are not sure
_LOOKED_BACK = 100  # open elements among which the one of an end tag is looked for
_DEEPEST = 2000


Mark: TypeAlias = tuple[int, int, str, str, bool]
"""A piece of a page: where it begins and ends, its tag ("" for a text, "p", "/p"), what it holds, whether it is sure.

A text holds itself, a tag its attributes as they are written, an element of `RAW` its content. A piece is not sure
behind a tag, a comment or such an element that never ends: browsers show nothing of it.
"""


def marks(source: str) -> Iterator[Mark]:
    """Yields the texts and tags of a page, without comments and declarations.

    Behind something that never ends only tags that are closed before the next one are tags, and a comment that never
    ends is closed by the next ">".
    """
    at, sure, look = 0, True, _MARK.search
    endless = set[str]()
    while (found := look(source, at)) is not None:
        start, end = found.span()
        if start > at:
            yield at, start, "", source[at:start], sure
        slash, name, inside, other = found.groups()
        if name:
            name = name.lower()
            if slash:
                yield start, end, f"/{name}", inside, sure
            elif name not in RAW:
                yield start, end, name, inside, sure
            elif name not in endless and (ended := _RAW_ENDS[name].search(source, end)):
                yield start, end, name, source[end : ended.start()], sure
                end = ended.start()
            else:
                endless.add(name)
                sure, look = False, _CLOSED.search
        elif other and sure:
            sure, look, end = False, _CLOSED.search, start
        elif other:
            end = _comment_end(source, end, endless)
        at = end
    if at < len(source):
        yield at, len(source), "", source[at:], sure


def _comment_end(source: str, at: int, endless: set[str]) -> int:
    """Returns where a comment ends whose "<!--" ends at `at`; `endless` remembers that no other one is closed."""
    end = -1 if "!--" in endless else source.find("-->", at)
    if end >= 0:
        return end + len("-->")
    endless.add("!--")
    return max(at, source.find(">", at, at + _LONGEST_TAG) + 1)


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
        self.open: list[Element[LookT]] = [Element("", {}, bare)]

    @property
    def look(self) -> LookT:
        """The look of the innermost open element."""
        return self.open[-1].look

    def walk(self) -> Iterator[Mark]:
        """Yields the texts and tags; when a text is yielded, `open` holds the elements around it."""
        for mark in marks(self.source):
            _, _, tag, inside, _ = mark
            if tag[:1] == "/":
                self._close(tag[1:])
            elif tag == "style":
                self.read_sheet(inside)
            elif tag and tag not in _VOID and tag not in RAW and len(self.open) < _DEEPEST:
                attributes = _attributes(inside) if inside else {}
                self.open.append(Element(tag, attributes, self.styled(tag, attributes)))
            yield mark

    @abstractmethod
    def styled(self, name: str, attributes: Mapping[str, str]) -> LookT:
        """Returns the look of an element within the one that is open."""

    @abstractmethod
    def read_sheet(self, source: str) -> None:
        """Reads the content of a style element."""

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


def _attributes(written: str) -> dict[str, str]:
    """Returns the attributes of a tag by their names in lower case; the first of a name counts."""
    found: dict[str, str] = {}
    for match in _ATTRIBUTE.finditer(written):
        found.setdefault(match[1].lower(), html.unescape(match[2] or match[3] or match[4] or ""))
    return found
