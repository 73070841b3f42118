# SPDX-License-Identifier: EUPL-1.2
"""The context of a command: the configuration, the services opened from it on first use, and the acting officer."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from flaggermail.cli.documents import texts
from flaggermail.cli.terminal import safe_json, safe_line
from flaggermail.errors import Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flaggermail.mail.message_json import Json
    from flaggermail.ports import BlobStore, Transaction
    from flaggermail.services import Services, UnitOfWork


@dataclass
class Session:
    """One run of the command line. A replay passes its own services and the acting officer."""

    directory: Path
    given: Services | None = None
    officer: str | None = None
    _opened: Services | None = field(default=None, init=False)

    @property
    def environment(self) -> Services:
        """The services, opened on first use. Raises ConfigurationError."""
        if self.given is not None:
            return self.given
        if self._opened is None:
            from flaggermail.wiring import open_services

            self._opened = open_services(self.directory)
        return self._opened

    def close(self) -> None:
        """Closes the services this session opened; services passed to it stay open."""
        opened, self._opened = self._opened, None
        if opened is not None:
            opened.close()

    @contextmanager
    def reading(self) -> Iterator[UnitOfWork]:
        """Yields a read-only unit of work with one consistent snapshot and one instant."""
        from flaggermail.services import UnitOfWork

        with self.environment.store.read() as tx:
            yield UnitOfWork(self.environment, tx, self.environment.clock.now())

    @contextmanager
    def evidence(self) -> Iterator[tuple[Transaction, BlobStore]]:
        """Yields a snapshot of the database and the archive, opened without writing to either.

        Rows are not read on the way, so a row with an impossible value does not prevent that it is found. Raises
        ConfigurationError.
        """
        if self.given is not None:
            with self.given.store.read() as tx:
                yield tx, self.given.octets
            return
        from flaggermail.wiring import open_evidence

        store, octets = open_evidence(self.directory)
        try:
            with store.read() as tx:
                yield tx, octets
        finally:
            store.close()

    def now(self) -> datetime:
        """Returns the current instant in UTC, by the clock of the given services or else the system clock."""
        return datetime.now(UTC) if self.given is None else self.given.clock.now()

    @property
    def zone(self) -> ZoneInfo:
        """The time zone of displayed instants, and of instants entered without an offset."""
        return self.environment.settings.zone

    @property
    def actor(self) -> str:
        """The officer with the current operating system login. Raises Refusal if oncall.yaml has none."""
        if self.officer is not None:
            return self.officer
        user = login()
        officer = self.environment.settings.rota.by_login(user)
        if officer is None:
            raise Refusal(f"user {user}: no officer in oncall.yaml has this login; only officers of the desk may act")
        return officer.id

    def ask(self, name: str, /, **request: Json) -> Mapping[str, Json]:
        """Asks the desk, in the name of this user. Raises Refusal."""
        from flaggermail.desk.desk import Caller, Desk

        caller = Caller(officer=self.officer, login=login())
        return Desk(lambda: self.environment, caller).ask(name, request)


def login() -> str:
    """Returns the operating system's user name, or the user id if it has no name."""
    import pwd

    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return str(os.geteuid())


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


as_json_option: Callable[[Callable[..., None]], Callable[..., None]] = click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON document."
)
