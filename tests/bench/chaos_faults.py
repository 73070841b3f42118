# SPDX-License-Identifier: EUPL-1.2
"""The faults of `bench chaos`: what each does to the nodes, to the database or to the cable, and how it ends."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack, closing, suppress
from datetime import UTC, datetime, timedelta
from enum import StrEnum

import psycopg

from tests.bench.chaos_desk import ChaosDesk
from tests.flow.desk_process import patiently
from tests.flow.machine import fill

_OURS = "application_name = 'flaggermail' AND pid <> pg_backend_pid()"
_CUT = f"SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE {_OURS}"  # noqa: S608 - no words but these
_BEGUN = "SELECT count(*) FROM attempt a JOIN outbox o ON o.id = a.mail WHERE o.at_most_once"
DISK_MB = 220  # of a database that has a disk of its own
PAUSE = 60  # seconds for which a leader is stopped inside DATA
AWAY = 20  # seconds of what lasts longer than the lease
OLD = 300  # mails that wait when an urgent one comes


class Fault(StrEnum):
    """What fails in a round."""

    CRASH = "leader killed"
    RESTART = "PostgreSQL restarted"
    REPEATED = "leaders killed one after the other"
    BACKEND = "backends of PostgreSQL ended"
    FAIL_OVER = "standby of PostgreSQL promoted"
    POOL = "no connection left"
    RETRY = "all mail put off, then all at once"
    URGENT = "urgent mail behind old"
    PARTITION = "leader's cable pulled"
    CLOCK = "a standby's clock an hour ahead"
    NAME = "two nodes of one host name"
    STOPPED = "leader stopped inside DATA"
    FULL = "database's disk full"
    SLOW = "100 ms a statement"


def _crash(desk: ChaosDesk) -> None:
    """Kills the leader at any moment of sending a notification."""
    desk.soak.notify()
    time.sleep(desk.soak.chance.uniform(0, 0.5))
    desk.kill_leader()
    desk.traffic()


def _restart(desk: ChaosDesk) -> None:
    for mode in ("immediate", "fast"):
        desk.traffic()
        time.sleep(desk.soak.chance.uniform(0, 1))
        desk.postgres.stop(mode)
        desk.postgres.start()
    desk.soak.notify()


def _repeated(desk: ChaosDesk) -> None:
    for _ in range(2):
        desk.traffic()
        desk.kill_leader().start()
        time.sleep(desk.soak.chance.uniform(0, 2))
    desk.soak.notify()
    desk.kill_leader()


def _backends(desk: ChaosDesk) -> None:
    for _ in range(4):
        desk.traffic()
        time.sleep(desk.soak.chance.uniform(0, 1))
        desk.postgres.execute(_CUT)
    desk.soak.notify()
    desk.postgres.execute(_CUT)


def _fail_over(desk: ChaosDesk) -> None:
    """The primary dies and the standby takes over; later the old one comes back, as its standby."""
    assert desk.pair is not None
    desk.traffic()
    desk.soak.notify()
    desk.pair.fail_over()
    desk.pair.go_alone()
    desk.traffic()
    desk.awaited_leader()
    desk.soak.notify()
    desk.pair.rejoin()


def _pool(desk: ChaosDesk) -> None:
    """Others take every connection while the leader has to open its own anew."""
    with ExitStack() as stack:
        hogs = [_hog(desk)]
        for _ in range(3):
            with suppress(psycopg.OperationalError):
                while True:
                    hogs.append(_hog(desk))
            hogs[0].execute(_CUT.encode())
        for hog in hogs:
            stack.enter_context(closing(hog))
        desk.traffic()
        time.sleep(AWAY)
    desk.soak.notify()


def _hog(desk: ChaosDesk) -> psycopg.Connection[tuple[object, ...]]:
    address = f"host={desk.postgres.folder} user=vf dbname=postgres"
    return psycopg.connect(address, application_name="hog", autocommit=True)


def _retry(desk: ChaosDesk) -> None:
    """The submission server puts everything off while mail piles up and the leader dies."""
    desk.servers.postfix.set_refusals("at_rcpt", {".": "450 4.7.1 later"})
    desk.soak.notify()
    for _ in range(10):
        desk.soak.referral()
    time.sleep(3)
    desk.kill_leader()
    desk.servers.postfix.set_refusals("at_rcpt", {})


def _urgent(desk: ChaosDesk) -> None:
    """Old mail comes in bulk, a live referral behind it, and the leader dies in the middle."""
    old = (desk.soak.mails.referral().octets for _ in range(OLD))
    mailbox = desk.soak.desk.mailbox
    desk.servers.dovecot.lay(mailbox, old, datetime.now(UTC) - timedelta(days=30), "Old")
    desk.servers.dovecot.move(mailbox, "Old", "INBOX")
    desk.traffic()
    time.sleep(desk.soak.chance.uniform(1, 4))
    desk.kill_leader()
    desk.soak.notify()


def _partition(desk: ChaosDesk) -> None:
    """The leader is cut off; it must not lead on, and it comes back as one of the others."""
    leader, term = desk.awaited_leader(), desk.watch.term
    assert term is not None
    desk.soak.notify()
    leader.host.pull_cable()
    try:
        desk.watch.taken_after(term.fencing, 60)
        desk.traffic()
        desk.soak.notify()
        time.sleep(AWAY / 2)
    finally:
        leader.host.plug_cable()


def _clock(desk: ChaosDesk) -> None:
    ahead = desk.soak.chance.choice(desk.others()).clock
    assert ahead is not None
    ahead.set(timedelta(hours=1))
    _healthy(desk)
    ahead.set(timedelta(0))


def _name(desk: ChaosDesk) -> None:
    """A standby starts anew on a host of the leader's name, whose processes are others."""
    standby = desk.others()[0]
    standby.stop()
    standby.known_as = desk.awaited_leader().host.name
    standby.start()
    _healthy(desk)


