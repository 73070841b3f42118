# SPDX-License-Identifier: EUPL-1.2
"""The context of a command: where the desk is, who asks it, and how answers are printed.

The options that say how a command reaches its desk stand before its name or after it, as a person types.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from flaggermail.cli.connections import needs_no_desk, no_door, socket_of
from flaggermail.cli.terminal import safe_json, safe_line

if TYPE_CHECKING:
    from flaggermail.cli.connections import Connection
    from flaggermail.documents.octets import Octets
    from flaggermail.mail.message import Json
    from flaggermail.wiring.opening import DeskConnection, Given
    from flaggermail.wording.said import StoredText

MOST_AT_ONCE = 1_000  # lines of a list in one answer; the desk gives no more


@dataclass
class Session:
    """One run of the command line. A replay passes its own services and the acting officer.

    `socket` is that of a door which was named; `direct` says that the desk is opened in this process, beside its door.
    """

    directory: Path
    given: Given | None = None
    officer: str | None = None
    socket: Path | None = None
    direct: bool = False
    _here: DeskConnection | None = field(default=None, init=False)
    _there: Connection | None = field(default=None, init=False)

    @property
    def place(self) -> Path:
        """What tells this desk from others: its directory, or a socket that was named."""
        return self.socket or self.directory

    def ask(self, name: str, /, **request: Json) -> Mapping[str, Json]:
        """Asks the desk in the name of this user. Raises Refusal, ConfigurationError, DoorFailure."""
        return self._way(name, request).answer(name, request)

    def fetch(self, name: str, /, **request: Json) -> Octets[Mapping[str, Json]]:
        """Asks the desk for a file in the name of this user. Raises Refusal, ConfigurationError, DoorFailure."""
        return self._way(name, request).fetch(name, request)

    def ask_all(self, name: str, /, *lists: str, **request: Json) -> Mapping[str, Json]:
        """Asks for a list to its end; `lists` names the fields with its lines.

        Returns one document, whose other fields are those of the first part. Raises as `ask` does.
        """
        from flaggermail.cli.showing import parts

        first = found = self.ask(name, **request, limit=MOST_AT_ONCE)
        lines = {part: parts(first, part) for part in lists}
        while found["next"] is not None:
            found = self.ask(name, **request, limit=MOST_AT_ONCE, cursor=found["next"])
            for part in lists:
                lines[part] += parts(found, part)
        return {**first, **lines, "next": None}

    def services(self) -> Given:
        """Returns the services of the desk, for what runs in this process. Raises ConfigurationError, Refusal."""
        return self._in_process().services

    def _way(self, name: str, request: Mapping[str, Json]) -> Connection:
        """Returns the way to the desk for a request: its door, unless the request needs no desk.

        Raises DoorFailure if there is none: only `--direct` goes beside it.
        """
        if self.direct or self.given is not None or needs_no_desk(name, request):
            return self._in_process()
        if self._there is None:
            path = self.socket or socket_of(self.directory)
            if path is None:
                if not os.path.lexists(self.directory):
                    return self._in_process()  # which says what would be right
                raise no_door(self.directory)
            from flaggermail.cli.door_client import DoorClient

            self._there = DoorClient(path)
        return self._there

    def _in_process(self) -> DeskConnection:
        if self._here is None:
            from flaggermail.wiring.opening import DeskConnection

            self._here = (
                DeskConnection.beside_door(self.directory, login(), _note)
                if self.direct and self.given is None
                else DeskConnection(
                    self.directory, login(), officer=self.officer, given=self.given, now=self.now, tell=_note
                )
            )
        return self._here

    def close(self) -> None:
        """Closes what this session opened; services passed to it stay open."""
        for opened in (self._here, self._there):
            if opened is not None:
                opened.close()
        self._here = self._there = None

    def now(self) -> datetime:
        """Returns the current instant in UTC, by the clock of the given services or else the system clock."""
        return self.given.clock.now() if self.given else datetime.now(UTC)  # noqa: TID251 - `status` loads no adapter


def login() -> str:
    """Returns the operating system's user name, or the user id if it has no name."""
    import pwd

    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return str(os.geteuid())


def _note(said: StoredText) -> None:
    click.echo(f"note: {safe_line(said.english)}", err=True)


def report_answer(answer: Mapping[str, Json], *, as_json: bool = False) -> None:
    """Prints a command's answer: its state to stdout, its warnings to stderr."""
    from flaggermail.cli.showing import texts

    for warning in texts(answer, "warnings"):
        click.echo(f"note: {safe_line(warning)}", err=True)
    if as_json:
        show_json(answer)
    else:
        click.echo(safe_line(str(answer["state"])))


def show_json(value: object) -> None:
    """Prints one JSON document."""
    click.echo(safe_json(json.dumps(value, ensure_ascii=False, indent=2, default=str)))


def show_json_line(value: object) -> None:
    """Prints a JSON document as one line, of a command that prints several."""
    click.echo(safe_json(json.dumps(value, ensure_ascii=False)))


as_json_option: Callable[[Callable[..., None]], Callable[..., None]] = click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON document."
)


SOCKET_HELP = (
    "The socket of the desk's door. [default: $FLAGGERMAIL_SOCKET, else desk.sock in the configuration directory, else "
    "/run/flaggermail/desk.sock with the configuration of the machine]"
)
DIRECT_HELP = "Open the desk in this process, beside its door; for the account that owns its database."


def with_ways(command: click.Command) -> click.Command:
    """Returns a command that takes `--socket` and `--direct` after its name too; its help does not repeat them."""
    if isinstance(command, click.Group):
        for one in command.commands.values():
            with_ways(one)
        return command
    taken = {name for one in command.params for name in one.opts}
    command.params += [one for one in _WAYS if not taken & {*one.opts}]
    return command


def _go_by(ctx: click.Context, param: click.Parameter, value: object) -> None:
    del param
    session = ctx.find_object(Session)
    if session is None or not value:
        return
    if isinstance(value, Path):
        session.socket = value
    else:
        session.direct = True


_WAYS = (
    click.Option(
        ["--socket"], type=click.Path(path_type=Path, readable=False), expose_value=False, hidden=True, callback=_go_by,
        help=SOCKET_HELP,
    ),
    click.Option(["--direct"], is_flag=True, expose_value=False, hidden=True, callback=_go_by, help=DIRECT_HELP),
)  # fmt: skip
