# SPDX-License-Identifier: EUPL-1.2
"""Connections under one deadline, from the look-up of a name on."""

from __future__ import annotations

import ctypes
import errno
import socket
import ssl
import time
from concurrent.futures import Future
from functools import partial
from threading import Thread
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from _typeshed import ReadableBuffer, WriteableBuffer


T = TypeVar("T")
_LEAST = 0.001  # seconds: none would make a socket that does not block
SLOWEST = 32_000  # octets a second that a large answer brings on the average


class Deadline:
    """`seconds` for one whole answer, and a second more for each `SLOWEST` of its first `expected` octets.

    An answer of more than `most` octets is broken off; without it there is no limit.
    """

    def __init__(self, seconds: float, expected: int = 0, most: int = 0) -> None:
        self.seconds, self.expected, self.most = seconds, expected, most
        self.restart()

    def restart(self) -> None:
        """Begins the wait for another answer."""
        self._began, self._received = time.monotonic(), 0

    def count(self, octets: int) -> int:
        """Counts octets of the answer; returns their number. Raises OSError."""
        self._received += octets
        if self.most and self._received > self.most:
            raise OSError(errno.EMSGSIZE, f"the server's answer has no end: more than {self.most // 1_000_000} MB")
        return octets

    def left(self) -> float:
        """Returns the seconds left, more than none. Raises TimeoutError."""
        left = self.left_or_none()
        if left <= 0:
            raise TimeoutError("timed out")
        return left

    def left_or_none(self) -> float:
        """Returns the seconds left; none, or fewer, if it is over."""
        allowed = self.seconds + min(self._received, self.expected) / SLOWEST
        return self._began + allowed - time.monotonic()


class _Bounded(socket.socket):
    """A socket whose reads and writes end at its deadline, unless it does not block."""

    deadline: Deadline | None = None

    def recv(self, buflen: int = 1024, flags: int = 0) -> bytes:
        """Reads. Raises TimeoutError, OSError."""
        deadline = self._limited()
        octets = super().recv(buflen, flags)
        deadline.count(len(octets))
        return octets

    def recv_into(self, buffer: WriteableBuffer, nbytes: int | None = 0, flags: int = 0) -> int:
        """Reads. Raises TimeoutError, OSError."""
        return self._limited().count(super().recv_into(buffer, nbytes or 0, flags))

    def send(self, data: ReadableBuffer, flags: int = 0) -> int:
        """Writes. Raises TimeoutError."""
        self._limited()
        return super().send(data, flags)

    def sendall(self, data: ReadableBuffer, flags: int = 0) -> None:
        """Writes. Raises TimeoutError."""
        self._limited()
        super().sendall(data, flags)

    def _limited(self) -> Deadline:
        """Makes what is left the time limit of the next read or write."""
        deadline = self.deadline or Deadline(0)
        if self.deadline is not None and self.gettimeout() != 0:
            self.settimeout(deadline.left())
        return deadline


class BoundedTls(_Bounded, ssl.SSLSocket):
    """The same over TLS; `ssl` limits a handshake as a whole by itself."""


def connect(host: str, port: int, deadline: Deadline) -> socket.socket:
    """Returns a connection to an address of the host, each of which gets its part of the time. Raises OSError."""
    found = in_time(partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM), deadline.left())
    fault = OSError(f"{host} has no address")
    for tried, (*_, address) in enumerate(found):
        try:
            made = socket.create_connection((str(address[0]), address[1]), deadline.left() / (len(found) - tried))
        except OSError as error:
            fault = error
            continue
        sock = _Bounded(fileno=made.detach())
        sock.deadline = deadline
        sock.settimeout(max(deadline.left_or_none(), _LEAST))  # of a handshake, which `ssl` limits as a whole
        return sock
    raise fault


def encrypt(context: ssl.SSLContext, sock: socket.socket, host: str) -> ssl.SSLSocket:
    """Returns the connection with TLS, under its deadline. Raises OSError."""
    deadline = deadline_of(sock)
    if deadline is not None:
        sock.settimeout(deadline.left())
    context.sslsocket_class = BoundedTls
    encrypted = context.wrap_socket(sock, server_hostname=host)
    if isinstance(encrypted, BoundedTls):
        encrypted.deadline = deadline
    return encrypted


def deadline_of(sock: object) -> Deadline | None:
    """Returns the deadline of a socket; None if it has none."""
    return sock.deadline if isinstance(sock, _Bounded) else None


def started(call: Callable[[], T]) -> Future[T]:
    """Runs `call` in a daemon thread: neither a caller nor the end of the program waits for it."""
    return _started(call)[0]


def in_time(call: Callable[[], T], seconds: float) -> T:
    """Returns the result of `call`, or gives up after `seconds`: its sockets are out of reach. Raises TimeoutError.

    The thread of a call that is given up ends at its next step in Python: with the next octet of a server that drips.
    """
    done, thread = _started(call)
    try:
        return done.result(seconds)
    finally:
        if not done.done() and thread.ident is not None:
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident), ctypes.py_object(SystemExit))


def _started(call: Callable[[], T]) -> tuple[Future[T], Thread]:
    done: Future[T] = Future()
    done.set_running_or_notify_cancel()

    def run() -> None:
        try:
            done.set_result(call())
        except BaseException as fault:  # noqa: BLE001 - belongs to whoever waits for the result
            done.set_exception(fault)

    thread = Thread(target=run, daemon=True)
    thread.start()
    return done, thread
