# SPDX-License-Identifier: EUPL-1.2
"""Patterns of rules are found quickly, whatever the pattern and the mail."""

from __future__ import annotations

from time import process_time

import pytest

from flaggermail.adapters.parsing.patterns import Re2Matcher
from tests.corpus import each


@each(
    ("pattern", "text", "found"),
    [
        ("stembureau", "Het STEMBUREAU is dicht", "STEMBUREAU"),
        ("bureau", "stembureaus", "bureau"),
        (r"\bbureau\b", "stembureaus", None),
        ("ONJUÍST", "een onjuíst adres", "onjuíst"),
        ("^re:", "Re: Re: vraag", "Re:"),
        ("^re:", "x\nRe: vraag", None),
        ("(?m)^re:", "x\nRe: vraag", "Re:"),
        ("a.b", "a\nb", None),
        (r"#(\d{3,})", "[#5519]", "#5519"),
        ("x", "", None),
    ],
)
def test_first_match_is_given_whole(pattern: str, text: str, found: str | None) -> None:
    """Case is ignored, lines and word boundaries follow rules/README.md, and groups do not change the result."""
    assert Re2Matcher().search(pattern, text) == found


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|aa)+$", "(a|b?a)+$", "(.*a){25}$"])
def test_time_grows_with_the_mail_only(pattern: str) -> None:
    """Patterns that make a backtracking search explode take linear time."""
    text = "a" * 50_000 + "!"
    started = process_time()
    assert Re2Matcher().search(pattern, text) is None
    assert process_time() - started < 2
