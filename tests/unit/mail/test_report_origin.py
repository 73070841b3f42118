# SPDX-License-Identifier: EUPL-1.2
"""Whether our own server made a delivery report: by its trace, or by the mark of Exchange."""

from __future__ import annotations

import pytest

from flaggermail.mail.authentication.report_origin import is_daemon, is_nameless, made_here, made_inside_exchange
from flaggermail.mail.message import Address, Message

OURS = ("mx.bzk.example", "bzk.example")
MADE = "by mx.bzk.example (Postfix)\tid 4XyZ1; Thu, 6 Jun 2024 10:34:00 +0200"
BY_LMTP = "from mx.bzk.example ([127.0.0.1])\tby vm with LMTP\tid x (envelope-from <>); Thu, 6 Jun 2024 10:34:00 +0200"
OUTSIDE = "from mx.bzk.example (unknown [192.0.2.7]) by mx.bzk.example (Postfix) with ESMTPS; Thu, 6 Jun 2024 10:34:00"


def trace(*lines: str) -> tuple[tuple[str, str], ...]:
    """Returns these Received fields, the topmost first."""
    return tuple(("received", line) for line in lines)


@pytest.mark.parametrize("lines", [(MADE,), (BY_LMTP, MADE), (BY_LMTP, BY_LMTP, MADE)])
def test_what_no_server_handed_over_was_made_here(lines: tuple[str, ...]) -> None:
    """A report of our Postfix has no "from" in its first field; Dovecot's LMTP may have written above it."""
    assert made_here(trace(*lines), OURS)


@pytest.mark.parametrize(
    "lines",
    [
        (),
        (OUTSIDE,),
        (OUTSIDE, MADE),
        (BY_LMTP, OUTSIDE, MADE),
        (BY_LMTP,),
        (BY_LMTP.replace("mx.bzk.example", "mx.elsewhere.example"), MADE),
        (BY_LMTP.replace("mx.bzk", "mxbzk"), MADE),
        (MADE.replace("mx.bzk.example", "mx.elsewhere.example"),),
        (MADE.replace("mx.bzk.example", "notbzk.example"),),
        (MADE.replace("(Postfix)", "(Postfix, from userid 33)"),),
        ("from x by mx.bzk.example with LMTP-like ESMTP; now", MADE),
        (OUTSIDE.replace("mx.bzk.example (unknown", "by mx.bzk.example with LMTP (unknown"), MADE),
        (OUTSIDE.replace("from mx.bzk.example", "from (by mx.bzk.example"), MADE),
        ("(from evil.example by mx.bzk.example", MADE),
    ],
)
def test_what_came_from_elsewhere_was_not(lines: tuple[str, ...]) -> None:
    """Whatever greeting a stranger's server sends, and whatever trace it writes below, our server wrote a "from"."""
    assert not made_here(trace(*lines), OURS)


def test_the_mark_of_exchange() -> None:
    """Exchange marks mail from inside; two marks, or another word, count as none."""
    name = "x-ms-exchange-organization-authas"
    for values, expected in (
        (["Internal"], True),
        (["Anonymous"], False),
        (["Internal", "Internal"], False),
        ([], False),
    ):
        message = Message(sha256="", size=0, headers=tuple((name, value) for value in values))
        assert made_inside_exchange(message) is expected


@pytest.mark.parametrize(
    ("authors", "expected"),
    [
        (["MAILER-DAEMON@bzk.example"], True),
        (["postmaster@bzk.example"], True),
        (["a.jansen@bzk.example"], False),
        (["postmaster@bzk.example", "a@elsewhere.example"], False),
        ([], False),
    ],
)
def test_a_report_is_written_by_a_daemon(authors: list[str], expected: bool) -> None:  # noqa: FBT001 - the expectation
    """One author with the local part of a mail server."""
    assert is_daemon(Message(sha256="", size=0, from_=tuple(map(Address, authors)))) is expected


@pytest.mark.parametrize(
    ("authors", "expected"),
    [([], True), (["Mail Delivery Subsystem"], True), (["Postbezorging", "a@bzk.example"], False)],
)
def test_a_server_may_write_without_an_address(authors: list[str], expected: bool) -> None:  # noqa: FBT001 - the expectation
    """No author has an address."""
    assert is_nameless(Message(sha256="", size=0, from_=tuple(map(Address, authors)))) is expected
