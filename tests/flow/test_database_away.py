# SPDX-License-Identifier: EUPL-1.2
"""The PostgreSQL server restarts, stays away or refuses work while the daemon runs: nothing is lost or doubled.

Mailbox, submission server and database are real. What the desk says itself is compared with what its servers hold.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Event, Thread
from urllib.parse import urlsplit

import pytest

from tests.flow.desk_process import ROOT, DeskProcess, patiently
from tests.flow.machine import status_of
from tests.flow.test_daemon import PLATFORM, REFERRER, answer, clocks_stopped, decide, written
from tests.patience import PATIENCE
from tests.servers.platform import PlatformServer
from tests.servers.postfix import Postfix
from tests.servers.postgres import Postgres

AWAY_IN_WORDS = "the database server does not work for this desk now"
AWAY, BACK = "database away", "database answers again"


@pytest.fixture
def database(own_postgres: Postgres) -> str:
    """Returns a database on a server that the test may stop, for an account that owns the database and no more."""
    url = own_postgres.database()
    own_postgres.execute("CREATE ROLE desk LOGIN")
    own_postgres.execute(f"ALTER DATABASE {urlsplit(url).path[1:]} OWNER TO desk")
    return url.replace("//vf@", "//desk@")


def refer(desk: DeskProcess, postfix: Postfix, number: int) -> None:
    """Delivers a referral about a matter of its own."""
    octets = (
        f"From: Fenna Voorbeeld <{REFERRER}>\r\nTo: {desk.mailbox}@bzk.example\r\n"
        f"Subject: Verkeerde stemdag in wijk {number}\r\nMessage-ID: <r{number}.{desk.mailbox}@lindewaard.example>\r\n"
        f"Content-Type: text/plain; charset=utf-8\r\n\r\nBericht {number}. Zelf twee keer gemeld.\r\n"
    ).encode()
    postfix.deliver_from_outside(octets, REFERRER, f"{desk.mailbox}@bzk.example")


def refused(desk: DeskProcess, *words: str) -> str:
    """Runs a command that must end with one line and exit status 1; returns the line."""
    command = [sys.executable, "-m", "flaggermail", "--direct", "--config", str(desk.folder), *words]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False, timeout=PATIENCE)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1), done.stderr
    return done.stderr.strip()


def said(desk: DeskProcess, action: str) -> list[dict[str, object]]:
    """Returns the lines of the present log with that action."""
    return [line for line in map(json.loads, desk.log().splitlines()) if line["action"] == action]


def wait_for_outages(desk: DeskProcess, count: int) -> None:
    """Waits until the present log has named so many outages."""
    patiently(lambda: len(said(desk, AWAY)) == count, f"outage {count} in the log")


def is_green(desk: DeskProcess) -> bool:
    """Returns whether `status` finds nothing wrong."""
    command = [sys.executable, "-m", "flaggermail", "--config", str(desk.folder), "status"]
    return subprocess.run(command, capture_output=True, cwd=ROOT, check=False, timeout=PATIENCE).returncode == 0


def confirmed(platform: PlatformServer) -> Counter[str]:
    """Returns how often each referral was confirmed."""
    subjects = (str(written(mail.octets)["Subject"]) for mail in platform.received(REFERRER))
    return Counter(subject for subject in subjects if "Ontvangen" in subject)


def wait_until_on_record(desk: DeskProcess) -> None:
    """Waits until each mail has left and its answer is on record."""
    patiently(lambda: desk.rows("SELECT DISTINCT state FROM outbox") == [("accepted",)], "all has left")


def wait_for_confirmations(platform: PlatformServer, count: int) -> None:
    """Waits until so many referrals are confirmed."""
    patiently(lambda: len(confirmed(platform)) == count, f"confirmation {count}")


def assert_whole(desk: DeskProcess, platform: PlatformServer, referrals: int, mails: int) -> None:
    """Asserts that each mail is on record once and each referral confirmed once, and that the record is intact."""
    assert list(confirmed(platform).values()) == [1] * referrals
    query = "SELECT count(*), count(DISTINCT message), count(DISTINCT id) FROM delivery WHERE folder = 'INBOX'"
    assert desk.rows(query) == [(mails,) * 3]
    assert desk.rows("SELECT count(*), count(DISTINCT root_message) FROM case_file") == [(referrals,) * 2]
    assert desk.rows("SELECT DISTINCT state FROM outbox") == [("accepted",)]
    assert "chain intact" in desk.run("audit", "verify")


def assert_in_words(desk: DeskProcess, *outages: tuple[int, int]) -> None:
    """Asserts that each start's log names its outages and their ends once, with no traceback and no end of a worker."""
    logs = [log.read_text("utf-8") for log in desk.logs]
    assert [(log.count(f'"{AWAY}"'), log.count(f'"{BACK}"')) for log in logs] == list(outages), logs
    for word in ("Traceback", "worker failed", "crashed", "library reported", "did not stop in time"):
        assert not any(word in log for log in logs), logs


