# SPDX-License-Identifier: EUPL-1.2
"""Neither a rule's pattern nor a mail's text makes classification slow: the time is linear in the length."""

from __future__ import annotations

from pathlib import Path
from time import process_time

import pytest

from flaggermail.adapters.parsing.patterns import Re2Matcher
from flaggermail.mail.message import Address, Message
from flaggermail.rules.classifier import Context, RuleSet, explain
from flaggermail.rules.files import load_rules
from flaggermail.settings.yaml_files.source import FileFault
from flaggermail.shipped import shipped
from tests.corpus import each, long
from tests.pace import within
from tests.unit.mail.test_text_linear import HOSTILE

EXPLODING = ["(a+)+$", "(a|aa)+$", "(a|b?a)+$", "(.*a){25}$", r"(\w+\s?)+$", r"^(([a-z])+.)+[A-Z]([a-z])+$", "(x+x+)+y"]
LONG, TIMES = 25_000, 4  # characters of the shorter text; the factor of the longer one
MOST, NOISE = 9.0, 0.003  # limit of the time ratio (quadratic: 16); seconds, shorter ones are meaningless
FIND = Re2Matcher().find
SHIPPED = load_rules(shipped("rules"), [])


def rules_with(folder: Path, patterns: list[str]) -> RuleSet:
    """Returns rules that search every place of a mail for these patterns."""
    places = ("subject", "body", "reply", "attachment")
    conditions = ", ".join(f"{{{place}: ['/{pattern}/']}}" for place in places for pattern in patterns)
    folder.mkdir()
    text = (
        f"stage: noise\nrules:\n  - name: hostile\n    when: {{any: [{conditions}]}}\n    then: {{priority: normal}}\n"
    )
    (folder / "90-noise.yaml").write_text(text, "utf-8")
    faults: list[FileFault] = []
    found = load_rules(folder, faults)
    assert faults == []
    return found


def seconds(text: str, rules: RuleSet) -> float:
    """Returns the processor time of all rules for a mail with this subject and text."""
    mail = Message(
        sha256="", size=len(text), subject=text[:2000], text=text, reply_text=text, from_=(Address("a@elders.example"),)
    )
    explain(mail, Context(), rules, FIND)  # compiles the patterns
    begun = process_time()
    explain(mail, Context(), rules, FIND)
    return process_time() - begun


@pytest.mark.parametrize("pattern", EXPLODING)
def test_a_pattern_that_explodes_elsewhere_finishes_here(tmp_path: Path, pattern: str) -> None:
    """A pattern that takes a backtracking search hours takes less than a second here."""
    rules = rules_with(tmp_path / "rules", [pattern])
    for text in ("a" * LONG + "!", "x" * LONG, "aaaa " * (LONG // 5) + "!"):
        assert within(seconds(text, rules), 1)


@pytest.mark.parametrize("length", [LONG // 4, long(LONG)])
@each("pattern", HOSTILE.values(), ids=HOSTILE.keys())
@pytest.mark.slow
def test_the_shipped_rules_take_their_time_once_through_the_text(length: int, pattern: str) -> None:
    """The shipped rules take linear time: four times the text takes about six times the time at most."""
    text = pattern * (length // len(pattern))
    assert any(seconds(text * TIMES, SHIPPED) <= MOST * max(seconds(text, SHIPPED), NOISE) for _ in range(3))
