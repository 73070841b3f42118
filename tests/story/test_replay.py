# SPDX-License-Identifier: EUPL-1.2
"""Every scenario comes out to the minute, and a replay fails when the live code path is broken."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Sequence
from email import message_from_bytes
from email.message import Message
from pathlib import Path

import pytest
from click.testing import CliRunner

from flaggermail.cli import commands
from flaggermail.cli.acting import typed
from flaggermail.errors import ConfigurationError, Refusal
from flaggermail.intake import apply, poll
from flaggermail.outbox import delivery
from flaggermail.reminders import sending
from flaggermail.services import Services
from flaggermail.shipped import shipped
from flaggermail.stories import replay
from flaggermail.stories.demo_stage import SHIPPED as STORY
from flaggermail.stories.replay import Report
from flaggermail.stories.scenario import read
from flaggermail.wiring.runs import play
from tests.corpus import each
from tests.doubles import migrated
from tests.doubles.scenarios import FOLDERS, SCENARIOS, Played


def played(name: str) -> Report:
    """Returns the report on a scenario."""
    return replay.play(SCENARIOS / name, typed, migrated.replayed)


@each("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_scenario_comes_out_as_expected(scenarios: Callable[[str], Played], folder: Path) -> None:
    """Every scenario comes out as expected and contains at least one case, quarantined or declined mail."""
    report = scenarios(folder.name).report
    assert report.differences == ()
    assert report.json["cases"] or report.json["quarantine"] or report.json["declined"]


def test_the_real_exchange_is_told_in_both_languages() -> None:
    """S01 prints 152 minutes on all three clocks, "2.5 hours", "2,5 uur (2 uur en 32 minuten)" and both reminders."""
    result = CliRunner().invoke(commands, ["replay", str(SCENARIOS / "S01")])
    assert result.exit_code == 0, result.output
    for clock in ("receipt", "human", "substance"):
        assert f"{clock}: 152 minutes, 2.5 hours / 2,5 uur (2 uur en 32 minuten)" in result.output
    assert "reminder at 2024-06-06T11:34:00+02:00" in result.output
    assert "reminder at 2024-06-06T12:34:00+02:00" in result.output


def test_the_general_warning_names_the_days_of_the_earlier_cases(scenarios: Callable[[str], Played]) -> None:
    """S01's mail to the platform names 13 March and 22 November 2023, from the linked cases."""
    outgoing = scenarios("S01").report.json["outgoing"]
    assert isinstance(outgoing, list)
    (text,) = [mail["text"] for mail in outgoing if mail["kind"] == "notification"]
    assert "13 March 2023" in text
    assert "22 November 2023" in text


def test_json_holds_the_contract_and_nothing_else_is_printed() -> None:
    """`replay --json` prints one document with the five parts that external checks read."""
    result = CliRunner().invoke(commands, ["replay", "--json", str(SCENARIOS / "S10")])
    document = json.loads(result.output)
    assert set(document) == {"cases", "notifications", "quarantine", "declined", "outgoing"}
    assert [n["reported_hours"] for n in document["notifications"]] == ["0.4", "2.6"]


def test_two_runs_of_a_scenario_are_equal() -> None:
    """Two runs of a scenario give equal reports."""
    assert played("S08").json == played("S08").json


BREAKS: list[tuple[str, Callable[[pytest.MonkeyPatch], None]]] = [
    ("ingest takes nothing in", lambda patch: patch.setattr(poll, "ingest", lambda _env, _raw: "nothing")),
    ("ingest forgets what follows", lambda patch: patch.setattr(apply, "apply_effects", lambda *_: None)),
    ("outbox sends nothing", lambda patch: patch.setattr(delivery, "claim", lambda _env: None)),
    ("outbox forgets the answer", lambda patch: patch.setattr(delivery, "settle", lambda *_: None)),
    ("remind tells nobody", lambda patch: patch.setattr(sending, "tick", lambda _env: 0)),
    ("remind sees nothing wait", lambda patch: patch.setattr(sending, "open_clocks", lambda _tx: iter(()))),
]


