# SPDX-License-Identifier: EUPL-1.2
"""The timeline of one use for a telephone: the bar runs downwards, and each label stands at its right.

It says what the broad timeline says; where the bar of that is cut, so is this one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from flaggermail.documents.svg import NAMESPACE, Markup, element, lines
from flaggermail.figures.looks import (
    EDGE,
    FIGURE,
    GAP,
    HEAD,
    LINE,
    MARGIN,
    MOST_LABELS,
    SMALL,
    UPRIGHT,
    WIDTH,
    Telling,
    cut,
    drawn_path,
    drawn_sign,
    drawn_text,
    is_cut,
    picture_sheet,
    scale_of,
    wrapped,
)
from flaggermail.figures.moments import TimelineLabel, counted_instants, shown
from flaggermail.figures.timeline import Drawing, bar, drawn, figure, heading, label_words, spread
from flaggermail.figures.uses import Figures, PlatformUse, SummaryBy
from flaggermail.record.states import Sign
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
        *head, *bar(use, scale, high, (_line, _slashes), broken=beyond),
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
        found.append(drawn_text(kind, EDGE, y, text))
        y += GAP if kind == "figure" else 0
    return found, y + _TOP


def _drawn(one: _Label, tick: int, place: int, telling: Telling) -> Iterator[Markup]:
    """Yields the tick, the line to the label, its signs, its time and its words."""
    yield drawn_path("lead", f"M{_BAR - 8} {tick}H{_BAR + 8}L{_SIGNS - 16} {place}H{_SIGNS - 10}")
    signs = one.label.signs
    yield from (drawn_sign(sign, _SIGNS + at * _BETWEEN_SIGNS, place) for at, sign in enumerate(signs))
    time = f"{telling.local(one.label.first):%H:%M}"
    yield drawn_text("time", _SIGNS + len(signs) * _BETWEEN_SIGNS - 6, place + 5, time)
    for row, line in enumerate(one.words):
        yield drawn_text("small", _TEXT, place + _SIGN_ROW - 4 + row * LINE, line)


def _line(kind: str, first: int, last: int) -> Markup:
    return element("line", {"class": kind, "x1": _BAR, "y1": first, "x2": _BAR, "y2": last})


def _slashes(first: int, second: int) -> Markup:
    return drawn_path("lead", "".join(f"M{_BAR - 9} {y + 3}L{_BAR + 9} {y - 3}" for y in (first, second)))


_SIZES = {"head": HEAD, "small": SMALL}
_BELOW = 24  # pixels below each use


def svg(figures: Figures, telling: Telling) -> str:
    """Returns the uses as an SVG document, in the order of their elections; what is open runs to `figures.as_of`."""
    title = telling.say(Caption.TITLE)
    as_of = telling.say(Caption.STATE(at=telling.about([figures.as_of]).instant(figures.as_of)))
    parts = [_line_of_text("head", MARGIN + HEAD, title), _line_of_text("small", MARGIN + HEAD + LINE, as_of)]
    described = [as_of]
    y = MARGIN + HEAD + 2 * LINE
    for election, uses in by_election(figures).items():
        name = figures.election_name(election, telling.language)
        rule = element("line", {"class": "rule", "x1": MARGIN, "y1": y, "x2": WIDTH - MARGIN, "y2": y})
        parts += [rule, _line_of_text("head", y + HEAD + LINE, name)]
        y += HEAD + 2 * LINE
        if not uses:
            parts.append(_line_of_text("small", y + LINE, telling.say(Caption.NOT_USED)))
            described.append(f"{name}: {telling.say(Caption.NOT_USED)}")
            y += 2 * LINE
        for use in uses:
            one = drawn(use, figures.as_of, telling)
            parts.append(element("g", {"transform": f"translate(0 {y})"}, element("title", None, one.title), one.body))
            described.append(f"{one.title}: {one.described}")
            y += one.height + _BELOW
    if not by_election(figures):
        parts.append(_line_of_text("small", y + LINE, telling.say(Caption.NOT_USED)))
        described.append(telling.say(Caption.NOT_USED))
        y += 2 * LINE
    return svg_of(Drawing(y + MARGIN, title, "\n".join(described), lines(*parts)))


def svg_of(one: Drawing) -> str:
    """Returns a drawing as an SVG document."""
    style = element("style", None, Markup(picture_sheet()))
    ground = element("rect", {"class": "back", "width": one.wide, "height": one.height})
    return f"{_svg(one, 'picture', [style, ground, one.body])}\n"


def figure_of(broad: Drawing, upright: Drawing, key: str) -> Markup:
    """Returns both layouts of a drawing as an element of a page, whose style sheet they share; one of them is shown.

    `key` is its own there.
    """
    layouts = ((broad, "broad", key), (upright, "upright", f"{key}-upright"))
    return element("figure", None, *(_svg(one, name, [one.body], kind) for one, kind, name in layouts))


def by_election(figures: Figures) -> Mapping[str, Sequence[PlatformUse]]:
    """Returns the uses of each election in the order of the first use; elections without any come last."""
    found: dict[str, list[PlatformUse]] = {}
    for use in figures.uses:
        found.setdefault(use.election, []).append(use)
    return found | {one.name: [] for one in figures.summary if one.by is SummaryBy.ELECTION and one.name not in found}


def _svg(one: Drawing, key: str, parts: Iterable[str], kind: str = "") -> Markup:
    attributes: dict[str, str | int] = {
        "xmlns": NAMESPACE, "width": one.wide, "height": one.height, "viewBox": f"0 0 {one.wide} {one.height}",
        "role": "img", "aria-labelledby": f"{key}-title {key}-described", **({"class": kind} if kind else {}),
    }  # fmt: skip
    named = (
        element("title", {"id": f"{key}-title"}, one.title),
        element("desc", {"id": f"{key}-described"}, one.described),
    )
    return element("svg", attributes, lines("", *named, *parts))


def _line_of_text(kind: str, y: int, text: str) -> Markup:
    shortened = cut(text, _SIZES[kind], WIDTH - 2 * MARGIN, bold=True)
    return element("text", {"class": kind, "x": MARGIN, "y": y}, shortened)
