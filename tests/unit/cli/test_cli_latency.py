# SPDX-License-Identifier: EUPL-1.2
"""Figures as CSV: what a spreadsheet must not calculate, and what a terminal must not obey."""

from __future__ import annotations

import csv
import io
from contextlib import redirect_stdout

from hypothesis import given
from hypothesis import strategies as st

from flaggermail.cli.showing import print_csv
from tests.corpus import each

CELLS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


def printed(*cells: object) -> list[str]:
    """Returns the cells of one line as a spreadsheet reads them."""
    with redirect_stdout(io.StringIO(newline="")) as out:
        print_csv(["a"] * len(cells), [cells])
    heads, line = csv.reader(io.StringIO(out.getvalue(), newline=""))
    assert heads == ["a"] * len(cells)
    return line


@each("cell", ["=1+1", "+31700000000", "-2", "@SUM(A1)", "\t=1", "\r=1", " =1", "\ufeff=1", "\u202e=1", "=A(0)"])
def test_no_cell_begins_like_a_formula(cell: str) -> None:
    """An apostrophe or a visible escape stands before what a spreadsheet would calculate."""
    (found,) = printed(cell)
    assert not found.lstrip().startswith(("=", "+", "-", "@"))


def test_values_are_text_and_null_is_empty() -> None:
    """Numbers, words with commas and quotes, and nothing."""
    assert printed(152, 'a, "b"', None, "2.5") == ["152", 'a, "b"', "", "2.5"]


@given(st.lists(CELLS, min_size=1, max_size=5))
def test_a_line_has_its_cells_whatever_they_hold(cells: list[str]) -> None:
    """No cell ends the line or another cell, and none holds a control character."""
    line = printed(*cells)
    assert len(line) == len(cells)
    assert not any(ord(sign) < 32 for cell in line for sign in cell)
