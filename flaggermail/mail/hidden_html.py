# SPDX-License-Identifier: EUPL-1.2
"""The text that the HTML of a mail hides from its reader: it is no part of what the mail says.

A mail is looked at as a browser shows it in a wide window in daylight. Every doubt counts as seen, because a reply that
is lost costs more than a hidden line: a picture behind the text, a rule that cannot be read, text that is struck
through. `visible_html` counts every doubt as hidden.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from flaggermail.mail.css_cascade import Cascade, Named, Weight, named
from flaggermail.mail.css_values import (
    FAINT,
    FLAT,
    LEAST_CONTRAST,
    TINY,
    USUAL,
    Rgb,
    alpha,
    colour,
    contrast,
    font_size,
    fraction,
    lengths,
    weighed,
)
from flaggermail.mail.html_page import RAW, HtmlPage, presentational
from flaggermail.mail.html_text import TextLines, text_of
from flaggermail.mail.vocabulary import is_invisible

_BEGIN, _END = "\ufdd0", "\ufdd1"  # noncharacters (Unicode, section 23.7): no text of a mail keeps them

# What a mail must contain to hide anything. Escapes and references in a style may be any of it.
_MAY_HIDE = re.compile(
    r"none|hidden|collapse|opacity|mso-hide|overflow|clip|<template|<dialog|<datalist|position|margin|indent|translate"
    r"|scale|<rp|colou?r|font\s*:|font-size\s*:\s*(?:0|\.|[123](?!\d)|[\d.]+(?:em|rem|ex|ch|%))|\stext\s*=|\\|&#",
    re.IGNORECASE,
)
_FAR, _BEYOND = -500.0, 4000.0  # px: a box this far to the left or above, or to the right, is outside the window
_PLACED = ("left", "top", "right", "bottom")
_MOVED = ("margin-left", "margin-top", "margin", "text-indent", "transform", "translate")
_BOXES = ("height", "max-height", "width", "max-width", "line-height")
_UNSEEN = frozenset(("template", "datalist", "dialog", "rp"))
_CUT_AWAY = re.compile(r"inset\(\s*(?:[5-9]\d|100)(?:\.\d+)?%|circle\(\s*0|rect\((?:[\s,]*[01](?:px)?){4}\s*\)")
_SHRUNK = re.compile(r"scale(?:3d|[xy])?\(\s*(-?[\d.]+)")
_OPACITY = re.compile(r"opacity\(?=?\s*([\d.]+%?)")
_OVERFLOW = ("overflow", "overflow-x", "overflow-y")
_INHERITED = frozenset(("inherit", "initial", "unset", "revert", "currentcolor", "none", ""))
_PICTURE = re.compile(r"url\([^)]*\)?")
_SIGNS = re.compile(f"([{_BEGIN}{_END}])")
_WHITE, _BLACK = (255.0, 255.0, 255.0), (0.0, 0.0, 0.0)
_CELL = frozenset(("td", "th"))
_ENDS = {  # open elements that a start tag closes (WHATWG HTML, section 13.1.2.4)
    "td": _CELL, "th": _CELL, "tr": _CELL | {"tr"}, "li": frozenset(("li",)), "dt": frozenset(("dt", "dd")),
    "dd": frozenset(("dt", "dd")),
    **dict.fromkeys((
        "address", "article", "aside", "blockquote", "center", "div", "dl", "footer", "form", "h1", "h2", "h3", "h4",
        "h5", "h6", "header", "hr", "main", "nav", "ol", "p", "pre", "section", "table", "ul",
    ), frozenset(("p",))),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Box:
    """How the text of an element looks; a colour that nothing tells is None."""

    gone: bool = False  # with all that it contains
    unseen: bool = False  # what it contains may be seen again
    size: float = USUAL  # px
    ink: Rgb | None = _BLACK
    clear: bool = False  # the ink is transparent
    ground: Rgb | None = _WHITE

    @property
    def hidden(self) -> bool:
        """True if a reader does not see the text."""
        same = self.ink is not None and self.ground is not None and contrast(self.ink, self.ground) < LEAST_CONTRAST
        return self.gone or self.unseen or self.clear or same or self.size <= TINY


def shown(markup: str) -> tuple[str, tuple[tuple[int, str], ...]]:
    """Returns the text of a mail as a reader sees it, and what is hidden: its place in the text, and its words."""
    source = markup.replace(_BEGIN, "").replace(_END, "")
    text = _marked(source) if _MAY_HIDE.search(source) else text_of(source)
    return _parted(text) if _BEGIN in text else (text, ())


def _marked(source: str) -> str:
    """Returns the text of a mail with signs around what is hidden."""
    page = _Boxes(source)
    lines = TextLines(page.source)
    for start, end, tag, inside, _ in page.walk():
        hidden = (not tag or tag in RAW) and page.look.hidden and _has_ink(inside)
        lines.add(start, end, tag, f"{_BEGIN}{inside}{_END}" if hidden else inside)
    return lines.text()


def _has_ink(text: str) -> bool:
    return any(not sign.isspace() and not is_invisible(sign) for sign in html.unescape(text))


def _parted(text: str) -> tuple[str, tuple[tuple[int, str], ...]]:
    """Returns a text without what is between the signs, and that. A line of nothing else goes with it.

    The words put back into their places give the whole text: those of a line of their own end or begin with its LF.
    """
    kept, hidden, length = list[str](), list[tuple[int, str]](), 0
    dropped = False  # the line before was hidden as a whole
    for line in text.split("\n"):
        seen, places = _line(line) if _BEGIN in line or _END in line else (line, [])
        blank = not seen.strip("> ")
        if blank and places:
            before = hidden.pop()[1] if hidden and hidden[-1][0] == length and hidden[-1][1].endswith("\n") else ""
            hidden.append((length, f"{before}{' '.join(words for _, words in places)}\n"))
            dropped = True
        elif not (blank and dropped and (not kept or not kept[-1].strip("> "))):
            hidden += [(length + at, words) for at, words in places]
            kept.append(seen)
            length += len(seen) + 1
            dropped = False
    shown_text = "\n".join(kept).rstrip("\n")
    end = len(shown_text)
    return shown_text, tuple((at, words) if at <= end else (end, f"\n{words.rstrip()}") for at, words in hidden)


def _line(line: str) -> tuple[str, list[tuple[int, str]]]:
    """Returns a line without what is between the signs, and that with its place in it."""
    seen, hidden, inside = "", list[tuple[int, str]](), False
    for piece in _SIGNS.split(line):
        if piece in {_BEGIN, _END}:
            inside = piece == _BEGIN
        elif inside and piece.strip():
            hidden.append((len(seen), piece.strip()))
        elif not inside:
            seen += piece[1:] if piece.startswith(" ") and seen[-1:] in {"", " "} else piece
    return seen.rstrip(" "), hidden


class _Boxes(HtmlPage[Box]):
    """The look of each text of a page, as a browser has it."""

    def __init__(self, source: str) -> None:
        super().__init__(source, Box())
        self.cascade = Cascade()
        self.around: list[Named] = []

    def read_sheet(self, source: str) -> None:
        self.cascade.read(source)

    def styled(self, name: str, attributes: Mapping[str, str]) -> Box:
        """Returns the look of an element within the one that is open."""
        self._end(name)
        above = self.look
        declared: list[tuple[Weight, str, str]] = [
            ((False, -1, 0, 0, 0), prop, value) for prop, value in _by_default(name, attributes)
        ]
        if self.cascade.rules:
            del self.around[len(self.open) - 1 :]
            self.around += (named(one.name, one.attributes) for one in self.open[1 + len(self.around) :])
            self.around.append(named(name, attributes))
            declared += self.cascade.of(self.around)
        if "style" in attributes:
            declared += (((weight, 1, 0, 0, 0), prop, value) for prop, value, weight in weighed(attributes["style"]))
        if not declared:
            return above
        declared.sort(key=lambda one: one[0])
        style: dict[str, str] = {}
        for _, prop, value in declared:
            style.pop(prop, None)
            style[prop] = value
        look = _looks(style, above)
        if name in {"html", "body"} and look.ground is not None and contrast(look.ground, _WHITE) >= LEAST_CONTRAST:
            return replace(look, ground=None)  # not every program paints a mail's own window
        return look

    def _end(self, name: str) -> None:
        """Closes the open element that this start tag ends: a cell ends the cell before it."""
        ended = _ENDS.get(name)
        if ended is not None and self.open[-1].name in ended:
            del self.open[-1]
            if name == "tr" and self.open[-1].name == "tr":
                del self.open[-1]


def _by_default(name: str, attributes: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yields what browsers declare for an element, and what its old attributes do."""
    if name == "a" and "href" in attributes:
        yield "color", "#0000ee"
    if "hidden" in attributes or (name in _UNSEEN and "open" not in attributes):
        yield "display", "none"
    yield from presentational(name, attributes)
    if "background" in attributes:
        yield "background-image", "url()"
    for side in ("width", "height"):
        if attributes.get(side, "").strip() in {"0", "1"}:
            yield side, "0"


