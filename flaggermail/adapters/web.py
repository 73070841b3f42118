# SPDX-License-Identifier: EUPL-1.2
"""Requests over HTTP to one configured address: no redirect, and one deadline from the look-up of its name on."""

from __future__ import annotations

import ctypes
import errno
import http.client
import socket
import ssl
import time
import urllib.request
from concurrent.futures import Future
from functools import partial
from threading import Thread
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

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


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """Follows no redirect: only the configured address is called, and no other gets what is sent there."""

    def redirect_request(self, *_: object) -> None:
        """Returns None, so that urllib treats the redirect as an error."""
        return


def opener(deadline: Deadline, proxies: Mapping[str, str] | None = None) -> urllib.request.OpenerDirector:
    """Returns what opens addresses before the deadline; `proxies` by scheme, None for those of the environment."""
    through = urllib.request.ProxyHandler(None if proxies is None else dict(proxies))
    return urllib.request.build_opener(_NoRedirects(), through, _Http(deadline), _Https(deadline))


class _PlainConnection(http.client.HTTPConnection):
    """In clear text, under a deadline."""

    def __init__(self, host: str, *, deadline: Deadline, timeout: float) -> None:
        super().__init__(host, timeout=timeout)
        self._create_connection = lambda address, *_: connect(address[0], address[1], deadline)


class _TlsConnection(http.client.HTTPSConnection):
    """Over TLS, under a deadline."""

    def __init__(self, host: str, *, deadline: Deadline, timeout: float, context: ssl.SSLContext) -> None:
        super().__init__(host, timeout=timeout, context=context)
        self._deadline = deadline
        self._create_connection = lambda address, *_: connect(address[0], address[1], deadline)

    def connect(self) -> None:
        """Connects, also through a proxy, and starts TLS."""
        super().connect()
        if isinstance(self.sock, BoundedTls):
            self.sock.deadline = self._deadline


class _Http(urllib.request.HTTPHandler):
    def __init__(self, deadline: Deadline) -> None:
        super().__init__()
        self._deadline = deadline

    def http_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(partial(_PlainConnection, deadline=self._deadline), req)


class _Https(urllib.request.HTTPSHandler):
    def __init__(self, deadline: Deadline) -> None:
        super().__init__()
        self._deadline = deadline

    def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        context = ssl.create_default_context()
        context.set_alpn_protocols(["http/1.1"])
        context.sslsocket_class = BoundedTls
        return self.do_open(partial(_TlsConnection, deadline=self._deadline, context=context), req)
