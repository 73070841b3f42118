# SPDX-License-Identifier: EUPL-1.2
"""The budget of the house fails where it is overrun, and is never raised but by an allowance."""

from __future__ import annotations

from copy import deepcopy

import pytest

from tests.tools.budgets import SUMS, Budget, faults, read, text_of, written

BUDGET: Budget = {
    "rooms": {"cases": 60, "mail": 40},
    "begun": dict(zip(SUMS, (100, 200, 50, 30), strict=True)),
    "allowances": {"words": 20},
}


def sizes(product: int = 100, tests: int = 200, manual: int = 50) -> dict[str, int]:
    """Returns what is there of each sum."""
    return dict(zip(SUMS, (product, tests, manual, 30), strict=True))


def test_a_room_that_grew_or_shrank_is_named() -> None:
    """Two rooms may trade in one commit, which writes both numbers; a number that is not there is a fault."""
    traded = {"cases": 70, "mail": 30}
    assert faults(BUDGET, BUDGET["rooms"], sizes()) == []
    assert faults(BUDGET, traded, sizes()) == [
        "cases: 70 lines, 60 in tests/budgets.toml", "mail: 30 lines, 40 in tests/budgets.toml"
    ]  # fmt: skip
    assert faults(written(BUDGET, traded, sizes(), ""), traded, sizes(), [BUDGET]) == []


def test_a_rise_is_paid_by_the_work_that_is_named() -> None:
    """Without an allowance nothing is written; what the work takes away again is given back to it first."""
    for work, found in (
        ("", sizes(110)),
        ("words", sizes(121)),
        ("words", sizes(tests=225)),
        ("words", sizes(manual=51)),
    ):
        with pytest.raises(ValueError, match="does not pay"):
            written(BUDGET, BUDGET["rooms"], found, work)
    risen = written(BUDGET, BUDGET["rooms"], sizes(115, 224), "words")
    assert risen["used.words"] == {"product_lines": 15, "test_lines": 24}
    fallen = written(risen, BUDGET["rooms"], sizes(90, 224), "words")
    assert (fallen["used.words"]["product_lines"], fallen["begun"]["product_lines"]) == (0, 90)
    assert read(text_of(fallen)) == fallen


@pytest.mark.parametrize(
    ("table", "name", "number"),
    [("begun", "product_lines", 101), ("allowances", "words", 21), ("allowances", "more", 1)],
)
def test_no_number_is_raised_by_hand(table: str, name: str, number: int) -> None:
    """The lowest number of all earlier versions holds."""
    raised = deepcopy(BUDGET)
    raised[table][name] = number
    assert any(
        f"{table}.{name} was raised" in told for told in faults(raised, raised["rooms"], sizes(), [BUDGET, raised])
    )


def test_more_than_an_allowance_is_a_fault() -> None:
    """A file that was edited by hand pays no rise either."""
    edited = BUDGET | {"used.words": {"product_lines": 21}}
    assert "used.words has used 21 product_lines, of 20" in faults(edited, edited["rooms"], sizes(121))
