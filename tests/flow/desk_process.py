# SPDX-License-Identifier: EUPL-1.2
"""The desk as its users have it: a configuration directory, the daemon as a process, the command line beside it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from pathlib import Path
from typing import TypeVar

import psycopg
from ruamel.yaml import YAML

from flaggermail.shipped import shipped
from tests import running
from tests.command_line import type_here
from tests.doubles.migrated import register_in
from tests.patience import PATIENCE
from tests.servers.dovecot import Dovecot

T = TypeVar("T")
ROOT = Path(__file__).parents[2]
KILLING = Path(__file__).with_name("killed_daemon.py")
_SETS = "Environment="
OF_UNIT = {
    name: value
    for line in (ROOT / "systemd" / "flaggermail.service").read_text("utf-8").splitlines()
    if line.startswith(_SETS)
    for name, _, value in [line.removeprefix(_SETS).partition("=")]
}
"""What the daemon's unit sets in its environment."""


def patiently(look: Callable[[], T | None], what: str, seconds: float = PATIENCE) -> T:
    """Returns the first truthy result of `look`, or fails with `what` after the time-out or the death of a daemon."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := look() or _last_look(look, what):
            return found
        time.sleep(0.1)
    raise AssertionError(f"not within {seconds} s: {what}")


def _last_look(look: Callable[[], T | None], what: str) -> T | None:
    """Looks again if a daemon has died, which may have been the last thing it did. Raises DaemonDiedError."""
    try:
        running.require(what)
    except running.DaemonDiedError:
        if found := look():
            return found
        raise
    return None


def while_it_grows(count: Callable[[], object], look: Callable[[], T | None], what: str) -> T:
    """Returns the first truthy result of `look`; fails with `what` if `count` stays the same for four minutes.

    For work in bulk, which takes long on a busy machine and never stands still.
    """
    so_far, deadline = count(), time.monotonic() + 240
    while time.monotonic() < deadline:
        if found := look() or _last_look(look, what):
            return found
        if (now := count()) != so_far:
            so_far, deadline = now, time.monotonic() + 240
        time.sleep(0.5)
    raise AssertionError(f"nothing new since {so_far}: {what}")


@dataclass
class DeskProcess:
    """One desk in a folder; `mailbox` and `officer` are accounts that no other test uses."""

    folder: Path
    mailbox: str
    officer: str
    database: str = ""  # the address of one on PostgreSQL; SQLite in the folder if empty
    process: subprocess.Popen[bytes] | None = None
    logs: list[Path] = field(default_factory=list)
    inside: tuple[str, ...] = ()  # command prefix for an environment of its own

    def start(self, kill_at: str | None = None, *, waits: bool = True) -> None:
        """Starts the daemon, or with `kill_at` one that kills itself with SIGKILL at that port; waits until it runs."""
        running.expect_no_more(self.process)
        log = self.folder / f"daemon-{len(self.logs)}.log"
        self.logs.append(log)
        command = [sys.executable, "-m", "flaggermail", "--config", str(self.folder), "run"]
        if kill_at is not None:
            command = [sys.executable, str(KILLING), str(self.folder), kill_at]
        with log.open("wb") as sink:
            self.process = subprocess.Popen(
                [*self.inside, *command], stdin=subprocess.DEVNULL, stdout=sink, stderr=sink, cwd=ROOT,
                env=os.environ | OF_UNIT,
            )  # fmt: skip
        if waits:
            patiently(
                lambda: b"daemon started" in log.read_bytes() or self.process_ended(), f"the daemon starts, see {log}"
            )
            if kill_at is None and not self.process_ended():
                running.expect(self.process, log)

    def process_ended(self) -> bool:
        """Returns whether the daemon has ended."""
        return self.process is None or self.process.poll() is not None

    def killed(self) -> None:
        """Waits until the daemon has been killed by SIGKILL."""
        assert self.process is not None
        assert self.process.wait(PATIENCE) == -signal.SIGKILL, self.log()

    def stop(self) -> list[str]:
        """Stops the daemon, which must exit with 0; returns its workers that did not end in time, by its log."""
        assert self.process is not None
        running.expect_no_more(self.process)
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(PATIENCE)
        assert status == 0, self.log()
        self.process = None
        lines = (json.loads(line) for line in self.log().splitlines() if line.startswith("{"))
        return [str(line["object"]) for line in lines if line["action"] == "worker did not stop in time"]

    def end(self) -> None:
        """Kills the daemon if it still runs."""
        running.expect_no_more(self.process)
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait(PATIENCE)

    def log(self) -> str:
        """Returns the log of the last start, without a line that is just being written."""
        octets = self.logs[-1].read_bytes() if self.logs else b""
        return octets[: octets.rfind(b"\n") + 1].decode()

    def run(self, *words: str) -> str:
        """Runs a command that must succeed and returns its output, in this process unless it needs another world."""
        if not self.inside:
            ran = type_here(["--config", str(self.folder), *words])
            assert ran.status == 0, f"{words}: {ran.err}\n{self.log()}"
            return ran.out
        typed = ["-m", "flaggermail", "--direct", "--config", str(self.folder), *words]
        command = [*self.inside, sys.executable, *typed]
        done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False, timeout=PATIENCE)
        assert done.returncode == 0, f"{words}: {done.stderr}\n{self.log()}"
        return done.stdout

    def rows(self, query: str) -> list[tuple[object, ...]]:
        """Returns rows of the record, read beside the daemon while it runs."""
        if self.database:
            with psycopg.connect(self.database.replace("+psycopg", "")) as connection:
                return connection.execute(query.encode()).fetchall()
        file = f"file:{self.folder / 'flaggermail.db'}?mode=ro"
        with closing(sqlite3.connect(file, uri=True, timeout=PATIENCE)) as connection:
            return connection.execute(query).fetchall()

    def officers_mail(self, dovecot: Dovecot, at_least: int = 1) -> list[bytes]:
        """Returns the mails of the officer if there are so many, without the letter on what the desk lacks.

        That letter comes at any full hour: in a test that runs past one.
        """
        found = dovecot.messages(self.officer)
        letters = self.rows("SELECT message_id FROM outbox WHERE dedupe LIKE 'readiness/%'")
        told = [octets for octets in found if (message_id(octets),) not in letters]
        return told if len(told) >= at_least else []

    def hold_election(self, name_nl: str = "Verkiezing van nu", name_en: str = "Election of today") -> None:
        """Adds the election NU, which is open whenever the test runs.

        The desk counts days in its own time zone, and a test may run past its midnight. The configuration is
        registered before, as a first start would do.
        """
        if self.inside:  # another world, with disks of its own
            registers = "import sys, pathlib, tests.doubles.migrated as m; m.register_in(pathlib.Path(sys.argv[1]))"
            command = [*self.inside, sys.executable, "-c", registers, str(self.folder)]
            subprocess.run(command, check=True, cwd=ROOT, timeout=PATIENCE)
        else:
            register_in(self.folder)
        today = datetime.now(UTC).date()
        begins, ends = (str(today + timedelta(days=days)) for days in (-1, 8))
        self.run("election", "add", "NU", "--name-nl", name_nl, "--name-en", name_en,
                 "--polling-day", str(today), "--period", begins, ends)  # fmt: skip

    def read(self, *words: str) -> object:
        """Runs a command with --json and returns its document."""
        return json.loads(self.run(*words, "--json"))

    def listed(self, *words: str) -> list[dict[str, object]]:
        """Runs a command that lists things; returns the objects of its document."""
        found = self.read(*words)
        assert isinstance(found, dict)
        lists = [part for part in found.values() if isinstance(part, list)]
        assert len(lists) == 1, found
        return lists[0]


def message_id(octets: bytes) -> str:
    """Returns the Message-ID, without brackets."""
    return bare(message_from_bytes(octets)["Message-ID"])


def bare(name: object) -> str:
    """Returns a Message-ID without brackets."""
    return str(name).strip().strip("<>")  # a long one is on its own line


def configure(folder: Path, changes: Mapping[str, Mapping[str, object]], officer: str) -> None:
    """Writes the configuration of the scenarios into `folder`, with other servers and this user as the only officer."""
    yaml = YAML()
    yaml.width = 200  # a person breaks no line within brackets
    for name in ("platforms.yaml", "elections.yaml"):
        (folder / name).write_bytes((ROOT / "tests" / "config" / name).read_bytes())
    shutil.copytree(shipped("config") / "templates", folder / "templates")  # as `init` does
    (folder / "rules").symlink_to(shipped("rules"))
    desk = yaml.load((ROOT / "tests" / "config" / "flaggermail.yaml").read_text("utf-8"))
    for section, values in changes.items():
        desk.setdefault(section, {}).update(values)
    yaml.dump(desk, folder / "flaggermail.yaml")
    oncall = {
        "officers": [
            {
                "id": "officer1",
                "name": "A. Jansen",
                "address": f"{officer}@bzk.example",
                "login": "root",
                "roles": ["officer", "assessor", "approver"],
            },
            {"id": "head1", "name": "C. Bakker", "address": f"head-{officer}@bzk.example", "roles": ["head"]},
        ],
        "fallback_officer": "officer1",
    }
    yaml.dump(oncall, folder / "oncall.yaml")
    credentials = folder / "credentials"
    credentials.mkdir(mode=0o700)
