# SPDX-License-Identifier: EUPL-1.2
"""docs/settings.md has a row for each key, with default, unit and range (`python -m tests.tools.settings_page`)."""

import re

import pytest

from tests.tools.settings_page import HEAD, PAGE, with_tables


def test_every_setting_has_its_row() -> None:
    """Each key of the five files has one row, with the default and the range of its model."""
    page = PAGE.read_text("utf-8")
    assert with_tables(page) == page


def test_every_row_says_what_its_key_does() -> None:
    """No row is without an explanation, so a new key gets one."""
    assert re.findall(r"^\| `([\w.]+)` \|[^\n]*\|  \|$", PAGE.read_text("utf-8"), re.MULTILINE) == []


@pytest.mark.parametrize(
    ("written", "as_it_is"),
    [
        ("| `poll_seconds` | `60` | seconds, 1 to 1,740 |", "| `poll_seconds` | `6` | seconds, 1 to 1,740 |"),
        ("| `pages_per_hour` | `12` | 1 to 100 |", "| `pages_per_hour` | `12` | 1 to 1,000 |"),
    ],
)
def test_a_wrong_default_or_range_is_seen(written: str, as_it_is: str) -> None:
    """A page that says another default or range than the model differs from the tables."""
    page = PAGE.read_text("utf-8")
    assert written in page
    assert with_tables(page.replace(written, as_it_is)) == page


def test_a_page_without_a_table_is_refused() -> None:
    """Every section has its table; that of the next one does not stand for it."""
    with pytest.raises(ValueError, match=r"no table below flaggermail\.yaml organisation"):
        with_tables(PAGE.read_text("utf-8").replace(HEAD, "", 1))
