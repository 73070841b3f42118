# SPDX-License-Identifier: EUPL-1.2
"""What the story is played on: two servers, the real daemon as a process of its own, and the clock that both read."""

from __future__ import annotations

import contextlib
import secrets
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from flaggermail.demo import configuration
from flaggermail.errors import StoryBroken
from flaggermail.outbox import delivery
from flaggermail.ports import Clock
from flaggermail.record.rows import Delivery, OutboxMail
from flaggermail.reminders import reminders
from flaggermail.replay.doubles import StoryClock
from flaggermail.replay.given import read_policies
from flaggermail.replay.scenario import Incoming, Scenario, Typed
from flaggermail.services import Services

USER = "desk"
FOLDERS = ("INBOX", "Sent")
LOG = "daemon.log"
STARTING = 60.0  # seconds for what takes two where nothing else runs
PATIENCE = 20.0  # seconds for what takes a tenth of one
POLL = 0.02


class Servers(Protocol):
    """A mailbox server and a submission server on loopback."""

    @property
    def imap_port(self) -> int:
        """Where the mailbox is read."""
        ...

    @property
    def smtp_port(self) -> int:
        """Where mail is handed in."""
        ...

    def deliver(self, octets: bytes, at: datetime) -> None:
        """Put a mail into the inbox, as arrived at `at`. Raises OSError."""
        ...

    def last_for(self, addresses: AbstractSet[str]) -> bytes:
        """The octets of the mail for one of them that was handed in last."""
        ...

    def close(self) -> None:
        """End both; safe to repeat."""
        ...


@dataclass(frozen=True, slots=True)
class Parts:
    """What the demo is put together from: adapters from wiring, and the command line."""

    servers: Callable[[str, str, Sequence[str]], Servers]  # user, password, folders
    upgrade: Callable[[Path], str]
    environment: Callable[[Path, Clock], Services]
    command: Callable[[Services, str, Sequence[str]], str]
    daemon: Sequence[str]  # the words that start it; the folder is added


@dataclass
class RunningDesk:
    """The desk with all around it, at one instant of the story."""

    folder: Path
    env: Services
    clock: StoryClock
    servers: Servers
    daemon: subprocess.Popen[bytes]
    parts: Parts
    delivered: int = 0

    def deliver(self, mail: Incoming) -> None:
        """Let a mail arrive. Raises OSError."""
        self.servers.deliver(mail.octets(self.env), mail.at)
        self.delivered += 1

    def do(self, act: Typed) -> str:
        """Let an officer type a command line; answers what it prints. Raises Refusal."""
        with contextlib.chdir(self.folder / configuration.STORY):
            return self.parts.command(self.env, act.by, act.words)

    def read_policies(self, at: datetime) -> None:
        """Let the officer read the platforms' policies: it stands in the configuration, and in the record."""
        configuration.read_policies(self.folder, at)
        self.env = read_policies(self.env, at)

    def settle(self) -> None:
        """Wait until the daemon has done all that is due at this instant. Raises StoryBroken."""
        self._wait(self._unfinished, PATIENCE)

    def begin(self) -> None:
        """Wait until the daemon is at work. Raises StoryBroken."""
        self._wait(self._starting, STARTING)

    def _wait(self, unfinished: Callable[[], str | None], seconds: float) -> None:
        """Wait until nothing is unfinished, but not for ever, and not for a daemon that is gone."""
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
            if len(tx.find(Delivery, folder=FOLDERS[0])) < self.delivered:
                return "the daemon has not taken in a mail that lies in the mailbox"
            mail, reminder = delivery.next_due(tx), reminders.next_due(self.env, tx)
            if tx.find(OutboxMail, state="attempting") or (mail is not None and mail <= now):
                return "the daemon has not sent a mail that waits"
            if reminder is not None and reminder <= now:
                return f"the daemon has not sent the reminder that fell due at {reminder:%Y-%m-%d %H:%M} UTC"
        return None

    def end(self) -> None:
        """Ask the daemon to end, as systemd would; raises StoryBroken when it does not end in order."""
        self.daemon.terminate()
        try:
            status = self.daemon.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            raise StoryBroken(f"the daemon did not end within {PATIENCE:.0f} seconds of SIGTERM") from None
        if status:
            raise StoryBroken(f"the daemon ended with status {status}")


@contextmanager
def opened(folder: Path, parts: Parts, story: Scenario, login: str) -> Iterator[RunningDesk]:
    """The desk at the first instant of the story; nothing of it runs on afterwards. Raises StoryBroken, OSError."""
    with ExitStack() as running:
        password = secrets.token_hex(16)
        servers = parts.servers(USER, password, FOLDERS)
        running.callback(servers.close)
        ports = {"imap_port": str(servers.imap_port), "smtp_port": str(servers.smtp_port)}
        values = {"user": USER, "login": login, **ports}
        configuration.write(folder, values, password, story.instants()[0])
        parts.upgrade(folder)
        clock = StoryClock(folder)
        clock.set(story.instants()[0])
        env = parts.environment(folder, clock)
        running.callback(env.close)
        daemon = running.enter_context(_process([*parts.daemon, str(folder)], folder / LOG))
        desk = RunningDesk(folder, env, clock, servers, daemon, parts)
        desk.begin()
        yield desk


@contextmanager
def _process(words: Sequence[str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process that writes to `log` and is gone afterwards.

    Its standard input is a pipe from here: its end tells the daemon that nobody is left who would end it. Ctrl-C is for
    this process alone, so the other one has a session of its own.
    """
    with log.open("wb") as file:
        process = subprocess.Popen(  # noqa: S603 - this program itself, with a folder of our own making
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
