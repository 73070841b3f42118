# SPDX-License-Identifier: EUPL-1.2
"""Another process writes the desk's SQLite file for longer than a writer waits: the daemon goes on, doubling nothing.

Mailbox, submission server and daemon are real.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress

import pytest

from tests.flow.desk_process import DeskProcess, patiently
from tests.flow.test_daemon import PLATFORM, decide
from tests.flow.test_database_away import assert_whole, refer, wait_for_confirmations
from tests.servers.platform import PlatformServer
from tests.servers.postfix import Postfix

BUSY = "record busy, tried again"
SECOND_TRIES = 10 * 60  # seconds, in which a server that was too slow three times is tried again (`retry_minutes`)


def wait_for_busy(desk: DeskProcess, times: int) -> None:
    """Waits until workers have put their work off so many times."""
    patiently(lambda: desk.log().count(BUSY) >= times, "a worker puts its work off")


@pytest.mark.long
def test_a_record_that_is_written_for_long_is_waited_for(
    desk: DeskProcess, postfix: Postfix, platform: PlatformServer
) -> None:
    """Mail that comes meanwhile is on record and confirmed once, the notification leaves once, and none is in doubt."""
    desk.start()
    refer(desk, postfix, 1)
    wait_for_confirmations(platform, 1)
    draft = decide(desk, "VF-NU-0001")
    with closing(sqlite3.connect(desk.folder / "flaggermail.db", isolation_level=None)) as other:
        for number in (2, 3):
            other.execute("BEGIN IMMEDIATE")
            refer(desk, postfix, number)
            wait_for_busy(desk, number - 1)
            other.execute("ROLLBACK")
            wait_for_confirmations(platform, number)
    desk.run("approve", draft)
    platform.wait(1, recipient=PLATFORM)
    unsent = "SELECT kind, state, tries, next_try_at, answer FROM outbox WHERE state <> 'accepted'"
    with suppress(AssertionError):
        patiently(lambda: not desk.rows(unsent), "nothing waits", SECOND_TRIES)
    assert desk.rows(unsent) == []
    desk.stop()
    assert len(platform.received(PLATFORM)) == 1
    assert_whole(desk, platform, referrals=3, mails=3)
    for word in ("worker failed", "Traceback", "database away"):
        assert word not in desk.log()
