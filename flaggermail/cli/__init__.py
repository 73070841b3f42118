# SPDX-License-Identifier: EUPL-1.2
"""The command line: one module a noun, loaded when its command is asked for, so that help and status start at once."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import NoReturn

import click

from flaggermail import __version__
from flaggermail.cli.session import Session
from flaggermail.cli.terminal import safe_line
from flaggermail.errors import ConfigurationError, FlaggermailError

# command -> (module, what it does); a test compares the second with the command's own help
COMMANDS = {
    "approve": "Let a draft go out, or reject it.",
    "audit": "Prove that the record was not changed.",
    "case": "Open, assess, decide and follow cases.",
    "channel": "The ways to the platforms, and which may be used.",
    "check": "Check configuration, rules, templates and rota.",
    "db": "Look after the database.",
    "declined": "Citizens' mail that was declined.",
    "demo": "Play the whole story on this machine.",
    "election": "List, add and close elections.",
    "exercise": "Begin and end a rehearsal.",
    "init": "Write a complete configuration to start from.",
    "message": "Show a mail; vouch for its sender, or not.",
    "notify": "Write a notification to a platform.",
    "oncall": "Who is on call, and what was told.",
    "outbox": "What waits to be sent, and what is in doubt.",
    "parse": "Read mails and print what they hold.",
    "quarantine": "Mail that fits nowhere.",
    "replay": "Play a scenario in simulated time.",
    "resume": "End observing: the desk sends again.",
    "rules": "Check the rules; explain what they make of mails.",
    "run": "Run the daemon.",
    "status": "Say in a few lines how things stand.",
    "threads": "Print which mails belong together.",
}


class Commands(click.Group):
    """Loads the module of a command only when that command is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every command, in alphabetical order."""
        del ctx
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"flaggermail.cli.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list in the help, without loading any command."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl(sorted(COMMANDS.items()))


@click.command(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, "--version", prog_name="flaggermail")
@click.option(
    "--config", "directory", type=click.Path(path_type=Path), metavar="DIR",
    help="The configuration. [default: $FLAGGERMAIL_CONFIG, else ./config, else /etc/flaggermail]",
)  # fmt: skip
@click.pass_context
def commands(ctx: click.Context, directory: Path | None) -> None:
    """Watch the mailbox of an election flagger: cases, notifications, reminders, and how long a platform took.

    Example: flaggermail --config /etc/flaggermail case list
    """
    if not isinstance(ctx.obj, Session):
        ctx.obj = Session(directory or default_directory())
        ctx.call_on_close(ctx.obj.close)


def default_directory() -> Path:
    """The configuration directory when none is given."""
    named = os.environ.get("FLAGGERMAIL_CONFIG")
    if named:
        return Path(named)
    here = Path("config")
    return here if here.is_dir() else Path("/etc/flaggermail")


def main(arguments: Sequence[str] | None = None, session: Session | None = None) -> None:
    """Run the command line; exit 0 done, 1 refused or faults found, 2 wrong use or configuration."""
    try:
        status = commands.main(
            args=None if arguments is None else list(arguments),
            prog_name="flaggermail",
            obj=session,
            standalone_mode=False,
        )
    except click.exceptions.NoArgsIsHelpError as asked:
        asked.show()
        sys.exit(asked.exit_code)
    except click.ClickException as fault:
        _end(one_line(fault), fault.exit_code)
    except click.Abort:
        _end("aborted", 1)
    except ConfigurationError as fault:
        _end("\n".join(map(safe_line, fault.faults)), 2)
    except FlaggermailError as fault:
        _end(safe_line(str(fault)), 1)
    sys.exit(status)


def one_line(fault: click.ClickException) -> str:
    """What was wrong with a command line, and where its right use is explained, in one line."""
    text = safe_line(" ".join(fault.format_message().split()))
    if isinstance(fault, click.UsageError) and fault.ctx is not None:
        return f"{fault.ctx.command_path}: {text} See `{fault.ctx.command_path} --help`."
    return text


def _end(text: str, status: int) -> NoReturn:
    click.echo(text, err=True)
    sys.exit(status)