def _healthy(desk: ChaosDesk) -> None:
    """A healthy leader stays the leader, and is followed when it dies."""
    before = desk.watch.term
    desk.traffic()
    desk.soak.notify()
    until = time.monotonic() + AWAY / 2
    while time.monotonic() < until:
        desk.watch_over()
        time.sleep(1)
    if desk.watch.term != before:
        desk.soak.diary.findings.append(f"the lease of a healthy leader was taken: {before}, {desk.watch.term}")
    desk.kill_leader()


def _stopped(desk: ChaosDesk) -> None:
    """The leader sleeps while the server holds a platform's mail and has not answered."""
    leader, term, before = desk.awaited_leader(), desk.watch.term, desk.soak.desk.rows(_BEGUN)
    assert term is not None
    sender = f"{desk.soak.desk.mailbox}@bzk.example"
    desk.servers.postfix.set_hangs({sender: 8})
    desk.soak.notify()
    patiently(lambda: desk.soak.desk.rows(_BEGUN) != before, "the notification is being handed over")
    time.sleep(1)
    leader.signal(signal.SIGSTOP)
    begun = time.monotonic()
    desk.servers.postfix.set_hangs({})
    try:
        desk.watch.taken_after(term.fencing, PAUSE)
        desk.traffic()
        time.sleep(max(0.0, begun + PAUSE - time.monotonic()))
    finally:
        leader.signal(signal.SIGCONT)


def _full(desk: ChaosDesk) -> None:
    filling = fill(desk.postgres.folder)
    try:
        desk.traffic()
        time.sleep(AWAY / 2)
    finally:
        filling.unlink()
    with suppress(Exception):  # it runs on, or stopped by itself when it could not write its log
        desk.postgres.start()
    patiently(desk.answers, "the database answers again")
    desk.soak.notify()


def _slow(desk: ChaosDesk) -> None:
    relays = [relay for node in desk.nodes for relay in desk.of_database(node)]
    for relay in relays:
        relay.delay = 0.1
    try:
        _healthy(desk)
        time.sleep(AWAY / 2)
    finally:
        for relay in relays:
            relay.delay = 0.0


STRIKES: Mapping[Fault, Callable[[ChaosDesk], None]] = {
    Fault.CRASH: _crash,
    Fault.RESTART: _restart,
    Fault.REPEATED: _repeated,
    Fault.BACKEND: _backends,
    Fault.FAIL_OVER: _fail_over,
    Fault.POOL: _pool,
    Fault.RETRY: _retry,
    Fault.URGENT: _urgent,
    Fault.PARTITION: _partition,
    Fault.CLOCK: _clock,
    Fault.NAME: _name,
    Fault.STOPPED: _stopped,
    Fault.FULL: _full,
    Fault.SLOW: _slow,
}
