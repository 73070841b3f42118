# SPDX-License-Identifier: EUPL-1.2
"""A PostgreSQL cluster without a port: its socket is in its folder.

It never syncs to disk, so tests may kill our own process but not the server.
"""

import itertools
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from shutil import rmtree
from urllib.parse import urlsplit

import psycopg
from psycopg.sql import SQL, Identifier

from tests.patience import PATIENCE
from tests.servers import ServerNotStartedError, account, give, program, read_text, run, server_folder, under

_OWNER = "vf"
_FASTER = "-c fsync=off -c full_page_writes=off -c timezone=UTC -c listen_addresses=''"


@dataclass(frozen=True)
class Postgres:
    """One cluster; every client of the socket is its superuser `vf`."""

    folder: Path
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    @classmethod
    @contextmanager
    def running(cls) -> Iterator["Postgres"]:
        """Makes and starts a cluster and stops it at the end; raises ServerNotStartedError."""
        with server_folder("pg") as folder:
            give(folder, *account("postgres"))
            server = cls(folder)
            server.make_cluster()
            server.start()
            try:
                yield server
            finally:
                server.stop()

    def start(self) -> None:
        """Starts, also again after stop()."""
        options = f"{_FASTER} -c unix_socket_directories={self.folder}"
        self._must(
            "pg_ctl", "-w", "-t", f"{PATIENCE:.0f}", "-l", str(self.folder / "postgres.log"), "-o", options, "start"
        )

    def stop(self, mode: str = "immediate") -> None:
        """Cuts every connection and stops: `immediate` as a crash does, `fast` as an operator does."""
        self._must("pg_ctl", "-w", "-t", f"{PATIENCE:.0f}", "-m", mode, "stop")

    def follow(self, primary: "Postgres") -> None:
        """Becomes a hot standby of `primary`, from a new base backup, and starts; it must be stopped, or empty."""
        rmtree(self.folder / "cluster", ignore_errors=True)
        self._must(
            "pg_basebackup", "--write-recovery-conf", "--checkpoint=fast", "--no-sync",
            "--dbname", f"host={primary.folder} user={_OWNER} application_name={self.folder.name}",
        )  # fmt: skip
        self.start()

    def promote(self) -> None:
        """Makes a standby a primary."""
        self._must("pg_ctl", "-w", "-t", f"{PATIENCE:.0f}", "promote")

    def log(self) -> str:
        """Returns the text of the log so far."""
        return read_text(self.folder / "postgres.log")

    def database(self, template: str | None = None) -> str:
        """Makes a database and returns its URL for SQLAlchemy.

        The database is empty, or a copy of `template`: the URL of another database of this cluster without open
        connections.
        """
        name = f"db{next(self._numbers)}"
        source = urlsplit(template).path.lstrip("/") if template else "template1"
        with psycopg.connect(host=str(self.folder), user=_OWNER, dbname="postgres", autocommit=True) as connection:
            connection.execute(SQL("CREATE DATABASE {} TEMPLATE {}").format(Identifier(name), Identifier(source)))
        return f"postgresql+psycopg://{_OWNER}@/{name}?host={self.folder}"

    def execute(self, statement: str) -> list[tuple[object, ...]]:
        """Runs one statement as the superuser, in no database of a test; returns its rows."""
        with psycopg.connect(host=str(self.folder), user=_OWNER, dbname="postgres", autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def make_cluster(self) -> None:
        """Makes an empty cluster in the folder; raises ServerNotStartedError."""
        self._must("initdb", "-U", _OWNER, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")

    def _must(self, name: str, *arguments: str) -> None:
        """Runs one of PostgreSQL's programs on this cluster under the server's account."""
        output = self.folder / f"{name}.log"
        command = [program(name, also_in=_programs()), "-D", str(self.folder / "cluster"), *arguments]
        if run([*under(*account("postgres")), *command], output) != 0:
            raise ServerNotStartedError(f"PostgreSQL: {name} failed", [output, self.folder / "postgres.log"])


def _programs() -> str:
    """Returns the folder of PostgreSQL's server programs, which is not on PATH on Debian."""
    command = [program("pg_config"), "--bindir"]
    asked = subprocess.run(command, capture_output=True, text=True, check=True)
    return asked.stdout.strip()
