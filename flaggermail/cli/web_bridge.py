# SPDX-License-Identifier: EUPL-1.2
"""A bridge from loopback to the socket of a door, for one person.

The door sees the account of this process. So nobody else may use it: the program that connects must be of this account,
because browsers send a cookie to every port of a host (RFC 6265, 8.5); a request needs the cookie of the first address,
which works once; and it must name this host, against names that another site lets point here (DNS rebinding).
"""

from __future__ import annotations

import hmac
import http.client
import os
import re
import secrets
import socket
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from flaggermail.errors import FlaggermailError
from flaggermail.sockets import connected
from flaggermail.wording.catalogues import languages
from flaggermail.wording.door import BridgeText
from flaggermail.wording.said import StoredText, language_of

LOOPBACK = "127.0.0.1"
COOKIE, FIRST, TOKEN = "flaggermail", "/enter", "token"
MOST_BODY = 1_000_000  # octets of a form
STALLED_AFTER = 30  # seconds for a browser to send a request
DOOR_WITHIN = 60.0  # seconds for the door to answer, of which a page takes a fraction of one
_TO_DOOR = (
    "Accept", "Accept-Language", "Content-Type", "Host", "If-None-Match", "Origin", "Sec-Fetch-Site",
)  # fmt: skip
_TO_BROWSER = frozenset({
    "cache-control", "content-disposition", "content-language", "content-security-policy", "content-type",
    "cross-origin-opener-policy", "cross-origin-resource-policy", "etag", "location", "referrer-policy", "retry-after",
    "vary", "x-content-type-options", "x-frame-options",
})  # fmt: skip
_CLOSED = ("/v1/", "/health")  # addresses of the door for programs
_LENGTH = re.compile(r"[0-9]{1,9}", re.ASCII)
_TCP = Path("/proc/net/tcp")
_NO_PROGRAM = "0"  # the inode of a socket that its program has closed; its account is then told as 0


