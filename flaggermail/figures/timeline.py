# SPDX-License-Identifier: EUPL-1.2
"""The timeline of one use: a bar to scale, and a label for each moment, none of which touches another.

The bar is the wait for a person, the tick of each moment stands on it where its minute is. Labels are spread below, as
little moved as possible, each joined to its tick. A bar of more than two days is cut behind its first day, so a wait of
nine days with three reminders in its first hours is readable too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate

from flaggermail.documents.svg import Markup, element, lines
from flaggermail.figures.looks import (
    FIGURE,
    GAP,
    HEAD,
    LINE,
    MARGIN,
    MOST_LABELS,
    PITCH,
    ROOM,
    SMALL,
    WIDTH,
    Telling,
    TimeScale,
    cut,
    drawn_path,
    drawn_sign,
    drawn_text,
    scale_of,
    width,
    wrapped,
)
from flaggermail.figures.moments import TimelineLabel, counted_instants, shown, to_the_minute
from flaggermail.figures.uses import PlatformUse
from flaggermail.record import clocks
from flaggermail.record.states import Sign
from flaggermail.wording.report import Caption

_LEFT, _RIGHT = MARGIN + PITCH // 2, WIDTH - MARGIN - PITCH // 2  # of the bar
_HEAD, _DAY, _FIGURE, _BELOW, _BAR, _SIGNS, _TIME = 28, 48, 92, 114, 148, 190, 218  # heights
_BETWEEN_SIGNS = 22
_SIGNS_TOP = _SIGNS - 12
_CUT = _BAR - 16  # height of what is said of a cut bar
_APART = 8  # pixels, at least, between the texts of two labels


@dataclass(frozen=True, slots=True)
class Drawing:
    """A picture, `wide` pixels wide, with the same in words."""

    height: int
    title: str
    described: str
    body: Markup
    wide: int = WIDTH


def drawn(use: PlatformUse, as_of: datetime, telling: Telling) -> Drawing:
    """Returns the timeline of `use`; what is open runs to `as_of`."""
    return _Timeline(use, as_of, telling).drawing()


def heading(use: PlatformUse, telling: Telling) -> str:
    """Returns what a use is called: `Notification to X`."""
    return telling.say(Caption.NOTIFICATION(platform=use.platform))


def figure(use: PlatformUse, as_of: datetime, telling: Telling) -> tuple[str, str]:
    """Returns the reported hours, or that the use is open, and the minutes in words."""
    minutes = use.waited(as_of)
    took = clocks.in_minutes(minutes, telling.language)
    if use.human is None:
        large, waited = telling.say(Caption.OPEN), Caption.WAITS(took=took)
    else:
        large, waited = clocks.rounded(minutes, telling.language, telling.sign), Caption.WAITED(took=took)
    return large, telling.say(waited).removeprefix(large).lstrip()  # a wait of minutes is said once


def spread(wanted: Sequence[int], apart: Sequence[int], first: int, last: int) -> list[int]:
    """Returns places in the order of `wanted`, within `first` and `last` and near them.

    `apart` says for each how far the next is from it at least; that of the last is not used. Those that would touch are
    moved together, so that the middle of the group stays (pool adjacent violators).
    """
    offsets = [0, *accumulate(apart)]
    groups: list[tuple[int, int]] = []  # sum and number of what is wanted, each less its distance from the first
    for number, place in enumerate(wanted):
        total, count = place - offsets[number], 1
        while groups and groups[-1][0] * count >= total * groups[-1][1]:
            before, several = groups.pop()
            total, count = total + before, count + several
        groups.append((total, count))
    starts = [total // count for total, count in groups for _ in range(count)]
    latest = last - offsets[max(len(wanted) - 1, 0)]
    return [max(first, min(start, latest)) + offset for start, offset in zip(starts, offsets, strict=False)]


@dataclass(frozen=True, slots=True)
class _Placed:
    """A label with its place: ticks from `first` to `last`, signs and text around `place`."""

    first: int
    last: int
    place: int
    room: int
    label: TimelineLabel


class _Timeline:
    """The timeline of one use while it is drawn."""

    def __init__(self, use: PlatformUse, as_of: datetime, telling: Telling) -> None:
        found = shown(use, as_of, MOST_LABELS)
        self._use = use
        self._is_open = found[-1].signs == (Sign.OPEN,)
        known = found[:-1] if self._is_open else found
        self._ticks = [moment.minute for label in known for moment in label.moments]
        self._telling = telling.about(counted_instants(use, as_of))
        pitch = min(PITCH, (_RIGHT - _LEFT) // max(len(found) - 1, 1))
        # Of what is open after a person has answered, the picture shows that it is, not how long.
        self._broken = self._is_open and use.human is not None
        self._right = _RIGHT - pitch if self._broken else _RIGHT
        end = known[-1].last if self._broken else found[-1].last
        self._scale = scale_of(self._ticks, end, _LEFT, self._right)
        self._placed = self._place(found, pitch)

    def _place(self, shown: Sequence[TimelineLabel], pitch: int) -> list[_Placed]:
        """Returns the labels with their places; each may be as broad as its neighbours and the margins allow."""
        spans = [(self._at(label.first), self._at(label.last)) for label in shown]
        if self._is_open:
            spans[-1] = _RIGHT, _RIGHT
        places = spread([(first + last) // 2 for first, last in spans], [pitch] * len(spans), _LEFT, _RIGHT)
        edges = [-places[0], *places, 2 * WIDTH - places[-1]]
        found = []
        for at, (label, (first, last)) in enumerate(zip(shown, spans, strict=True)):
            room = min(places[at] - edges[at], edges[at + 2] - places[at], ROOM) - _APART
            found.append(_Placed(first, last, places[at], room, label))
        return found

    def _at(self, minute: datetime) -> int:
        """Returns the place of a minute on the bar."""
        return self._scale.at(minute)

    def drawing(self) -> Drawing:
        """Returns the picture."""
        large, below = figure(self._use, self._scale.last, self._telling)
        texts = [[*self._paragraphs(placed)] for placed in self._placed]
        heights = [sum(len(lines_) * LINE + GAP for _, lines_ in text) for text in texts]
        body = lines(
            *self._head(large, below),
            *self._bar(),
            *(part for placed, text in zip(self._placed, texts, strict=True) for part in _drawn_label(placed, text)),
        )
        times = ", ".join(self._telling.clock(placed.label.first) for placed in self._placed)
        told = "; ".join(" ".join(" ".join(lines_) for _, lines_ in text) for text in texts)
        day = self._telling.day(self._use.sent_at)
        title = f"{heading(self._use, self._telling)}, {self._use.notification}, {day}"
        return Drawing(_TIME + max(heights), title, f"{times}. {large}. {below}. {told}.", body)

    def _head(self, large: str, below: str) -> Iterator[Markup]:
        number, channel = (cut(text, SMALL, WIDTH // 2) for text in (self._use.notification, self._use.channel_name))
        room = WIDTH - 3 * MARGIN - width(number, SMALL)
        yield drawn_text("head", MARGIN, _HEAD, cut(heading(self._use, self._telling), HEAD, room, bold=True))
        yield drawn_text("small", MARGIN, _DAY, self._telling.day(self._use.sent_at))
        yield drawn_text("small", WIDTH - MARGIN, _HEAD, number, "end")
        yield drawn_text("small", WIDTH - MARGIN, _DAY, channel, "end")
        yield drawn_text("figure", MARGIN, _FIGURE, cut(large, FIGURE, WIDTH - 2 * MARGIN, bold=True))
        yield drawn_text("small", MARGIN, _BELOW, cut(below, SMALL, WIDTH - 2 * MARGIN))

    def _bar(self) -> Iterator[Markup]:
        """Yields the bar, and the ticks on it."""
        yield from bar(self._use, self._scale, _RIGHT, (_line, _slashes), broken=self._broken)
        if self._scale.is_cut:
            yield drawn_text("small", sum(self._scale.cut) // 2, _CUT, self._telling.say(Caption.CUT), "middle")
        ticks = {self._at(minute) for minute in self._ticks} | ({_RIGHT} if self._is_open else set())
        yield drawn_path("lead", "".join(f"M{x} {_BAR - 9}V{_BAR + 9}" for x in sorted(ticks)))

    def _paragraphs(self, placed: _Placed) -> Iterator[tuple[str, list[str]]]:
        """Yields what a label says, each with its class and in lines: the time, what happened."""
        yield "time", [f"{self._telling.local(placed.label.first):%H:%M}"]
        beyond = self._broken and placed.label is self._placed[-1].label
        for text in label_words(placed.label, self._use, self._telling, beyond=beyond):
            yield "small", wrapped(text, SMALL, placed.room)


Strokes = tuple[Callable[[str, int, int], Markup], Callable[[int, int], Markup]]
"""What draws a line of a class along a bar, and the sign that something is left out of it, from here to there."""


def bar(use: PlatformUse, scale: TimeScale, end: int, strokes: Strokes, *, broken: bool) -> Iterator[Markup]:
    """Yields the axis, the wait for a person, and the wait for an answer to the matter after it.

    `broken`: that answer is open, and its wait runs to `end` behind the scale.
    """
    (line, slashes), sent = strokes, scale.at(to_the_minute(use.sent_at))
    yield line("axis", scale.low, scale.high)
    if use.human is None:
        yield line("wait open", sent, scale.high)
    else:
        human = scale.at(to_the_minute(use.human.at))
        yield line("wait", sent, human)
        if use.substance is not None and use.substance.at > use.human.at:
            yield line("later", human, scale.at(to_the_minute(use.substance.at)))
    if broken:
        yield line("later open", scale.high + 12, end)
        yield slashes(scale.high + 2, scale.high + 8)
    if scale.is_cut:
        yield line("gap", *scale.cut)
        yield slashes(*scale.cut)


def label_words(label: TimelineLabel, use: PlatformUse, telling: Telling, *, beyond: bool) -> Iterator[str]:
    """Yields what a label says below its time: the day, what happened; `beyond`: it is not to scale."""
    if telling.offsets:
        yield telling.offset(label.first)
    if telling.day(label.first) != telling.day(use.sent_at):
        yield telling.day(label.first)
    yield from map(telling.say, label.words())
    if beyond:
        yield telling.say(Caption.NOT_TO_SCALE)
    if label.last > label.first:
        yield telling.say(Caption.UNTIL(at=telling.instant(label.last)))


def _drawn_label(placed: _Placed, text: Sequence[tuple[str, Sequence[str]]]) -> Iterator[Markup]:
    """Yields the line from the ticks, the signs and the text of a label."""
    place, signs = placed.place, placed.label.signs
    yield _leader(placed)
    left = place - (len(signs) - 1) * _BETWEEN_SIGNS // 2
    yield from (drawn_sign(sign, left + number * _BETWEEN_SIGNS, _SIGNS) for number, sign in enumerate(signs))
    y = _TIME
    for kind, parts in text:
        for part in parts:
            yield drawn_text(kind, place, y, part, "middle")
            y += LINE
        y += GAP


def _leader(placed: _Placed) -> Markup:
    tick, below, middle = _BAR + 9, _BAR + 13, (placed.first + placed.last) // 2
    several = f"H{placed.last}V{tick}" if placed.last > placed.first else ""
    course = f"M{placed.first} {tick}V{below}{several}M{middle} {below}L{placed.place} {_SIGNS_TOP - 6}V{_SIGNS_TOP}"
    return drawn_path("lead", course)


def _slashes(first: int, second: int) -> Markup:
    """Returns the sign that something is left out of the bar."""
    return drawn_path("lead", "".join(f"M{x - 3} {_BAR + 9}L{x + 3} {_BAR - 9}" for x in (first, second)))


def _line(kind: str, left: int, right: int) -> Markup:
    return element("line", {"class": kind, "x1": left, "y1": _BAR, "x2": right, "y2": _BAR})
