# SPDX-License-Identifier: EUPL-1.2
"""With real Postfix and every fault, a platform's mail arrives at most once and an officer's at least once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.bench.desk import Servers
from tests.flow.engines import BOTH
from tests.flow.fault_rounds import FAULTS, Rounds
from tests.servers.certificates import Certificates
from tests.servers.dovecot import Dovecot
from tests.servers.platform import PlatformServer
from tests.servers.postfix import Postfix


@pytest.fixture
def rounds(
    certificates: Certificates,
    dovecot: Dovecot,
    postfix: Postfix,
    platform: PlatformServer,
    mail_user: str,
    database: str,
) -> Iterator[Rounds]:
    """Runs a desk of its own between the real servers."""
    with Rounds.running(Servers(certificates, dovecot, postfix, platform), mail_user, database) as running:
        yield running


@BOTH
@pytest.mark.long
def test_one_round_of_every_fault(rounds: Rounds) -> None:
    """Kills, refusals, delays, cuts and bounces cause no duplicate to a platform and no loss without an alarm."""
    rounds.settling = 1
    for number, fault in enumerate(FAULTS):
        rounds.play(fault, platform_first=number % 3 != 2)
    count = rounds.finish()
    assert count.findings == []
    assert set(count.rounds) == set(FAULTS)
    assert count.received == count.platform["accepted"] > len(FAULTS)
    assert count.platform["uncertain"] > 0
    assert count.again > 0


@pytest.mark.long
def test_greylisting_for_twenty_minutes(rounds: Rounds) -> None:
    """A server that puts a platform's mail off for so long gets it again at each try, and in the end once.

    The desk's clock is twenty minutes ahead when the server takes it; whoever waits for it was told.
    """
    rounds.settling = 14  # restarts, a minute and a half apart
    rounds.play("450 at RCPT")
    assert rounds.ahead > 20
    count = rounds.finish()
    assert count.findings == []
    assert count.received == count.platform["accepted"] == 2  # to both recipients
    ((tries, told),) = rounds.desk.rows(
        "SELECT max(tries), (SELECT count(*) FROM alarm WHERE kind = 'deferred') FROM outbox WHERE at_most_once"
    )
    assert int(str(tries)) > 10
    assert told == 1
