# SPDX-License-Identifier: EUPL-1.2
"""The statement on accessibility says what was measured of the pages as they are."""

from __future__ import annotations

from tests.tools.accessibility import COUNTED, STATEMENT, expected, filled, read


def test_the_statement_is_about_the_pages_of_today() -> None:
    """Each page in each cell, by the axe-core of the tests; `python -m tests.tools.accessibility` measures anew."""
    kept = read()
    assert {what: kept[what] for what in expected()} == expected()
    text = STATEMENT.read_text("utf-8")
    assert filled(text, kept) == text


def test_nothing_that_was_measured_is_wrong() -> None:
    """What axe-core leaves to a person is told, and no fault of its own."""
    kept = read()
    assert {what: kept[what] for what in COUNTED if what != "to_look_at"} == {
        "violations": 0, "too_wide": 0, "violations_in_forced_colours": 0, "pages_cut_on_paper": 0,
    }  # fmt: skip
