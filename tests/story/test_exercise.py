# SPDX-License-Identifier: EUPL-1.2
"""An exercise during a real night changes no figure of it."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from flaggermail.cli import commands
from flaggermail.cli.acting import typed
from flaggermail.stories.replay import Report
from flaggermail.wiring.runs import play

TESTS = Path(__file__).parents[1]
PLAYED = """
  - code: OM
    name: Meta, gespeeld
    domains: [meta-oefening.example]
    policy: {title: Voter policy, url: https://meta-oefening.example/policy, read_on: 2027-02-01}
    channels:
      - {code: om, name: Elections desk, to: [desk@meta-oefening.example], language: en, valid_from: 2023-01-01}
"""
MAILS = """
  - {id: p1, file: played.eml, at: 2027-03-17T10:33:00+01:00}
  - {id: p2, file: stray.eml, at: 2027-03-17T10:34:00+01:00}
  - {id: p3, file: answer.eml, at: 2027-03-17T13:00:00+01:00, answers: {kind: notification, to: "Meta, gespeeld"}}
"""
ACTS = """
  - {at: 2027-03-17T10:31:00+01:00, by: officer1, do: exercise start "the night of the count"}
  - {at: 2027-03-17T10:41:00+01:00, by: officer1, do: case assess VF-EX270317-0001 assessment.yaml}
  - {at: 2027-03-17T10:42:00+01:00, by: officer1, do: case decide VF-EX270317-0001 notify --reason "for the exercise"}
  - {at: 2027-03-17T10:43:00+01:00, by: officer1, do: notify VF-EX270317-0001 --channel om --text request.txt}
  - {at: 2027-03-17T10:44:00+01:00, by: officer1, do: approve VF-EX270317-0001/1}
  - {at: 2027-03-17T13:30:00+01:00, by: officer1, do: exercise stop}
"""
PLAYER = "oefening@lindewaard.example"
ANSWER = """From: Kim <desk@meta-oefening.example>
To: verkiezingenflagger@bzk.example
Subject: Re: Played
Message-ID: <kim@meta-oefening.example>
Content-Type: text/plain; charset=utf-8

Kim here, we are reviewing it.
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Returns the configuration of the scenarios with exercise addresses and a played platform."""
    folder = tmp_path / "config"
    shutil.copytree(TESTS / "config", folder)
    with (folder / "platforms.yaml").open("a", encoding="utf-8") as file:
        file.write(PLAYED)
    with (folder / "flaggermail.yaml").open("a", encoding="utf-8") as file:
        file.write(f"\nexercise:\n  addresses: [{PLAYER}]\n  domains: [meta-oefening.example]\n")
    return folder


def scenario(config: Path, folder: Path, *, rehearsed: bool) -> Path:
    """Writes S05 with that configuration, optionally with an exercise in the middle."""
    shutil.copytree(TESTS / "scenarios" / "S05", folder)
    file = folder / "scenario.yaml"
    text = f"config: {config}\n{file.read_text(encoding='utf-8')}"
    if rehearsed:
        text = text.replace("\nacts:\n", f"{MAILS}\nacts:{ACTS}", 1)
        real = (folder / "referral.eml").read_text(encoding="utf-8")
        played = real.replace("j.proefstuk@lindewaard.example", PLAYER)
        (folder / "played.eml").write_text(played.replace("adv-1@", "played-1@"), encoding="utf-8")
        stray = ANSWER.replace("Re: Played", "Who are you?").replace("kim@", "stray@")
        (folder / "stray.eml").write_text(stray, encoding="utf-8")
        (folder / "answer.eml").write_text(ANSWER, encoding="utf-8")
    file.write_text(text, encoding="utf-8")
    return folder


def figures(report: Report) -> object:
    """Returns the JSON report of a replay, without random tokens and the numbers of messages."""
    text = re.sub(r"[0-9a-f]{32}(?:\.\d+)?", "TOKEN", json.dumps(report.json, sort_keys=True))
    text = re.sub(r"(VF-[A-Z0-9]+-\d{4})-[A-HJ-NP-Z2-9]{4}\b", r"\1-TAIL", text)
    text = re.sub(r"\bm\d{8}\b", "MESSAGE", text)
    return json.loads(re.sub(r"akkoord [A-Z2-9]{6}\b", "akkoord CODE", text))


def test_an_exercise_changes_no_figure(config: Path, tmp_path: Path) -> None:
    """An exercise leaves cases, notification times, quarantine, declines and sent mail unchanged."""
    alone = play(scenario(config, tmp_path / "alone", rehearsed=False), typed)
    together = play(scenario(config, tmp_path / "together", rehearsed=True), typed)
    assert together.differences == ()
    assert figures(together) == figures(alone)
    assert any("VF-EX270317-0001" in line and "an exercise: in no figure" in line for line in together.story)
    assert not any("gespeeld" in line for line in together.story)


def test_the_exercise_was_played_all_the_same(config: Path, tmp_path: Path) -> None:
    """The exercise is played too: `replay` shows its case, closed."""
    ran = CliRunner().invoke(commands, ["replay", str(scenario(config, tmp_path / "together", rehearsed=True))])
    assert ran.exit_code == 0, ran.output
    assert "VF-EX270317-0001 C_advert, closed, an exercise: in no figure" in ran.output
