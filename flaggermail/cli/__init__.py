# SPDX-License-Identifier: EUPL-1.2
"""The command line: one module per command, imported on use, so that help and `status` start quickly."""

from __future__ import annotations

import atexit
import gc
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import NoReturn

import click

from flaggermail import __version__
from flaggermail.cli.connections import SYSTEM_DIRECTORY, named_socket
from flaggermail.cli.groups import Suggesting
from flaggermail.cli.session import DIRECT_HELP, SOCKET_HELP, Session, show_json, with_ways
from flaggermail.cli.terminal import safe_line
from flaggermail.errors import ConfigurationError, FlaggermailError, Refusal

SELDOM = 200_000  # objects made until the interpreter looks for garbage: `check` on a record makes 142,000
USUALLY = gc.get_threshold()
# whose -> command -> help line; a test compares the line with the command's own help
COMMANDS_OF = {
    "For officers": {
        "approve": "Approve or reject a draft.",
        "case": "Open, assess, decide and follow cases.",
        "channel": "List the platforms' channels; clear bounced addresses.",
        "declined": "List, show and decline citizens' mail.",
        "election": "List, add and close elections.",
        "events": "Print what happened: the events of the record in words.",
        "exercise": "Start and stop an exercise, and show its debrief.",
        "message": "List, show and correct messages.",
        "notify": "Draft a notification to a platform.",
        "officer": "List officers; enrol and revoke their devices for one-time codes.",
        "oncall": "Show shifts, reminders and pages; acknowledge, override, swap.",
        "outbox": "List outgoing mail; resolve, retry or cancel it.",
        "quarantine": "List, show and place quarantined mail.",
        "readiness": "Show what the desk lacks for the next election.",
        "referrer": "List, add and remove domains of known referrers.",
        "resume": "Stop observing: the desk sends again.",
        "web": "Show the desk in a browser on this machine.",
    },
    "For the report writer and the archivist": {
        "annex": "Redact the mails of a notification for a report to Parliament.",
        "archive": "Verify, search and export the archive; show terms, place holds.",
        "audit": "Prove that the record was not changed.",
        "latency": "Show how long each platform took to answer.",
        "report": "Draft, freeze and make the report to Parliament.",
    },
    "For the administrator": {
        "check": "Check configuration, rules, templates, rota, passwords and database.",
        "db": "Maintain the database.",
        "ingest": "Take in old mail from files and folders.",
        "init": "Write a complete configuration to start from.",
        "node": "List the machines of the desk; hand over from one to another.",
        "rules": "Check the rules and explain their outcome for mails.",
        "run": "Run the daemon.",
        "serve": "Serve the desk on a Unix socket.",
        "status": "Summarise the desk's status.",
    },
    "For developers": {
        "demo": "Play the story on this machine.",
        "parse": "Parse mails and print their content.",
        "replay": "Play a scenario in simulated time.",
        "threads": "Group mails into conversations.",
    },
}
COMMANDS = {name: line for named in COMMANDS_OF.values() for name, line in named.items()}


class Commands(Suggesting):
    """Imports the module of a command when the command is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Returns the names of all commands in alphabetical order."""
        del ctx
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Returns the command of that name, or None."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"flaggermail.cli.{cmd_name}").command
        return with_ways(command)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Writes the commands of each person without importing any of them."""
        del ctx
        width = max(map(len, COMMANDS))
        for whose, named in COMMANDS_OF.items():
            with formatter.section(whose):
                formatter.write_dl([(name.ljust(width), line) for name, line in sorted(named.items())])


@click.command(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, "--version", prog_name="flaggermail")
@click.option(
    "--config", "directory", type=click.Path(path_type=Path, readable=False), metavar="DIR",
    help="The configuration directory. [default: $FLAGGERMAIL_CONFIG, else /etc/flaggermail]",
)  # fmt: skip
@click.option("--socket", type=click.Path(path_type=Path, readable=False), metavar="PATH", help=SOCKET_HELP)
@click.option("--direct", is_flag=True, help=DIRECT_HELP)
@click.pass_context
def commands(ctx: click.Context, directory: Path | None, socket: Path | None, *, direct: bool) -> None:
    """Watch the mailbox of an election flagger: cases, notifications, reminders, and each platform's latency.

    Example: flaggermail --config /etc/flaggermail case list
    """
    if not isinstance(ctx.obj, Session):
        ctx.obj = new_session(directory, socket, direct=direct)
        ctx.call_on_close(ctx.obj.close)


def default_directory() -> Path:
    """Returns the configuration directory used by default, never one of the present directory."""
    return Path(os.environ.get("FLAGGERMAIL_CONFIG") or SYSTEM_DIRECTORY)


def new_session(directory: Path | None, socket: Path | None, *, direct: bool = False) -> Session:
    """Returns the session of a process, by its options and environment."""
    return Session(directory or default_directory(), socket=named_socket(socket), direct=direct)


def main(arguments: Sequence[str] | None = None, session: Session | None = None) -> None:
    """Runs the command line; exits with 0 if done, 1 if refused or faulty, 2 for wrong use or configuration."""
    if arguments is None:  # a process of its own: what it imports stays, so to look for garbage in it finds none
        gc.set_threshold(SELDOM)
        atexit.register(gc.freeze)  # nor does the interpreter look through it all at its end
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
        _end("\n".join(map(safe_line, fault.faults)), fault.STATUS)
    except FlaggermailError as fault:
        if (
            isinstance(fault, Refusal)
            and not fault.printed
            and "--json" in (sys.argv if arguments is None else arguments)
        ):
            show_json(fault.document())
        _end(safe_line(str(fault)), 1)
    except OSError as fault:  # a file or folder that is full, closed or gone, where no command expects it
        place = f"{fault.filename}: " if fault.filename else ""
        _end(safe_line(f"{place}cannot be used ({fault.strerror or fault}); see to it, and repeat the command"), 1)
    sys.exit(status)


def one_line(fault: click.ClickException) -> str:
    """Describes a command line error in one line that refers to the command's help."""
    line = safe_line(" ".join(fault.format_message().split()))
    if isinstance(fault, click.UsageError) and fault.ctx is not None:
        end = "" if line.endswith((".", "?", "!")) else "."
        return f"{fault.ctx.command_path}: {line}{end} See `{fault.ctx.command_path} --help`."
    return line


def _end(text: str, status: int) -> NoReturn:
    click.echo(text, err=True)
    sys.exit(status)
