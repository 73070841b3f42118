# SPDX-License-Identifier: EUPL-1.2
"""The context of a command: where the desk is, who asks it, and how answers are printed."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from flaggermail.cli.showing import parts, texts
from flaggermail.cli.terminal import safe_json, safe_line
from flaggermail.wiring.opening import DeskConnection

if TYPE_CHECKING:
    from flaggermail.documents.octets import Octets
    from flaggermail.mail.message import Json
    from flaggermail.wiring.opening import Given
    from flaggermail.wording.said import StoredText

MOST_AT_ONCE = 1_000  # lines of a list in one answer; the desk gives no more


@dataclass
class Session:
    """One run of the command line. A replay passes its own services and the acting officer."""

    directory: Path
    given: Given | None = None
    officer: str | None = None
    _desk: DeskConnection | None = field(default=None, init=False)

    def ask(self, name: str, /, **request: Json) -> Mapping[str, Json]:
        """Asks the desk in the name of this user. Raises Refusal, ConfigurationError."""
        return self._opened().answer(name, request)

    def fetch(self, name: str, /, **request: Json) -> Octets[Mapping[str, Json]]:
        """Asks the desk for a file in the name of this user. Raises Refusal, ConfigurationError."""
        return self._opened().fetch(name, request)

    def ask_all(self, name: str, /, *lists: str, **request: Json) -> Mapping[str, Json]:
        """Asks for a list to its end; `lists` names the fields with its lines.

        Returns one document, whose other fields are those of the first part. Raises as `ask` does.
        """
        first = found = self.ask(name, **request, limit=MOST_AT_ONCE)
        lines = {part: parts(first, part) for part in lists}
        while found["next"] is not None:
            found = self.ask(name, **request, limit=MOST_AT_ONCE, cursor=found["next"])
            for part in lists:
                lines[part] += parts(found, part)
        return {**first, **lines, "next": None}

    def ask_as_entered(self, name: str, /, **request: Json) -> Mapping[str, Json]:
        """Asks in the name of this user, or else of the officer whose login this session began with.

        For commands that need the desk's own account, which is no officer's; pam_loginuid(8) keeps who entered it by
        sudo.
        """
        return self._opened().answer(name, request, entered_by=login_of_session())

    def services(self) -> Given:
        """Returns the services of the desk, for what runs in this process. Raises ConfigurationError."""
        return self._opened().services

    def _opened(self) -> DeskConnection:
        if self._desk is None:
            self._desk = DeskConnection(
                self.directory, login(), officer=self.officer, given=self.given, now=self.now, tell=_note
            )
        return self._desk

    def close(self) -> None:
        """Closes what this session opened; services passed to it stay open."""
        desk, self._desk = self._desk, None
        if desk is not None:
            desk.close()

    def now(self) -> datetime:
        """Returns the current instant in UTC, by the clock of the given services or else the system clock."""
        return datetime.now(UTC) if self.given is None else self.given.clock.now()


def login() -> str:
    """Returns the operating system's user name, or the user id if it has no name."""
    import pwd

    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return str(os.geteuid())


def login_of_session() -> str | None:
    """Returns the user name with which this session began, as the kernel keeps it; None if it does not know."""
    import pwd

    try:
        return pwd.getpwuid(int(Path("/proc/self/loginuid").read_text("ascii"))).pw_name
    except (OSError, ValueError, KeyError):
        return None


def _note(said: StoredText) -> None:
    click.echo(f"note: {safe_line(said.english)}", err=True)


def report_answer(answer: Mapping[str, Json], *, as_json: bool = False) -> None:
    """Prints a command's answer: its state to stdout, its warnings to stderr."""
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
