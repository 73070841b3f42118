# SPDX-License-Identifier: EUPL-1.2
"""docs/mistakes.md shows what the program says to each mistake; `python -m tests.tools.mistakes` writes its table."""

from __future__ import annotations

import pytest

from tests.corpus import each
from tests.tools.mistakes import MISTAKES, Made, rows


@each("mistake", MISTAKES, ids=lambda mistake: mistake.words)
@pytest.mark.slow
def test_the_manual_says_what_the_program_says(mistake: Made) -> None:
    """Each mistake is made and the command typed: sentence and exit status are those of its row."""
    assert mistake.row in rows()


def test_the_manual_has_these_mistakes_and_no_other() -> None:
    """The table has a row for each mistake, in their order, and at least 56."""
    assert [row.removeprefix("| ").partition(" | ")[0] for row in rows()] == [mistake.words for mistake in MISTAKES]
    assert len(MISTAKES) >= 56
