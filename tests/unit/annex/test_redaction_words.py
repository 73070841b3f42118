# SPDX-License-Identifier: EUPL-1.2
"""`rules/redaction.yaml`: its own faults, and the shipped file where a desk has none."""

from __future__ import annotations

from pathlib import Path

import pytest

from flaggermail.annex.redaction_words import read_redaction_words
from flaggermail.errors import ConfigurationError
from flaggermail.shipped import shipped


def test_words_of_all_languages_are_one_list(tmp_path: Path) -> None:
    """Capitals, accents and apostrophes do not count."""
    rules = tmp_path / "rules"
    rules.mkdir()
    text = "nl:\n  roles: [Burgerzaken, t.a.v.]\nfr:\n  roles: [Équipe, burgerzaken]\n"
    (rules / "redaction.yaml").write_text(text, encoding="utf-8")
    assert read_redaction_words(rules)["roles"] == {"burgerzaken", "t a v", "equipe"}


def test_a_desk_without_the_file_reads_the_shipped_one(tmp_path: Path) -> None:
    """A desk that was set up before there was such a file needs no change."""
    assert read_redaction_words(tmp_path).lists == read_redaction_words(shipped("rules")).lists


def test_a_list_that_the_file_lacks_is_the_shipped_one(tmp_path: Path) -> None:
    """A file that was set up before there was such a list does not make a name of every word that begins a sentence."""
    rules = tmp_path / "rules"
    rules.mkdir()
    (rules / "redaction.yaml").write_text("nl:\n  openers: [gisteren]\n", encoding="utf-8")
    words = read_redaction_words(rules)
    assert words["openers"] == {"gisteren"}
    assert words["functions"] == read_redaction_words(shipped("rules"))["functions"]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("nl:\n  rolez: [a]\n", "rules/redaction.yaml:1:1 nl: 'rolez' is no list of redaction.yaml; write 'roles'"),
        ("nl:\n  roles: []\n", "rules/redaction.yaml:2:3 nl.roles: needs at least one entry"),
        ("nl:\n  roles: [true]\n", "rules/redaction.yaml:2:11 nl.roles[0]: true is not text; put it in quotes"),
    ],
)
def test_a_fault_names_its_place(tmp_path: Path, text: str, fault: str) -> None:
    """File, line, column, key and what would be right."""
    rules = tmp_path / "rules"
    rules.mkdir()
    (rules / "redaction.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError) as refused:
        read_redaction_words(rules)
    assert refused.value.faults[0].startswith(fault)
