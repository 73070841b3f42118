# SPDX-License-Identifier: EUPL-1.2
"""A desk with a door: command lines are typed through it, or in this process as before there was one."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from flaggermail.cli import session as cli_session
from flaggermail.cli.session import Session
from flaggermail.door.application import DoorApplication, door_application
from flaggermail.door.http_server import DoorServer
from flaggermail.door.listening import listen
from flaggermail.wiring.door_assembly import ServedDesk
from tests.command_line import Ran, type_here


@dataclass
class ServedFolder:
    """A configuration folder, the socket of its door, and the login of whoever types."""

    folder: Path
    socket: Path
    login: str = "officer1"

    def here(self, *words: str, by: str | None = None, text: str = "") -> Ran:
        """Runs a command line that opens the desk in this process."""
        return self._typed(Session(self.folder, direct=True), words, by, text)

    def through(self, *words: str, by: str | None = None, text: str = "") -> Ran:
        """Runs a command line that asks the door, and does not know where the desk's configuration is."""
        return self._typed(Session(Path("/nowhere"), socket=self.socket), words, by, text)

    def _typed(self, session: Session, words: tuple[str, ...], by: str | None, text: str) -> Ran:
        self.login = by or "officer1"
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(cli_session, "login", lambda: self.login)
            try:
                return type_here(words, session, text)
            finally:
                session.close()


@contextmanager
def served(folder: Path) -> Iterator[ServedFolder]:
    """Opens a door on a registered desk, in threads of this process; the kernel's number stands for who types."""
    made = ServedFolder(folder, folder / "desk.sock")
    source = ServedDesk(folder)
    application = DoorApplication(source, login_of=lambda _: made.login)
    server = DoorServer(door_application(application), listen(made.socket))
    server.prepare()
    thread = threading.Thread(target=server.serve, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        server.stop()
        thread.join(10)
        source.close()
