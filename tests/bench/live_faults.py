# SPDX-License-Identifier: EUPL-1.2
"""The faults of servers and machine beside a running daemon: how each begins and ends, and what must be told of it."""

from __future__ import annotations

import signal
import sqlite3
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta

from tests.bench.live import Live
from tests.bench.mails import NOTIFIED
from tests.flow.desk_process import patiently
from tests.flow.killed_daemon import POINTS
from tests.flow.machine import fill, remount

HANG = 8  # seconds of silence after the final dot; the desk waits for five
DEAD = ("the daemon does not run",)


@dataclass(frozen=True)
class Fault:
    """One fault. `told`: words of `status`, or kinds of alarm, of which one must come; none if nobody has to act."""

    begin: Callable[[Live], None]
    end: Callable[[Live], None] = lambda _: None
    told: tuple[str, ...] = ()
    notifies: bool = False  # a notification is approved while it lasts
    lasts: float = 3.0  # seconds at least


# ---- the submission server


def _refuses_one(reply: str) -> Callable[[Live], None]:
    return lambda live: live.soak.servers.postfix.set_recipient_access({NOTIFIED: reply})


def _takes_all(live: Live) -> None:
    postfix = live.soak.servers.postfix
    postfix.set_recipient_access({})
    postfix.set_refusals("at_rcpt", {})
    live.soak.servers.platform.refusals.clear()


def _hangs(live: Live, seconds: int = HANG) -> None:
    live.soak.servers.postfix.set_hangs({f"{live.soak.desk.mailbox}@bzk.example": seconds})


def _answers(live: Live) -> None:
    live.soak.servers.postfix.set_hangs({})
    time.sleep(HANG + 1)  # the last mail is accepted after the silence


def _dies_after_data(live: Live) -> None:
    """Stops the server when it has all of a platform's mail, and before it has answered."""
    begun = "SELECT count(*) FROM attempt a JOIN outbox o ON o.id = a.mail WHERE o.at_most_once"
    before = live.soak.desk.rows(begun)
    _hangs(live, 60)
    live.soak.notify()
    patiently(lambda: live.soak.desk.rows(begun) != before, "the notification is being handed over", 60)
    time.sleep(2)
    live.soak.servers.postfix.stop()


def _comes_back(live: Live) -> None:
    postfix = live.soak.servers.postfix
    postfix.set_hangs({})
    postfix.stop()  # if it was not stopped in time
    postfix.start()


SUBMISSION: Mapping[str, Fault] = {
    "a platform is refused": Fault(_refuses_one("550 5.7.1 no such desk"), _takes_all, ("refused",), notifies=True),
    "a platform is put off": Fault(
        _refuses_one("450 4.7.1 greylisted"), _takes_all, ("deferred", "waits for more than"), notifies=True
    ),
    "all are refused": Fault(
        lambda live: live.soak.servers.postfix.set_refusals("at_rcpt", {".": "554 5.7.1 relaying denied"}),
        _takes_all, ("outbox denied", "refuses the desk"), notifies=True,
    ),
    "no answer to the last dot": Fault(_hangs, _answers, ("uncertain", "in doubt"), notifies=True),
    "accepts and dies after DATA": Fault(
        _dies_after_data, _comes_back, ("uncertain", "in doubt")
    ),
    "submission server away": Fault(
        lambda live: live.soak.servers.postfix.stop(), lambda live: live.soak.servers.postfix.start(),
        ("waits for more than", "outbox waits"), notifies=True,
    ),
    "a platform's mailbox bounces": Fault(
        lambda live: live.soak.servers.platform.refusals.update({NOTIFIED: 550}), _takes_all, ("bounced",),
        notifies=True,
    ),
}  # fmt: skip

# ---- the mailbox


def _restarted_in_fetch(live: Live) -> None:
    """Restarts the server a few times while it hands over mail of some megabytes."""
    for _ in range(3):
        live.soak.hand_over(live.soak.mails.referral(size=2_000_000))
        time.sleep(live.soak.chance.uniform(0, 1))
        live.soak.servers.dovecot.stop()
        live.soak.servers.dovecot.start()


def _full_mailbox(live: Live) -> None:
    dovecot = live.soak.servers.dovecot
    dovecot.set_quota(live.soak.desk.mailbox, 1)
    dovecot.stop()  # a session goes by the limit with which it began
    dovecot.start()


