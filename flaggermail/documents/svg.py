# SPDX-License-Identifier: EUPL-1.2
"""A picture as an element of a page: its names are its own there, and it runs nothing and fetches nothing.

Only elements of SVG stay, without script and handlers, and with references that lead into the picture itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from xml.parsers import expat

# XML 1.0 forbids most control characters, and a browser reads them differently; the bidirectional ones reorder a line.
_UNFIT = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)
REPLACEMENT = "\ufffd"


class Markup(str):
    """Text in which every name is escaped already."""

    __slots__ = ()


def escaped(text: str) -> Markup:
    """Returns text for an element or an attribute; characters that XML forbids or that reorder a line are replaced."""
    return text if isinstance(text, Markup) else Markup(escape(_UNFIT.sub(REPLACEMENT, text)))


def element(name: str, attributes: Mapping[str, str | int] | None = None, *content: str) -> Markup:
    """Returns an element with its content; an element of SVG without content closes itself."""
    given = "".join(f' {key}="{escaped(str(value))}"' for key, value in (attributes or {}).items())
    inside = "".join(map(escaped, content))
    return Markup(f"<{name}{given}>{inside}</{name}>" if content else f"<{name}{given}/>")


def lines(*parts: str) -> Markup:
    """Returns the parts, one a line; empty ones are left out."""
    return Markup("\n".join(escaped(part) for part in parts if part))


NAMESPACE = "http://www.w3.org/2000/svg"
_LEFT_OUT = frozenset({"script", "foreignObject", "iframe", "image", "a", "set", "animate", "handler"})
_NAMING = frozenset({"title", "desc"})  # of the root, which get the words that the document gives
_OWN_URL = re.compile(r"url\(\s*#([^)\s]+)\s*\)")
_URL = re.compile(r"url\(|@import|/\*", re.IGNORECASE)
_MEDIA = re.compile(r"@media[^{}]*\{(?:[^{}]*\{[^{}]*\})*[^{}]*\}")  # with the rules in it
_SPACE = re.compile(r"\s+")


@dataclass(slots=True)
class _Open:
    name: str
    attributes: Mapping[str, str]
    content: list[str] = field(default_factory=list)


class _Copying:
    """Writes the elements again as they are read, each with its names made the page's."""

    def __init__(self, key: str) -> None:
        self._key = key
        self._open: list[_Open] = []
        self._skipped = 0  # depth within what is left out
        self.attributes: Mapping[str, str] = {}
        self.content = Markup()

    def start(self, qualified: str, attributes: dict[str, str]) -> None:
        namespace, _, local = qualified.rpartition(" ")
        naming = len(self._open) == 1 and local in _NAMING
        if self._skipped or namespace != NAMESPACE or local in _LEFT_OUT or naming:
            self._skipped += 1
            return
        kept = {name: self._value(name, value) for name, value in attributes.items() if self._keeps(name, value)}
        self._open.append(_Open(local, kept))

    def end(self, _name: str) -> None:
        if self._skipped:
            self._skipped -= 1
            return
        done = self._open.pop()
        if not self._open:
            self.attributes, self.content = done.attributes, Markup("".join(done.content))
        else:
            inside = [Markup("".join(done.content))] if done.content else []
            self._open[-1].content.append(element(done.name, done.attributes, *inside))

    def text(self, text: str) -> None:
        if self._skipped:
            return
        inside = self._open[-1]
        if inside.name == "style":  # never escaped: some parsers read it as it is written
            inside.content += [Markup(text)] if not _URL.search(text) and "<" not in text else []
        elif inside.name in {"text", "tspan", "title", "desc"} or text.strip():
            inside.content.append(escaped(text))

    def _keeps(self, name: str, value: str) -> bool:
        if name.startswith("on") or " " in name:  # a handler, or of another namespace (xlink, xml)
            return False
        if name == "href":
            return value.startswith("#")
        return not _URL.search(_OWN_URL.sub("", value))

    def _value(self, name: str, value: str) -> str:
        if name == "id":
            return f"{self._key}-{value}"
        if name == "href":
            return f"#{self._key}-{value[1:]}"
        return _OWN_URL.sub(lambda found: f"url(#{self._key}-{found[1]})", value)


def inline(svg: str, key: str, title: str, description: str, *, kind: str = "") -> Markup:
    """Returns an SVG document as an element whose names begin with `key`, with what it shows in words.

    `kind` is its class on the page; empty: that of the document.

    Raises ValueError if it is no well-formed SVG, or declares entities.
    """
    copying = _Copying(key)
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler, parser.EndElementHandler = copying.start, copying.end
    parser.CharacterDataHandler, parser.buffer_text = copying.text, True
    parser.StartDoctypeDeclHandler = _refuse
    try:
        parser.Parse(svg, True)  # noqa: FBT003 - expat takes no keywords
    except expat.ExpatError as fault:
        raise ValueError(f"a picture is no SVG: {fault}") from fault
    if not copying.attributes:
        raise ValueError("a picture is no SVG: its root is another element")
    attributes = _root({**copying.attributes, **({"class": kind} if kind else {})}, key)
    named = (
        element("title", {"id": f"{key}-title"}, title),
        element("desc", {"id": f"{key}-described"}, _SPACE.sub(" ", description)),
    )
    return element("svg", attributes, *named, copying.content)


def size(svg: str) -> tuple[int, int]:
    """Returns width and height of a picture in its own units, by its `viewBox`."""
    found = re.search(r"""viewBox=["']\s*(\S+)\s+(\S+)\s+(\S+)\s+(\S+?)\s*["']""", svg)
    if found is None:
        raise ValueError("a picture has no viewBox")
    return round(float(found[3])), round(float(found[4]))


def on_paper(svg: str) -> str:
    """Returns a picture without its rules for a screen, which an office program would follow on paper too."""
    return _MEDIA.sub("", svg)


def _refuse(*_declared: object) -> None:
    raise ValueError("a picture is no SVG: it declares a document type")


def _root(attributes: Mapping[str, str], key: str) -> dict[str, str]:
    return {
        "xmlns": NAMESPACE,
        **{name: value for name, value in attributes.items() if name in {"viewBox", "width", "height", "class"}},
        "role": "img",
        "aria-labelledby": f"{key}-title",
        "aria-describedby": f"{key}-described",
    }
