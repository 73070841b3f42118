# SPDX-License-Identifier: EUPL-1.2
"""The package installed from its wheel instead of a checkout."""

from __future__ import annotations

import getpass
import json
import os
import re
import subprocess
from pathlib import Path

import click

from flaggermail.cli import COMMANDS
from tests.doubles.broken_desks import give_secrets
from tests.flow.from_wheel import ROOT, run
from tests.unit.cli.test_cli_help import everything
from tests.unit.test_docs import links


def test_the_wheel_brings_configuration_rules_and_templates(installed: Path, tmp_path: Path) -> None:
    """`init DIR` from a wheel writes a configuration that `check` accepts, byte for byte the checkout's."""
    made = run(installed, tmp_path, "init", "desk")
    assert made.returncode == 0, made.stderr
    give_secrets(tmp_path / "desk")
    checked = run(installed, tmp_path, "--config", "desk", "check")
    assert checked.returncode == 0, checked.stdout
    for name in ("flaggermail.yaml", "templates/nl/notification.j2"):
        assert (tmp_path / "desk" / name).read_bytes() == (ROOT / "config" / name).read_bytes()
    rules = ROOT / "rules"
    for rule in rules.glob("*.yaml"):
        assert (tmp_path / "desk" / "rules" / rule.name).read_bytes() == rule.read_bytes()


def test_the_wheel_puts_nothing_beside_the_package(installed: Path) -> None:
    """The wheel installs nothing beside the package: what is shipped is inside it."""
    names = {path.name.partition("-")[0] for path in installed.iterdir()}
    assert names == {"flaggermail"}
    folders = {path.name for path in (installed / "flaggermail" / "_shipped").iterdir() if path.is_dir()}
    assert folders == {"config", "rules", "docs", "systemd"}


def test_the_wheel_brings_the_manual(installed: Path, tmp_path: Path) -> None:
    """Every page of the manual is in the wheel, every link of it leads to a file there, and `init` names it."""
    shipped = installed / "flaggermail" / "_shipped"
    pages = sorted((shipped / "docs").glob("*.md"))
    assert [page.name for page in pages] == sorted(page.name for page in (ROOT / "docs").glob("*.md"))
    for page in (*pages, shipped / "systemd" / "README.md"):
        targets = {target.partition("#")[0] for target in links(page.read_text("utf-8"))}
        assert [target for target in targets if not (page.parent / target).exists()] == [], page.name
    told = run(installed, tmp_path, "init", "desk", "--json")
    assert json.loads(told.stdout)["manual"] == str(shipped / "docs" / "administrator.md")


def test_init_writes_the_unit_of_the_wheel(installed: Path, tmp_path: Path) -> None:
    """`init DIR --unit` also writes the systemd unit, byte for byte the checkout's."""
    assert run(installed, tmp_path, "init", "desk", "--unit").returncode == 0
    unit = "flaggermail.service"
    assert (tmp_path / "desk" / unit).read_bytes() == (ROOT / "systemd" / unit).read_bytes()


def page_of(installed: Path, *words: str) -> str:
    """Returns what `man` shows for a command of the wheel; whatever it complains of is a fault."""
    (shared,) = installed.glob("*.data/data/share/man")
    command = ["man", "--warnings", "--manpath", str(shared), "-".join(("flaggermail", *words))]
    environment = {**os.environ, "MANWIDTH": "100", "MAN_KEEP_FORMATTING": "", "LC_ALL": "C.UTF-8"}
    shown = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (shown.returncode, shown.stderr) == (0, ""), shown.stderr
    return re.sub("\x08.", "", shown.stdout)


def test_man_shows_the_pages_of_an_installed_wheel(installed: Path) -> None:
    """`man flaggermail` shows every command with its whole sentence, and each command has a page of its own."""
    page = page_of(installed)
    assert page.startswith("FLAGGERMAIL(1)")
    said = " ".join(page.split())
    for name, sentence in COMMANDS.items():
        assert f" {name} {sentence}" in said, name
    assert "oncall next [OPTIONS]" in page_of(installed, "oncall", "next")


def test_every_command_has_a_page(installed: Path) -> None:
    """Each command, groups and their commands too, has a page with its help and every option."""
    (shared,) = installed.glob("*.data/data/share/man/man1")
    pages = {page.stem for page in shared.iterdir()}
    assert pages == {"flaggermail", *("-".join(("flaggermail", *path)) for path, _ in everything())}
    for path, command in everything():
        text = (shared / f"{'-'.join(('flaggermail', *path))}.1").read_text("utf-8")
        for parameter in command.params:
            if isinstance(parameter, click.Option) and not parameter.hidden:
                assert parameter.opts[-1].replace("-", r"\-") in text, (path, parameter.name)


def test_the_wheel_brings_the_schema(installed: Path, tmp_path: Path) -> None:
    """The wheel includes the migrations: a command that needs the database creates it."""
    assert run(installed, tmp_path, "init", "desk").returncode == 0
    rota = tmp_path / "desk" / "oncall.yaml"
    own = f"login: {getpass.getuser()}\n"  # who maps to no officer reads nothing
    rota.write_text(rota.read_text("utf-8").replace("login: officer1\n", own, 1), "utf-8")
    listed = run(installed, tmp_path, "--direct", "--config", "desk", "election", "list")
    assert listed.returncode == 0, listed.stderr
    assert listed.stdout.startswith("no elections")  # the daemon has not registered them
    assert (tmp_path / "desk" / "flaggermail.db").exists()


def test_the_wheel_says_that_it_is_typed(installed: Path) -> None:
    """The package carries its type information (PEP 561)."""
    assert (installed / "flaggermail" / "py.typed").is_file()
