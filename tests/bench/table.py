# SPDX-License-Identifier: EUPL-1.2
"""How figures are printed: one line each, as soon as it is known."""

import sys
from collections.abc import Sequence


def head(title: str, beside: str = "ratio") -> None:
    """Begin a table; `beside` says what the ratios are to."""
    print(f"\n{title:<50}{'figure':>12} {'':<6}{beside:>12}  goal, and what it must not be worse than")
    sys.stdout.flush()


def line(what: str, figure: float, unit: str, ratio: float | None = None, goal: str = "") -> None:
    """One figure, its ratio to the other side of the same run, and the goal for either."""
    shown = f"{figure:,.0f}" if figure >= 100 else f"{figure:.3g}"
    beside = "" if ratio is None else f"{ratio:.2f}"
    print(f"{what:<50}{shown:>12} {unit:<6}{beside:>12}  {goal}".rstrip())
    sys.stdout.flush()


def note(text: str) -> None:
    """A remark between the figures."""
    print(text)
    sys.stdout.flush()


def percentile(values: Sequence[float], share: float) -> float:
    """The value that `share` (0 to 1) of the values do not exceed; the nearest one that was measured."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(share * (len(ordered) - 1)))]
