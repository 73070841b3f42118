# SPDX-License-Identifier: EUPL-1.2
"""With `trust: named+dkim` whoever can write into the mailbox forges no answer of a platform.

A member of the shared mailbox appends what they like, our receiving server's result on top included. No member can make
a platform's signature.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine

from flaggermail.commands.messages import ConfirmMessage
from flaggermail.record.rows import ClockRow
from flaggermail.rules.configuration import load
from flaggermail.services import Services
from flaggermail.shipped import shipped
from flaggermail.stories.doubles import CountedRandomness, ScriptedSubmitter, SetClock
from flaggermail.wiring import mail_servers
from tests.acting import run
from tests.doubles import migrated
from tests.doubles.dns import ScriptedResolver, key_record, signed
from tests.story.conftest import CONFIG, NOW
from tests.story.test_spoofing import (
    EVIL,
    FAIL,
    KEY,
    OWN_PASS,
    PASS,
    PLATFORM,
    RUNNING,
    SERVER,
    TRACE,
    TRUE,
    asking,
    clocks,
    mail,
    notified,
    receive,
)


@pytest.fixture
def resolver() -> ScriptedResolver:
    """Returns a resolver that knows the keys of the platform and of the attacker."""
    return ScriptedResolver({KEY: [key_record()], f"s1._domainkey.{EVIL}": [key_record()]})


@pytest.fixture
def desk(tmp_path: Path, resolver: ScriptedResolver) -> Iterator[Services]:
    """Builds a desk with open notifications that asks its receiving server and checks DKIM itself."""
    clock = SetClock(NOW)
    settings = load(CONFIG, shipped("rules"), shipped("config") / "templates")
    made = migrated.replayed(settings, tmp_path, clock, CountedRandomness("story"), ScriptedSubmitter(clock))
    notified(made)
    with time_machine.travel(NOW, tick=False):  # dkimpy reads the system clock
        yield mail_servers.with_signatures(asking(made, "named+dkim", SERVER), resolver)
    made.close()


def said(result: str) -> bytes:
    """Returns what our receiving server writes on top, and what a member of the mailbox can append all the same."""
    return f"Authentication-Results: {SERVER}; {result}\r\n".encode() + TRACE


def test_both_together_stop_the_clocks(desk: Services) -> None:
    """The result of our server and the signature of the platform: verified, by both."""
    stored = receive(desk, said(PASS) + signed(TRUE, PLATFORM))
    assert (stored.verdict, clocks(desk)) == ("verified", {**RUNNING, "X": {"stopped"}})
    assert stored.verdict_basis.english == (
        f"dmarc=pass by {SERVER} for {PLATFORM}; DKIM signature of {PLATFORM} fits, checked here, for {PLATFORM}"
    )


@pytest.mark.parametrize(
    ("on_top", "signer", "words", "verdict"),
    [
        (said(PASS), None, b"reviewed", "unverified"),
        (said(PASS), EVIL, b"reviewed", "unverified"),
        (said(PASS), PLATFORM, b"removed", "failed"),
        (TRACE, PLATFORM, b"reviewed", "unverified"),
        (said(FAIL), PLATFORM, b"reviewed", "failed"),
        (said(OWN_PASS), PLATFORM, b"reviewed", "unverified"),
    ],
    ids=["no signature", "another's", "changed", "no result", "our server says fail", "result about another"],
)
def test_one_of_both_stops_no_clock(
    desk: Services, on_top: bytes, signer: str | None, words: bytes, verdict: str
) -> None:
    """A mail that a member appends with our server's result on top, or a signature alone, stops nothing."""
    octets = signed(TRUE, signer) if signer else TRUE
    stored = receive(desk, on_top + octets.replace(b"reviewed", words))
    assert (stored.verdict, clocks(desk)) == (verdict, RUNNING)


@pytest.mark.parametrize("ahead", [timedelta(hours=1), timedelta(days=30), datetime.max.replace(tzinfo=UTC) - NOW])
def test_a_genuine_answer_dated_later_than_now_stops_no_clock(desk: Services, ahead: timedelta) -> None:
    """No signature covers INTERNALDATE: verified by both, its arrival is first sight, and a person confirms it."""
    stored = receive(desk, said(PASS) + signed(TRUE, PLATFORM), at=NOW + ahead)
    assert (stored.verdict, stored.disputed, stored.received_at) == ("verified", True, NOW)
    assert clocks(desk) == RUNNING
    run(desk, ConfirmMessage(message=stored.id), "officer1")
    assert clocks(desk) == {**RUNNING, "X": {"stopped"}}
    with desk.store.read() as tx:
        assert {row.stopped_at for row in tx.find(ClockRow) if row.stopped_at is not None} == {NOW}


def test_others_need_no_signature_where_both_are_asked(desk: Services, resolver: ScriptedResolver) -> None:
    """Referrers and officers, whose domains may not sign, are verified by our server alone; nobody is asked."""
    lines = ["From: griffie@lindewaard.example"]
    stored = receive(desk, said("dmarc=pass header.from=lindewaard.example") + mail(lines))
    assert (stored.verdict, resolver.asked) == ("verified", [])
