# SPDX-License-Identifier: EUPL-1.2
"""No command ends in a traceback, whatever is broken: each one is typed at each broken desk.

The commands come from the command line's own tree, so a new one is tried without being named here. `./dev test` types a
quarter of them at each desk, another quarter at the next one.
"""

from __future__ import annotations

import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import NoReturn

import click
import pytest

from flaggermail.adapters.db.store import SqlStore
from flaggermail.cli import commands
from flaggermail.daemon.service import Daemon
from tests.command_line import Ran, type_here
from tests.corpus import one_in
from tests.doubles.broken_desks import DESKS, BrokenDesk, sound

MAIL = b"From: a@b.example\r\nMessage-ID: <q@b.example>\r\nSubject: ?\r\n\r\nhello\r\n"
GIVEN = {  # what a parameter of that name is given; any other gets the number of a case
    "officer": "officer2",
    "other": "officer2",
    "channel": "x-urgent",
    "election": "EP2024",
    "code": "TK2030",
    "polling_days": "2030-03-13",
    "period": "2030-02-01 2030-03-27",
    "begins_at": "2030-03-13T08:00",
    "ends_at": "2030-03-13T20:00",
    "shift": "2030-03-13T08:00",
}
FILES = {"mail": "one.eml", "form": "form.yaml", "rules": "desk/rules"}  # and `free`, a path of the command's own
PATHS = {"paths": "{mail}", "path": "{mail}", "text": "{mail}", "out": "{free}", "folder": "{free}"}
PATHS |= {"file": "{mail}", "to": "{free}"}
PATHS |= {"init": "{free}", "rules compare": "{rules}", "report make": "{free}.odt"}  # by command
BESIDE = {  # what a command needs beside its required parameters
    "annex edit": "{form}",
    "archive export": "VF-EP2024-0001 --out {free}",
    "archive find": "2024-06",
    "case assess": "{form}",
    "case tag": "two-boxes",
    "case reclassify": "--type other",
    "case note": "--text x",
    "ingest": "{mail}",
    "message reclassify": "--kind noise",
    "quarantine place": "--noise",
    "outbox resolve": "--again",
    "report draft": "--print",
    "rules schema": "rules",
    "run": "--json",
}
QUARTERS = 4
Typed = Callable[[str], Ran]
# `demo` plays on servers and a desk of its own, and needs none; `serve` waits for callers: tests/flow ends it.
STARTS_ITS_OWN = {"demo", "serve"}
LOGS = {"run"}  # its lines on standard error are the journal's
WITHOUT_DOOR = {  # what needs no desk, or is the desk's own; so does `archive export --verify`
    "check", "db backup", "db restore", "db upgrade", "ingest", "init", "parse", "replay", "rules check",
    "rules schema", "rules test", "run", "status", "threads",
}  # fmt: skip


def leaves(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[str, click.Command]]:
    """Yields every command that is no group, with its words, from the command line's own tree."""
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found is not None
            yield from leaves(found, (*path, name))
    else:
        yield " ".join(path), command


COMMANDS = {name: command for name, command in leaves(commands) if name not in STARTS_ITS_OWN}


def line_of(name: str, folder: Path) -> list[str]:
    """Returns the words of a command with all that it requires."""
    words = name.split()
    for parameter in COMMANDS[name].params:
        if parameter.required:
            words += [parameter.opts[0]] if isinstance(parameter, click.Option) else []
            words += [] if getattr(parameter, "is_flag", False) else value_of(name, parameter).split()
    words += BESIDE.get(name, "").split()
    beside = {each: folder / file for each, file in FILES.items()} | {"free": folder / f"free {name}"}
    return [word.format_map(beside) for word in words]