MAILBOX: Mapping[str, Fault] = {
    "mailbox server away": Fault(
        lambda live: live.soak.servers.dovecot.stop(), lambda live: live.soak.servers.dovecot.start(),
        ("the mailbox cannot be reached",),
    ),
    "mailbox full": Fault(
        _full_mailbox,
        lambda live: live.soak.servers.dovecot.set_quota(live.soak.desk.mailbox, None), ("mailbox: full",),
    ),
    "mailbox read-only": Fault(
        lambda live: live.soak.servers.dovecot.set_read_only(live.soak.desk.mailbox, read_only=True),
        lambda live: live.soak.servers.dovecot.set_read_only(live.soak.desk.mailbox, read_only=False), lasts=10,
    ),
    "mailbox renumbered": Fault(lambda live: live.soak.servers.dovecot.renumber(live.soak.desk.mailbox)),
    "mailbox server restarted in the middle of FETCH": Fault(_restarted_in_fetch),
    "a mail whose file may not be read": Fault(Live.lay_unreadable, Live.make_readable, ("mail not fetched",)),
}  # fmt: skip

# ---- the database


def _written_by_another(live: Live) -> None:
    """Holds SQLite's lock for longer than a writer waits."""
    other = live.ending.enter_context(
        closing(sqlite3.connect(live.soak.desk.folder / "flaggermail.db", isolation_level=None, timeout=60))
    )
    other.execute("BEGIN IMMEDIATE")


def _restarted(mode: str) -> Callable[[Live], None]:
    def restart(live: Live) -> None:
        assert live.postgres is not None
        for _ in range(3):
            live.soak.referral()
            time.sleep(live.soak.chance.uniform(0, 1))
            live.postgres.stop(mode)
            live.postgres.start()

    return restart


def _database_away(live: Live) -> None:
    assert live.postgres is not None
    live.postgres.stop()
    live.ending.callback(live.postgres.start)


SQLITE: Mapping[str, Fault] = {"record written by another": Fault(_written_by_another, lasts=20)}
POSTGRESQL: Mapping[str, Fault] = {
    "PostgreSQL crashes in the middle of transactions": Fault(_restarted("immediate")),
    "PostgreSQL restarted in the middle of transactions": Fault(_restarted("fast")),
    "PostgreSQL away": Fault(_database_away, told=("database",), lasts=10),
}

# ---- the machine


def _killed(live: Live) -> None:
    live.mail()
    time.sleep(live.soak.chance.random())
    live.soak.desk.end()


def _started(live: Live) -> None:
    live.soak.desk.end()  # if it was not killed
    live.soak.desk.start(waits=False)


def _killed_at(point: str) -> Callable[[Live], None]:
    def kill(live: Live) -> None:
        live.soak.desk.stop()
        live.soak.desk.start(point)
        live.soak.notify()
        live.soak.referral()
        # The desk may wait for its server for a minute, if the fault before this one cut its last connection.
        patiently(live.soak.desk.process_ended, "the daemon is killed", 90)
        live.soak.desk.killed()

    return kill


def _signalled(number: signal.Signals) -> Callable[[Live], None]:
    def signalled(live: Live) -> None:
        assert live.soak.desk.process is not None
        live.soak.desk.process.send_signal(number)

    return signalled


def _full(live: Live) -> None:
    live.ending.callback(fill(live.archive).unlink)


MACHINE: Mapping[str, Fault] = {
    "archive read-only": Fault(
        lambda live: remount(live.archive, "ro"), lambda live: remount(live.archive, "rw"),
        ("cannot be written",),
    ),
    "archive full": Fault(_full, told=("is full",)),
    "killed": Fault(_killed, _started, DEAD),
    **{f"killed: {point}": Fault(_killed_at(point), _started, DEAD) for point in POINTS},
    "stopped": Fault(_signalled(signal.SIGSTOP), _signalled(signal.SIGCONT), ("has not written how it is",)),
    "clock set back": Fault(
        lambda live: live.clock.set(timedelta(hours=-1)), lambda live: live.clock.set(timedelta(0)), ("own clock",)
    ),
}  # fmt: skip

HOSTILE: Mapping[str, Fault] = {"hostile mail": Fault(Live.hand_over_broken)}


def families(*, on_postgres: bool) -> Mapping[str, Mapping[str, Fault]]:
    """Returns the faults by what fails."""
    database = POSTGRESQL if on_postgres else SQLITE
    return {"submission": SUBMISSION, "mailbox": MAILBOX, "database": database, "machine": MACHINE, "mail": HOSTILE}
