# SPDX-License-Identifier: EUPL-1.2
"""The text that the HTML of a mail hides from its reader: it is no part of what the mail says.

A mail is looked at as a browser shows it in a wide window in daylight. Every doubt counts as seen, because a reply that
is lost costs more than a hidden line: a picture behind the text, a rule that cannot be read, text that is struck
through. `visible_html` counts every doubt as hidden.
"""

from __future__ import annotations

import html
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

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
from flaggermail.mail.html_page import RAW, HtmlPage, TextLines, presentational, text_of
from flaggermail.mail.vocabulary import is_invisible

WINDOW = 1280.0  # px: width of the window
_RULES, _LONGEST_SHEET = 2000, 200_000
_COMPARED = 500_000  # rules that are compared with elements, of one mail; behind them no rule holds
_BLOCK = re.compile(r"([^{}]*)([{}])")
_COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)|<!--|-->", re.DOTALL)
_PART = re.compile(r"(?:[\w*.#-]|\[[^\]]*\])+|>")
_SIMPLE = re.compile(r"([.#]?)([\w-]+|\*)|\[\s*([\w-]+)\s*(?:[~^$*|]?=\s*[\"']?([^\"'\]]*)[\"']?\s*)?\]")
_ALONE = re.compile(r"\s*([\w-]*)(?:\.([\w-]+))?\s*")  # a tag, a class, or a tag with a class
_WIDTH = re.compile(r"\(\s*(min|max)-(?:device-)?width\s*:\s*(\d+(?:\.\d+)?)[^)]*\)")
_LIGHT = re.compile(r"\(\s*prefers-color-scheme\s*:\s*light\s*\)")
_SHOWN_ON = frozenset(("only", "all", "screen", "and"))
_ELSEWHERE = frozenset(("print", "speech"))

Weight = tuple[bool, int, int, int, int]
"""Important, of the element itself, ids, classes and attributes, tags; the heaviest declaration of a property holds."""


class StyledElement(NamedTuple):
    """What selectors say of an element: the name of its tag, and its attributes in lower case."""

    tag: str
    attributes: Mapping[str, str]
    classes: frozenset[str]


def named(tag: str, attributes: Mapping[str, str]) -> StyledElement:
    """Returns an element as selectors see it; a mail is read without regard to capitals, as in quirks mode."""
    lowered = {name: value.lower() for name, value in attributes.items()}
    return StyledElement(tag, lowered, frozenset(lowered.get("class", "").split()))


@dataclass(frozen=True, slots=True)
class _Compound:
    """`td.seen#top[title]`: what must be true of one element."""

    tag: str
    ids: tuple[str, ...]
    classes: frozenset[str]
    others: tuple[tuple[str, str], ...]  # name and value of attributes
    direct: bool  # directly within the element of the compound before

    def fits(self, one: StyledElement) -> bool:
        return (
            self.tag in {"", one.tag}
            and self.classes <= one.classes
            and all(one.attributes.get("id") == wanted for wanted in self.ids)
            and all(name in one.attributes and value in one.attributes[name] for name, value in self.others)
        )


class _Rule(NamedTuple):
    compounds: tuple[_Compound, ...]  # the outermost first
    weight: tuple[int, int, int]
    wanted: Sequence[tuple[str, str, bool]]

    def fits(self, elements: Sequence[StyledElement]) -> bool:
        """True if it holds for the last of the elements, each within the one before."""
        at = len(elements) - 1
        if not self.compounds[-1].fits(elements[at]):
            return False
        direct = self.compounds[-1].direct
        for compound in reversed(self.compounds[:-1]):
            at -= 1
            while at >= 0 and not compound.fits(elements[at]):
                at = -1 if direct else at - 1
            if at < 0:
                return False
            direct = compound.direct
        return True


