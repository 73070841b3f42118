# SPDX-License-Identifier: EUPL-1.2
"""The stage of the demo: two servers, the real daemon in its own process, and the clock they share.

Its configuration is the shipped one, with the servers and people of the story.
"""

from __future__ import annotations

import contextlib
import re
import secrets
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from string import Template
from typing import Protocol, TypeAlias

from flaggermail.errors import StoryBroken
from flaggermail.outbox import delivery
from flaggermail.ports import Clock
from flaggermail.record.definition import where
from flaggermail.record.rows import Delivery, OutboxMail
from flaggermail.record.states import MailState
from flaggermail.reminders import sending
from flaggermail.services import Services
from flaggermail.shipped import shipped
from flaggermail.sockets import SOCKET_NAME
from flaggermail.stories.doubles import StoryClock
from flaggermail.stories.given import read_policies
from flaggermail.stories.scenario import Incoming, Scenario
from flaggermail.stories.scenario_file import EnteredCommand

DESK, SHIPPED = (Path(__file__).parent / name for name in ("demo_desk", "demo_story"))
CREDENTIALS = ("imap-password", "smtp-password")
DATABASE, ARCHIVE = "flaggermail.db", "archive"
STORY = "story"  # the folder with the officer's forms and texts
_ELECTIONS, _PLATFORMS = "elections.yaml", "platforms.yaml"
_READ_ON = re.compile(r"(?m)^( *read_on: *)\S+")
USER = "desk"
FOLDERS = ("INBOX", "Sent")
LOG, DOOR_LOG = "daemon.log", "door.log"
DAEMON, DOOR = "--daemon", "--door"  # what a process of the demo is
STARTING = 60.0  # seconds; takes two seconds on an idle machine
PATIENCE = 20.0  # seconds; takes a tenth of a second on an idle machine
POLL = 0.02

Bridge: TypeAlias = Callable[[Path], AbstractContextManager[str]]
"""Shows the pages of the door on a socket to this account; gives the address, which works once."""


class Servers(Protocol):
    """A mailbox server and a submission server on loopback."""

    @property
    def imap_port(self) -> int:
        """The port of the mailbox server."""
        ...

    @property
    def smtp_port(self) -> int:
        """The port of the submission server."""
        ...

    def deliver(self, octets: bytes, at: datetime) -> None:
        """Adds a mail to the inbox with the arrival time `at`. Raises OSError."""
        ...

    def last_for(self, addresses: AbstractSet[str]) -> bytes:
        """Returns the most recently submitted mail for any of `addresses`."""
        ...

    def close(self) -> None:
        """Stops both servers; idempotent."""
        ...


@dataclass(frozen=True, slots=True)
class Parts:
    """The demo's dependencies: adapters from wiring, and the command line."""

    servers: Callable[[str, str, Sequence[str]], Servers]  # user, password, folders
    upgrade: Callable[[Path], str]
    environment: Callable[[Path, Clock], Services]
    command: Callable[[Services, str, Sequence[str]], str]
    process: Sequence[str]  # the command that starts the daemon or the door, without which of them and the folder
    bridge: Bridge


