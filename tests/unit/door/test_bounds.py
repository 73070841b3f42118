# SPDX-License-Identifier: EUPL-1.2
"""Threads and headers: no account keeps another waiting, and a request can be read in one way."""

from __future__ import annotations

import io
import queue
import threading
from dataclasses import dataclass

import pytest

from flaggermail.door.http_reading import MOST_HEADERS, HeaderLines, HttpFault
from flaggermail.door.pool import FairQueue

OWN = 900


@dataclass(frozen=True)
class Sent:
    """What an account sent."""

    uid: int
    number: int = 0


def test_accounts_take_turns() -> None:
    """Who asks once waits for one request of who asks often."""
    line: FairQueue[Sent] = FairQueue(OWN)
    for number in range(10):
        line.put(Sent(1, number))
    line.put(Sent(2))
    assert [line.get(), line.get(), line.get()] == [Sent(1, 0), Sent(2), Sent(1, 1)]


def test_an_account_has_some_threads_and_the_door_one_of_its_own() -> None:
    """However many accounts ask, the door hears itself."""
    line: FairQueue[Sent] = FairQueue(OWN, threads=4, each=2)
    for uid in (1, 1, 1, 2, 2):
        line.put(Sent(uid))
    assert [line.get(), line.get(), line.get()] == [Sent(1), Sent(2), Sent(1)]
    taken: list[object] = []
    waiting = threading.Thread(target=lambda: taken.append(line.get()), daemon=True)
    waiting.start()
    waiting.join(0.1)
    assert taken == []  # three of four threads work for others
    line.put(Sent(OWN))
    waiting.join(5)
    assert taken == [Sent(OWN)]
    line.done(1)
    assert line.get() == Sent(2)


def test_too_long_a_line_is_refused() -> None:
    """That of the account alone; an order to end passes it by."""
    line: FairQueue[Sent] = FairQueue(OWN, most=2)
    line.put(Sent(1))
    line.put(Sent(1))
    with pytest.raises(queue.Full):
        line.put(Sent(1))
    line.put(Sent(2))
    assert line.qsize() == 3


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"A : b\r\n\r\n", None), (b" A: b\r\n\r\n", None), (b"A: b\r\n c\r\n\r\n", None), (b"A b\r\n\r\n", None),
        (b"A: b\n\n", None), (b"A: \x00\r\n\r\n", None), (b"A: b", None), (b"", None), (b"A\xff: b\r\n\r\n", None),
        (b"Content-Length: 1\r\nContent-Length: 1\r\n\r\n", None), (b"Content-Length: -1\r\n\r\n", None),
        (b"Content-Length: +1\r\n\r\n", None), (b"Content-Length: 1_0\r\n\r\n", None),
        (b"Content-Length: \r\n\r\n", None),
        (b"Content-Length: 1, 1\r\n\r\n", None), (b"Host: a\r\nhost: b\r\n\r\n", None),
        (b"Transfer-Encoding: chunked\r\n\r\n", "411"), (b"Transfer-Encoding: x\r\nContent-Length: 1\r\n\r\n", "411"),
        (b"Expect: miracles\r\n\r\n", "417"), (b"A: b\r\n" * (MOST_HEADERS + 1) + b"\r\n", "431"),
        (b"If-Match: 1\r\nIf-Match: 2\r\n\r\n", None), (b"Idempotency-Key: a\r\nIdempotency-Key: b\r\n\r\n", None),
    ],
)  # fmt: skip
def test_headers_that_can_be_read_in_two_ways_are_refused(head: bytes, status: str | None) -> None:
    """RFC 9112, 5.1, 5.2, 6.1 and 6.3."""
    with pytest.raises(ValueError, match=r".") as caught:
        HeaderLines()(io.BytesIO(head), {})
    said = caught.value.args[0]
    assert (said.status[:3] if isinstance(said, HttpFault) else None) == status


def test_headers_are_read_by_name() -> None:
    """Lists are joined; a name that an application could take for another is left out."""
    head = b"host: a\r\nAccept-Language: nl\r\naccept-language: en\r\nX_Remote_Uid: 0\r\nA:\t b \r\n\r\n"
    found = HeaderLines()(io.BytesIO(head), {})
    assert found == {b"Host": b"a", b"Accept-Language": b"nl, en", b"A": b"b"}