@dataclass
class Cascade:
    """The style rules of a mail, by what the last part of their selectors names."""

    rules: dict[str, list[_Rule]] = field(default_factory=lambda: defaultdict(list))
    count: int = 0
    compared: int = 0

    def read(self, source: str) -> None:
        """Adds the rules of a style element."""
        opened: list[str] = []
        for text, brace in _BLOCK.findall(_COMMENT.sub(" ", source[:_LONGEST_SHEET])):
            if brace == "{":
                opened.append(text.rpartition(";")[2].strip().lower())
            elif opened:
                selectors = opened.pop()
                if not selectors.startswith("@") and all(map(is_met, opened)):
                    self._add(selectors, text)

    def _add(self, selectors: str, style: str) -> None:
        wanted = weighed(style)
        for selector in selectors.split(","):
            compounds = _compounds(selector)
            if compounds and self.count < _RULES:
                self.count += 1
                last = compounds[-1]
                key = next((f"#{one}" for one in last.ids), next((f".{one}" for one in sorted(last.classes)), last.tag))
                weight = (
                    sum(len(one.ids) for one in compounds),
                    sum(len(one.classes) + len(one.others) for one in compounds),
                    sum(one.tag != "" for one in compounds),
                )
                self.rules[key].append(_Rule(compounds, weight, wanted))

    def declarations_for(self, elements: Sequence[StyledElement]) -> Iterator[tuple[Weight, str, str]]:
        """Yields weight, property and value of the declarations that hold for the last of the elements."""
        one = elements[-1]
        keys = ("", one.tag, *(f".{name}" for name in sorted(one.classes)), f"#{one.attributes.get('id', '')}")
        for key in keys:
            for rule in self.rules.get(key, ()):
                self.compared += len(elements) if len(rule.compounds) > 1 else 1
                if self.compared <= _COMPARED and rule.fits(elements):
                    for name, value, important in rule.wanted:
                        yield (important, 0, *rule.weight), name, value


def _compounds(selector: str) -> tuple[_Compound, ...]:
    """Returns the parts of a selector; none if it has something else than tags, classes, ids and attributes."""
    if (alone := _ALONE.fullmatch(selector)) and (alone[1] or alone[2]):  # most are so
        return (_Compound(alone[1], (), frozenset(filter(None, [alone[2]])), (), direct=False),)
    found: list[_Compound] = []
    direct = False
    if _PART.sub("", selector).strip():
        return ()
    for part in _PART.findall(selector):
        if part == ">":
            direct = True
            continue
        tag, ids, classes, others = "", list[str](), set[str](), list[tuple[str, str]]()
        for sign, name, attribute, value in _SIMPLE.findall(part):
            if attribute:
                others.append((attribute, value))
            elif sign:
                (ids.append if sign == "#" else classes.add)(name)
            else:
                tag = "" if name == "*" else name
        if _SIMPLE.sub("", part):
            return ()
        found.append(_Compound(tag, tuple(ids), frozenset(classes), tuple(others), direct))
        direct = False
    return tuple(found)


def is_met(rule: str) -> bool:
    """True if what is in an at-rule holds in a wide window in daylight: "@media screen and (min-width: 600px)"."""
    if not rule.startswith("@media"):
        return rule.startswith(("@supports", "@layer"))
    return any(_is_met(query) for query in rule.removeprefix("@media").split(","))


def _is_met(query: str) -> bool:
    """True if a window meets a query; one that asks for anything else is not met, "not" before it or not."""
    words = _LIGHT.sub(" ", _WIDTH.sub(" ", query)).split()
    negated = words[:1] == ["not"]
    asked = frozenset(words[negated:])
    widths = ((side, float(width)) for side, width in _WIDTH.findall(query))
    fits = not asked & _ELSEWHERE and all(
        width <= WINDOW if side == "min" else width >= WINDOW for side, width in widths
    )
    return asked <= _SHOWN_ON | _ELSEWHERE and fits is not negated


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
        self.around: list[StyledElement] = []

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
            declared += self.cascade.declarations_for(self.around)
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
