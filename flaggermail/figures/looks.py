# SPDX-License-Identifier: EUPL-1.2
"""How the pictures and their page look: their sizes, their style sheets, and the width of a text.

Colours, and what every page has, are in `documents.html`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from flaggermail.documents.html import DARK, FONT, LIGHT, Colours, text_sheet
from flaggermail.documents.svg import Markup, element
from flaggermail.record import clocks
from flaggermail.record.case_values import LanguageCode
from flaggermail.record.states import Sign
from flaggermail.wording.said import Sentence, StoredText


@dataclass(frozen=True, slots=True)
class Telling:
    """A reader's language, its months from January on, their zone, and the decimal sign if it is not the language's.

    `offsets`: every time is given with its offset from UTC.
    """

    language: LanguageCode
    months: tuple[str, ...]
    zone: ZoneInfo
    sign: str | None = None
    offsets: bool = False

    def about(self, instants: Iterable[datetime]) -> Telling:
        """Returns the same with offsets, if the clocks change near or between these instants."""
        return replace(self, offsets=self.offsets or clocks_change(instants, self.zone))

    def say(self, words: Sentence | StoredText) -> str:
        """Returns words in the reader's language; a sentence without details needs none."""
        return words.in_language(self.language) if isinstance(words, StoredText) else words.words(self.language)

    def hours(self, minutes: int) -> str:
        """Returns hours in tenths: 152 minutes are `2.5`."""
        return clocks.hours(minutes, self.language, self.sign)

    def local(self, at: datetime) -> datetime:
        """Returns the instant in the reader's zone."""
        return at.astimezone(self.zone)

    def clock(self, at: datetime) -> str:
        """Returns the time of day: `10:34`, with offsets `02:34 +01:00`."""
        return f"{self.local(at):%H:%M}" + (f" {self.offset(at)}" if self.offsets else "")

    def offset(self, at: datetime) -> str:
        """Returns the offset from UTC: `+02:00`."""
        return self.local(at).isoformat()[-6:]

    def day(self, at: datetime) -> str:
        """Returns the date: `6 June 2024`."""
        local = self.local(at)
        return f"{local.day} {self.months[local.month - 1]} {local.year}"

    def instant(self, at: datetime) -> str:
        """Returns date and time: `6 June 2024 10:34`."""
        return f"{self.day(at)} {self.clock(at)}"


def clocks_change(instants: Iterable[datetime], zone: ZoneInfo) -> bool:
    """Returns whether two of them differ in offset, or one is on the day of a change or in the twelve hours before."""
    offsets = list[set[timedelta | None]]()
    for at in instants:
        local = at.astimezone(zone)
        midnight = local.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
        later = (at.astimezone(UTC) + timedelta(hours=12)).astimezone(zone)
        offsets.append({midnight.utcoffset(), local.utcoffset(), later.utcoffset()})
    return len(set().union(*offsets)) > 1


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
    """Returns an upper bound of the width of `text` in pixels, for any font of the reader."""
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


_RADIUS = 8


def drawn_sign(sign: Sign, x: int, y: int) -> Markup:
    """Returns the sign with its middle at `x` and `y`."""
    r = _RADIUS
    match sign:
        case Sign.SENT:
            return element("circle", {"class": "shape full", "cx": x, "cy": y, "r": r - 1})
        case Sign.REMINDER:
            return element("circle", {"class": "shape hollow", "cx": x, "cy": y, "r": r - 1})
        case Sign.ESCALATION:
            return drawn_path("shape hollow", f"M{x} {y - r}L{x + r} {y + r - 1}H{x - r}Z")
        case Sign.RECEIPT:
            return element("rect", {
                "class": "shape hollow", "x": x - r + 1, "y": y - r + 1, "width": 2 * r - 2, "height": 2 * r - 2,
            })  # fmt: skip
        case Sign.HUMAN:
            return element("rect", {
                "class": "shape full", "x": x - r + 1, "y": y - r + 1, "width": 2 * r - 2, "height": 2 * r - 2,
            })  # fmt: skip
        case Sign.SUBSTANCE:
            return drawn_path("shape full", f"M{x} {y - r}L{x + r} {y}L{x} {y + r}L{x - r} {y}Z")
        case Sign.OPEN:
            return drawn_path("shape axis", f"M{x - 4} {y - r}L{x + 4} {y}L{x - 4} {y + r}")


def drawn_path(kind: str, course: str) -> Markup:
    """Returns a line with that course."""
    return element("path", {"class": kind, "d": course})


def drawn_text(kind: str, x: int, y: int, text: str, anchor: str = "start") -> Markup:
    """Returns a line of text."""
    return element("text", {"class": kind, "x": x, "y": y, "text-anchor": anchor}, text)


MINUTE = timedelta(minutes=1)
_DAY = timedelta(days=1)
_LONG = 2 * _DAY  # from here on reminders of the first hours would be one smear
_FIRST_PART = 65  # percent of a cut bar that shows its first day
_GAP = 14  # pixels of the cut


@dataclass(frozen=True, slots=True)
class TimeScale:
    """A bar from `first` to `last` minute, at the pixels `low` to `high`; `is_cut` behind its first day.

    On both sides of the cut the bar is to scale, on each to one of its own.
    """

    first: datetime
    last: datetime
    low: int
    high: int
    is_cut: bool = False

    @property
    def cut(self) -> tuple[int, int]:
        """From where to where the bar is left out."""
        end = self.low + (self.high - self.low) * _FIRST_PART // 100
        return end, end + _GAP

    def at(self, minute: datetime) -> int:
        """Returns the place of a minute."""
        if not self.is_cut:
            return _between(minute, self.first, self.last, self.low, self.high)
        end, again = self.cut
        day = self.first + _DAY
        if minute <= day:
            return _between(minute, self.first, day, self.low, end)
        return _between(minute, day, self.last, again, self.high)


def scale_of(minutes: Sequence[datetime], last: datetime, low: int, high: int) -> TimeScale:
    """Returns the scale of a bar on which these minutes are marked, in their order, and which ends at `last`."""
    return TimeScale(minutes[0], last, low, high, is_cut=is_cut(minutes, last))


def is_cut(minutes: Sequence[datetime], last: datetime) -> bool:
    """True if the bar is long, and something but the first minute is marked on its first day."""
    early = sum(minute <= minutes[0] + _DAY for minute in minutes)
    return last - minutes[0] > _LONG and early > 1


def _between(minute: datetime, first: datetime, last: datetime, low: int, high: int) -> int:
    whole = (last - first) // MINUTE
    if not whole:
        return low
    return low + (high - low) * min((minute - first) // MINUTE, whole) // whole
