# SPDX-License-Identifier: EUPL-1.2
"""A primary of PostgreSQL with a hot standby that follows it by streaming replication, each on a socket of its own.

A commit on the primary waits until the standby has its log on disk (`synchronous_commit = on`), so that a promotion
loses nothing that was committed. The standby may show it a moment later.
"""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

from tests.servers import ServerNotStartedError, account, give, server_folder
from tests.servers.postgres import Postgres


@dataclass
class PostgresPair:
    """Two servers; which of them is the primary changes with each promotion."""

    primary: Postgres
    standby: Postgres

    @classmethod
    @contextmanager
    def running(cls) -> Iterator["PostgresPair"]:
        """Starts both, and stops what runs at the end; raises ServerNotStartedError."""
        with server_folder("pg") as one, server_folder("pg") as other:
            numbers = itertools.count(1)  # of databases, whichever server makes them
            pair = cls(Postgres(one, numbers), Postgres(other, numbers))
            give(one, *account("postgres"))
            give(other, *account("postgres"))
            pair.primary.make_cluster()
            try:
                pair.primary.start()
                pair.rejoin()
                yield pair
            finally:
                for server in (pair.primary, pair.standby):
                    with suppress(ServerNotStartedError):  # the test stopped it
                        server.stop()

    def database(self, template: str | None = None) -> str:
        """Makes a database (see `Postgres.database`) and returns the URL that finds the primary, whichever it is."""
        name = urlsplit(self.primary.database(template)).path.lstrip("/")
        return self.url(name, self.primary, self.standby) + "&target_session_attrs=read-write"

    @staticmethod
    def url(name: str, *servers: Postgres) -> str:
        """Returns the URL of a database of that name on the first of the servers that answers."""
        hosts = ",".join(str(one.folder) for one in servers)
        return f"postgresql+psycopg://vf@/{name}?host={hosts}"

    def promote(self) -> None:
        """Makes the standby the primary. Stop the old primary before, or there are two."""
        self.standby.promote()
        self.primary, self.standby = self.standby, self.primary

    def fail_over(self, mode: str = "immediate") -> None:
        """Ends the primary, by default as a crash does, and promotes the standby."""
        self.primary.stop(mode)
        self.promote()

    def rejoin(self) -> None:
        """Starts the stopped server as a standby of the primary, from whose commit on every commit waits for it."""
        self.go_alone()  # the backup takes this setting along, and a promoted server has no standby
        self.standby.follow(self.primary)
        self.primary.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
        self.primary.execute("SELECT pg_reload_conf()")

    def go_alone(self) -> None:
        """Lets commits on the primary wait for no standby: it is gone, and will not come back soon."""
        self.primary.execute("ALTER SYSTEM RESET synchronous_standby_names")
        self.primary.execute("SELECT pg_reload_conf()")
