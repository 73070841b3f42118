# SPDX-License-Identifier: EUPL-1.2
"""`flaggermail web`: the pages of a door on loopback, for one person, through real processes."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from typing import NamedTuple
from urllib.parse import urlsplit

import pytest

from flaggermail.cli.web_bridge import account_at
from tests.flow.door_process import AS_ROOT, BIN, DoorProcess, answer_in, desk_of, door_on, exchange
from tests.patience import PATIENCE

pytestmark = pytest.mark.outside
OK, SEEN, FORBIDDEN, NOT_FOUND, MISDIRECTED, TOO_LARGE = 200, 303, 403, 404, 421, 413


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DoorProcess]:
    """A door whose officer is this account."""
    with door_on(desk_of(tmp_path_factory.mktemp("d") / "desk", ("officer1", os.geteuid()))) as opened:
        yield opened


@contextmanager
def web_of(door: DoorProcess, *options: str) -> Iterator[str]:
    """Runs `flaggermail web`; yields the address that it prints."""
    command = [sys.executable, "-m", "flaggermail", "--socket", str(door.path), "web", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.send_signal(signal.SIGHUP)  # as the end of its terminal does
            assert process.wait(PATIENCE) == 0


class ReadAnswer(NamedTuple):
    """An answer, read to its end."""

    status: int
    headers: Mapping[str, str]
    text: str


def ask(address: str, path: str, method: str = "GET", body: str | None = None, **headers: str) -> ReadAnswer:
    """Sends one request to the host of an address; returns the answer, read."""
    host = urlsplit(address)
    with closing(http.client.HTTPConnection("127.0.0.1", host.port, timeout=PATIENCE)) as line:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        line.request(method, path, body, {"Host": host.netloc} | named)
        found = line.getresponse()
        return ReadAnswer(found.status, dict(found.getheaders()), found.read().decode("utf-8", "replace"))


def entered(address: str) -> str:
    """Opens the first address; returns the cookie."""
    parts = urlsplit(address)
    found = ask(address, f"{parts.path}?{parts.query}")
    assert (found.status, found.headers.get("Location")) == (SEEN, "/")
    cookie = found.headers.get("Set-Cookie") or ""
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    return cookie.partition(";")[0]


def test_the_first_address_works_once_and_its_cookie_shows_the_desk(door: DoorProcess) -> None:
    """The page says as whom one acts; without the cookie there is none; it ends with the terminal."""
    with web_of(door) as address:
        cookie = entered(address)
        page = ask(address, "/", Cookie=cookie, Accept_Language="nl")
        assert page.status == OK
        assert "U handelt als" in page.text
        assert "default-src 'none'" in (page.headers.get("Content-Security-Policy") or "")
        assert ask(address, "/").status == FORBIDDEN
        assert ask(address, "/", Cookie="flaggermail=guessed").status == FORBIDDEN
        parts = urlsplit(address)
        assert ask(address, f"{parts.path}?{parts.query}").status == FORBIDDEN
    with pytest.raises(ConnectionError):
        ask(address, "/", Cookie=cookie)
    with pytest.raises(ConnectionError):
        ask(address, "/outbox", "POST", "act=retry", Cookie=cookie)


def test_a_cookie_ends_with_its_terminal(door: DoorProcess) -> None:
    """Back, after the terminal ended and another one has the port: each page and form is refused, in one's language."""
    with web_of(door) as address:
        cookie = entered(address)
    with web_of(door, "--port", str(urlsplit(address).port)) as again:
        assert urlsplit(again).netloc == urlsplit(address).netloc
        for method, path in (("GET", "/"), ("GET", "/outbox"), ("POST", "/outbox")):
            assert (
                ask(again, path, method, "act=retry" if method == "POST" else None, Cookie=cookie).status == FORBIDDEN
            )
        told = ask(again, "/", Cookie=cookie, Accept_Language="nl-NL,nl;q=0.9")
        assert told.text == "Open het adres dat `flaggermail web` toonde; het werkt één keer."
        assert (told.headers["Content-Language"], told.headers["Cache-Control"]) == ("nl", "no-store")
        first = f"{urlsplit(address).path}?{urlsplit(address).query}"
        assert ask(again, first).status == FORBIDDEN


