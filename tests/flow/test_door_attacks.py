# SPDX-License-Identifier: EUPL-1.2
"""Attacks on the door's socket: each is answered by a clear refusal, and the door answers the next request."""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from tests.flow.door_process import (
    AS_ROOT,
    BIN,
    DAEMON,
    NOBODY,
    SYS,
    DoorProcess,
    answer_in,
    as_account,
    desk_of,
    door_on,
    held_by,
    open_the_way,
    request,
)

pytestmark = pytest.mark.outside
HEALTH = request("/health")
CASES = request("/v1/views/case-list")
H = b"Host: x\r\n"
JSON_KIND = b"Content-Type: application/json\r\n"
POST = b"POST /v1/commands/case-open HTTP/1.1\r\n"


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DoorProcess]:
    """A door whose officers are this account and, for root, two others."""
    folder = desk_of(
        tmp_path_factory.mktemp("desk") / "desk", ("officer1", os.geteuid()), ("officer2", DAEMON), ("head1", BIN)
    )
    with door_on(folder) as opened:
        if AS_ROOT:  # every account may reach it, as if all were of its group
            opened.path.chmod(0o666)
            open_the_way(folder)
        yield opened


@pytest.mark.parametrize(
    ("sent", "statuses"),
    [
        # request lines (RFC 9112, 3)
        (b"\r\n\r\n\r\n", {400}),
        (b"GET\r\n\r\n", {400}),
        (b"GET /health\r\n\r\n", {400}),
        (b"GET /health HTTP/1.1\n\n", {400}),
        (b"GET  /health HTTP/1.1\r\n" + H + b"\r\n", {400}),
        (b"get /health HTTP/1.1\r\n" + H + b"\r\n", {400}),
        (b"GET health HTTP/1.1\r\n" + H + b"\r\n", {400}),
        (b"GET /health HTTP/2.0\r\n" + H + b"\r\n", {505}),
        (b"GET /health HTTP/0.9\r\n" + H + b"\r\n", {505}),
        (b"GET /health HTTX/1.1\r\n" + H + b"\r\n", {400}),
        (b"GET /health HTTP/1.x\r\n" + H + b"\r\n", {400}),
        (b"GET http://desk/health HTTP/1.1\r\n" + H + b"\r\n", {400}),
        (b"GET //v1/views/case-list HTTP/1.1\r\n" + H + b"\r\n", {400}),
        (b"GET /health#x HTTP/1.1\r\n" + H + b"\r\n", {400}),
        (b"CONNECT desk:443 HTTP/1.1\r\n" + H + b"\r\n", {405}),
        (b"OPTIONS * HTTP/1.1\r\n" + H + b"\r\n", {400, 404}),
        (b"TRACE /health HTTP/1.1\r\n" + H + b"\r\n", {405}),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", {505}),
        (b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\n" + H + b"\r\n", {414}),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", {400}),
        # paths
        (b"GET /v1/views/..%2f..%2fetc%2fpasswd HTTP/1.1\r\n" + H + b"\r\n", {404}),
        (b"GET /v1/views/../../etc/passwd HTTP/1.1\r\n" + H + b"\r\n", {404}),
        (b"GET /v1/views/%00 HTTP/1.1\r\n" + H + b"\r\n", {404}),
        (b"GET /v1/views/case-list/ HTTP/1.1\r\n" + H + b"\r\n", {404}),
        (b"GET /v1/views/\xff\xfe HTTP/1.1\r\n" + H + b"\r\n", {400}),
        (b"GET /v1/views/case-list?limit=%zz HTTP/1.1\r\n" + H + b"\r\n", {422}),
        (b"GET /v1/views/case-list?" + b"a=1&" * 1000 + b" HTTP/1.1\r\n" + H + b"\r\n", {400}),
        # headers (RFC 9112, 5)
        (b"GET /health HTTP/1.1\r\n\r\n", {400}),
        (b"GET /health HTTP/1.1\r\nHost : x\r\n\r\n", {400}),
        (b"GET /health HTTP/1.1\r\n" + H + b" folded\r\n\r\n", {400}),
        (b"GET /health HTTP/1.1\r\n" + H + H + b"\r\n", {400}),
        (b"GET /health HTTP/1.1\r\n" + H + b"A: \x00\r\n\r\n", {400}),
        (b"GET /health HTTP/1.1\r\n" + H + b"A: b\r\n" * 100 + b"\r\n", {431}),
        (b"GET /health HTTP/1.1\r\n" + H + b"A: " + b"b" * 20_000 + b"\r\n\r\n", {431}),
        (b"GET /health HTTP/1.1\r\n" + H, {400}),
        # bodies (RFC 9112, 6)
        (POST + H + JSON_KIND + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", {411}),
        (POST + H + JSON_KIND + b"Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n{}", {411}),
        (POST + H + JSON_KIND + b"Transfer-Encoding: gzip\r\n\r\n", {411}),
        (POST + H + JSON_KIND + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}", {400}),
        (POST + H + JSON_KIND + b"Content-Length: -2\r\n\r\n{}", {400}),
        (POST + H + JSON_KIND + b"Content-Length: 0x2\r\n\r\n{}", {400}),
        (POST + H + JSON_KIND + b"Content-Length: 99999999999\r\n\r\n{}", {413}),
        (POST + H + JSON_KIND + b"Content-Length: 2000000\r\n\r\n{}", {413}),
        (POST + H + JSON_KIND + b"Content-Length: 100\r\n\r\n{}", {400, 408}),
        (POST + H + JSON_KIND + b"Expect: 200-ok\r\nContent-Length: 2\r\n\r\n{}", {417}),
        (POST + H + b"Content-Length: 2\r\n\r\n{}", {415}),
        (POST + H + JSON_KIND + b"\r\n", {400}),
        # what would be done though it is not asked for in one way
        (POST + H + JSON_KIND + b"Content-Length: 27\r\n\r\n" + b'{"election":"A","election":', {400}),
        (POST + H + b"Content-Type: text/plain\r\nContent-Length: 2\r\n\r\n{}", {415}),
        (b"GET /v1/commands/case-open?election=EP2024 HTTP/1.1\r\n" + H + b"\r\n", {405}),
        (b"PUT /v1/commands/case-open HTTP/1.1\r\n" + H + JSON_KIND + b"Content-Length: 2\r\n\r\n{}", {405}),
        (POST + H + JSON_KIND + b"X-Http-Method-Override: GET\r\nContent-Length: 2\r\n\r\n{}", {422}),
        # interim answers that nobody may have
        (b"GET /v1/views/case-list HTTP/1.0\r\nPrefer: progress\r\n\r\n", {200}),
        (b"GET /v1/views/case-list HTTP/1.1\r\n" + H + b"Prefer: progress\r\n" * 3 + b"\r\n", {200}),
        # somebody else's name
        (b"GET /v1/views/case-list HTTP/1.1\r\n" + H + b"If-Match: x\r\nX-Remote-Uid: 1\r\nCookie: s=1\r\n\r\n", {200}),
    ],
)  # fmt: skip
def test_an_attack_is_refused_and_the_door_answers_on(door: DoorProcess, sent: bytes, statuses: set[int]) -> None:
    """Each refusal is a problem, and ends its connection; nothing is performed."""
    before = door.ask("/v1/views/audit-head").document["seq"]
    answer = answer_in(door.raw(sent))
    assert answer.status in statuses, answer
    assert door.ask("/v1/views/audit-head").document["seq"] == before
    if answer.status != 200:
        assert answer.headers["content-type"] == "application/problem+json", answer
        assert answer.document["status"] == answer.status
    assert b"HTML" not in answer.body.upper()
    assert door.ask("/health").status == 200


def test_pipelined_requests_are_answered_in_turn(door: DoorProcess) -> None:
    """A refused one is the last: what follows it is not read as a request."""
    once = b"GET /health HTTP/1.1\r\n" + H + b"\r\n"
    assert door.raw(once * 3).count(b"HTTP/1.1 200") == 3
    smuggled = POST + H + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + once
    assert door.raw(smuggled).count(b"HTTP/1.1 ") == 1


def test_a_body_that_is_expected_is_asked_for(door: DoorProcess) -> None:
    """Expect: 100-continue (RFC 9110, 10.1.1)."""
    with closing(door.line()) as line:
        line.sendall(POST + H + JSON_KIND + b"Expect: 100-continue\r\nContent-Length: 2\r\n\r\n")
        assert line.recv(100).startswith(b"HTTP/1.1 100 ")
        line.sendall(b"{}")
        assert line.recv(100).startswith(b"HTTP/1.1 422 ")


def test_idle_connections_keep_nobody_out(door: DoorProcess) -> None:
    """A thousand of one account: the door answers it, and all others, at once."""
    with ExitStack() as held:
        for _ in range(1_000):
            held.enter_context(closing(door.line()))
        began = time.monotonic()
        while door.ask("/health").status != 200:  # of more than 256 at once, the newest are refused for a moment
            assert time.monotonic() - began < 10
            time.sleep(0.1)
        if AS_ROOT:
            assert answer_in(as_account(BIN, door.path, CASES)).status == 200
        assert time.monotonic() - began < 10


@pytest.mark.skipif(not AS_ROOT, reason="other accounts are for root to take")
def test_half_requests_of_one_account_keep_no_other_out(door: DoorProcess) -> None:
    """Fifty that never end: other accounts are answered at once, and the door itself."""
    with held_by(DAEMON, door.path, b"GET /health HTTP/1.1\r\nHost:", 50):
        time.sleep(0.5)
        began = time.monotonic()
        assert answer_in(as_account(BIN, door.path, CASES)).status == 200
        assert door.ask("/health").status == 200
        assert time.monotonic() - began < 5


@pytest.mark.slow
def test_a_slow_request_ends_at_one_deadline(door: DoorProcess) -> None:
    """An octet each second resets nothing: after fifteen seconds it is 408."""
    with closing(door.line()) as line:
        began = time.monotonic()
        line.settimeout(0.5)
        line.sendall(POST + H + JSON_KIND + b"Content-Length: 1000\r\n\r\n{")
        found = b""
        while not found and time.monotonic() - began < 40:
            try:
                found = line.recv(65_536)
            except TimeoutError:
                line.sendall(b" ")
        assert answer_in(found).status == 408
        assert 10 < time.monotonic() - began < 30


@pytest.mark.skipif(not AS_ROOT, reason="other accounts are for root to take")
@pytest.mark.parametrize(
    ("uid", "status", "kind"),
    [(DAEMON, 200, None), (BIN, 200, None), (SYS, 403, "stranger"), (NOBODY, 403, "account-of-a-container")],
)
def test_each_account_gets_what_is_its_own(door: DoorProcess, uid: int, status: int, kind: str | None) -> None:
    """The kernel says who asks: two officers, a member of the group without a line in oncall.yaml, and no account."""
    answer = answer_in(as_account(uid, door.path, CASES))
    assert answer.status == status
    assert kind is None or answer.document["type"] == kind


@pytest.mark.skipif(not AS_ROOT, reason="other accounts are for root to take")
def test_who_is_not_of_the_group_does_not_reach_the_socket(tmp_path: Path) -> None:
    """The kernel refuses the connection."""
    folder = desk_of(tmp_path / "desk", ("officer1", 0))
    open_the_way(folder)
    with door_on(folder) as opened:
        assert answer_in(as_account(SYS, opened.path, HEALTH)).status != 200
        assert opened.ask("/health").status == 200


def test_an_act_is_of_the_account_that_asked(door: DoorProcess) -> None:
    """The event names its officer."""
    opened = {"election": "EP2024", "type": "A_content", "origin": "media"}
    sent = request("/v1/commands/case-open", "POST", opened)
    mine = json.loads(answer_in(door.raw(sent)).body)["key"]
    shown = door.ask(f"/v1/views/events?case={mine}").document["events"]
    assert isinstance(shown, list)
    assert {line["actor"] for line in shown} == {"officer1"}
    if AS_ROOT:
        theirs = json.loads(answer_in(as_account(DAEMON, door.path, sent)).body)["key"]
        shown = door.ask(f"/v1/views/events?case={theirs}").document["events"]
        assert isinstance(shown, list)
        assert {line["actor"] for line in shown} == {"officer2"}


def test_a_connection_that_breaks_off_leaves_the_door_well(door: DoorProcess) -> None:
    """At any octet of a request, or while it is answered."""
    for length in range(0, len(CASES), 7):
        with closing(door.line()) as line:
            line.sendall(CASES[:length])
    for _ in range(20):
        with closing(door.line()) as line:
            line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            line.sendall(request("/v1/openapi.json"))
    assert door.ask("/health").status == 200
