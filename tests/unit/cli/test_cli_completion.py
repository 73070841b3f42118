# SPDX-License-Identifier: EUPL-1.2
"""The shell completes what the desk knows, at once and in silence."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from flaggermail.cli.completing import DeskWord
from flaggermail.desk.completion import DATABASE, CompletedKind
from flaggermail.settings.model import StoreSettings
from flaggermail.shipped import shipped
from tests.unit.cli.conftest import CONFIG, Desk
from tests.unit.cli.served import served
from tests.unit.cli.test_cli_help import SLOW, everything

# parameters that name a case, a channel, an officer or an election, by the name of the parameter
NAMED = {
    "case": "cases",
    "number": "cases",
    "related": "cases",
    "channel": "channels",
    "officer": "officers",
    "election": "elections",
}


@pytest.fixture
def directory(desk: Desk) -> Iterator[Path]:
    """Yields a configuration whose database holds one case, with an open door."""
    desk.notified()
    folder = desk.folder / "desk"
    shutil.copytree(CONFIG, folder)
    (folder / "rules").symlink_to(shipped("rules"))
    (folder / "templates").symlink_to(shipped("config") / "templates")
    path = folder / "flaggermail.yaml"
    text = path.read_text("utf-8")
    assert "sqlite:///flaggermail.db" in text
    path.write_text(text.replace("sqlite:///flaggermail.db", "sqlite:///../scenario.db"), "utf-8")
    with served(folder):
        yield folder


def completed(directory: Path, *words: str, dialect: str = "bash") -> list[str]:
    """Returns what the program offers for the last word; whatever it prints to standard error is a fault."""
    typed = ["flaggermail", "--config", str(directory), *words]
    environment = {
        **os.environ, "_FLAGGERMAIL_COMPLETE": f"{dialect}_complete", "COMP_WORDS": " ".join(typed),
        "COMP_CWORD": str(len(typed) - 1),
    }  # fmt: skip
    program = (
        "import sys\nfrom flaggermail.cli import main\ntry:\n    main()\nfinally:\n    "
        f"sys.stderr.write(' '.join(name for name in {SLOW!r} if name in sys.modules and name != 'ruamel'))"
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
    """Officers are those of the desk's oncall.yaml; the client loads no database and no settings."""
    assert completed(directory, *words) == [f"plain,{word}" for word in offered]


@pytest.mark.outside
def test_a_remark_is_shown_where_the_shell_has_room(directory: Path) -> None:
    """The Z shell shows the name beside the id."""
    assert completed(directory, "officer", "enrol", "head", dialect="zsh") == ["plain", "head1", "C.", "Bakker"]


@pytest.mark.outside
@pytest.mark.parametrize("typed", ["", "VF-", "vf-ep2024-0", "1"])
def test_cases_are_completed_by_their_number(directory: Path, typed: str) -> None:
    """Case numbers are read from the record; the running number alone is enough."""
    assert completed(directory, "case", "show", typed) == ["plain,VF-EP2024-0001"]
    assert completed(directory, "case", "show", "2") == []


@pytest.mark.outside
def test_channels_are_completed(directory: Path) -> None:
    """Channels are those of platforms.yaml."""
    assert completed(directory, "notify", "V", "--channel", "x-") == ["plain,x-urgent"]


@pytest.mark.outside
@pytest.mark.parametrize("words", [("latency", "--election"), ("archive", "retention", "--election")])
def test_elections_are_completed(directory: Path, words: tuple[str, ...]) -> None:
    """Elections are those of the record, the newest first; one that is closed there has figures too."""
    assert completed(directory, *words, "ep") == ["plain,EP2024"]
    assert set(completed(directory, *words, "")) == {"plain,EP2024", "plain,PS2023", "plain,PS2027", "plain,TK2023"}


@pytest.mark.outside
@pytest.mark.parametrize(
    "words",
    [("oncall", "override", ""), ("case", "show", ""), ("notify", "V", "--channel", ""), ("latency", "--election", "")],
)
def test_without_a_desk_nothing_is_offered_and_nothing_said(tmp_path: Path, words: tuple[str, ...]) -> None:
    """A configuration that is missing, faulty or without a database offers nothing, prints nothing, makes nothing."""
    assert completed(tmp_path / "none", *words) == []
    for name in ("flaggermail.yaml", "oncall.yaml", "platforms.yaml"):
        (tmp_path / name).write_text("officers: [1\n  : {", "utf-8")
    assert completed(tmp_path, *words) == []
    for name in ("flaggermail.yaml", "oncall.yaml", "platforms.yaml"):
        (tmp_path / name).write_text("{officers: 3, platforms: [x, {channels: 4}]}", "utf-8")
    assert completed(tmp_path, *words) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["flaggermail.yaml", "oncall.yaml", "platforms.yaml"]


def test_every_parameter_that_names_one_is_completed() -> None:
    """Each argument and option for a case, a channel, an officer or an election completes them."""
    for path, command in everything():
        for parameter in command.params:
            if parameter.name in NAMED and isinstance(parameter.type, click.types.StringParamType):
                assert isinstance(parameter.type, DeskWord), (path, parameter.name)
                assert parameter.type.what == NAMED[parameter.name], path
                assert parameter.type.what in set(CompletedKind)


def test_the_default_database_is_that_of_the_settings() -> None:
    """Both copies of the default agree."""
    assert StoreSettings.model_fields["database"].default == DATABASE
