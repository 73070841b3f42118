# SPDX-License-Identifier: EUPL-1.2
"""Every command has a help text with an example, shown without delay."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import click
import pytest

from flaggermail.cli import COMMANDS, commands
from tests.corpus import each

SLOW = ("sqlalchemy", "sqlmodel", "pydantic", "apscheduler", "alembic", "imapclient", "ruamel")


def walk(command: click.Command, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Yields the command and everything below it."""
    yield path, command
    if isinstance(command, click.Group):
        for name, below in command.commands.items():
            yield from walk(below, (*path, name))


def everything() -> list[tuple[tuple[str, ...], click.Command]]:
    """Returns every command, with the words that call it."""
    context = click.Context(commands)
    found = []
    for name in COMMANDS:
        command = commands.get_command(context, name)
        assert command is not None, name
        found += list(walk(command, (name,)))
    return found


@each("name", sorted(COMMANDS))
def test_the_list_of_commands_says_what_each_says_of_itself(name: str) -> None:
    """The overview of commands, written down to need no import, equals the commands' own help."""
    command = commands.get_command(click.Context(commands), name)
    assert command is not None
    assert (command.name, (command.help or "").splitlines()[0]) == (name, COMMANDS[name])


def test_every_command_has_an_example_and_explains_its_options() -> None:
    """Every command has an example with its own words, and a help text for each option."""
    for path, command in everything():
        example = f"Example: flaggermail {' '.join(path)}"
        with_config = f"Example: flaggermail --config /etc/flaggermail {' '.join(path)}"
        text = " ".join((command.help or "").split())
        assert example in text or with_config in text or isinstance(command, click.Group), path
        assert "Example: flaggermail " in text, path
        for parameter in command.params:
            if isinstance(parameter, click.Option) and not parameter.hidden:
                assert parameter.help, (path, parameter.name)


def test_every_command_takes_json() -> None:
    """A program can run each command and read its answer."""
    for path, command in everything():
        options = {word for parameter in command.params for word in parameter.opts}
        assert "--json" in options or isinstance(command, click.Group), path


@pytest.mark.outside
@each("words", [["--help"], ["-h"], ["case", "show", "--help"], *([name, "--help"] for name in COMMANDS)])
def test_help_loads_nothing_slow(words: list[str]) -> None:
    """Help loads neither database, settings nor scheduler, so it is fast."""
    program = (
        "import sys\nfrom flaggermail.cli import main\n"
        "try:\n    main(sys.argv[1:])\nexcept SystemExit as ended:\n    assert not ended.code\n"
        f"print('LOADED', *(name for name in {SLOW!r} if name in sys.modules))"
    )
    ran = subprocess.run([sys.executable, "-c", program, *words], capture_output=True, text=True, check=True)
    assert ran.stdout.splitlines()[-1] == "LOADED"


def complete(**environment: str) -> str:
    """Returns what the program prints for the shell."""
    ran = subprocess.run(
        [sys.executable, "-c", "from flaggermail.cli import main; main()"],
        capture_output=True, text=True, check=True, env={**os.environ, **environment},
    )  # fmt: skip
    return ran.stdout


@pytest.mark.outside
def test_the_shell_completes() -> None:
    """The shell gets its completion script, and then the words that fit."""
    assert "complete -o nosort -F" in complete(_FLAGGERMAIL_COMPLETE="bash_source")
    words = complete(_FLAGGERMAIL_COMPLETE="bash_complete", COMP_WORDS="flaggermail case ass", COMP_CWORD="2")
    assert words.split() == ["plain,assess", "plain,assign"]
    decisions = complete(
        _FLAGGERMAIL_COMPLETE="bash_complete", COMP_WORDS="flaggermail case decide VF-1 no", COMP_CWORD="4"
    )
    assert decisions.split() == ["plain,notify", "plain,none"]