def _looks(style: Mapping[str, str], above: Box) -> Box:
    """Returns the look of an element with these declarations, the last ones the strongest."""
    size, ink, clear, ground = above.size, above.ink, above.clear, above.ground
    for name, value in style.items():
        if name in {"font-size", "font"}:
            size = font_size(name, value, above.size, size)
        elif name in {"color", "-webkit-text-fill-color"} and value not in _INHERITED:
            ink, clear = colour(value), alpha(value) < FAINT
        elif name in {"background", "background-color", "background-image"} and value not in _INHERITED:
            found = colour(_PICTURE.sub("", value))
            if "url(" in value or "gradient(" in value or (found and FAINT <= alpha(value) < 1):
                ground = None  # whatever it shows
            elif alpha(value) >= FAINT:
                ground = found
    visibility = style.get("visibility", "inherit")
    unseen = above.unseen if visibility in _INHERITED else visibility in {"hidden", "collapse"}
    return Box(above.gone or _is_gone(style), unseen, size, ink, clear, ground)


def _is_gone(style: Mapping[str, str]) -> bool:
    """True if the element is out of sight with all that it contains."""
    if style.get("display") == "none" or style.get("mso-hide") == "all" or style.get("content-visibility") == "hidden":
        return True
    cut = any("hidden" in style.get(one, "") or "clip" in style.get(one, "") for one in _OVERFLOW)
    if cut and any(max(lengths(style[one])[:1], default=FLAT + 1) <= FLAT for one in _BOXES if one in style):
        return True
    moved = (*_MOVED, *(_PLACED if style.get("position", "static") != "static" else ()))
    if any(not _FAR < length < _BEYOND for one in moved if one in style for length in lengths(style[one])):
        return True
    faint = [style["opacity"]] if "opacity" in style else []
    faint += _OPACITY.findall(style.get("filter", ""))
    if any(fraction(one) < FAINT for one in faint):
        return True
    if any(abs(fraction(one)) < FAINT for one in _SHRUNK.findall(style.get("transform", ""))):
        return True
    return any(_CUT_AWAY.search(style.get(one, "")) is not None for one in ("clip", "clip-path"))
