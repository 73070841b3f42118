# SPDX-License-Identifier: EUPL-1.2
"""The latency from a mail's arrival to its commit, and to the notice to the officer on call."""

import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from threading import Thread

from flaggermail.adapters.system.clock import EventInterrupt
from flaggermail.intake import rules_in_force
from flaggermail.intake.poll import look
from flaggermail.intake.warming import warm
from flaggermail.ports import (
    Interrupt,
    Mailbox,
    Store,
    Transaction,
)
from flaggermail.ports.delegating import StoreOnAnother
from flaggermail.services import Services
from flaggermail.wiring import assembly, mail_servers
from tests.bench import corpus, table
from tests.bench.desk import Servers
from tests.bench.figures import Bench, Figure, Goal, Heading, Row
from tests.bench.mails import Mails
from tests.flow.desk_process import DeskProcess, patiently

COMMITS, NOTICES = 60, 20
QUICK_COMMITS, QUICK_NOTICES = 8, 3
SIZE = 5_000  # octets of a mail
UNHELD = {"burst": 100, "mails_per_hour": 1000}  # more notices than are measured; the shipped limits hold most back


@dataclass
class TimedStore(StoreOnAnother):
    """Implements `ports.Store` with another store, and notes when each write was committed, by time.perf_counter."""

    inner: Store
    committed: list[float]

    @contextmanager
    def begin(self) -> Iterator[Transaction]:
        """Opens a transaction and notes its end."""
        with self.inner.begin() as tx:
            yield tx
        self.committed.append(time.perf_counter())


@dataclass
class Watching:
    """A mailbox watched as by the daemon, with the seconds from each mail's announcement to its commit."""

    env: Services
    mailbox: Mailbox
    stop: Interrupt
    committed: list[float]
    delays: list[float]

    def run(self) -> None:
        """Looks and waits in turn until stopped."""
        look(self.env, self.mailbox)
        while not self.stop.is_set():
            self.mailbox.wait(self.stop, 60)
            woken, before = time.perf_counter(), len(self.committed)
            if look(self.env, self.mailbox, everywhere=False):
                self.delays.append(self.committed[before] - woken)


Beside = Callable[[Path], AbstractContextManager[object]]
"""What runs beside a measurement, on the desk in that folder."""


@contextmanager
def watching(servers: Servers, user: str, beside: Beside = nullcontext) -> Iterator[Watching]:
    """Watches the mailbox of `user` in its own thread."""
    with (
        servers.desk(user) as desk,
        closing(assembly.open_services(desk.folder)) as opened,
        beside(desk.folder),
    ):
        env = assembly.with_whole_templates(mail_servers.with_signatures(opened))
        rules_in_force.note(env)  # as the daemon does: the archive is known by its rules
        warm(env)  # not `get_ready`, which is for a process that stays
        committed: list[float] = []
        watched = Watching(
            replace(env, store=TimedStore(env.store, committed)), mail_servers.ImapService(env.settings).mailbox(),
            EventInterrupt(), committed, [],
        )  # fmt: skip
        worker = Thread(target=watched.run, name="watched")
        worker.start()
        try:
            yield watched
        finally:
            watched.stop.set()
            worker.join(30)


def until(reached: Callable[[], bool], what: str) -> None:
    """Waits until `reached`."""
    patiently(reached, what, 60)


def _more(those: list[float], than: int) -> bool:
    return len(those) > than


def announced_to_committed(
    servers: Servers, samples: int, user: str = "commit", beside: Beside = nullcontext
) -> list[float]:
    """Returns the seconds from a server's EXISTS to the commit of the mail, one mail at a time."""
    mails = Mails(1, f"{user}@bzk.example")
    with watching(servers, user, beside) as watched:
        until(partial(_more, watched.committed, 0), "the first look")
        for number in range(samples + 1):  # the first one starts the parser
            mail = mails.referral(SIZE)
            servers.postfix.deliver_from_outside(mail.octets, mail.sender, f"{user}@bzk.example")
            until(partial(_more, watched.delays, number), "the mail is on record")
    return watched.delays[1:]


def synced(folder: Path, samples: int) -> list[float]:
    """Returns the seconds to sync 5 kB to the disk of `folder`, which every commit waits for several times."""
    taken = []
    for number in range(samples):
        begun = time.perf_counter()
        with (folder / f"synced-{number}").open("wb") as file:
            file.write(bytes(SIZE))
            file.flush()
            os.fsync(file.fileno())
        taken.append(time.perf_counter() - begun)
    return taken


def _notice(desk: DeskProcess, after: int) -> datetime | None:
    """Returns when the server accepted the officer's notice number `after`, counted from 0; None before that."""
    query = "SELECT done_at FROM outbox WHERE kind = 'officer_notice' AND state = 'accepted' ORDER BY id"
    with closing(sqlite3.connect(f"file:{desk.folder / 'flaggermail.db'}?mode=ro", uri=True)) as connection:
        rows = connection.execute(query).fetchall()
    return datetime.fromisoformat(str(rows[after][0])).replace(tzinfo=UTC) if len(rows) > after else None


def arrived_to_told(servers: Servers, samples: int) -> list[float]:
    """Returns the seconds from a mail's delivery to Postfix's answer to the notice about it, with a daemon process.

    They include Dovecot's own half second before it announces a mail, and the confirmation that leaves before it.
    """
    mails, seconds = Mails(2, "notice@bzk.example"), []
    with servers.desk("notice", others={"rate_limits": UNHELD}) as desk:
        desk.start()
        for number in range(samples):
            octets = corpus.as_arrived(mails.referral(SIZE).octets.replace(b"\r\n", b"\n")).replace(b"\n", b"\r\n")
            servers.dovecot.deliver("notice", octets, "a@lindewaard.example")
            arrived = datetime.now(UTC)
            told = patiently(partial(_notice, desk, number), "the officer's notice", 60)
            seconds.append((told - arrived).total_seconds())
        desk.stop()
    return seconds


def measure(bench: Bench) -> Iterator[Row]:
    """Measures up to the commit in this process, then up to the notice in a daemon."""
    yield Heading("latency, one mail of 5 kB at a time", "")
    delays = announced_to_committed(bench.servers, bench.few(COMMITS, QUICK_COMMITS))
    files = synced(bench.folder, len(delays))
    yield _milliseconds("a file of 5 kB on this disk (fsync), p50", files, 0.5)
    yield _milliseconds("EXISTS seen to commit, p50", delays, 0.5, "live.p50", Goal(10, 15))
    yield _milliseconds("EXISTS seen to commit, p95", delays, 0.95, "live.p95", Goal(20, 30))
    told = arrived_to_told(bench.servers, bench.few(NOTICES, QUICK_NOTICES))
    for name, share in ((None, 0.5), ("notice.p95", 0.95)):
        what = f"LMTP acknowledged to notice accepted, p{share * 100:.0f}"
        goal = Goal(0.5, 1) if name else None
        yield Figure(what=what, figure=table.percentile(told, share), unit="s", name=name, goal=goal)


def _milliseconds(
    what: str, seconds: list[float], share: float, name: str | None = None, goal: Goal | None = None
) -> Figure:
    figure = table.percentile(seconds, share) * 1000
    return Figure(what=f"{what} of {len(seconds)}", figure=figure, unit="ms", name=name, goal=goal)
