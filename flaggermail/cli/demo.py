# SPDX-License-Identifier: EUPL-1.2
"""`flaggermail demo`: the whole story in one command, without configuration or root rights, and then its pages."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

import click

from flaggermail.cli.session import login, show_json_line
from flaggermail.cli.terminal import safe_line

if TYPE_CHECKING:
    from flaggermail.stories.demo import Look

_PROGRAM = "flaggermail"
_WEEK = 7 * 24 * 60  # minutes
_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


@click.command(name="demo")
@click.option("--once", is_flag=True, help="Stop after the story; otherwise the desk's pages are served until Ctrl-C.")
@click.option("--all", "everything", is_flag=True, help="Tell the whole story, not the day of 6 June 2024 alone.")
@click.option(
    "--answer-after", type=click.IntRange(1, _WEEK), metavar="MINUTES",
    help="Minutes until the platform of the first story answers. [default: 152]",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print the story as one JSON object per line.")
@click.option("--daemon", hidden=True, metavar="DIR", type=_FOLDER)
@click.option("--door", hidden=True, metavar="DIR", type=_FOLDER)
def command(
    *, once: bool, everything: bool, answer_after: int | None, as_json: bool, daemon: Path | None, door: Path | None
) -> None:
    """Play the story on this machine.

    Needs neither configuration nor root. The real daemon runs against a mailbox server and a submission server on
    loopback; a day passes in seconds. Everything is kept in a temporary folder, whose name is printed.

    Then it prints an address, which works once, and serves the pages of that desk on loopback, to this account alone,
    until Ctrl-C, SIGTERM or the end of its terminal; that its output is no terminal changes nothing. A script takes
    --once.

    Example: flaggermail demo --once --answer-after 97
    """
    if daemon is not None:
        _run_daemon(daemon)
        return
    if door is not None:
        _run_door(door)
        return
    from flaggermail.cli.acting import typed
    from flaggermail.cli.web_bridge import bridged
    from flaggermail.stories.demo import Wanted
    from flaggermail.wiring.runs import show_demo

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):  # they end it cleanly, also as a job of a script
        signal.signal(number, signal.default_int_handler)
    wanted = Wanted(once, everything, answer_after, login(), _own_command())
    try:
        own = [sys.executable, "-m", _PROGRAM, "demo"]
        show_demo(wanted, typed, own, _tell_json if as_json else _tell, bridged)
    except ModuleNotFoundError as missing:
        package = str(missing.name).partition(".")[0]
        if package == _PROGRAM:
            raise
        need = "install the extra `demo`: pip install 'flaggermail[demo]'"
        click.echo(f"demo: {package} is not installed; {need}", err=True)
        raise click.exceptions.Exit(2) from None


def _tell(line: str, look: Look) -> None:
    text = safe_line(line)
    if look == "heading":
        click.secho(text, bold=True)
    elif look == "typed":
        click.secho(text, fg="cyan")
    elif look == "faint":
        click.secho(text, dim=True)
    elif look == "figure":
        click.secho(text, fg="green", bold=True)
    else:
        click.echo(text)


def _tell_json(line: str, look: Look) -> None:
    show_json_line({"line": line, "look": str(look)})


def _own_command() -> str:
    """Returns a command that runs this program from the same place."""
    called = Path(sys.argv[0])
    if called.name != _PROGRAM:
        return f"{sys.executable} -m {_PROGRAM}"
    found = shutil.which(_PROGRAM)
    return _PROGRAM if found is not None and Path(found).resolve() == called.resolve() else str(called.absolute())


def _run_daemon(directory: Path) -> None:
    """Runs the daemon of a demo in another process. It ends on SIGTERM, or when that process is gone."""
    from flaggermail import logbook
    from flaggermail.wiring.daemon_assembly import demo_daemon

    logbook.configure()
    running = demo_daemon(directory)
    running.obey_signals()
    Thread(target=_stop_with_parent, args=(running.stop.set,), daemon=True).start()
    running.run()


def _run_door(directory: Path) -> None:
    """Runs the door of a demo in another process. It ends on SIGTERM, or when that process is gone."""
    from flaggermail import logbook
    from flaggermail.wiring.door_assembly import demo_door

    logbook.configure()
    running = demo_door(directory)
    running.obey_signals()
    Thread(target=_stop_with_parent, args=(partial(os.kill, os.getpid(), signal.SIGTERM),), daemon=True).start()
    running.run(lambda: None)
    running.exit_if_overdue()


def _stop_with_parent(stop: Callable[[], None]) -> None:
    os.read(sys.stdin.fileno(), 1)  # not through sys.stdin: its lock, held at exit, would abort the interpreter
    stop()
