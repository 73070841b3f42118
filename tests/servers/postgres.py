# SPDX-License-Identifier: EUPL-1.2
"""A PostgreSQL cluster without a port: its socket lies in its folder.

It syncs nothing to the disk: killing *our* process stays a fair test, killing the server would not be one.
"""

import itertools
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from psycopg.sql import SQL, Identifier

from tests.servers import ServerNotStartedError, account, give, program, read_text, run, server_folder, under

_OWNER = "vf"
_FASTER = "-c fsync=off -c full_page_writes=off -c timezone=UTC -c listen_addresses=''"


@dataclass(frozen=True)
class Postgres:
    """One cluster; everybody who reaches the socket is its superuser `vf`."""

    folder: Path
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    @classmethod
    @contextmanager
    def running(cls) -> Iterator["Postgres"]:
        """Make a cluster and start it, stop it at the end; raises ServerNotStartedError."""
        with server_folder("pg") as folder:
            give(folder, *account("postgres"))
            server = cls(folder)
            server._make_cluster()
            server.start()
            try:
                yield server
            finally:
                server.stop()

    def start(self) -> None:
        """Start, also again after stop()."""
        options = f"{_FASTER} -c unix_socket_directories={self.folder}"
        self._must("pg_ctl", "-w", "-t", "60", "-l", str(self.folder / "postgres.log"), "-o", options, "start")

    def stop(self) -> None:
        """Cut every connection and stop."""
        self._must("pg_ctl", "-w", "-m", "immediate", "stop")

    def log(self) -> str:
        """Return the text of the log so far."""
        return read_text(self.folder / "postgres.log")

    def database(self, template: str | None = None) -> str:
        """Make a database and return its URL for SQLAlchemy.

        Empty, or a copy of `template`: the URL of another one of this cluster, to which nobody is connected just now.
        """
        name = f"db{next(self._numbers)}"
        source = urlsplit(template).path.lstrip("/") if template else "template1"
        with psycopg.connect(host=str(self.folder), user=_OWNER, dbname="postgres", autocommit=True) as connection:
            connection.execute(SQL("CREATE DATABASE {} TEMPLATE {}").format(Identifier(name), Identifier(source)))
        return f"postgresql+psycopg://{_OWNER}@/{name}?host={self.folder}"

    def _make_cluster(self) -> None:
        self._must("initdb", "-U", _OWNER, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")

    def _must(self, name: str, *arguments: str) -> None:
        """Run one of PostgreSQL's programs on this cluster under the server's account."""
        output = self.folder / f"{name}.log"
        command = [program(name, also_in=_programs()), "-D", str(self.folder / "cluster"), *arguments]
        if run([*under(*account("postgres")), *command], output) != 0:
            raise ServerNotStartedError(f"PostgreSQL: {name} failed", [output, self.folder / "postgres.log"])


def _programs() -> str:
    """Return the folder of PostgreSQL's server programs, which is on nobody's PATH on Debian."""
    command = [program("pg_config"), "--bindir"]
    asked = subprocess.run(command, capture_output=True, text=True, check=True)
    return asked.stdout.strip()