class WebBridge(ThreadingHTTPServer):
    """Listens on loopback at `port`, or a free one, and hands requests to the door at `door`. Raises OSError."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, door: Path, port: int) -> None:
        self.door = door
        self._secret, self._token = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
        self._once = threading.Lock()
        super().__init__((LOOPBACK, port), BridgeHandler)

    def verify_request(self, request: object, client_address: tuple[str, int]) -> bool:
        """True for a program of this account; that of another one is cut off, and costs no thread."""
        del request
        return account_at(client_address[1], self.server_port) == os.geteuid()

    @property
    def host(self) -> str:
        """The only name under which this host may be asked."""
        return f"{LOOPBACK}:{self.server_port}"

    @property
    def cookie(self) -> str:
        """The cookie with its name, which is that of this port: a person may have the pages of two desks."""
        return f"{COOKIE}-{self.server_port}={self._secret}"

    @property
    def first_address(self) -> str:
        """The address that gives the cookie, once."""
        return f"http://{self.host}{FIRST}?{TOKEN}={self._token}"

    def takes(self, token: str) -> bool:
        """True for the token of the first address, once."""
        with self._once:
            fits = bool(self._token) and hmac.compare_digest(token.encode(), self._token.encode())
            if fits:
                self._token = ""
        return fits

    def knows(self, cookies: str) -> bool:
        """True if the cookie is among those of a header, whatever other programs of this host have set beside it."""
        given = (one.strip().encode("latin-1", "replace") for one in cookies.split(";"))
        return any(hmac.compare_digest(one, self.cookie.encode()) for one in given)

    def handle_error(self, request: object, client_address: object) -> None:
        """Says nothing: a browser that goes away in the middle is no fault."""


@contextmanager
def bridged(door: Path, port: int = 0) -> Iterator[str]:
    """Serves the pages of the door at `door`, until the end; yields the address that works once. Raises OSError."""
    with WebBridge(door, port) as bridge:
        threading.Thread(target=bridge.serve_forever, name="web", daemon=True).start()
        try:
            yield bridge.first_address
        finally:
            bridge.shutdown()


class BridgeHandler(BaseHTTPRequestHandler):
    """Answers one connection of a browser."""

    server: WebBridge
    timeout = STALLED_AFTER
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "flaggermail", ""

    def do_GET(self) -> None:
        """Answers a page."""
        if not self._is_welcome():
            return
        address = urlsplit(self.path)
        if address.path == FIRST:
            self._enter(parse_qs(address.query).get(TOKEN, [""])[0])
        elif self._has_cookie():
            self._hand_on(b"")

    def do_POST(self) -> None:
        """Sends a form."""
        if not self._is_welcome() or not self._has_cookie():
            return
        length = self.headers.get("Content-Length", "")
        if not _LENGTH.fullmatch(length) or int(length) > MOST_BODY or "Transfer-Encoding" in self.headers:
            self._say(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, BridgeText.TOO_LARGE())
            return
        form = self.rfile.read(int(length))
        if len(form) != int(length):  # the browser has gone; what is there may be a form of its own
            self._say(HTTPStatus.BAD_REQUEST, BridgeText.NOT_WHOLE())
            return
        self._hand_on(form)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name that http.server gives
        """Logs nothing: the terminal shows the address alone, and the door keeps what was read."""

    def _is_welcome(self) -> bool:
        """False, and answered, for another host's name, and for what is no address of a page however it is written."""
        path = self.path.partition("?")[0]
        if self.headers.get_all("Host") != [self.server.host]:
            self._say(HTTPStatus.MISDIRECTED_REQUEST, BridgeText.ELSEWHERE())
        elif not (self.path.isascii() and path.startswith("/")) or unquote(path).startswith(_CLOSED):
            self._say(HTTPStatus.NOT_FOUND, BridgeText.NO_PAGE())
        else:
            return True
        return False

    def _has_cookie(self) -> bool:
        """False, and answered, for a browser without the cookie of the first address."""
        if self.server.knows(self.headers.get("Cookie", "")):
            return True
        self._say(HTTPStatus.FORBIDDEN, BridgeText.NO_COOKIE())
        return False

    def _enter(self, token: str) -> None:
        if not self.server.takes(token):
            self._say(HTTPStatus.FORBIDDEN, BridgeText.USED())
            return
        self.send_response(HTTPStatus.SEE_OTHER)
        self.send_header("Set-Cookie", f"{self.server.cookie}; HttpOnly; SameSite=Strict; Path=/")
        self._end([("Location", "/"), ("Cache-Control", "no-store"), ("Content-Length", "0")])

    def _hand_on(self, body: bytes) -> None:
        head = {name: value for name in _TO_DOOR if (value := self.headers.get(name)) is not None}
        try:
            line = connected(self.server.door, DOOR_WITHIN)
            try:
                line.request(self.command, self.path, body or None, head | {"Connection": "close"})
                answer = line.getresponse()
                octets = answer.read()
            finally:
                line.close()
        except (OSError, http.client.HTTPException, FlaggermailError) as fault:
            self._say(HTTPStatus.BAD_GATEWAY, BridgeText.NO_DOOR(reason=str(fault)))
            return
        self.send_response(answer.status)
        kept = [(name, value) for name, value in answer.getheaders() if name.lower() in _TO_BROWSER]
        self._end([*kept, ("Content-Length", str(len(octets)))])
        self.wfile.write(octets)

    def _say(self, status: HTTPStatus, said: StoredText) -> None:
        language = language_of(self.headers.get("Accept-Language", ""), languages())
        octets = said.in_language(language).encode()
        self.send_response(status)
        self._end([("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(octets))),
                   ("Content-Language", language), ("Cache-Control", "no-store"),
                   ("X-Content-Type-Options", "nosniff")])  # fmt: skip
        self.wfile.write(octets)

    def _end(self, headers: Iterable[tuple[str, str]]) -> None:
        for name, value in (*headers, ("Connection", "close")):
            self.send_header(name, value)
        self.end_headers()


def account_at(port: int, server_port: int) -> int | None:
    """Returns the account of the program at `port` of loopback that is connected to `server_port`.

    The kernel lists it in /proc/net/tcp (proc(5)); None if it does not, or if that program has closed it.
    """
    host = int.from_bytes(socket.inet_aton(LOOPBACK), sys.byteorder)
    local, remote = (f"{host:08X}:{number:04X}" for number in (port, server_port))
    try:
        lines = _TCP.read_text("ascii").splitlines()[1:]
    except OSError:
        return None
    for fields in map(str.split, lines):
        if fields[1] == local and fields[2] == remote and fields[9] != _NO_PROGRAM:
            return int(fields[7])
    return None