def test_another_name_for_this_host_and_addresses_for_programs_are_refused(door: DoorProcess) -> None:
    """A name of another site that points here (DNS rebinding) gets nothing, with the cookie either."""
    with web_of(door) as address:
        cookie = entered(address)
        port = urlsplit(address).port
        for host in (
            "evil.example",
            f"127.0.0.1.evil.example:{port}",
            f"127.1:{port}",
            f"[::1]:{port}",
            "127.0.0.1",
            "0",
        ):
            assert ask(address, "/", Cookie=cookie, Host=host).status == MISDIRECTED, host
        assert raw(address, "GET / HTTP/1.1", cookie, "Host: evil.example").startswith(b"HTTP/1.1 421")
        assert ask(address, "/", Cookie=cookie, Host="evil.example:80").status == MISDIRECTED
        assert ask(address, "/", Cookie=cookie, Host=f"localhost:{urlsplit(address).port}").status == MISDIRECTED
        for closed in (
            "/v1/views/case-list", "/health", "/v1/commands/case-open", "//v1/views/case-list",
            "/%76%31/views/case-list", "/v1%2fviews/case-list", "/heal%74h", f"{address}/v1/views/case-list", "*",
            "/cases/\xff",
        ):  # fmt: skip
            assert raw(address, f"GET {closed} HTTP/1.1", cookie).startswith(b"HTTP/1.1 404"), closed
        large = ask(address, "/outbox", "POST", "x" * 1_000_001, Cookie=cookie)
        assert large.status == TOO_LARGE


@pytest.mark.skipif(not AS_ROOT, reason="only root can act as another account")
def test_a_program_of_another_account_is_refused_though_it_has_the_cookie(door: DoorProcess) -> None:
    """A browser sends a cookie to every port of a host, and so to a stranger's server."""
    with web_of(door) as address:
        cookie, parts = entered(address), urlsplit(address)
        sent = f"GET / HTTP/1.1\r\nHost: {parts.netloc}\r\nCookie: {cookie}\r\nConnection: close\r\n\r\n".encode()
        assert by_account(BIN, parts.port or 0, sent) == b""
        assert answer_in(by_account(os.geteuid(), parts.port or 0, sent)).status == OK


def raw(address: str, first: str, cookie: str, *lines: str, body: str = "") -> bytes:
    """Sends a request whose first line is as given, then no more; returns what comes back."""
    host = urlsplit(address)
    head = "\r\n".join([first, f"Host: {host.netloc}", f"Cookie: {cookie}", *lines, "", body])
    with closing(socket.create_connection(("127.0.0.1", host.port or 0), PATIENCE)) as line:
        line.sendall(head.encode("latin-1"))
        line.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: line.recv(65_536), b""))


def test_a_form_that_did_not_arrive_whole_is_not_sent(door: DoorProcess) -> None:
    """A browser that goes away in the middle has sent the beginning of its fields, which would be a form of its own."""
    with web_of(door) as address:
        cookie = entered(address)
        answer = raw(address, "POST /outbox HTTP/1.1", cookie, "Content-Length: 40", body="act=cancel&mail=m")
        assert answer.startswith(b"HTTP/1.1 400")
        assert b"not arrive whole" in answer


def test_cookies_of_other_programs_of_this_host_hide_none(door: DoorProcess) -> None:
    """Each port of a host may set cookies, and each desk of a person has one of its own."""
    with web_of(door) as address, web_of(door) as second:
        one, other = entered(address), entered(second)
        assert one.partition("=")[0] != other.partition("=")[0]
        cookies = f'odd={{"a": [1]}}; {other}; flaggermail=x; {one}'
        assert ask(address, "/", Cookie=cookies).status == OK
        assert ask(second, "/", Cookie=cookies).status == OK


def test_a_connection_that_its_program_has_closed_is_nobodys() -> None:
    """The kernel tells account 0 for it, which is no sign that root asks."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        port = server.getsockname()[1]
        client = socket.create_connection(("127.0.0.1", port))
        line, (_, number) = server.accept()
        with closing(line):
            assert account_at(number, port) == os.geteuid()
            client.close()
            assert account_at(number, port) is None


def by_account(uid: int, port: int, octets: bytes) -> bytes:
    """Sends octets to a port of loopback as another account; returns what comes back."""
    read, write = os.pipe()
    child = os.fork()
    if not child:  # it ends below whatever happens, and never returns into the test
        try:
            os.setresuid(uid, uid, uid)
            with (
                closing(socket.create_connection(("127.0.0.1", port), PATIENCE)) as line,
                os.fdopen(write, "wb") as out,
            ):
                out.write(exchange(line, octets))
        finally:
            os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as found:
        answer = found.read()
    os.waitpid(child, 0)
    return answer


def test_without_a_door_it_says_how_to_start_one() -> None:
    """One line, exit status 1."""
    found = subprocess.run(
        [sys.executable, "-m", "flaggermail", "--socket", "/nonexistent/desk.sock", "web"], capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    assert found.returncode == 1
    assert "desk.sock" in found.stderr
    assert len(found.stderr.splitlines()) == 1
