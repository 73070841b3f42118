# SPDX-License-Identifier: EUPL-1.2
"""Several nodes of one desk as processes, each on a host of its own, and what the record says of who leads."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from ruamel.yaml import YAML

from tests.flow.desk_process import ROOT
from tests.flow.machine import FakedClock
from tests.patience import PATIENCE
from tests.servers.host import Host, inner_process

NODES = 3
TERM = 6.0  # seconds of the lease
_LOOK_EVERY = 0.02
_LEASE = b"SELECT fencing, holder, until FROM lease WHERE name = 'mailbox'"


@dataclass
class Node:
    """One `flaggermail run` with a configuration folder of its own."""

    host: Host
    folder: Path
    clock: FakedClock | None  # its own, where that is to differ from the machine's
    process: subprocess.Popen[bytes] | None = None
    ends: list[int] = field(default_factory=list)  # exit statuses that nobody provoked
    known_as: str = ""  # the host's name for the next start, if not its own
    door: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Starts it; does not wait."""
        command = [sys.executable, "-m", "flaggermail", "--config", str(self.folder), "run"]
        with (self.folder / "daemon.log").open("ab") as sink:
            self.process = subprocess.Popen(
                self.host.inside(command, self.known_as), stdin=subprocess.DEVNULL, stdout=sink, stderr=sink,
                cwd=ROOT, env=os.environ | (self.clock.environment if self.clock else {}),
            )  # fmt: skip

    @property
    def socket(self) -> Path:
        """Where its door listens."""
        return self.folder / "desk.sock"

    def open_door(self) -> None:
        """Starts `flaggermail serve` beside it; does not wait."""
        command = [sys.executable, "-m", "flaggermail", "--config", str(self.folder), "serve", "--socket"]
        with (self.folder / "door.log").open("ab") as sink:
            self.door = subprocess.Popen(
                self.host.inside([*command, str(self.socket)]), stdin=subprocess.DEVNULL, stdout=sink, stderr=sink,
                cwd=ROOT,
            )  # fmt: skip

    def close_door(self) -> None:
        """Ends its door."""
        if self.door is not None:
            self.door.kill()  # what runs inside ends with it
            self.door.wait(PATIENCE)

    @property
    def runs(self) -> bool:
        """True while its process is there."""
        return self.process is not None and self.process.poll() is None

    def signal(self, number: signal.Signals) -> None:
        """Sends the daemon that signal, if it runs."""
        if self.process is not None and self.runs:
            with suppress(IndexError, FileNotFoundError, ProcessLookupError):
                os.kill(inner_process(self.process.pid), number)

    def kill(self) -> None:
        """Ends it at once and waits for its end."""
        self.signal(signal.SIGKILL)
        self._gone()

    def stop(self) -> None:
        """Asks it to end and waits for its end; what does not end is killed."""
        self.signal(signal.SIGTERM)
        try:
            self._gone(30)
        except subprocess.TimeoutExpired:
            self.ends.append(-signal.SIGKILL)
            self.kill()

    def _gone(self, seconds: float = PATIENCE) -> None:
        if self.process is not None:
            self.process.wait(seconds)
            self.process = None

    def watch_over(self) -> None:
        """Starts it again, as the service manager does, if it ended of its own."""
        if self.process is not None and not self.runs:
            self.ends.append(self.process.returncode)
            self.start()

    def led_as(self, holder: str) -> bool:
        """Returns whether it has begun to lead under that name; those that wait name the leader too."""
        return any("daemon started" in line and holder in line for line in self.log().splitlines())

    def log(self) -> str:
        """Returns its log so far."""
        return (self.folder / "daemon.log").read_text("utf-8", "replace")


def copied(office: Path, folder: Path, database: str, host: Host, *, clock: bool) -> Node:
    """Makes a node whose configuration is that of `office`, with the database as it is reached from its host.

    `clock`: it has a clock of its own.
    """
    shutil.copytree(
        office, folder, symlinks=True, ignore=shutil.ignore_patterns("*.sock", "clock", "status.*", "archive")
    )
    yaml = YAML()
    settings = yaml.load((folder / "flaggermail.yaml").read_text("utf-8"))
    settings["store"].update(database=database, status=str(folder))
    yaml.dump(settings, folder / "flaggermail.yaml")
    return Node(host, folder, FakedClock(folder) if clock else None)


@dataclass(frozen=True)
class Term:
    """One term of a leader."""

    fencing: int
    holder: str


class Watch:
    """Looks at the lease all the time; tells who leads and when that changed."""

    def __init__(self, address: str) -> None:
        """Begins to look; `address`: where the database is, for libpq."""
        self.terms: list[tuple[float, Term]] = []  # by the monotonic clock, when first seen
        self._address, self._ended = address, threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Looks no more."""
        self._ended.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._ended.is_set():
            with suppress(psycopg.Error), psycopg.connect(self._address, autocommit=True) as connection:
                while not self._ended.wait(_LOOK_EVERY):
                    self._note(connection)
            self._ended.wait(0.1)

    def _note(self, connection: psycopg.Connection[tuple[object, ...]]) -> None:
        row = connection.execute(_LEASE).fetchone()
        if row is None:
            return
        term = Term(int(str(row[0])), str(row[1]))
        if not self.terms or (self.terms[-1][1] != term and term.fencing > self.terms[-1][1].fencing):
            self.terms.append((time.monotonic(), term))

    @property
    def term(self) -> Term | None:
        """The newest term seen."""
        return self.terms[-1][1] if self.terms else None

    def taken_after(self, fencing: int, seconds: float = PATIENCE) -> float:
        """Waits for a term after that one; returns the monotonic instant at which its lease was seen committed."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            for at, term in self.terms:
                if term.fencing > fencing:
                    return at
            time.sleep(_LOOK_EVERY)
        raise AssertionError(f"nobody leads within {seconds:.0f} s")


@contextmanager
def hosts(
    folder: Path, servers: Mapping[int, Callable[[], socket.socket]], number: int = NODES
) -> Iterator[list[Host]]:  # fmt: skip
    """Makes so many hosts, and removes them."""
    made: list[Host] = []
    try:
        for at in range(1, number + 1):
            place = folder / f"host{at}"
            place.mkdir()
            made.append(Host(place, f"node{at}", servers))
        yield made
    finally:
        for host in made:
            host.remove()
