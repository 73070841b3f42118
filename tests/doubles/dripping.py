# SPDX-License-Identifier: EUPL-1.2
"""A server on loopback that drips: an octet every so often, so that no single read is ever late."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from tests.patience import PATIENCE

EVERY = 0.05  # seconds between two pieces
AT_MOST = PATIENCE  # seconds: a client that waits on gets an end at last, so that a wrong one fails and does not hang


def drip(sock: socket.socket, piece: bytes = b"x") -> None:
    """Sends the piece again and again, until the client has left."""
    never = threading.Event()
    with suppress(OSError):
        for _ in range(int(AT_MOST / EVERY)):
            sock.sendall(piece)
            never.wait(EVERY)


@dataclass
class DrippingServer:
    """Hears the first piece of each client unless it `greets`, sends `begins`, and then drips `piece`."""

    begins: bytes = b""
    piece: bytes = b"x"
    greets: bool = False
    port: int = 0
    met: int = 0  # clients so far
    left: threading.Event = field(default_factory=threading.Event)  # set once a client has gone

    @contextmanager
    def running(self) -> Iterator["DrippingServer"]:
        """Listens on a port of 127.0.0.1; each client has a thread of its own."""
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self.port = listener.getsockname()[1]
            accepting = threading.Thread(target=self._accept, args=(listener,), daemon=True)
            accepting.start()
            try:
                yield self
            finally:
                listener.shutdown(socket.SHUT_RDWR)
                accepting.join(PATIENCE)

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                client = listener.accept()[0]
                self.met += 1
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, suppress(OSError):
            if not self.greets:
                client.recv(1 << 16)
            client.sendall(self.begins)
            drip(client, self.piece)
        self.left.set()
