# SPDX-License-Identifier: EUPL-1.2
"""A relay between a client and a server of ours, which can be slow; what it forwards it does not read."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress

_PIECE = 65536  # octets


class Relay:
    """Listens at a TCP address and forwards each connection to the server that `connect` reaches.

    `delay`: seconds that each piece from a client waits, which is a statement where the client awaits each answer.
    """

    def __init__(self, host: str, port: int, connect: Callable[[], socket.socket]) -> None:
        """Listens from now on; raises OSError if the address is taken or unknown."""
        self.delay = 0.0
        self._connect = connect
        self._open: set[socket.socket] = set()
        self._listener = socket.create_server((host, port), backlog=128)
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Takes no more connections, and cuts those there are."""
        for line in (self._listener, *self._open):
            _cut(line)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        try:
            server = self._connect()
        except OSError:
            _cut(client)
            return
        ends = {client, server}
        self._open |= ends
        back = threading.Thread(target=_pump, args=(server, client, lambda: 0.0), daemon=True)
        back.start()
        _pump(client, server, lambda: self.delay)
        back.join()
        self._open -= ends
        for line in ends:
            line.close()


def _pump(source: socket.socket, sink: socket.socket, delay: Callable[[], float]) -> None:
    """Forwards until either side ends, which ends the other."""
    with suppress(OSError):
        while piece := source.recv(_PIECE):
            time.sleep(delay())
            sink.sendall(piece)
    for line in (source, sink):
        with suppress(OSError):
            line.shutdown(socket.SHUT_RDWR)


def _cut(line: socket.socket) -> None:
    with suppress(OSError):
        line.shutdown(socket.SHUT_RDWR)
    line.close()


def to_port(port: int) -> Callable[[], socket.socket]:
    """Returns how a server is reached that listens on this port of 127.0.0.1."""
    return lambda: socket.create_connection(("127.0.0.1", port))


def to_file(path: str) -> Callable[[], socket.socket]:
    """Returns how a server is reached that listens on this Unix socket."""

    def connect() -> socket.socket:
        line = socket.socket(socket.AF_UNIX)
        try:
            line.connect(path)
        except OSError:
            line.close()
            raise
        return line

    return connect
