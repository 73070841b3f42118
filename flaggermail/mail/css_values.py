# SPDX-License-Identifier: EUPL-1.2
"""What style declarations do to the visibility of text: sizes, colours, and ways to take it out of sight.

Reads the declarations of CSS 2.1 and of the colour module that mail programs honour. Every doubt counts as visible
only for colours and sizes that cannot be read; there the inherited value stays.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

Rgb = tuple[float, float, float]

TINY = 3.0  # px: text up to this size cannot be read
FLAT = 2.0  # px: a box up to this height or width shows no line of text
FAR, BEYOND = -100.0, 3000.0  # px: a box this far to the left or above, or to the right, is outside the window
FAINT = 0.1  # opacity
LEAST_CONTRAST = 1.2  # WCAG 2.1, contrast ratio; light grey print (#ccc on white) has 1.6

_ESCAPE = re.compile(r"\\([0-9a-fA-F]{1,6})\s?|\\(.)", re.DOTALL)
_COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)", re.DOTALL)
_LENGTH = re.compile(r"(-?(?:\d+\.?\d*|\.\d+))\s*(px|pt|pc|in|cm|mm|q|em|rem|ex|ch|vw|vh|%)?(?![\w.])")
_PX = {"": 1.0, "px": 1.0, "pt": 4 / 3, "pc": 16.0, "in": 96.0, "cm": 37.8, "mm": 3.78, "q": 0.945}
_RELATIVE = {"em": 1.0, "ex": 0.5, "ch": 0.5, "%": 0.01}
USUAL = 16.0  # px: size of text of which nothing is said
_KEYWORD_SIZES = frozenset({
    "xx-small", "x-small", "small", "medium", "large", "x-large", "xx-large", "initial", "smaller", "larger",
})  # fmt: skip
_COLOUR = re.compile(r"#[0-9a-f]{3,8}\b|(?:rgb|hsl)a?\([^)]*\)|[a-z]{3,30}")
_NUMBERS = re.compile(r"-?[\d.]+%?")
_WHITES = (
    "white snow ghostwhite mintcream azure ivory floralwhite aliceblue lavenderblush seashell whitesmoke honeydew "
    "lightyellow oldlace linen cornsilk lightcyan"
)
_NAMED: Mapping[str, Rgb] = {
    **dict.fromkeys(_WHITES.split(), (255, 255, 255)),
    "black": (0, 0, 0), "red": (255, 0, 0), "lime": (0, 255, 0), "green": (0, 128, 0), "blue": (0, 0, 255),
    "navy": (0, 0, 128), "yellow": (255, 255, 0), "gray": (128, 128, 128), "grey": (128, 128, 128),
    "silver": (192, 192, 192), "lightgray": (211, 211, 211), "lightgrey": (211, 211, 211), "maroon": (128, 0, 0),
    "purple": (128, 0, 128), "teal": (0, 128, 128), "orange": (255, 165, 0), "gainsboro": (220, 220, 220),
    "darkgray": (169, 169, 169), "darkgrey": (169, 169, 169), "dimgray": (105, 105, 105), "windowtext": (0, 0, 0),
}  # fmt: skip
_GONE: Mapping[str, frozenset[str]] = {
    "display": frozenset({"none"}), "visibility": frozenset({"hidden", "collapse"}), "mso-hide": frozenset({"all"}),
    "content-visibility": frozenset({"hidden"}),
}  # fmt: skip
_SIDES = frozenset({"left", "top", "right", "bottom", "margin-left", "margin-top", "margin", "text-indent"})
_BOXES = frozenset({"height", "max-height", "width", "max-width", "line-height"})


@dataclass(frozen=True, slots=True)
class Look:
    """How the text of an element looks: taken out of sight or not, size in px, colours (None: as the window has it)."""

    gone: bool = False
    size: float = USUAL
    colour: Rgb | None = None
    clear: bool = False  # the colour is transparent
    ground: Rgb | None = None

    @property
    def hidden(self) -> bool:
        """True if a reader does not see the text."""
        same = contrast(self.colour or (0, 0, 0), self.ground or (255, 255, 255)) < LEAST_CONTRAST
        return self.gone or self.clear or self.size <= TINY or (same and (self.colour or self.ground) is not None)


def declarations(style: str) -> list[tuple[str, str]]:
    """Returns property and value of each declaration, in lower case, escapes and comments resolved."""
    return [(name, value) for name, value, _ in weighed(style)]


@lru_cache(maxsize=256)  # a table says the same in each of its cells
def weighed(style: str) -> tuple[tuple[str, str, bool], ...]:
    """Returns the same, and whether the declaration is important."""
    return tuple(_weighed(style))


def _weighed(style: str) -> Iterator[tuple[str, str, bool]]:
    plain = _ESCAPE.sub(_unescaped, _COMMENT.sub("", style[:20_000])).lower()
    for part in plain.split(";"):
        name, colon, value = part.partition(":")
        if colon:
            kept, important, _ = value.partition("!")
            yield name.strip(), kept.strip(), bool(important)


def _unescaped(match: re.Match[str]) -> str:
    point = int(match[1], 16) if match[1] else 0
    return chr(point) if 0 < point < 0x110000 else match[2] or ""  # noqa: PLR2004 - the end of Unicode


def applied(look: Look, wanted: Iterable[tuple[str, str]], inherited: Look) -> Look:
    """Returns `look` with these declarations; relative sizes are of the `inherited` one."""
    for name, value in wanted:
        if _takes_away(name, value):
            look = replace(look, gone=True)
        elif name in {"font-size", "font"}:
            look = replace(look, size=font_size(name, value, inherited.size, look.size))
        elif name in {"color", "-webkit-text-fill-color"}:
            found = colour(value)
            clear = _is_clear(value)
            look = replace(look, colour=found or look.colour, clear=clear) if found or clear else look
        elif name in {"background", "background-color"} and not _is_clear(value):
            look = replace(look, ground=colour(value) or look.ground)
    return look


def _takes_away(name: str, value: str) -> bool:
    """True if the declaration puts the element and all it contains out of sight."""
    if value in _GONE.get(name, ()):
        return True
    if name == "opacity" or (name == "filter" and "opacity" in value):
        found = _NUMBERS.search(value)
        return found is not None and fraction(found[0]) < FAINT
    if name in {"text-decoration", "text-decoration-line"}:
        return "line-through" in value  # struck through: its writer took it back
    if name in _BOXES:
        found = _LENGTH.match(value)
        unitless = name == "line-height" and found is not None and not found[2] and found[1].strip("0.") != ""
        return found is not None and not unitless and found[2] != "%" and _px(found, USUAL) <= FLAT
    if name in _SIDES or (name == "transform" and "translate" in value):
        return not all(FAR < _px(found, USUAL) < BEYOND for found in _LENGTH.finditer(value))
    if name in {"transform", "zoom"}:
        return re.search(r"(?:scale[xy3d]*\(\s*|^)0?\.?0*\d?\s*(?:[,)]|$)", value) is not None
    if name == "content":  # a style rule adds words that the mail does not contain
        return value.strip("\"'") not in {"", "none", "normal"}
    return (name == "clip" and "rect(" in value) or (name == "clip-path" and "none" not in value)


def font_size(name: str, value: str, inherited: float, now: float) -> float:
    """Returns the font size in px after a declaration of it."""
    if name == "font-size" and value in _KEYWORD_SIZES:
        return USUAL
    found = [one for one in _LENGTH.finditer(value) if name == "font-size" or one[2] or float(one[1]) == 0]
    return _px(found[0], inherited) if found else now


def lengths(value: str) -> list[float]:
    """Returns the lengths in a value in px. Zero percent is a length, any other share of something else is none."""
    found = [one for one in _LENGTH.finditer(value) if one[2] != "%" or not float(one[1])]
    return [_px(one, USUAL) for one in found]


def _px(found: re.Match[str], of: float) -> float:
    unit = found[2] or ""
    return float(found[1]) * (_RELATIVE[unit] * of if unit in _RELATIVE else _PX.get(unit, USUAL))


def fraction(number: str) -> float:
    """Returns a number or a percentage as a fraction; 1 if it is none."""
    text = number.rstrip("%")
    try:
        return float(text) / (100 if number.endswith("%") else 1)
    except ValueError:
        return 1.0


def _is_clear(value: str) -> bool:
    """True for a transparent colour."""
    return alpha(value) < FAINT


def alpha(value: str) -> float:
    """Returns how opaque a colour is, from 0 to 1."""
    if value == "transparent":
        return 0.0
    if short := re.fullmatch(r"#(?:[0-9a-f]{3}([0-9a-f])|[0-9a-f]{6}([0-9a-f]{2}))", value):
        return int((short[1] or short[2]) * (2 if short[1] else 1), 16) / 255
    numbers = _NUMBERS.findall(value) if re.match(r"(?:rgb|hsl)a?\(", value) else []
    return fraction(numbers[3]) if len(numbers) > 3 else 1.0  # noqa: PLR2004 - three components before it


def colour(value: str) -> Rgb | None:
    """Returns the first colour named in `value` as red, green and blue from 0 to 255, or None."""
    for found in _COLOUR.findall(value):
        if found.startswith("#"):
            return _of_digits(found[1:])
        if "(" in found:
            return _of_numbers(found)
        if found in _NAMED:
            return _NAMED[found]
    return None


def _of_digits(digits: str) -> Rgb | None:
    if len(digits) in {3, 4}:
        digits = "".join(digit * 2 for digit in digits)
    if len(digits) not in {6, 8}:
        return None
    return int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:6], 16)


def _of_numbers(function: str) -> Rgb | None:
    numbers = _NUMBERS.findall(function)
    if len(numbers) < 3:  # noqa: PLR2004 - three components
        return None
    if function.startswith("hsl"):  # only its lightness: enough to tell white and black from the rest
        light = 255 * min(1.0, max(0.0, fraction(numbers[2])))
        return light, light, light
    red, green, blue = (255 * fraction(n) if n.endswith("%") else fraction(n) for n in numbers[:3])
    return red, green, blue


@lru_cache(maxsize=1024)
def contrast(one: Rgb, other: Rgb) -> float:
    """Returns the contrast ratio of two colours, from 1 to 21 (WCAG 2.1, "contrast ratio")."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(rgb: Rgb) -> float:
    red, green, blue = (_linear(min(255.0, max(0.0, part)) / 255) for part in rgb)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4  # noqa: PLR2004 - WCAG 2.1