@pytest.mark.parametrize(("name", "spoil"), BREAKS, ids=[name for name, _ in BREAKS])
def test_a_broken_code_path_makes_a_replay_fail(
    name: str, spoil: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A replay runs the live code: with any part of it broken, S01 no longer comes out as expected."""
    spoil(monkeypatch)
    try:
        differences = played("S01").differences
    except (ConfigurationError, Refusal) as fault:
        differences = (str(fault),)
    assert differences, name


WRONG = (
    ("human_min: 152", "human_min: 151", "notifications[0].human_min"),
    ('reported_hours: "2.5"', 'reported_hours: "2.4"', "notifications[0].reported_hours"),
    ("T12:34:00+02:00]", "T12:35:00+02:00]", "notifications[0].reminders"),
    ("escalations: []", "escalations: [2024-06-06T14:34:00+02:00]", "notifications[0].escalations"),
    ("quarantine: []", "quarantine: [{reason: any}]", "quarantine"),
    ("to: urgent-escalation@x-platform.example}", "to: other@x-platform.example}", "outgoing[0].to"),
    ("kinds: [platform_ack, substantive_reply]", "kinds: [platform_ack]", "cases[0].messages[1].kinds"),
)


def test_each_difference_is_named_by_its_place(tmp_path: Path) -> None:
    """Seven things are expected otherwise: each is named by its place in the scenario, and the exit code is 1."""
    folder = tmp_path / "scenarios" / "S01"
    shutil.copytree(SCENARIOS / "S01", folder)
    text = (folder / "scenario.yaml").read_text("utf-8")
    for old, new, _ in WRONG:
        assert old in text
        text = text.replace(old, new, 1)
    (folder / "scenario.yaml").write_text(text, "utf-8")
    differences = play(folder, typed).differences
    for _, _, place in WRONG:
        assert [line for line in differences if line.startswith(place)], place
    assert CliRunner().invoke(commands, ["replay", str(folder)]).exit_code == 1


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("mails: [{file: m9.eml, at: 2024-06-06T10:00:00+02:00}]", "m9.eml: there is no such file"),
        ("mails: []", "neither mails nor acts"),
        ("actz: []", "actz"),
        ("acts: [{at: 2024-06-06 10:00, by: officer1, do: status}]", "acts[0].at"),
    ],
)
def test_a_faulty_scenario_is_refused_with_its_place(tmp_path: Path, line: str, fault: str) -> None:
    """A faulty scenario is refused with the place of its fault."""
    folder = tmp_path / "S99"
    folder.mkdir()
    (folder / "scenario.yaml").write_text(f"title: faulty\n{line}\n", "utf-8")
    with pytest.raises(ConfigurationError, match=r"scenario\.yaml") as caught:
        play(folder, typed)
    assert fault in str(caught.value)


def spoilt(tmp_path: Path, old: str, new: str) -> Path:
    """Copies the demo's scenario, which uses every feature, and replaces one text in it."""
    folder = tmp_path / "scenarios" / "story"
    shutil.copytree(STORY, folder)
    text = (folder / "scenario.yaml").read_text("utf-8")
    assert old in text
    (folder / "scenario.yaml").write_text(text.replace(old, new, 1), "utf-8")
    return folder


def test_an_answer_may_come_in_so_many_minutes_after_an_instant(tmp_path: Path) -> None:
    """A mail's `after` counts minutes from its `at`. A replay given other minutes replaces `after` where it is set."""
    moved = {mail.at.isoformat() for mail in read(STORY, 97).mails} - {
        mail.at.isoformat() for mail in read(STORY).mails
    }
    assert moved == {"2024-06-06T12:11:00+02:00"}
    (difference, *_) = play(spoilt(tmp_path, "after: 152", "after: 97"), typed).differences
    assert (
        "messages[1].received_at: expected '2024-06-06T13:06:00+02:00', found '2024-06-06T12:11:00+02:00'" in difference
    )


def test_a_notification_names_the_day_on_which_the_policy_was_read() -> None:
    """A notification names the latest reading of the policy before it, of any platform."""
    outgoing = play(STORY, typed).json["outgoing"]
    assert isinstance(outgoing, list)
    texts = {mail["at"][:10]: mail["text"] for mail in outgoing if mail["kind"] == "notification"}
    read_on = {sent: re.findall(r"(?:by us|we read) on ([^)]+)", text) for sent, text in texts.items()}
    assert read_on == {
        "2023-03-13": ["1 February 2023"],
        "2023-11-22": ["1 February 2023"],
        "2024-06-06": ["3 June 2024"],
    }


def test_an_answer_has_the_lines_that_its_file_lacks() -> None:
    """Missing subject, date and thread fields of an answer are filled in; existing fields are kept."""
    arrived: list[Message] = []

    def command(env: Services, officer: str, words: Sequence[str]) -> str:
        if tuple(words) == ("approve", "VF-EP2024-0002/1"):
            mails = read(STORY).mails
            arrived.extend(message_from_bytes(mail.octets(env)) for mail in mails)
        return typed(env, officer, words)

    play(STORY, command)
    *answers, referral = arrived
    assert [re.sub(r"(-\d{4})-[A-HJ-NP-Z2-9]{4}\]", r"\1]", str(mail["Subject"])) for mail in answers[:2]] == [
        "Re: [VF-PS2023-0001] A box drawn by hand beside the list",
        "Re: [VF-TK2023-0001] Two boxes coloured on one list",
    ]
    assert [mail["Date"] for mail in arrived] == [
        "Mon, 13 Mar 2023 15:45:00 +0100", "Wed, 22 Nov 2023 10:33:00 +0100", "Thu, 06 Jun 2024 13:06:00 +0200",
        "Thu, 6 Jun 2024 14:01:40 +0200",
    ]  # fmt: skip
    assert len({mail["Message-ID"] for mail in arrived}) == len({mail["In-Reply-To"] for mail in arrived}) == 4
    assert referral["In-Reply-To"] is None
    assert all(mail["Message-ID"].endswith("@mail.x-platform.example>") for mail in answers)


def test_an_installed_program_plays_its_story_on_its_own_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a checkout the shipped configuration is used. A configuration folder that is named must exist."""
    installed = Path(shutil.copytree(shipped("config"), tmp_path / "installed" / "config"))
    monkeypatch.setattr("flaggermail.stories.scenario.shipped", lambda name: installed.parent / name)
    assert read(STORY).config == installed
    with pytest.raises(ConfigurationError, match="no configuration in"):
        read(spoilt(tmp_path, "title:", "config: elsewhere\ntitle:"))
