# SPDX-License-Identifier: EUPL-1.2
"""The HTTP server of the door: cheroot, with bounds for each account that it leaves open.

A connection costs a thread only while a request is read and answered. Reading has one deadline for the whole request.
"""

from __future__ import annotations

import errno
import json
import logging
import os
import queue
import select
import socket
import sys
import threading
import time
from collections import Counter
from contextlib import suppress
from typing import Any, cast

from cheroot import connections, server, wsgi
from cheroot.makefile import MakeFile
from cheroot.workers import threadpool

from flaggermail import logbook
from flaggermail.door.application import GONE, INTERIM, PROXY
from flaggermail.door.http_reading import HeaderLines, HttpFault
from flaggermail.door.listening import BACKLOG, Listening
from flaggermail.door.peers import Proxy
from flaggermail.door.pool import EACH, THREADS, FairQueue
from flaggermail.door.problems import API_VERSION, PROBLEM_TYPE

MOST_HEAD = 16_384  # octets of the request line and the headers
MOST_BODY = 16_000_000  # octets of the largest body that any request may have
PASSED_OVER = 1_000_000  # octets of a refused body; a client that still sends would not read the answer
REQUEST_WITHIN = 15.0  # seconds for the whole of a request to arrive, from its first octet
ANSWER_WITHIN = 300.0  # seconds for the whole of an answer to be taken
IDLE_FOR = 60  # seconds that a connection may wait between requests
MOST_IDLE, MOST_OPEN = 32, 256
"""Connections of one account: of more than the first that wait, the oldest are closed; more than the second are refused
at once."""
KEPT_ALIVE = 1_000  # connections of all accounts that wait; with more, each ends with its answer
FULL_FOR = 0.5  # seconds without new connections, once the process has as many as it may
_NO_MORE_FILES = (errno.EMFILE, errno.ENFILE)
STOP_WITHIN = 7  # seconds for requests under way


class TimedSocket(socket.socket):
    """A socket whose reading and writing end at an instant, however small the steps are."""

    read_until = 0.0
    write_until: float | None = None

    def begin(self) -> None:
        """Begins a request; its answer begins with the first octet that is sent."""
        self.read_until, self.write_until = time.monotonic() + REQUEST_WITHIN, None

    def recv_into(self, *arguments: Any) -> int:  # noqa: ANN401 - as in the class above
        """Receives as the class above does. Raises TimeoutError at the deadline."""
        self._bound(self.read_until)
        return super().recv_into(*arguments)

    def send(self, *arguments: Any) -> int:  # noqa: ANN401 - as in the class above
        """Sends as the class above does. Raises TimeoutError at the deadline."""
        if self.write_until is None:
            self.write_until = time.monotonic() + ANSWER_WITHIN
        self._bound(self.write_until)
        return super().send(*arguments)

    def _bound(self, until: float) -> None:
        left = until - time.monotonic()
        if left <= 0:
            raise TimeoutError("timed out")  # the words by which cheroot knows it
        self.settimeout(left)


def raw_problem(status: str, text: str, *more: str) -> bytes:
    """Returns a whole answer about a request that no application sees; `status` such as "400 Bad Request"."""
    number, _, phrase = status.partition(" ")
    body = json.dumps({
        "type": "about:blank", "title": phrase, "status": int(number), "detail": text or phrase,
        "where": None, "wanted": None,
    }).encode()  # fmt: skip
    lines = [
        f"HTTP/1.1 {status}", f"Content-Type: {PROBLEM_TYPE}", f"Content-Length: {len(body)}",
        f"API-Version: {API_VERSION}", "Cache-Control: no-store", "Connection: close", *more,
    ]  # fmt: skip
    return "\r\n".join([*lines, "", ""]).encode("ascii", "replace") + body


class DoorRequest(server.HTTPRequest):
    """A request; what is wrong with it is said as the application says it (RFC 9457)."""

    def simple_response(self, status: str, msg: str = "") -> None:
        """Answers a request that no application sees, and ends the connection."""
        if isinstance(msg, HttpFault):
            status = msg.status
        elif status.startswith("413 Request Entity") and not self.inheaders.get(b"Content-Length"):
            status = "431 Request Header Fields Too Large"
        self.close_connection = True
        with suppress(OSError):
            self.conn.wfile.write(raw_problem(status, msg))

    def read_request_headers(self) -> bool:
        """Reads the headers; False if the request was refused. HTTP/1.1 needs a host (RFC 9112, 3.2)."""
        self.header_reader = self.server.header_reader
        if not super().read_request_headers():
            return False
        if self.request_protocol == b"HTTP/1.1" and b"Host" not in self.inheaders:
            self.simple_response("400 Bad Request", "the header Host is missing")
            return False
        return True

    def send_headers(self) -> None:
        """Sends the headers of an answer; a body that nobody has read is passed over, or the connection ends."""
        left = getattr(self.rfile, "remaining", 0)
        if left:
            with suppress(OSError):
                self.rfile.read(left) if left <= PASSED_OVER else None
            self.close_connection = self.close_connection or self.rfile.remaining > 0
        super().send_headers()


