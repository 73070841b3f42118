# SPDX-License-Identifier: EUPL-1.2
"""The hops of a mail are read in the contained process, and whatever goes wrong costs only the hops."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator

import pytest

from flaggermail.adapters.parsing import hops as reading
from flaggermail.adapters.parsing.exchange import TimeLimit
from flaggermail.adapters.parsing.worker import ContainedParser
from flaggermail.mail.hops import Hop, hop_of
from flaggermail.shipped import shipped

RELAYED = (
    b"Received: from a.example (a.example [192.0.2.1]) by mx.b.example (Postfix)\r\n"
    b"\twith ESMTPS id 1; Thu, 6 Jun 2024 13:07:01 +0200\r\n"
    b"Received: by a.example with LMTP id 2; Thu, 6 Jun 2024 13:06:00 +0200\r\nFrom: a@a.example\r\n\r\nx"
)
BODY = b"From: a@a.example\r\nSubject: Vraag\r\n\r\nTekst\r\n"
SLOWEST = 2.0  # seconds of processor time, for which the hops are given up
HOSTILE = {
    "brackets": b"(" * 200 + b" by x; y",
    "clauses": b"from " + b"a by " * 40 + b"; z",
    "quotes": b'"' * 199 + b" by x with y",
    "a line of 60 kB": b"from " + b"x" * 60_000,
    "bytes of no charset": bytes(range(128, 255)) * 2 + b" by \xff; Thu, 6 Jun 2024 13:06:00 +0200",
    "another year": b"by x; Thu, 6 Jun 99999 13:06:00 +0200",
    "an impossible zone": b"by x; Thu, 6 Jun 2024 13:06:00 +9999",
    "an escape": b"from \x1b[2J\xe2\x80\xae by \x1b]0;x\x07 with y; Thu, 6 Jun 2024 13:06:00 +0200",
}


@pytest.fixture(scope="module")
def parser() -> Iterator[ContainedParser]:
    """Returns the parser in a process of its own."""
    made = ContainedParser(shipped("rules"))
    yield made
    made.close()


def test_hops_are_told_from_the_first_server_to_ours(parser: ContainedParser) -> None:
    """Each hop has its server, the one before it, the protocol, the instant of its own clock and the delay."""
    first, last = parser.hops(RELAYED)
    assert [first.document(), last.document()] == [
        {"by": "a.example", "from": "", "protocol": "LMTP", "at": "2024-06-06T11:06:00+00:00", "delay_seconds": None},
        {
            "by": "mx.b.example", "from": "a.example (a.example [192.0.2.1])", "protocol": "ESMTPS",
            "at": "2024-06-06T11:07:01+00:00", "delay_seconds": 61.0,
        },
    ]  # fmt: skip
    hidden = RELAYED.replace(b"from a.example (", b"from \x1b[2Ja.example (")
    assert [hop.at for hop in parser.hops(hidden)] == [first.at, last.at]
    assert parser.hops(b"Received: nonsense\r\n\r\n") == ()
    assert parser.hops(b"") == ()


@pytest.mark.parametrize("name", HOSTILE)
def test_300_hostile_lines_cost_only_the_hops(parser: ContainedParser, name: str) -> None:
    """The answer comes soon and is bounded, and the mail itself is read whole, before and after."""
    lines = 300 if len(HOSTILE[name]) < 1000 else 15  # a header is read to a million octets
    octets = b"".join(b"Received: " + HOSTILE[name] + b"\r\n" for _ in range(lines)) + BODY
    parser.parse(BODY)
    assert parser.pid is not None
    limit = TimeLimit(parser.pid, SLOWEST)
    found = parser.hops(octets)
    assert limit.spent() < SLOWEST + 1
    assert len(found) <= reading.MOST
    assert all(len(text) <= reading.LONGEST for hop in found for text in (hop.by, hop.sender, hop.protocol))
    assert not any(char < " " or char in "\u202e\x7f" for hop in found for char in hop.by + hop.sender)
    message = parser.parse(octets)
    assert (message.subject, message.text.strip(), message.overran) == ("Vraag", "Tekst", False)


def test_a_library_that_fails_costs_only_the_hops(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever mail-parser raises or returns, the hops are then empty."""

    def fail(_octets: bytes) -> object:
        raise RecursionError

    monkeypatch.setattr(reading, "parse_from_bytes", fail)
    assert reading.hops(RELAYED) == ()


def test_a_process_that_ends_or_hangs_costs_only_the_hops(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process killed or stopped meanwhile gives no hops; a new one reads the next mail whole."""
    monkeypatch.setattr("flaggermail.adapters.parsing.worker.HOPS_LIMIT", 0.3)
    parser = ContainedParser(shipped("rules"))
    try:
        for harm in (signal.SIGSTOP, signal.SIGKILL):
            assert parser.parse(BODY).subject == "Vraag"
            pid = parser.pid
            assert pid is not None
            os.kill(pid, harm)
            assert len(parser.hops(RELAYED)) in ((0,) if harm is signal.SIGSTOP else (0, 2))
            assert parser.parse(BODY).text.strip() == "Tekst"
            assert parser.pid != pid
    finally:
        parser.close()


def test_hops_and_mails_asked_for_at_once_do_not_mix(parser: ContainedParser) -> None:
    """Several threads get the answers to their own questions."""
    wrong = list[object]()

    def ask() -> None:
        for _ in range(20):
            if len(parser.hops(RELAYED)) != 2 or parser.parse(BODY).subject != "Vraag":
                wrong.append(1)

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


@pytest.mark.parametrize(
    "document",
    [
        {}, {"by": 1, "from": "", "protocol": "", "at": None, "delay_seconds": None},
        {"by": "", "from": "", "protocol": "", "at": "2024-06-06T11:06:00", "delay_seconds": None},
    ],
)  # fmt: skip
def test_another_document_is_no_hop(document: dict[str, object]) -> None:
    """What the contained process answers is checked for form and zone."""
    with pytest.raises((KeyError, ValueError)):
        hop_of(document)


def test_a_hop_survives_the_pipe() -> None:
    """A hop and its document say the same."""
    hop = Hop("mx.example", "a.example", "ESMTPS", None, None)
    assert hop_of(hop.document()) == hop
