# SPDX-License-Identifier: EUPL-1.2
"""Prints CSV (RFC 4180) whose cells a spreadsheet takes for text, whatever a name begins with."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable, Sequence

from flaggermail.cli.terminal import safe_line

_FORMULA = ("=", "+", "-", "@")  # with which a cell begins that a spreadsheet would calculate


def print_csv(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Prints the heads and a line for each row; null is an empty cell."""
    lines = csv.writer(sys.stdout)
    lines.writerow(heads)
    lines.writerows([_cell(value) for value in row] for row in rows)


def _cell(value: object) -> str:
    """Returns a value as text; an apostrophe before it keeps a spreadsheet from calculating it."""
    found = "" if value is None else str(value)
    return safe_line(f"'{found}" if found.startswith("\t") or found.lstrip().startswith(_FORMULA) else found)
