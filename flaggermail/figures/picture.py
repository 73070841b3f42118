# SPDX-License-Identifier: EUPL-1.2
"""All uses as one SVG picture, below one another; or one use alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from flaggermail.documents.markup import Markup, element, lines
from flaggermail.figures.local_times import Telling
from flaggermail.figures.looks import HEAD, LINE, MARGIN, SMALL, WIDTH, cut, picture_sheet
from flaggermail.figures.timeline import Drawing, drawn
from flaggermail.figures.uses import Figures, PlatformUse, SummaryBy
from flaggermail.wording.report import Caption

_NAMESPACE = "http://www.w3.org/2000/svg"
_SIZES = {"head": HEAD, "small": SMALL}
_BELOW = 24  # pixels below each use


def svg(figures: Figures, telling: Telling) -> str:
    """Returns the uses as an SVG document, in the order of their elections; what is open runs to `figures.as_of`."""
    title = telling.say(Caption.TITLE)
    as_of = telling.say(Caption.STATE(at=telling.about([figures.as_of]).instant(figures.as_of)))
    parts = [_text("head", MARGIN + HEAD, title), _text("small", MARGIN + HEAD + LINE, as_of)]
    described = [as_of]
    y = MARGIN + HEAD + 2 * LINE
    for election, uses in by_election(figures).items():
        name = figures.election_name(election, telling.language)
        parts += [_rule(y), _text("head", y + HEAD + LINE, name)]
        y += HEAD + 2 * LINE
        if not uses:
            parts.append(_text("small", y + LINE, telling.say(Caption.NOT_USED)))
            described.append(f"{name}: {telling.say(Caption.NOT_USED)}")
            y += 2 * LINE
        for use in uses:
            one = drawn(use, figures.as_of, telling)
            parts.append(element("g", {"transform": f"translate(0 {y})"}, element("title", None, one.title), one.body))
            described.append(f"{one.title}: {one.described}")
            y += one.height + _BELOW
    if not by_election(figures):
        parts.append(_text("small", y + LINE, telling.say(Caption.NOT_USED)))
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
        "xmlns": _NAMESPACE, "width": one.wide, "height": one.height, "viewBox": f"0 0 {one.wide} {one.height}",
        "role": "img", "aria-labelledby": f"{key}-title {key}-described", **({"class": kind} if kind else {}),
    }  # fmt: skip
    named = (
        element("title", {"id": f"{key}-title"}, one.title),
        element("desc", {"id": f"{key}-described"}, one.described),
    )
    return element("svg", attributes, lines("", *named, *parts))


def _text(kind: str, y: int, text: str) -> Markup:
    shortened = cut(text, _SIZES[kind], WIDTH - 2 * MARGIN, bold=True)
    return element("text", {"class": kind, "x": MARGIN, "y": y}, shortened)


def _rule(y: int) -> Markup:
    return element("line", {"class": "rule", "x1": MARGIN, "y1": y, "x2": WIDTH - MARGIN, "y2": y})
