# SPDX-License-Identifier: EUPL-1.2
"""The shell completes what the door shows, at once and in silence; without a door it offers nothing."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from socket import AF_UNIX, socket

import click
import pytest

from flaggermail.cli import completing
from flaggermail.cli.completing import DeskWord
from flaggermail.cli.session import Session
from flaggermail.desk.views.completion import CompletedKind
from flaggermail.shipped import shipped
from tests.unit.cli.conftest import CONFIG, Desk
from tests.unit.cli.served import served
from tests.unit.cli.test_cli_help import SLOW, everything

# parameters that name something of the desk, by the name of the parameter
NAMED = {
    "case": "cases",
    "number": "cases",
    "related": "cases",
    "channel": "channels",
    "draft": "drafts",
    "officer": "officers",
    "election": "elections",
}


@pytest.fixture
def alone(desk: Desk) -> Path:
    """Returns a configuration whose database holds one case with a draft; it has no door."""
    desk.drafted()
    folder = desk.folder / "desk"
    shutil.copytree(CONFIG, folder)
    (folder / "rules").symlink_to(shipped("rules"))
    (folder / "templates").symlink_to(shipped("config") / "templates")
    path = folder / "flaggermail.yaml"
    text = path.read_text("utf-8")
    assert "sqlite:///flaggermail.db" in text
    path.write_text(text.replace("sqlite:///flaggermail.db", "sqlite:///../scenario.db"), "utf-8")
    return folder


@pytest.fixture
def directory(alone: Path) -> Iterator[Path]:
    """Yields the same with its door."""
    with served(alone):
        yield alone


def completed(directory: Path, *words: str, dialect: str = "bash") -> list[str]:
    """Returns what the program offers for the last word; whatever it prints to standard error is a fault."""
    typed = ["flaggermail", "--config", str(directory), *words]
    environment = {
        **os.environ, "_FLAGGERMAIL_COMPLETE": f"{dialect}_complete", "COMP_WORDS": " ".join(typed),
        "COMP_CWORD": str(len(typed) - 1),
    }  # fmt: skip
    program = (
        "import sys\nfrom flaggermail.cli import main\ntry:\n    main()\nfinally:\n    "
        f"sys.stderr.write(' '.join(name for name in {SLOW!r} if name in sys.modules))"
    )
    command = [sys.executable, "-c", program]
    ran = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    assert ran.stderr == ""
    return ran.stdout.split()


@pytest.mark.outside
@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (("oncall", "override", ""), ["officer1", "officer2", "head1"]),
        (("oncall", "override", "OFF"), ["officer1", "officer2"]),
        (("officer", "enrol", "head"), ["head1"]),
        (("oncall", "override", "nobody"), []),
    ],
)
def test_officers_are_completed(directory: Path, words: tuple[str, ...], offered: list[str]) -> None:
    """Officers are those of oncall.yaml; neither a database nor the settings are loaded here."""
    assert completed(directory, *words) == [f"plain,{word}" for word in offered]


@pytest.mark.outside
def test_a_remark_is_shown_where_the_shell_has_room(directory: Path) -> None:
    """The Z shell shows the name beside the id."""
    assert completed(directory, "officer", "enrol", "head", dialect="zsh") == ["plain", "head1", "C.", "Bakker"]


@pytest.mark.outside
@pytest.mark.parametrize("typed", ["", "VF-", "vf-ep2024-0", "1"])
def test_cases_are_completed_by_their_number(directory: Path, typed: str) -> None:
    """The running number alone is enough."""
    assert completed(directory, "case", "show", typed) == ["plain,VF-EP2024-0001"]
    assert completed(directory, "case", "show", "2") == []


@pytest.mark.outside
def test_channels_are_completed(directory: Path) -> None:
    """Channels are those of platforms.yaml."""
    assert completed(directory, "notify", "V", "--channel", "x-") == ["plain,x-urgent"]


@pytest.mark.outside
@pytest.mark.parametrize("words", [("latency", "--election"), ("archive", "retention", "--election")])
def test_elections_are_completed(directory: Path, words: tuple[str, ...]) -> None:
    """Elections are those of the record; one that is closed there has figures too."""
    assert completed(directory, *words, "ep") == ["plain,EP2024"]
    assert set(completed(directory, *words, "")) == {"plain,EP2024", "plain,PS2023", "plain,PS2027", "plain,TK2023"}


@pytest.mark.outside
def test_drafts_are_completed(directory: Path) -> None:
    """A draft by its number, that of its case is enough; an approval names no case."""
    assert completed(directory, "approve", "1") == ["plain,VF-EP2024-0001/1"]
    assert completed(directory, "case", "text", "") == ["plain,VF-EP2024-0001/1"]


@pytest.mark.outside
def test_without_a_door_nothing_is_offered_and_nothing_said(alone: Path, tmp_path: Path) -> None:
    """No door, one that ended, past the door, and no configuration at all: nothing is offered, printed or made."""
    before = sorted(path.name for path in alone.iterdir())
    assert completed(alone, "case", "show", "") == []
    assert completed(tmp_path / "none", "oncall", "override", "") == []
    assert sorted(path.name for path in alone.iterdir()) == before
    with served(alone):
        assert completed(alone, "--direct", "case", "show", "") == []
    (alone / "desk.sock").unlink(missing_ok=True)
    with socket(AF_UNIX) as ended:
        ended.bind(str(alone / "desk.sock"))
    assert completed(alone, "case", "show", "") == []


def test_a_door_that_says_nothing_is_not_waited_for(alone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A person waits for the word: nothing is asked twice."""
    monkeypatch.setattr(completing, "PATIENCE", 0.1)
    with socket(AF_UNIX) as silent:
        silent.bind(str(alone / "desk.sock"))
        silent.listen()
        context = click.Context(click.Command("case"), obj=Session(alone))
        assert completing.CASE.shell_complete(context, click.Argument(["case"]), "") == []


def test_every_parameter_that_names_one_is_completed() -> None:
    """Each argument and option for something of the desk completes it."""
    for path, command in everything():
        for parameter in command.params:
            if parameter.name in NAMED and isinstance(parameter.type, click.types.StringParamType):
                assert isinstance(parameter.type, DeskWord), (path, parameter.name)
                assert parameter.type.what == NAMED[parameter.name], path
                assert parameter.type.what in set(CompletedKind)
