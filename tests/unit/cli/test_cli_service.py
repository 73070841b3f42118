# SPDX-License-Identifier: EUPL-1.2
"""The commands of the administrator: the database, the daemon, replays."""

from __future__ import annotations

import json
import shutil
import sys
import threading
from pathlib import Path

import pytest

from flaggermail.cli import main
from flaggermail.shipped import shipped

SCENARIOS = Path(__file__).parents[2] / "scenarios"


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    """Exit status, standard output and standard error of a command line."""
    with pytest.raises(SystemExit) as ended:
        main(words)
    out, err = capsys.readouterr()
    return int(ended.value.code or 0), out, err


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A configuration as shipped."""
    shutil.copytree(shipped("config"), tmp_path / "desk")
    shutil.copytree(shipped("rules"), tmp_path / "desk" / "rules")
    return tmp_path / "desk"


def test_the_database_is_brought_up_to_date(directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The revision is named; doing it twice does no harm."""
    for _ in range(2):
        status, out, _err = run(capsys, "--config", str(directory), "db", "upgrade")
        assert status == 0
        assert out.startswith("database is at revision 0001")


def test_a_daemon_without_password_does_not_start(
    directory: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Status 2 and one line that says where the password was looked for; the log holds no traceback."""
    for owner, hook in ((sys, "excepthook"), (sys, "unraisablehook"), (threading, "excepthook")):
        monkeypatch.setattr(owner, hook, getattr(owner, hook))  # `run` sets them, for the whole process
    status, out, err = run(capsys, "--config", str(directory / "nowhere"), "run")
    assert (status, out) == (2, "")
    assert "Traceback" not in err


@pytest.fixture
def scenario(tmp_path: Path) -> Path:
    """A copy of the exchange of 6 June 2024, free to be changed."""
    return Path(shutil.copytree(SCENARIOS / "S01", tmp_path / "scenarios" / "S01"))


def test_a_replay_tells_its_story(scenario: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without --json in lines for a person; status 0 when everything came out as expected."""
    status, out, err = run(capsys, "replay", str(scenario))
    assert (status, err) == (0, "")
    assert "152 minutes" in out


def test_a_replay_prints_one_document_or_a_list(scenario: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One scenario is one document; a folder of scenarios is a list, however many it holds."""
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
    """What differs goes to standard error, the document stays what was found."""
    path = scenario / "scenario.yaml"
    text = path.read_text(encoding="utf-8").replace("human_min: 152", "human_min: 151")
    path.write_text(text, encoding="utf-8")
    status, out, err = run(capsys, "replay", "--json", str(scenario))
    assert status == 1
    assert json.loads(out)["notifications"][0]["human_min"] == 152
    assert err.startswith("S01: ")
    assert "151" in err


def test_a_refused_act_ends_the_replay(scenario: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Status 1 and what the command line answered."""
    path = scenario / "scenario.yaml"
    text = path.read_text(encoding="utf-8").replace("do: approve VF-EP2024-0001/1", "do: approve VF-EP2024-0001/7")
    path.write_text(text, encoding="utf-8")
    status, _, err = run(capsys, "replay", str(scenario))
    assert status == 1
    assert "VF-EP2024-0001/7" in err