def value_of(name: str, parameter: click.Parameter) -> str:
    """Returns a value that the parameter takes."""
    if isinstance(parameter.type, click.Choice):
        return str(parameter.type.choices[0])
    if isinstance(parameter.type, click.Path | click.File) or parameter.name == "paths":
        return PATHS.get(name) or PATHS[str(parameter.name)]
    return GIVEN.get(str(parameter.name), "VF-EP2024-0001")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Returns a folder with a desk without a fault, and a mail and a form beside it."""
    folder = tmp_path_factory.mktemp("desk")
    (folder / "one.eml").write_bytes(MAIL)
    (folder / "form.yaml").write_text("incorrect: true\n", encoding="ascii")
    sound(folder / "desk")
    return folder


@pytest.fixture
def opened(whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[BrokenDesk], Typed]:
    """Returns a function that breaks a desk, and returns one that types a command there as an officer.

    The daemon ends as soon as it has started, and nothing waits long: neither for a lock nor for a server.
    """
    monkeypatch.setattr("flaggermail.wiring.databases.SqlStore", partial(SqlStore, wait=0.05))
    monkeypatch.setattr(
        "flaggermail.wiring.daemon_assembly.time", SimpleNamespace(monotonic=time.monotonic, sleep=interrupt)
    )
    monkeypatch.setattr("flaggermail.cli.session.login", lambda: "officer1")
    monkeypatch.setattr(Daemon, "obey_signals", lambda daemon: daemon.stop.set())
    for owner, hook in ((sys, "excepthook"), (sys, "unraisablehook"), (threading, "excepthook")):
        monkeypatch.setattr(owner, hook, getattr(owner, hook))  # `run` sets them for the whole process
    folder = tmp_path / "at"
    shutil.copytree(whole, folder)

    def opened(broken: BrokenDesk) -> Typed:
        broken.spoil(folder / "desk")
        return lambda name: type_at(folder, broken, name)

    return opened


def type_at(folder: Path, broken: BrokenDesk, name: str) -> Ran:
    """Types a command at the desk in `folder`."""
    with broken.around(folder / "desk"):
        return type_here(["--config", str(folder / "desk"), *line_of(name, folder)])


def test_without_a_door_no_other_command_reaches_the_desk(whole: Path) -> None:
    """One line says how to open the door or who may do without, with exit status 1; nothing is written."""
    desk = whole / "desk"
    before = files_of(desk)
    for name in sorted(COMMANDS.keys() - WITHOUT_DOOR):
        ran = type_here(["--config", str(desk), *line_of(name, whole)], direct=False)
        assert (ran.status, ran.out, ran.err.count("\n")) == (1, "", 1), (name, ran)
        assert ran.err.startswith(f"{desk}: no door of this desk is open; start it with `systemctl start "), (name, ran)
        assert f"`flaggermail --config {desk} serve`" in ran.err
        assert "--direct" in ran.err
    assert files_of(desk) == before


def test_what_needs_no_desk_needs_no_door(whole: Path) -> None:
    """Files that this account reads, and what is the desk's own, whatever comes of it."""
    for name in sorted(WITHOUT_DOOR - {"replay", "run"}):  # a scenario has a desk of its own, and so has the daemon
        ran = type_here(["--config", str(whole / "desk"), *line_of(name, whole)], direct=False)
        assert "no door" not in ran.err, (name, ran)


def files_of(folder: Path) -> dict[Path, bytes]:
    """Returns the octets of each file in a folder."""
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def interrupt(_seconds: float) -> NoReturn:
    """Ends the wait of a daemon for a database that is away, as Ctrl-C does."""
    raise KeyboardInterrupt


def test_each_line_says_all_that_its_command_requires(opened: Callable[[BrokenDesk], Typed]) -> None:
    """At a desk without a fault no command is refused for its words: each gets as far as the desk."""
    typed = opened(BrokenDesk("without a fault"))
    for name in COMMANDS.keys() - {"replay"}:  # a scenario has a desk of its own
        ran = typed(name)
        assert "--help`" not in ran.err, f"{name}: {ran.err}"


def quarters() -> Iterator[tuple[BrokenDesk, int]]:
    """Yields each broken desk with each quarter of the commands, first with the one after that of the desk before."""
    for number, broken in enumerate(DESKS):
        for turn in range(QUARTERS):
            yield broken, (number + turn) % QUARTERS


@pytest.mark.slow
@pytest.mark.parametrize(("broken", "quarter"), one_in(QUARTERS, quarters()), ids=lambda it: getattr(it, "name", it))
def test_no_command_ends_in_a_traceback(
    broken: BrokenDesk, quarter: int, opened: Callable[[BrokenDesk], Typed]
) -> None:
    """Every command ends with status 0, 1 or 2, says what is wrong in one line, and shows no traceback."""
    typed, statuses = opened(broken), dict[str, int]()
    for name in dict.fromkeys([*list(COMMANDS)[quarter::QUARTERS], "check", "run"]):
        ran = typed(name)
        statuses[name] = ran.status
        assert ran.status in {0, 1, 2}, (name, ran)
        assert "Traceback" not in ran.err + ran.out, (name, ran)
        if ran.status and name not in LOGS:
            said = ran.err.splitlines()
            assert len(said) == 1 or (not said and ran.out), (name, ran)  # `status` answers on standard output
            assert all(len(line.split()) > 2 for line in said), (name, ran)
    assert (statuses["check"], statuses["run"]) == (broken.check, broken.run)
