# SPDX-License-Identifier: EUPL-1.2
"""The part of an HTML mail that a reader sees: without text hidden by size, colour, place or markup, or struck through.

Tags, attributes and comments are read as the WHATWG HTML standard has browsers read them, unclosed ones included, so
that nothing passes as text that a reader never saw. Each character is visited a fixed number of times.
"""

from __future__ import annotations

import html
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from string import ascii_lowercase, ascii_uppercase

from flaggermail.mail.css_values import Look, applied, declarations
from flaggermail.mail.html_text import LONGEST

_TAG = re.compile(r"<(?:(/?)([A-Za-z][^\s/>]*)|[!?/])")
_ATTRIBUTE = re.compile(r"""([^\s/>"'=]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+)))?""")
_STOP = re.compile(r"[>=]")
_SELECTED = re.compile(r"([.#\[]?)([\w-]+)")
_ONLY_DARK = ("[data-ogsc]", "[data-ogsb]", "[data-ogab]", "[data-ogac]")  # set by Outlook on the web, in dark mode
_COLOURS = frozenset(("color", "background", "background-color"))
_RULES, _LONGEST_SHEET = 500, 200_000
_VOID = frozenset((
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr",
))  # fmt: skip
_RAW = frozenset(("script", "style", "xmp", "iframe", "noembed", "noframes", "noscript", "textarea", "title"))
_UNSEEN = _RAW | frozenset((
    "head", "template", "option", "datalist", "object", "audio", "video", "canvas", "svg", "math", "dialog", "details",
    "applet", "plaintext", "rp", "bdo",
))  # fmt: skip
_STRUCK = frozenset(("s", "strike", "del"))  # its writer took it back: a reader sees that it does not count
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


@dataclass
class _Sheet:
    """Style rules by the last tag, class or id of their selectors."""

    rules: dict[tuple[str, str], list[list[tuple[str, str]]]] = field(default_factory=lambda: defaultdict(list))
    count: int = 0

    def read(self, source: str) -> None:
        """Adds the rules of a style element; colours in a media query do not count, since dark mode needs them."""
        plain = re.sub(r"/\*.*?(?:\*/|\Z)", "", source, flags=re.DOTALL)
        depth = 0  # of at-rules around a rule
        for piece in plain[:_LONGEST_SHEET].split("}")[: _RULES * 4]:
            before, brace, style = piece.rpartition("{")
            depth += before.count("{") if brace else -1
            if brace and self.count < _RULES:
                wanted = [one for one in declarations(style) if depth <= 0 or one[0] not in _COLOURS]
                for selector in before.rpartition("{")[2].split(","):
                    self._add(selector.strip(), wanted)

    def _add(self, selector: str, wanted: list[tuple[str, str]]) -> None:
        if not selector or selector.startswith("@") or any(sign in selector.lower() for sign in _ONLY_DARK):
            return
        last = re.split(r"[\s>+~]+", selector)[-1].partition(":")[0]
        named = _SELECTED.findall(last)
        self.count += 1
        key = next((one for one in reversed(named) if one[0]), named[-1] if named else ("", "*"))
        self.rules[key[0], key[1].lower()].append(wanted)

    def of(self, name: str, attributes: Mapping[str, str]) -> Iterator[list[tuple[str, str]]]:
        """Yields the declarations for an element, the most general first."""
        if not self.rules:
            return
        keys = [("", "*"), ("", name), *(("[", one) for one in attributes)]
        keys += [(".", one.lower()) for one in attributes.get("class", "").split()]
        keys += [("#", attributes["id"].lower())] if "id" in attributes else []
        for key in keys:
            yield from self.rules.get(key, ())


def visible_part(markup: str) -> str:
    """Returns `markup` without the text that a reader does not see; its tags remain, without attributes."""
    return "".join(_SeenPage(markup[:LONGEST]).pieces())


class _SeenPage:
    def __init__(self, source: str) -> None:
        self.source = source
        self.small = source.translate(_SMALL)
        self.sheet = _Sheet()
        self.open: list[tuple[str, Look]] = [("", Look())]

    def pieces(self) -> Iterator[str]:
        source, at = self.source, 0
        while (found := _TAG.search(source, at)) is not None:
            if found.start() > at:
                yield self._text(source[at : found.start()])
            name = (found[2] or "").lower()
            end = _tag_end(source, found.end()) if name else _comment_end(source, found.start())
            if end < 0:
                return  # never closed: browsers show nothing of the rest
            at = end + 1
            if found[1] and name:
                self._close(name)
                yield f"</{name}>"
            elif name:
                at = self._open(name, source[found.end() : end], at)
                yield f"<{name}>"
        yield self._text(source[at:])

    def _text(self, text: str) -> str:
        return " " if self.open[-1][1].hidden else text

    def _open(self, name: str, written: str, at: int) -> int:
        """Opens an element; returns where to go on: behind the content of an element that is no markup."""
        above = self.open[-1][1]
        attributes = _attributes(written)
        look = replace(above, gone=True) if name in _UNSEEN | _STRUCK or "hidden" in attributes else above
        for wanted in (*self.sheet.of(name, attributes), _presentational(name, attributes)):
            look = applied(look, wanted, above)
        if "style" in attributes:
            look = applied(look, declarations(attributes["style"]), above)
        if name in _RAW:
            end = self.small.find(f"</{name}", at)
            if name == "style":
                self.sheet.read(self.source[at : end if end >= 0 else None])
            return end if end >= 0 else len(self.source)
        if name not in _VOID and len(self.open) < _DEEPEST:
            self.open.append((name, look))
        return at

    def _close(self, name: str) -> None:
        """Closes an element as browsers do: an inline one closes no block.

        Browsers differ from this where end tags are in disorder: there, what was hidden stays hidden.
        """
        top = len(self.open) - 1
        for depth in range(top, max(0, top - _LOOKED_BACK), -1):
            inner = self.open[depth][0]
            if inner == name:
                shows = self.open[-1][1].hidden and not self.open[depth - 1][1].hidden
                if depth == top or not shows:
                    del self.open[depth:]
                return
            if inner in _SPECIAL and name not in _SPECIAL and name not in _FORMATTING:
                return


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
    if short := re.compile(r"-?>").match(source, start + 4):
        return short.end() - 1
    ends = [end + len(mark) - 1 for mark in ("-->", "--!>") if (end := source.find(mark, start + 4)) >= 0]
    return min(ends, default=-1)


def _attributes(written: str) -> dict[str, str]:
    """Returns the attributes of a tag by their names in lower case; the first of a name counts."""
    found: dict[str, str] = {}
    for match in _ATTRIBUTE.finditer(written):
        found.setdefault(match[1].lower(), html.unescape(match[2] or match[3] or match[4] or ""))
    return found


def _presentational(name: str, attributes: Mapping[str, str]) -> list[tuple[str, str]]:
    """Returns the declarations that old attributes stand for."""
    wanted = [("background-color", attributes["bgcolor"].lower())] if "bgcolor" in attributes else []
    if name == "body" and "text" in attributes:
        wanted.append(("color", attributes["text"].lower()))
    if name == "font" and "color" in attributes:
        wanted.append(("color", attributes["color"].lower()))
    return wanted
