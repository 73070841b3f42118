# SPDX-License-Identifier: EUPL-1.2
"""The timeline of one use for a telephone: the bar runs downwards, and each label stands at its right.

It says what the broad timeline says; where the bar of that is cut, so is this one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from flaggermail.documents.markup import Markup, element, lines
from flaggermail.figures.local_times import Telling
from flaggermail.figures.looks import EDGE, FIGURE, GAP, HEAD, LINE, MARGIN, MOST_LABELS, SMALL, UPRIGHT, cut, wrapped
from flaggermail.figures.moments import TimelineLabel, counted_instants, shown, to_the_minute
from flaggermail.figures.scale import TimeScale, is_cut, scale_of
from flaggermail.figures.signs import drawn_sign
from flaggermail.figures.timeline import Drawing, figure, heading, label_words, spread
from flaggermail.figures.uses import PlatformUse
from flaggermail.record.clocks import Sign
from flaggermail.wording.report import Caption

_BAR, _SIGNS, _TEXT = 10, 48, 38  # from the left: the bar, the first sign, the words below it
_BETWEEN_SIGNS = 22
_TOP = 20  # from the head to the bar
_SIGN_ROW = 28  # a label's signs and its time
_BEYOND = 40  # of the bar, for what is not to scale


@dataclass(frozen=True, slots=True)
class _Label:
    """A label with the lines of its words."""

    label: TimelineLabel
    words: tuple[str, ...]

    @property
    def height(self) -> int:
        """The pixels from its middle line of signs to where the next label may begin."""
        return _SIGN_ROW + len(self.words) * LINE + GAP


def upright(use: PlatformUse, as_of: datetime, telling: Telling) -> Drawing:
    """Returns the timeline of `use`, `UPRIGHT` pixels wide; what is open runs to `as_of`."""
    found = shown(use, as_of, MOST_LABELS)
    telling = telling.about(counted_instants(use, as_of))
    is_open = found[-1].signs == (Sign.OPEN,)
    beyond = is_open and use.human is not None
    labels = [_label(label, use, telling, beyond=beyond and label is found[-1]) for label in found]
    end = found[-2].last if beyond else found[-1].last
    known = found[:-1] if is_open else found
    minutes = [moment.minute for label in known for moment in label.moments]
    head, low = _head(use, end, telling, is_cut=is_cut(minutes, end))
    high = low + max(sum(one.height for one in labels[:-1]), 3 * _BEYOND)
    scale = scale_of(minutes, end, low, high - _BEYOND * beyond)
    at = [scale.at(label.first) for label in known] + [high] * is_open
    places = spread(at, [one.height for one in labels], low, high)
    drawn = zip(labels, at, places, strict=True)
    body = lines(
        *head, *_bar(use, scale, high, is_open=is_open),
        *(part for one in drawn for part in _drawn(*one, telling)),
    )  # fmt: skip
    large, below = figure(use, end, telling)
    told = "; ".join(f"{telling.clock(one.label.first)} {' '.join(one.words)}" for one in labels)
    title = f"{heading(use, telling)}, {use.notification}, {telling.day(use.sent_at)}"
    return Drawing(places[-1] + labels[-1].height, title, f"{large}. {below}. {told}.", body, UPRIGHT)


def _label(label: TimelineLabel, use: PlatformUse, telling: Telling, *, beyond: bool) -> _Label:
    words = label_words(label, use, telling, beyond=beyond)
    room = UPRIGHT - _TEXT - GAP
    return _Label(label, tuple(line for text in words for line in wrapped(text, SMALL, room)))


def _head(use: PlatformUse, end: datetime, telling: Telling, *, is_cut: bool) -> tuple[list[Markup], int]:
    """Returns the lines above the bar, and where the bar begins."""
    large, below = figure(use, end, telling)
    said = [
        ("head", HEAD, cut(heading(use, telling), HEAD, UPRIGHT - GAP, bold=True)),
        ("small", LINE, cut(telling.day(use.sent_at), SMALL, UPRIGHT - GAP)),
        ("small", LINE, cut(use.notification, SMALL, UPRIGHT - GAP)),
        ("small", LINE, cut(use.channel_name, SMALL, UPRIGHT - GAP)),
        *(("figure", FIGURE + GAP, line) for line in wrapped(large, FIGURE, UPRIGHT - GAP, bold=True)),
        *(("small", LINE, line) for line in wrapped(below, SMALL, UPRIGHT - GAP)),
        *(("small", LINE, line) for line in wrapped(telling.say(Caption.CUT), SMALL, UPRIGHT - GAP) if is_cut),
    ]
    y, found = MARGIN // 2, list[Markup]()
    for kind, high, text in said:
        y += high
        found.append(_text(kind, EDGE, y, text))
        y += GAP if kind == "figure" else 0
    return found, y + _TOP


def _bar(use: PlatformUse, scale: TimeScale, high: int, *, is_open: bool) -> Iterator[Markup]:
    """Yields the axis, the wait for a person, and the wait for an answer to the matter after it."""
    sent = scale.at(to_the_minute(use.sent_at))
    yield _line("axis", scale.low, scale.high)
    if use.human is None:
        yield _line("wait open", sent, high)
    else:
        human = scale.at(to_the_minute(use.human.at))
        yield _line("wait", sent, human)
        if use.substance is not None and use.substance.at > use.human.at:
            yield _line("later", human, scale.at(to_the_minute(use.substance.at)))
        if is_open:
            yield _line("later open", scale.high + 12, high)
            yield _slashes(scale.high + 2, scale.high + 8)
    if scale.is_cut:
        begin, end = scale.cut
        yield _line("gap", begin, end)
        yield _slashes(begin, end)


def _drawn(one: _Label, tick: int, place: int, telling: Telling) -> Iterator[Markup]:
    """Yields the tick, the line to the label, its signs, its time and its words."""
    yield _path("lead", f"M{_BAR - 8} {tick}H{_BAR + 8}L{_SIGNS - 16} {place}H{_SIGNS - 10}")
    signs = one.label.signs
    yield from (drawn_sign(sign, _SIGNS + at * _BETWEEN_SIGNS, place) for at, sign in enumerate(signs))
    time = f"{telling.local(one.label.first):%H:%M}"
    yield _text("time", _SIGNS + len(signs) * _BETWEEN_SIGNS - 6, place + 5, time)
    yield from (_text("small", _TEXT, place + _SIGN_ROW - 4 + row * LINE, line) for row, line in enumerate(one.words))


def _line(kind: str, first: int, last: int) -> Markup:
    return element("line", {"class": kind, "x1": _BAR, "y1": first, "x2": _BAR, "y2": last})


def _slashes(first: int, second: int) -> Markup:
    return _path("lead", "".join(f"M{_BAR - 9} {y + 3}L{_BAR + 9} {y - 3}" for y in (first, second)))


def _path(kind: str, course: str) -> Markup:
    return element("path", {"class": kind, "d": course})


def _text(kind: str, x: int, y: int, text: str) -> Markup:
    return element("text", {"class": kind, "x": x, "y": y, "text-anchor": "start"}, text)
