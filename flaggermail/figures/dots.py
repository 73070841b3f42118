# SPDX-License-Identifier: EUPL-1.2
"""Several uses in one picture: each wait as a dot on one scale, by platform and date; an open one as an arrow.

The scale runs in steps of equal width, from minutes to years, so that a reply within the hour and a silence of months
can both be read. Between two steps it is even.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from flaggermail.documents.svg import Markup, element, lines
from flaggermail.figures import survival
from flaggermail.figures.looks import (
    EDGE,
    GAP,
    HEAD,
    LINE,
    SMALL,
    UPRIGHT,
    WIDTH,
    Telling,
    cut,
    drawn_sign,
    drawn_text,
    width,
    wrapped,
)
from flaggermail.figures.timeline import Drawing
from flaggermail.figures.uses import PlatformUse, waits
from flaggermail.record import clocks
from flaggermail.record.states import Sign
from flaggermail.wording.report import Caption
from flaggermail.wording.said import StoredText

_HOUR, _DAY = 60, 24 * 60
_YEAR = 365  # days
_STEPS = (0, 10, _HOUR, 4 * _HOUR, _DAY, 7 * _DAY, 30 * _DAY, _YEAR * _DAY, 10 * _YEAR * _DAY)
"""Where each step of the scale ends, in minutes; a longer wait stands at the last."""
_FEWEST_STEPS = 4
_ROW = 26  # from one use to the next
_HALF = 8  # of a sign


@dataclass(frozen=True, slots=True)
class _Row:
    """A line of the picture: its name, a wait in minutes, and the words beside it."""

    name: str
    minutes: int
    sign: Sign | None  # None: the median
    words: str


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where things are: in the broad layout names stand beside the scale, in the upright one above it."""

    wide: int
    left: int
    right: int
    is_upright: bool


_BROAD = _Layout(WIDTH, 268, WIDTH - 172, is_upright=False)
_UPRIGHT = _Layout(UPRIGHT, _HALF + 2, UPRIGHT - _HALF - 2, is_upright=True)


def dots(uses: Sequence[PlatformUse], as_of: datetime, telling: Telling) -> Drawing:
    """Returns the waits of `uses` for a person's answer; open ones wait until `as_of`."""
    return _Plot(uses, as_of, telling, _BROAD).drawing()


def upright_dots(uses: Sequence[PlatformUse], as_of: datetime, telling: Telling) -> Drawing:
    """Returns the same for a telephone, `UPRIGHT` pixels wide."""
    return _Plot(uses, as_of, telling, _UPRIGHT).drawing()


