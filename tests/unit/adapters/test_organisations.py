# SPDX-License-Identifier: EUPL-1.2
"""The organisational domain by the rules of one top-level domain is that by the whole Public Suffix List."""

from __future__ import annotations

from pathlib import Path

import pytest
from publicsuffixlist import PSLFILE, PublicSuffixList

from flaggermail.adapters.dns.organisations import organisational

WHOLE = PublicSuffixList()
RULES = [
    rule.lstrip("!").replace("*", "any")
    for line in Path(PSLFILE).read_text("utf-8").splitlines()
    if (rule := line.partition(" ")[0]) and not rule.startswith("//")
]


@pytest.mark.parametrize("before", ["", "a.", "a.b."])
def test_every_rule_is_found_by_its_top_level_domain(before: str) -> None:
    """At, one label below and two labels below each rule, in both forms of its name, the whole list says the same."""
    names = [f"{before}{rule}" for rule in RULES]
    names += [name.encode("idna").decode("ascii") for name in names if not name.isascii()]
    assert len(names) > 10_000
    assert [name for name in names if organisational(name) != WHOLE.privatesuffix(name)] == []


@pytest.mark.parametrize(
    "name",
    ["", ".", "nl", "a.co.uk.", "A.GEMEENTE.NL", "a..nl", ".nl", "a.b.unknown", "a.xn--unknown", "a b.nl", "a.!www.ck"],
)
def test_an_odd_name_is_read_as_by_the_whole_list(name: str) -> None:
    """Empty labels, capitals, a full stop at the end and unknown domains change nothing."""
    assert organisational(name) == WHOLE.privatesuffix(name)
