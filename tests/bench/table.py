# SPDX-License-Identifier: EUPL-1.2
"""Prints figures, one line each, as soon as they are known, and writes them as a JSON report."""

import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from tests.bench.figures import Figure, Heading, Note, Row


def head(title: str, beside: str = "ratio") -> None:
    """Begins a table; `beside` names what the ratios refer to."""
    print(f"\n{title:<50}{'figure':>12} {'':<6}{beside:>12}  goal, and what it must not be worse than")
    sys.stdout.flush()


def line(what: str, figure: float | None, unit: str, ratio: float | None = None, goal: str = "") -> None:
    """Prints one figure, its ratio to the other side of the same run, and the goal for either."""
    beside = "" if ratio is None else f"{ratio:.2f}"
    print(f"{what:<50}{_shown(figure):>12} {unit:<6}{beside:>12}  {goal}".rstrip())
    sys.stdout.flush()


def note(text: str) -> None:
    """Prints a remark between the figures."""
    print(text)
    sys.stdout.flush()


def show(row: Row) -> None:
    """Prints what a measurement yielded."""
    match row:
        case Heading():
            head(row.title, row.beside)
        case Note():
            note(row.text)
        case Figure():
            line(row.what, row.figure, row.unit, row.ratio, _judged(row))


def write(path: Path, figures: Iterable[Figure]) -> None:
    """Writes `report(figures)` to `path`, a JSON list."""
    path.write_text(json.dumps(report(figures), indent=2) + "\n", "utf-8")


def report(figures: Iterable[Figure]) -> list[dict[str, object]]:
    """Returns one object for each figure that has a name."""
    return [_object(figure) for figure in figures if figure.name is not None]


def percentile(values: Sequence[float], share: float) -> float:
    """Returns the measured value nearest to that percentile; `share` is 0 to 1."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(share * (len(ordered) - 1)))]


def _shown(figure: float | None) -> str:
    if figure is None:
        return "-"
    return f"{figure:,.0f}" if figure >= 100 else f"{figure:.3g}"


def _judged(figure: Figure) -> str:
    if figure.goal is None:
        return ""
    bounds = ", ".join(f"{bound:g}" for bound in (figure.goal.most, figure.goal.worst) if bound is not None)
    verdict = {None: "not measured", True: "met", False: "not met"}[figure.met]
    least = "at least " if figure.goal.at_least else ""
    return f"{least}{bounds}{' of it' if figure.goal.of_ratio else ''}: {verdict}"


def _object(figure: Figure) -> dict[str, object]:
    return {
        "name": figure.name,
        "what": figure.what,
        "figure": figure.figure,
        "unit": figure.unit,
        "beside": figure.beside,
        "ratio": figure.ratio,
        "goal": figure.goal.most if figure.goal else None,
        "must": figure.goal.worst if figure.goal else None,
        "met": figure.met,
    }