class _Plot:
    """The picture while it is drawn."""

    def __init__(self, uses: Sequence[PlatformUse], as_of: datetime, telling: Telling, layout: _Layout) -> None:
        self._as_of, self._layout = as_of, layout
        self._telling = telling
        names = sorted({use.platform for use in uses})
        self._groups = [(name, self._rows([use for use in uses if use.platform == name])) for name in names]
        if len(names) > 1 and (median := self._median(uses)):
            self._groups.append((telling.say(Caption.ALL_PLATFORMS), median))
        longest = max((row.minutes for _, rows in self._groups for row in rows), default=0)
        count = next((at for at, step in enumerate(_STEPS) if step >= longest), len(_STEPS) - 1)
        self._steps = _STEPS[: max(count, _FEWEST_STEPS) + 1]

    def _rows(self, uses: Sequence[PlatformUse]) -> list[_Row]:
        return [*map(self._row, sorted(uses, key=lambda use: (use.sent_at, use.notification))), *self._median(uses)]

    def _row(self, use: PlatformUse) -> _Row:
        telling = self._telling.about([use.sent_at])
        minutes = use.waited(self._as_of)
        took = self._took(minutes)
        words = telling.say(Caption.OPEN_SO_FAR(took=took)) if use.human is None else took
        name = telling.instant(use.sent_at)
        if self._layout.is_upright and width(f"{name} {words}", SMALL) > UPRIGHT - GAP - 2 * EDGE:
            name = telling.day(use.sent_at)
        return _Row(name, minutes, Sign.OPEN if use.human is None else Sign.HUMAN, words)

    def _median(self, uses: Sequence[PlatformUse]) -> list[_Row]:
        """Returns the line of the median; none if it is not given."""
        found = survival.median(*waits(uses, self._as_of))
        return [] if found is None else [_Row(self._telling.say(Caption.MEDIAN_TICK), found, None, self._took(found))]

    def _took(self, minutes: int) -> str:
        return clocks.rounded(minutes, self._telling.language, self._telling.sign)

    # ------------------------------------------------------------ drawn

    def drawing(self) -> Drawing:
        """Returns the picture."""
        y, parts = self._head()
        top, marks = y, list[Markup]()
        for name, rows in self._groups:
            y += HEAD + LINE + GAP
            parts.append(drawn_text("head", EDGE, y, cut(name, HEAD, self._layout.wide - 2 * EDGE, bold=True)))
            for row in rows:
                y += _ROW + (LINE if self._layout.is_upright else 0)
                marks += self._drawn(row, y)
        y += _ROW
        grid = [] if self._layout.is_upright else self._grid(top, y - GAP)
        told = "; ".join(
            f"{name}: {', '.join(f'{row.name} {row.words}' for row in rows)}" for name, rows in self._groups
        )
        title, note = self._telling.say(Caption.DOTS), self._telling.say(Caption.STEPS)
        return Drawing(y, title, f"{note} {told}.", lines(*grid, *parts, *marks), self._layout.wide)

    def _head(self) -> tuple[int, list[Markup]]:
        """Returns where the rows begin, the title with the remark about the scale, and the names of its steps.

        The names stand on two lines in turn, on three if upright: there is no room for all of them side by side.
        """
        wide, y, parts = self._layout.wide, 0, list[Markup]()
        room, say = wide - 2 * EDGE, self._telling.say
        said = [("head", line) for line in wrapped(say(Caption.DOTS), HEAD, room, bold=True)]
        for kind, line in (*said, *(("small", line) for line in wrapped(say(Caption.STEPS), SMALL, room))):
            y += LINE
            parts.append(drawn_text(kind, EDGE, y, line))
        y += LINE + GAP
        last, rows = len(self._steps) - 1, 3 if self._layout.is_upright else 2
        for at, step in enumerate(self._steps):
            anchor = "start" if at == 0 else "end" if at == last and self._layout.is_upright else "middle"
            x = EDGE if at == 0 and self._layout.is_upright else self._at(step)
            x = wide - EDGE if anchor == "end" else x
            parts.append(drawn_text("small", x, y + LINE * (at % rows), self._telling.say(_step(step)), anchor))
        return y + (rows - 1) * LINE + GAP, parts

    def _drawn(self, row: _Row, y: int) -> Iterator[Markup]:
        layout, x = self._layout, self._at(row.minutes)
        if layout.is_upright:
            yield from self._grid(y - _HALF, y + _HALF)
            yield drawn_text("small", EDGE, y - LINE, row.name)
            room = layout.wide - width(row.name, SMALL) - GAP - 2 * EDGE
            yield drawn_text("small", layout.wide - EDGE, y - LINE, cut(row.words, SMALL, room), "end")
        else:
            yield drawn_text("small", EDGE, y + GAP, cut(row.name, SMALL, layout.left - _HALF - GAP))
            beside = x + _HALF + GAP
            yield drawn_text("small", beside, y + GAP, cut(row.words, SMALL, layout.wide - beside))
        if row.sign is None:
            yield element("path", {"class": "shape", "d": f"M{x} {y - _HALF}V{y + _HALF}"})
            return
        if row.sign is Sign.OPEN:
            yield element("line", {"class": "later open", "x1": layout.left, "y1": y, "x2": x, "y2": y})
        yield drawn_sign(row.sign, x, y)

    def _grid(self, top: int, bottom: int) -> list[Markup]:
        """Returns a line for each step of the scale."""
        return [
            element("line", {"class": "rule", "x1": x, "y1": top, "x2": x, "y2": bottom})
            for x in map(self._at, self._steps)
        ]

    def _at(self, minutes: int) -> int:
        """Returns the place of a wait on the scale."""
        layout, last = self._layout, len(self._steps) - 1
        for at, (begin, end) in enumerate(pairwise(self._steps)):
            if minutes <= end:
                whole = (layout.right - layout.left) * (at * (end - begin) + minutes - begin)
                return layout.left + whole // ((end - begin) * last)
        return layout.right


def _step(minutes: int) -> StoredText | Caption:
    """Returns the name of a step of the scale."""
    days = minutes // _DAY
    if days >= _YEAR:
        return Caption.STEP_YEARS(count=days // _YEAR)
    if days > 1:
        return Caption.STEP_DAYS(count=days)
    return Caption.STEP_HOURS(count=minutes // _HOUR) if minutes >= _HOUR else Caption.STEP_MINUTES(count=minutes)
