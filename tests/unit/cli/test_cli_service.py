# SPDX-License-Identifier: EUPL-1.2
"""The administrator's commands: database, daemon, replays."""

from __future__ import annotations

import json
import shutil
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest

from flaggermail.adapters.db import migrations
from flaggermail.cli import main
from flaggermail.daemon.service import Daemon
from flaggermail.shipped import shipped
from flaggermail.wiring import assembly
from tests.doubles.broken_desks import sound

SCENARIOS = Path(__file__).parents[2] / "scenarios"


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    """Returns exit status, standard output and standard error of a command line."""
    with pytest.raises(SystemExit) as ended:
        main(words)
    out, err = capsys.readouterr()
    return int(ended.value.code or 0), out, err


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Returns the shipped configuration."""
    shutil.copytree(shipped("config"), tmp_path / "desk")
    shutil.copytree(shipped("rules"), tmp_path / "desk" / "rules")
    return tmp_path / "desk"


def test_the_database_is_brought_up_to_date(directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`db upgrade` prints the revision and may be repeated."""
    newest = max(path.name[:4] for path in Path(migrations.__file__).parent.glob("versions/0*.py"))
    for _ in range(2):
        status, out, _err = run(capsys, "--config", str(directory), "db", "upgrade")
        assert status == 0
        assert out == f"database is at revision {newest}\n"


@pytest.mark.parametrize(
    ("file", "text", "fault"),
    [
        ("flaggermail.yaml", "organisation: [", "flaggermail.yaml:"),
        ("platforms.yaml", None, "platforms.yaml:1:1: the file is missing"),
        ("templates/en/alarm.j2", "Subject: x\n\n{{ whta }}\n", "templates/en/alarm.j2:3 whta: nobody gives this"),
        ("templates/nl/reminder.j2", None, "templates/nl/reminder.j2: cannot be read"),
        ("rules/mail-language.yaml", "nl: [\n", "mail-language.yaml:2:1"),
        ("rules/drafts.yaml", None, "drafts.yaml:1:1: the file is missing"),
    ],
)
def test_a_daemon_does_not_start_on_a_broken_configuration(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, file: str, text: str | None,
    fault: str,
) -> None:  # fmt: skip
    """A daemon with a broken configuration exits with 2 and the message of `check`; systemd does not retry."""
    for owner, hook in ((sys, "excepthook"), (sys, "unraisablehook"), (threading, "excepthook")):
        monkeypatch.setattr(owner, hook, getattr(owner, hook))  # `run` sets them for the whole process
    monkeypatch.setattr(Daemon, "run", lambda _: None)  # ends the test if the daemon starts
    directory = sound(tmp_path / "desk")
    if text is None:
        (directory / file).unlink()
    else:
        (directory / file).write_text(text, "utf-8")
    status, out, err = run(capsys, "--config", str(directory), "run")
    assert (status, out) == (2, "")
    assert fault in err
    assert "Traceback" not in err


def test_what_is_edited_while_the_daemon_runs_waits_for_the_next_start(directory: Path) -> None:
    """Templates edited while the daemon runs take effect at its next start."""
    with closing(assembly.open_services(directory)) as env:
        running = assembly.with_whole_templates(env)
        for template in directory.glob("templates/*/*.j2"):
            template.unlink()
        values: dict[str, object] = {
            "kind": "bounced", "what": "x", "next_step": "y", "number": "", "organisation": "z",
            "desk_address": "a@b.example", "replies": [], "title": "", "platform": "", "phone": None,
            "minutes": None,
        }  # fmt: skip
        assert running.templates.render("alarm", "en", values).subject == "A mail did not arrive and was returned"


@pytest.fixture
def scenario(tmp_path: Path) -> Path:
    """Returns a copy of the exchange of 6 June 2024, for a test to change."""
    return Path(shutil.copytree(SCENARIOS / "S01", tmp_path / "scenarios" / "S01"))


def test_a_replay_tells_its_story(scenario: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A replay prints lines for a person and exits with 0 if everything is as expected."""
    status, out, err = run(capsys, "replay", str(scenario))
    assert (status, err) == (0, "")
    assert "152 minutes" in out


def test_a_replay_prints_one_document_or_a_list(scenario: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With `--json` one scenario gives one document; a folder or several scenarios give a list."""
    _, one, _ = run(capsys, "replay", "--json", str(scenario))
    _, file, _ = run(capsys, "replay", "--json", str(scenario / "scenario.yaml"))
    _, folder, _ = run(capsys, "replay", "--json", str(scenario.parent))
    _, two, _ = run(capsys, "replay", "--json", str(scenario), str(scenario))
    document = json.loads(one)
    assert document["notifications"][0]["reported_hours"] == "2.5"
    assert json.loads(file) == document
    assert json.loads(folder) == [document]
    assert json.loads(two) == [document, document]


def test_a_difference_is_status_1_and_named(scenario: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A difference exits with 1 and is printed on standard error; the document has what was found."""
    path = scenario / "scenario.yaml"
    text = path.read_text(encoding="utf-8").replace("human_min: 152", "human_min: 151")
    path.write_text(text, encoding="utf-8")
    status, out, err = run(capsys, "replay", "--json", str(scenario))
    assert status == 1
    assert json.loads(out)["notifications"][0]["human_min"] == 152
    assert err.startswith("S01: ")
    assert "151" in err


def test_a_refused_act_ends_the_replay(scenario: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A refused act ends the replay with exit status 1 and the refusal."""
    path = scenario / "scenario.yaml"
    text = path.read_text(encoding="utf-8").replace("do: approve VF-EP2024-0001/1", "do: approve VF-EP2024-0001/7")
    path.write_text(text, encoding="utf-8")
    status, _, err = run(capsys, "replay", str(scenario))
    assert status == 1
    assert "VF-EP2024-0001/7" in err
