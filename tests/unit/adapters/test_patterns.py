# SPDX-License-Identifier: EUPL-1.2
"""Patterns of rules are found quickly, whatever the pattern and the mail."""

from __future__ import annotations

from collections.abc import Iterator
from time import process_time

import pytest

from flaggermail.adapters.parsing.patterns import Re2Matcher, compiled, room
from flaggermail.rules.conditions import All, Condition, Either, Not, Words
from flaggermail.rules.files import load_rules
from flaggermail.shipped import shipped
from tests.corpus import each
from tests.pace import within


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
    assert within(process_time() - started, 2)


def words_in(condition: Condition) -> Iterator[Words]:
    """Yields the word lists in a condition."""
    if isinstance(condition, Words):
        yield condition
    elif isinstance(condition, Not):
        yield from words_in(condition.of)
    elif isinstance(condition, All | Either):
        for part in condition.of:
            yield from words_in(part)


def test_memory_suffices_for_every_shipped_pattern(capfd: pytest.CaptureFixture[str]) -> None:
    """No pattern of the shipped rules is searched without states, which takes hundreds of times longer."""
    text = "Op de pagina van de gemeente stond een advertentie met beloften, zeiden zij; is die van u? " * 40
    patterns = {words.together for rule in load_rules(shipped("rules"), []).rules for words in words_in(rule.when)}
    assert patterns
    for pattern in patterns:
        compiled(pattern, log=True).search(text)
    assert "out of memory" not in capfd.readouterr().err


def test_room_is_a_patterns_own() -> None:
    """A pattern that needs few states has little room, one with a gap or many classes of letters has more, none all."""
    patterns = {words.together for rule in load_rules(shipped("rules"), []).rules for words in words_in(rule.when)}
    least = room(r"\b(beloften?|promises?)\b")
    assert least < room(r"\bcampagne\b.{0,80}\bgeweigerd\b") < room("|".join([r"[\pL\pN]*"] * 1000)) == 10 << 20
    assert [room(pattern) for pattern in patterns].count(least) > len(patterns) / 2
