# SPDX-License-Identifier: EUPL-1.2
"""A rule that would file anybody's mail as noise, or decline it, is refused where the rules are read."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from flaggermail.rules.files import load_rules
from flaggermail.settings.yaml_files.source import FileFault
from flaggermail.shipped import shipped

Refused = Callable[[str, str], list[str]]


@pytest.fixture
def refused(tmp_path: Path) -> Refused:
    """Returns a function that adds a rule to the shipped ones; it returns what is wrong with them then."""
    shutil.copytree(shipped("rules"), tmp_path / "rules", ignore=shutil.ignore_patterns("*-*.yaml", "*.eml"))

    def add(when: str, then: str) -> list[str]:
        stage = "citizen" if "decline" in then else "machine"
        rule = f"stage: {stage}\nrules:\n  - name: wide\n    when: {when}\n    then: {then}\n"
        file = tmp_path / "rules" / ("39-more.yaml" if stage == "citizen" else "05-more.yaml")
        file.write_text(rule)
        faults: list[FileFault] = []
        load_rules(tmp_path / "rules", faults)
        file.unlink()
        return [fault.text for fault in faults]

    return add


@pytest.mark.parametrize(
    "when",
    [
        "{placed: false}",
        "{verdict: [unverified, failed]}",
        "{from_platform: false, election_period: true}",
        "{mechanical: [human]}",
        "{from_officer: true}",
        "{size: {at_least: 1 kB}}",
        "{body: ['/./']}",
        "{not: {subject: [stembureau]}}",
        "{any: [{subject: [nieuwsbrief]}, {forwarded: true}]}",
    ],
)
def test_a_rule_that_fits_anybody_s_mail_makes_no_noise_of_it(refused: Refused, when: str) -> None:
    """Neither noise nor declines: a referral, a colleague's mail and a citizen's would all meet the same end."""
    assert refused(when, "{kind: noise}") == ["would make noise of anybody's mail; add words, a sender or a domain"]
    (declined,) = refused(when, "{kind: citizen_report, template: decline}")
    assert declined.startswith("would make citizen_report of anybody's mail")
    assert refused(when, "{labels: [press]}") == []


@pytest.mark.parametrize(
    "when",
    [
        "{placed: false, subject: [nieuwsbrief]}",
        "{domain: [spam.example]}",
        "{sender: [robot@elders.example]}",
        "{mechanical: [auto-reply]}",
        "{header: {List-Unsubscribe: ['/./']}}",
        "{from_platform: true}",
    ],
)
def test_a_rule_that_sets_mail_apart_may_make_noise_of_it(refused: Refused, when: str) -> None:
    """By words, a sender, a domain, a machine or a field; a platform's mail is told whatever a rule calls it."""
    assert refused(when, "{kind: noise}") == []
