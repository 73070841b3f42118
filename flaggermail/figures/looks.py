# SPDX-License-Identifier: EUPL-1.2
"""How the pictures and their page look: their sizes, their style sheets, and the width of a text.

Colours, and what every page has, are in `documents.looks`.
"""

from __future__ import annotations

import unicodedata

from flaggermail.documents.looks import DARK, FONT, LIGHT, Colours, text_sheet

# Pixels of the picture.
WIDTH, MARGIN = 840, 16
UPRIGHT = 288  # width of the pictures for a telephone: a window of 320 less the margins of the page
LABEL, SMALL, HEAD, FIGURE = 15, 13, 15, 26  # sizes of text
LINE = 17  # from one line of text to the next
PITCH = 118  # between two labels, where there is room for it
ROOM = 160  # of a label whose neighbours are far
GAP = 5  # between two things that a label says
EDGE = 2  # from the edge of a picture without margins to its texts, whose strokes may stand out a little
_LISTED = 54  # times the size of the text: in windows up to here tables are lists
MOST_LABELS = 7  # labels that fit side by side at `PITCH`

# Width of a sign in thousandths of the size, at least that of the widest usual font (DejaVu Sans).
_NARROW, _USUAL, _BROAD, _BROADEST = 420, 650, 870, 1060
_NARROW_SIGNS, _BROAD_SIGNS = frozenset(" .,:;'|!ijlIfrt()[]/-"), frozenset("wOQCDGHNUMAVXKRBTYZ&+<>=~")
_BROADEST_SIGNS = frozenset("mW@%")
_UNUSUAL = 0x250  # the first sign beyond Latin
ELLIPSIS = "…"
_BOLD = 115  # percent of the usual width


def picture_sheet() -> str:
    """Returns the style sheet of a picture."""
    return (
        f"svg text {{ font-family: {FONT} }}\n"
        f".head {{ font-size: {HEAD}px; font-weight: 600 }} .time {{ font-size: {LABEL}px; font-weight: 600 }}\n"
        f".small {{ font-size: {SMALL}px }} .figure {{ font-size: {FIGURE}px; font-weight: 700 }}\n"
        ".wait { stroke-width: 6 } .axis, .lead, .rule { stroke-width: 1.5 } .later { stroke-width: 3 }\n"
        ".open { stroke-dasharray: 10 6 } .shape { stroke-width: 2.5; stroke-linejoin: round }\n"
        ".gap { stroke-width: 12 } .axis, .lead, .wait, .later, .rule { fill: none }\n"
        f"{_picture_colours(LIGHT)}\n"
        f"@media screen and (prefers-color-scheme: dark) {{\n{_picture_colours(DARK)} }}"
    )


def _picture_colours(colours: Colours) -> str:
    return (
        f"svg text {{ fill: {colours.text} }} svg .small {{ fill: {colours.soft} }}\n"
        f".back {{ fill: {colours.ground} }} .axis, .lead {{ stroke: {colours.line} }}\n"
        f".wait, .later, .shape {{ stroke: {colours.text} }} .rule {{ stroke: {colours.rule} }}\n"
        f".full {{ fill: {colours.text} }} .hollow {{ fill: {colours.ground} }} .gap {{ stroke: {colours.ground} }}"
    )


def page_sheet() -> str:
    """Returns the style sheet of the page, with that of its pictures."""
    return (
        f"{text_sheet(_LISTED)}"
        f"figure, table {{ max-width: {WIDTH}px; margin: .5rem 0 1rem }} .number {{ text-align: end }}\n"
        f"figure svg {{ max-width: {WIDTH}px }}\n"
        f"@media screen and (max-width: {_LISTED}rem) {{ td.number {{ text-align: start }} }}\n"
        "@media print {\n"
        "@page { margin: 18mm 15mm } main { max-width: none; padding: 0 } body { font-size: 10.5pt }\n"
        "section, tr, figure { break-inside: avoid } h2, h3, h4, caption { break-after: avoid } }\n"
        f"{picture_sheet()}"
    )


# ---------------------------------------------------------------- the width of a text


def width(text: str, size: int, *, bold: bool = False) -> int:
    """Returns the pixels that `text` takes at most, whatever the reader's font."""
    thousandths = sum(map(_thousandths, text)) * size * (_BOLD if bold else 100) // 100
    return -(-thousandths // 1000)


def _thousandths(sign: str) -> int:
    if sign in _NARROW_SIGNS:
        return _NARROW
    if sign in _BROAD_SIGNS:
        return _BROAD
    if unicodedata.combining(sign):
        return 0
    broadest = sign in _BROADEST_SIGNS or unicodedata.east_asian_width(sign) in "FWA"
    return _BROADEST if broadest or ord(sign) >= _UNUSUAL else _USUAL


def cut(text: str, size: int, room: int, *, bold: bool = False) -> str:
    """Returns `text`, shortened with an ellipsis if it is wider than `room` pixels."""
    if width(text, size, bold=bold) <= room:
        return text
    kept = len(text)
    while kept and width(f"{text[:kept]}{ELLIPSIS}", size, bold=bold) > room:
        kept -= 1
    return f"{text[:kept].rstrip()}{ELLIPSIS}"


def wrapped(text: str, size: int, room: int, *, bold: bool = False) -> list[str]:
    """Returns `text` in lines of at most `room` pixels, broken between words; a longer word is cut."""
    found: list[str] = []
    for word in text.split():
        joined = f"{found[-1]} {word}" if found else ""
        if joined and width(joined, size, bold=bold) <= room:
            found[-1] = joined
        else:
            found.append(cut(word, size, room, bold=bold))
    return found