@dataclass
class RunningDesk:
    """The running desk and its surroundings."""

    folder: Path
    env: Services
    clock: StoryClock
    servers: Servers
    daemon: subprocess.Popen[bytes]
    parts: Parts
    delivered: int = 0

    def reach(self, now: datetime) -> None:
        """Sets the clock, and waits: work due at this instant is done before the story's next event."""
        self.clock.set(now)
        self.settle()

    def deliver(self, mail: Incoming) -> None:
        """Delivers a mail to the mailbox. Raises OSError."""
        self.servers.deliver(mail.octets(self.env), mail.at)
        self.delivered += 1

    def do(self, act: EnteredCommand) -> str:
        """Runs an officer's command line; returns its output. Raises Refusal."""
        with contextlib.chdir(self.folder / STORY):
            return self.parts.command(self.env, act.by, act.words)

    def read_policies(self, at: datetime) -> None:
        """Records in configuration and record that the officer read the platforms' policies."""
        _write_policies_read(self.folder, at)
        self.env = read_policies(self.env, at)

    def take_in(self) -> None:
        """Waits until the daemon has taken in the mail. Raises StoryBroken."""
        self.settle()

    def settle(self) -> None:
        """Waits until the daemon has done all that is due at this instant. Raises StoryBroken."""
        self._wait(self._unfinished, PATIENCE)

    def begin(self) -> None:
        """Waits until the daemon has started up. Raises StoryBroken."""
        self._wait(self._starting, STARTING)

    @contextmanager
    def pages(self) -> Iterator[str]:
        """Opens the door and its pages; yields their address, which works once. Raises StoryBroken, OSError."""
        socket = self.folder / SOCKET_NAME
        with _process([*self.parts.process, DOOR, str(self.folder)], self.folder / DOOR_LOG) as door:

            def closed() -> str | None:
                if door.poll() is not None:
                    raise StoryBroken(f"the door ended with status {door.returncode}; its log is {DOOR_LOG}")
                return None if socket.exists() else "the door has not opened"

            self._wait(closed, STARTING)
            with self.parts.bridge(socket) as address:
                yield address

    def _wait(self, unfinished: Callable[[], str | None], seconds: float) -> None:
        """Waits until nothing is unfinished; raises StoryBroken after `seconds` or if the daemon ends."""
        deadline = time.monotonic() + seconds
        while (what := unfinished()) is not None:
            if self.daemon.poll() is not None:
                raise StoryBroken(f"the daemon ended with status {self.daemon.returncode}, and {what}")
            if time.monotonic() > deadline:
                raise StoryBroken(f"for {seconds:.0f} seconds {what}")
            time.sleep(POLL)

    def _starting(self) -> str | None:
        with self.env.store.read() as tx:
            looked = all(tx.cursor(folder) is not None for folder in FOLDERS)
        return None if looked else "the daemon has not read the mailbox"

    def _unfinished(self) -> str | None:
        now = self.clock.now()
        with self.env.store.read() as tx:
            if len(tx.find(Delivery, where(Delivery.folder).is_(FOLDERS[0]))) < self.delivered:
                return "the daemon has not taken in a mail that lies in the mailbox"
            mail, reminder = delivery.next_due(tx), sending.next_due(self.env, tx)
            if tx.find(OutboxMail, where(OutboxMail.state).is_(MailState.ATTEMPTING)) or (
                mail is not None and mail <= now
            ):
                return "the daemon has not sent a mail that waits"
            if reminder is not None and reminder <= now:
                return f"the daemon has not sent the reminder that fell due at {reminder:%Y-%m-%d %H:%M} UTC"
        return None

    def end(self) -> None:
        """Terminates the daemon as systemd would; raises StoryBroken if it does not end cleanly."""
        self.daemon.terminate()
        try:
            status = self.daemon.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            raise StoryBroken(f"the daemon did not end within {PATIENCE:.0f} seconds of SIGTERM") from None
        if status:
            raise StoryBroken(f"the daemon ended with status {status}")


def _configure(folder: Path, values: Mapping[str, str], password: str, now: datetime) -> None:
    """Fills the empty `folder`; `values` are for the templates in `demo_desk/`. Raises OSError."""
    values = {**values, "database": DATABASE, "archive": ARCHIVE}
    for file in DESK.glob("*.yaml"):
        text = Template(file.read_text(encoding="utf-8")).substitute(values)
        (folder / file.name).write_text(text, encoding="utf-8")
    shutil.copyfile(shipped("config") / _ELECTIONS, folder / _ELECTIONS)
    _write_policies_read(folder, now)
    shutil.copytree(shipped("config") / "templates", folder / "templates")
    shutil.copytree(shipped("rules"), folder / "rules")
    shutil.copytree(SHIPPED, folder / STORY)
    credentials = folder / "credentials"
    credentials.mkdir(mode=0o700)
    for name in CREDENTIALS:
        (credentials / name).touch(mode=0o600)
        (credentials / name).write_text(password, encoding="ascii")


def _write_policies_read(folder: Path, now: datetime) -> None:
    """Records in the configuration that an officer read the policies of all platforms on that day."""
    text = (shipped("config") / _PLATFORMS).read_text(encoding="utf-8")
    (folder / _PLATFORMS).write_text(_READ_ON.sub(rf"\g<1>{now:%Y-%m-%d}", text), encoding="utf-8")


@contextmanager
def opened(folder: Path, parts: Parts, story: Scenario, login: str) -> Iterator[RunningDesk]:
    """Yields the desk at the first instant of the story, and stops it afterwards. Raises StoryBroken, OSError."""
    with ExitStack() as running:
        password = secrets.token_hex(16)
        servers = parts.servers(USER, password, FOLDERS)
        running.callback(servers.close)
        ports = {"imap_port": str(servers.imap_port), "smtp_port": str(servers.smtp_port)}
        values = {"user": USER, "login": login, **ports}
        _configure(folder, values, password, story.instants()[0])
        parts.upgrade(folder)
        clock = StoryClock(folder)
        clock.set(story.instants()[0])
        env = parts.environment(folder, clock)
        running.callback(env.close)
        daemon = running.enter_context(_process([*parts.process, DAEMON, str(folder)], folder / LOG))
        desk = RunningDesk(folder, env, clock, servers, daemon, parts)
        desk.begin()
        yield desk


@contextmanager
def _process(words: Sequence[str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Runs a process that logs to `log`, and ends it afterwards.

    Its standard input is a pipe from this process: the end of that pipe tells the daemon that its parent is gone. It
    gets its own session, so that Ctrl-C reaches this process only.
    """
    with log.open("wb") as file:
        process = subprocess.Popen(  # noqa: S603 - this program itself, with a folder created here
            words, stdin=subprocess.PIPE, stdout=file, stderr=file, start_new_session=True
        )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if process.stdin is not None:
            process.stdin.close()
