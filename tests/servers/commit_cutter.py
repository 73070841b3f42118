# SPDX-License-Identifier: EUPL-1.2
"""A socket before that of a PostgreSQL server, whose lines break at the next COMMIT, as on a fail-over."""

import select
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

_NAME = ".s.PGSQL.5432"
_COMMIT = b"\x0bCOMMIT\0"  # a simple query: Q, its length, and the statement (PostgreSQL manual, section 55.7)


class Cut(Enum):
    """Where the line breaks."""

    BEFORE_COMMIT = "the server never hears of it"
    AFTER_COMMIT = "the server has committed, and nobody hears its answer"


@dataclass
class CommitCutter:
    """Passes everything on, but for the next COMMIT once `cut` is set; then it goes on as before."""

    folder: Path
    server: Path
    cut: Cut | None = None

    @classmethod
    @contextmanager
    def before(cls, server: Path, folder: Path) -> Iterator["CommitCutter"]:
        """Opens one in `folder`, which is the `host` of its clients, before the server whose socket is in `server`."""
        made, listening = cls(folder, server), socket.socket(socket.AF_UNIX)
        listening.bind(str(folder / _NAME))
        listening.listen()
        threading.Thread(target=made._take, args=(listening,), daemon=True).start()
        try:
            yield made
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            listening.close()

    @property
    def armed(self) -> bool:
        """True until the line was cut."""
        return self.cut is not None

    def _take(self, listening: socket.socket) -> None:
        with suppress(OSError):
            while True:
                client, _ = listening.accept()
                threading.Thread(target=self._join, args=(client,), daemon=True).start()

    def _join(self, client: socket.socket) -> None:
        """Passes on in both directions until one end closes."""
        with client, socket.socket(socket.AF_UNIX) as server, suppress(OSError):
            server.connect(str(self.server / _NAME))
            while True:
                for one in select.select([client, server], [], [])[0]:
                    octets = one.recv(65_536)
                    cut = self.cut if one is client and octets.endswith(_COMMIT) else None
                    if not octets or cut is Cut.BEFORE_COMMIT:
                        self.cut = None if cut else self.cut
                        return
                    (server if one is client else client).sendall(octets)
                    if cut is Cut.AFTER_COMMIT:
                        self.cut = None
                        server.recv(65_536)
                        return
