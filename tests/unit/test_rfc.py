# SPDX-License-Identifier: EUPL-1.2
"""The page of standards matches the code: each row gives the degree of support and existing modules."""

from __future__ import annotations

import re
from pathlib import Path

from tests.corpus import each

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "flaggermail"
PAGE = (ROOT / "docs" / "rfc.md").read_text(encoding="utf-8")
ROWS = [
    tuple(cell.strip() for cell in line.strip("|").split("|")) for line in PAGE.splitlines() if line.startswith("| RFC")
]
MODULE = re.compile(r"`([a-z_/]+\.py)`")
CITED = re.compile(r"RFC (\d{3,5})")

WANTED = (
    2045, 2046, 2047, 2177, 2231, 3461, 3464, 3501, 3834, 4954, 5256, 5321, 5322, 5965, 6376, 6532, 7489, 8098, 8314,
    8601, 8617, 9051, 9078,
)  # fmt: skip


def numbers(text: str) -> set[int]:
    """Returns the RFC numbers in a text, including lists such as "RFC 3464, 3463"; section numbers are shorter."""
    return {int(number) for number in re.findall(r"(?<![\d.])\d{3,5}(?![\d.])", text)}


@each("row", ROWS, ids=lambda row: row[0])
def test_every_row_says_how_far_and_where(row: tuple[str, ...]) -> None:
    """Each row says supported or partly, with existing modules, or not, with a reason."""
    _, state, what, where = row
    modules = MODULE.findall(where)
    assert state in {"supported", "partly", "not"}
    assert len(what) > 15
    assert bool(modules) is (state != "not")
    assert [name for name in modules if not (PACKAGE / name).is_file()] == []


@each("number", WANTED)
def test_the_standards_of_mail_are_listed(number: int) -> None:
    """The standards that mail software is asked about are listed."""
    assert any(number in numbers(row[0]) for row in ROWS)


def test_every_standard_that_the_code_cites_is_listed() -> None:
    """Every standard cited in the code is listed on the page."""
    cited = {int(n) for path in PACKAGE.rglob("*.py") for n in CITED.findall(path.read_text(encoding="utf-8"))}
    listed = {number for row in ROWS for number in numbers(" ".join(row[:3]))}
    assert len(cited) > 30
    assert sorted(cited - listed) == []