class DoorConnection(server.HTTPConnection):
    """A connection of one account of this machine, which the kernel names."""

    RequestHandlerClass = DoorRequest
    is_new = True

    def __init__(self, of: DoorServer, sock: socket.socket, makefile: Any = MakeFile) -> None:  # noqa: ANN401 - cheroot's own
        timed = TimedSocket(sock.family, sock.type, sock.proto, fileno=sock.detach())
        super().__init__(of, timed, makefile)
        self.uid = int(self.peer_uid)
        self._counted = False

    def count(self) -> int:
        """Counts this connection; returns how many of its account are open."""
        self._counted = True
        return cast("DoorServer", self.server).opened(self.uid)

    def communicate(self) -> bool:
        """Reads one request and answers it; True if another may follow."""
        self.socket.begin()
        try:
            return bool(super().communicate())
        finally:
            self.server.requests.done(self.uid)

    def turn_away(self) -> None:
        """Says that this account has too many connections or requests, without waiting, and closes."""
        words = "too many requests of your account at once; wait for the answers"
        with suppress(OSError):
            self.socket.setblocking(False)  # noqa: FBT003 - as the library has it
            socket.socket.send(self.socket, raw_problem("429 Too Many Requests", words, "Retry-After: 1"))
        self.close()

    def is_gone(self) -> bool:
        """True if the client has closed its connection; one that only sends no more still waits for its answer."""
        look = select.poll()
        look.register(self.socket, 0)  # the kernel tells of POLLHUP and POLLERR unasked
        return bool(look.poll(0))

    def tell(self, progress: str) -> None:
        """Sends an interim answer (RFC 9110, 15.2) that says how far the task is, from 0 to 1. Raises OSError."""
        self.wfile.write(f"HTTP/1.1 102 Processing\r\nProgress: {progress}\r\n\r\n".encode("ascii"))
        self.socket.write_until = None  # the answer has its own time

    def close(self) -> None:
        """Closes the connection; idempotent."""
        counted, self._counted = self._counted, False
        if counted:
            self.server.closed(self.uid)
        super().close()


class Waiting(connections.ConnectionManager):
    """The connections that wait for a request; an account keeps the last ones of too many."""

    def _expire(self, threshold: float) -> None:
        super()._expire(threshold)
        of_each: dict[int, list[tuple[float, int, DoorConnection]]] = {}
        for number, found in list(self._selector.connections):
            if found is not self.server:
                of_each.setdefault(found.uid, []).append((found.last_used, number, found))
        for waiting in of_each.values():
            for _, number, found in sorted(waiting, key=lambda one: one[:2])[:-MOST_IDLE]:
                self._selector.unregister(number)
                found.close()


class FairPool(threadpool.ThreadPool):
    """The threads that answer; see `pool.FairQueue`. All persons of a proxy share its account."""

    def __init__(self, of: DoorServer, each: int) -> None:
        super().__init__(of, min=THREADS, max=THREADS)
        self._queue: FairQueue[DoorConnection] = FairQueue(os.geteuid(), each=each)
        self.get = self._queue.get
        self.done = self._queue.done


class DoorGateway(wsgi.Gateway_10):
    """Calls the application."""

    def get_environ(self) -> dict[str, object]:
        """Returns the environment of WSGI; the account of the peer is X_REMOTE_UID."""
        found: dict[str, object] = super().get_environ()
        found[PROXY] = self.req.server.proxy
        found[GONE] = self.req.conn.is_gone
        if self.req.request_protocol == b"HTTP/1.1":  # one before it knows no interim answers (RFC 9110, 15.2)
            found[INTERIM] = self.req.conn.tell
        return found


class DoorServer(wsgi.Server):
    """Serves an application on a socket that listens already; with a `proxy`, for the persons that it names."""

    ConnectionClass = DoorConnection
    _connections: connections.ConnectionManager

    def __init__(self, application: object, listening: Listening, proxy: Proxy | None = None) -> None:
        super().__init__(
            str(listening.path), application, numthreads=THREADS, server_name="flaggermail",
            request_queue_size=BACKLOG, timeout=IDLE_FOR, shutdown_timeout=STOP_WITHIN, peercreds_enabled=True,
        )  # fmt: skip
        self.proxy, self.header_reader = proxy, HeaderLines(*([proxy.header] if proxy else []))
        self.gateway, self.requests = DoorGateway, FairPool(self, EACH if proxy is None else THREADS - 1)
        self.max_request_header_size, self.max_request_body_size = MOST_HEAD, MOST_BODY
        self.keep_alive_conn_limit = KEPT_ALIVE
        self._listening = listening
        self._open: Counter[int] = Counter()
        self._turn = threading.Lock()

    def prepare(self) -> None:
        """Gets ready to serve."""
        os.environ.pop("LISTEN_PID", None)  # cheroot would take a socket of systemd for one of the network
        super().prepare()
        self._connections.close()
        self._connections = Waiting(self)

    def bind_unix_socket(self, bind_addr: str) -> socket.socket:
        """Takes the socket that listens."""
        del bind_addr
        self.socket = self._listening.line
        return self._listening.line

    def process_conn(self, conn: DoorConnection) -> None:
        """Lets a new connection wait for its first octet, and a request for a thread."""
        if conn.is_new:
            conn.is_new = False
            if conn.count() > MOST_OPEN:
                conn.turn_away()
            else:
                self._connections.put(conn)
            return
        try:
            self.requests.put(conn)
        except queue.Full:
            conn.turn_away()

    def opened(self, uid: int) -> int:
        """Counts a connection of that account; returns how many are open."""
        with self._turn:
            self._open[uid] += 1
            return self._open[uid]

    def closed(self, uid: int) -> None:
        """Counts a connection of that account as closed."""
        with self._turn:
            self._open[uid] -= 1
            self._open += Counter()

    def error_log(self, msg: str = "", level: int = logging.INFO, traceback: bool = False) -> None:  # noqa: FBT001, FBT002 - cheroot's own
        """Logs a fault of the server by its kind; the text may quote a request."""
        del msg, traceback
        if level < logging.ERROR:
            return
        fault = sys.exc_info()[1]
        if isinstance(fault, OSError) and fault.errno in _NO_MORE_FILES:
            time.sleep(FULL_FOR)  # until some connection ends: otherwise it is tried again at once, and again
        logbook.door_fault(fault)