def test_a_server_that_restarts_is_waited_out(
    desk: DeskProcess, own_postgres: Postgres, postfix: Postfix, platform: PlatformServer
) -> None:
    """The server stops as an operator stops it, crashes, and is away while the daemon is killed and started again.

    Mail that arrives meanwhile is on record once and confirmed once; the notification leaves once, and its answer
    stops the clocks.
    """
    desk.start()
    refer(desk, postfix, 1)
    wait_for_confirmations(platform, 1)
    wait_until_on_record(desk)
    for number, mode in ((2, "fast"), (3, "immediate")):
        own_postgres.stop(mode)
        refer(desk, postfix, number)
        wait_for_outages(desk, number - 1)
        assert AWAY_IN_WORDS in refused(desk, "case", "list")
        own_postgres.start()
        wait_for_confirmations(platform, number)
        wait_until_on_record(desk)
    draft = decide(desk, "VF-NU-0001")
    own_postgres.stop()
    wait_for_outages(desk, 3)
    desk.end()
    refer(desk, postfix, 4)
    desk.start(waits=False)
    wait_for_outages(desk, 1)  # a start waits for the server
    assert AWAY_IN_WORDS in refused(desk, "approve", draft)
    own_postgres.start()
    wait_for_confirmations(platform, 4)
    desk.run("approve", draft)
    (notified,) = platform.wait(1, recipient=PLATFORM)
    answer(desk, postfix, notified)
    patiently(lambda: clocks_stopped(desk, "VF-NU-0001"), "three stopped clocks")
    wait_until_on_record(desk)
    patiently(lambda: is_green(desk), "the status is green")
    desk.stop()
    assert len(platform.received(PLATFORM)) == 1
    assert_whole(desk, platform, referrals=4, mails=5)
    assert_in_words(desk, (3, 2), (1, 1))


TERMINATE = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'desk'"


@contextmanager
def sessions_terminated(postgres: Postgres) -> Iterator[None]:
    """Ends every session of the desk that is in the middle of a transaction, again and again."""
    ended = Event()

    def terminate() -> None:
        while not ended.wait(0.02):
            postgres.execute(f"{TERMINATE} AND xact_start IS NOT NULL")

    thread = Thread(target=terminate)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(PATIENCE)


@pytest.mark.long
def test_sessions_that_end_in_mid_transaction_double_nothing(
    desk: DeskProcess, own_postgres: Postgres, postfix: Postfix, platform: PlatformServer
) -> None:
    """The server ends sessions in the middle of any transaction, commits included; each mail is on record once."""
    desk.start()
    for number in range(1, 7):
        refer(desk, postfix, number)
    with sessions_terminated(own_postgres):
        patiently(lambda: len(said(desk, AWAY)) >= 3, "three outages in the log")
        for number in range(7, 10):
            refer(desk, postfix, number)
    patiently(lambda: len(confirmed(platform)) == 9, "every confirmation", 3 * PATIENCE)  # below answers_per_sender
    wait_until_on_record(desk)
    patiently(lambda: is_green(desk), "the status is green")
    desk.stop()
    assert_whole(desk, platform, referrals=9, mails=9)
    outages = desk.log().count(f'"{AWAY}"')
    assert_in_words(desk, (outages, outages))


@dataclass(frozen=True)
class Refusal:
    """How the server is told to refuse the desk's work and to take it again, and its word for the refusal."""

    refuse: str
    allow: str
    word: str


READ_ONLY = "default_transaction_read_only"
REFUSALS = {
    "no connections": Refusal(
        "ALTER ROLE desk CONNECTION LIMIT 0", "ALTER ROLE desk CONNECTION LIMIT -1", "too many connections"
    ),
    "read-only": Refusal(
        f"ALTER ROLE desk SET {READ_ONLY} = on", f"ALTER ROLE desk RESET {READ_ONLY}", "read-only transaction"
    ),
}


def faults_in_status(desk: DeskProcess) -> str:
    """Returns what the daemon has written under `wrong`."""
    return str(status_of(desk).get("wrong", ""))


@pytest.mark.long
@pytest.mark.parametrize("refusal", REFUSALS.values(), ids=REFUSALS)
def test_a_server_that_refuses_work_is_named_and_waited_out(
    desk: DeskProcess, own_postgres: Postgres, postfix: Postfix, platform: PlatformServer, refusal: Refusal
) -> None:
    """The log and each command give the server's own words; the status is red meanwhile, and green again after."""
    desk.start()
    refer(desk, postfix, 1)
    wait_for_confirmations(platform, 1)
    own_postgres.execute(refusal.refuse)
    own_postgres.execute(TERMINATE)
    refer(desk, postfix, 2)
    patiently(lambda: said(desk, AWAY), "the outage is in the log")
    assert refusal.word in refused(desk, "election", "close", "NU")
    patiently(lambda: "database" in faults_in_status(desk), "a red status")
    time.sleep(3)  # no line is added while it lasts
    own_postgres.execute(refusal.allow)
    own_postgres.execute(TERMINATE)  # of sessions that still are as they were
    wait_for_confirmations(platform, 2)
    wait_until_on_record(desk)
    patiently(lambda: is_green(desk), "the status is green")
    desk.stop()
    assert_whole(desk, platform, referrals=2, mails=2)
    outages = desk.log().count(f'"{AWAY}"')
    assert outages <= 3  # the end of the sessions before and after, and the refusal
    assert_in_words(desk, (outages, outages))
