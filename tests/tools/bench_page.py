# SPDX-License-Identifier: EUPL-1.2
"""Draws docs/pictures/bench.svg from docs/bench.json, a report of `./dev bench --json`.

`python -m tests.tools.bench_page` writes it. A bar is as long as the figure, or its ratio to the other side, is to the
goal: the dashed line is the goal. Where more is better the bar is the goal beside the figure: shorter is better
everywhere.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from xml.sax.saxutils import escape

from flaggermail.documents.html import DARK, FONT, LIGHT, Colours
from tests.bench.figures import MORE_IS_BETTER, NAMES, PEER_NAMES, RATIO_IS_JUDGED
from tests.story.told_night import ROOT

REPORT, PAGE = ROOT / "docs" / "bench.json", ROOT / "docs" / "pictures" / "bench.svg"
WIDTH, TOP, ROW, LEFT, GOAL_AT, LONGEST = 840, 70, 34, 150, 110, 2.5  # pixels, and goals that the longest bar shows
Measured = Mapping[str, object]


def read() -> list[Measured]:
    """Returns the objects of the report that is kept."""
    return list(json.loads(REPORT.read_text("utf-8")))


def page(figures: Sequence[Measured]) -> str:
    """Returns the SVG with one line for each named figure; one that the report lacks says so."""
    by_name = {str(each["name"]): each for each in figures}
    names = tuple(dict.fromkeys((*NAMES, *PEER_NAMES)))
    height = TOP + ROW * len(names) + 20
    lines = [line for row, name in enumerate(names) for line in _line(TOP + ROW * row, name, by_name.get(name))]
    met = sum(each["met"] is True for each in figures)
    judged = sum(each["met"] is not None for each in figures)
    missing = len(names) - sum(each["figure"] is not None for each in figures)
    said = f"./dev bench: {met} of {judged} measured goals are met; {missing} of {len(names)} figures are not measured"
    return "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" role="img">',
            f"<title>{said}</title>",
            f"<style>\n{_sheet()}</style>",
            f'<rect class="ground" width="{WIDTH}" height="{height}"/>',
            f'<text class="head" x="16" y="30">{said}</text>',
            f'<text class="soft" x="{LEFT + GOAL_AT}" y="56" text-anchor="middle">goal</text>',
            f'<path class="goal" d="M{LEFT + GOAL_AT} {TOP - 6}V{height - 16}"/>',
            *lines,
            "</svg>\n",
        )
    )


def _line(top: int, name: str, measured: Measured | None) -> Iterator[str]:
    yield f'<text x="16" y="{top + 18}">{escape(name)}</text>'
    share = None if measured is None else _share(name, measured)
    if share is not None:
        length = round(GOAL_AT * min(share, LONGEST))
        kind = "met" if share <= 1 else "missed"
        yield f'<rect class="{kind}" x="{LEFT}" y="{top + 6}" width="{length}" height="16"/>'
    said = "not measured" if measured is None or measured["figure"] is None else _said(measured)
    yield f'<text class="soft" x="{WIDTH - 16}" y="{top + 18}" text-anchor="end">{escape(said)}</text>'


def _share(name: str, measured: Measured) -> float | None:
    """Returns the judged quantity as a multiple of its goal; None without goal or quantity."""
    judged, goal = measured["ratio" if name in RATIO_IS_JUDGED else "figure"], measured["goal"]
    if not isinstance(judged, int | float) or not isinstance(goal, int | float) or not judged or not goal:
        return None
    return goal / judged if name in MORE_IS_BETTER else judged / goal


def _said(measured: Measured) -> str:
    parts = [f"{_number(measured['figure'])} {measured['unit']}"]
    if measured["ratio"] is not None and measured["unit"] != "x":
        parts.append(f"{_number(measured['ratio'])} x the other side's {_number(measured['beside'])}")
    verdict = {True: "met", False: "not met", None: "no goal to judge"}[_truth(measured["met"])]
    return f"{', '.join(parts)}: {verdict}"


def _truth(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def _number(value: object) -> str:
    if not isinstance(value, int | float):
        return "-"
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _sheet() -> str:
    return (
        f"text {{ font: 14px {FONT} }} .head {{ font-size: 17px; font-weight: 600 }}\n"
        ".goal { stroke-dasharray: 6 5; stroke-width: 1.5; fill: none } .missed { stroke-width: 1.5 }\n"
        f"{_colours(LIGHT)}\n@media (prefers-color-scheme: dark) {{\n{_colours(DARK)} }}\n"
    )


def _colours(colours: Colours) -> str:
    """Returns the colours of one ground; a bar beyond its goal is an outline, so that nobody needs the colour."""
    return (
        f".ground {{ fill: {colours.ground} }} text {{ fill: {colours.text} }} .soft {{ fill: {colours.soft} }}\n"
        f".goal {{ stroke: {colours.line} }} .met {{ fill: {colours.line} }}\n"
        f".missed {{ fill: {colours.band}; stroke: {colours.line} }}"
    )


if __name__ == "__main__":
    PAGE.write_text(page(read()), "utf-8")
