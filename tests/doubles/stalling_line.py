# SPDX-License-Identifier: EUPL-1.2
"""A loopback connection to a server that can stall or drip: hardly anything passes, and connections stay open."""

from __future__ import annotations

import selectors
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread

from tests.patience import PATIENCE

_TICK = 0.05  # seconds
_DROP = 0.25  # seconds between two octets of a server that drips


class StallingLine:
    """Forwards connections on `port` to a port of the server, both ways, while it does not stall."""

    def __init__(self, server_port: int) -> None:
        self.port = 0
        self._server_port = server_port
        self._moving, self._ended = Event(), Event()
        self._moving.set()
        self._peers: dict[socket.socket, socket.socket] = {}
        self._word = b""
        self._dripping = set[socket.socket]()  # ends at the server
        self.drips = 0  # connections that began to drip

    def stall(self) -> None:
        """Stops all traffic; new connections are accepted and receive nothing."""
        self._moving.clear()

    def drip_after(self, word: bytes) -> None:
        """From now on each connection on which the client says this word in clear text gets four octets a second."""
        self._word = word

    def go_on(self) -> None:
        """Resumes all traffic, including what was held up."""
        self._word = b""
        self._dripping.clear()
        self._moving.set()

    @contextmanager
    def running(self) -> Iterator[StallingLine]:
        """Listens on a port of 127.0.0.1."""
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self.port = listener.getsockname()[1]
            thread = Thread(target=self._serve, args=(listener,))
            thread.start()
            try:
                yield self
            finally:
                self._ended.set()
                self._moving.set()
                thread.join(PATIENCE)
                assert not thread.is_alive()

    def _serve(self, listener: socket.socket) -> None:
        with selectors.DefaultSelector() as waiting:
            waiting.register(listener, selectors.EVENT_READ)
            while not self._ended.is_set():
                if not self._moving.wait(_TICK):
                    continue
                for key, _ in waiting.select(_TICK):
                    if key.fileobj is listener:
                        self._connect(listener, waiting)
                    elif isinstance(key.fileobj, socket.socket) and key.fileobj in self._peers:
                        self._pass_on(key.fileobj, waiting)
            for line in list(self._peers):
                line.close()

    def _connect(self, listener: socket.socket, waiting: selectors.BaseSelector) -> None:
        client = listener.accept()[0]
        server = socket.create_connection(("127.0.0.1", self._server_port), timeout=10)
        for one, other in ((client, server), (server, client)):
            one.settimeout(10)
            self._peers[one] = other
            waiting.register(one, selectors.EVENT_READ)

    def _pass_on(self, line: socket.socket, waiting: selectors.BaseSelector) -> None:
        other = self._peers[line]
        octets = b""
        with suppress(OSError):
            octets = line.recv(1 if line in self._dripping else 1 << 16)
            if line in self._dripping:
                self._ended.wait(_DROP)
            elif self._word and self._word in octets:
                self._dripping.add(other)
                self.drips += 1
            other.sendall(octets)
        if not octets:
            for end in (line, other):
                waiting.unregister(end)
                del self._peers[end]
                self._dripping.discard(end)
                end.close()
