# SPDX-License-Identifier: EUPL-1.2
"""A desk whose daemon, servers and machine are made to fail while mail comes in, and what it says about that."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from tests.bench.desk import Servers
from tests.bench.fuzz import Breaker, sources
from tests.bench.mails import Mail, Mails
from tests.bench.soak import Soak, written
from tests.bench.soak_count import taken_by_postfix
from tests.flow.desk_process import ROOT
from tests.flow.machine import FakedClock, mount, unmount
from tests.servers import account, give
from tests.servers.postgres import Postgres

USER = "faults-live"
MAILBOX: dict[str, object] = {
    "poll_seconds": 5, "timeout_seconds": 5, "alarm_after_minutes": 1, "keyword": "flaggermail"
}  # fmt: skip
OTHERS: dict[str, dict[str, object]] = {
    "submission": {"timeout_seconds": 5, "alarm_after_minutes": 1},
    "watch": {"disk_free_mb": 10},
    "rate_limits": {
        "burst": 100, "mails_per_hour": 1000, "verified_per_hour": 1000, "unverified_per_hour": 1000,
        "failed_per_hour": 1000, "notices_per_sender": 1000, "answers_per_sender": 1000, "answers_per_hour": 10000,
    },
}  # fmt: skip
"""Settings of the desk. What is told by its age is told after a minute here, by default after a quarter of an hour."""
ARCHIVE_MB = 192


@dataclass
class Live:
    """The desk, its servers, and what a round needs to hurt them."""

    soak: Soak
    clock: FakedClock
    postgres: Postgres | None
    breaker: Breaker
    ending: ExitStack = field(default_factory=ExitStack)  # of the present fault
    unreadable: list[Path] = field(default_factory=list)

    @classmethod
    @contextmanager
    def running(cls, servers: Servers, seed: int, *, on_postgres: bool, user: str = USER) -> Iterator[Live]:
        """Runs a desk of its own on a disk of its own; nothing of it is left at the end."""
        chance = random.Random(f"faults/{seed}")  # noqa: S311 - the same run again is the purpose
        with ExitStack() as stack:
            postgres = stack.enter_context(Postgres.running()) if on_postgres else None
            database = postgres.database() if postgres else ""
            desk = stack.enter_context(servers.desk(user, OTHERS, database, **MAILBOX))
            clock = FakedClock(desk.folder)
            desk.inside = ("env", *(f"{name}={value}" for name, value in clock.environment.items()))
            soak = Soak(servers, written(desk), chance, Mails(seed, f"{user}@bzk.example"))
            live = cls(soak, clock, postgres, Breaker(chance, sources()))
            live.archive.mkdir()
            mount(live.archive, megabytes=ARCHIVE_MB)
            stack.callback(unmount, live.archive)
            stack.callback(live.end)
            desk.start()
            yield live

    @property
    def archive(self) -> Path:
        """The folder of octets, which is a disk."""
        return self.soak.desk.folder / "archive"

    # ---- what the desk says

    def wrong(self) -> list[str]:
        """Returns the faults that `status` lists."""
        command = [*self.soak.desk.inside, sys.executable, "-m", "flaggermail", "--config", str(self.soak.desk.folder)]
        done = subprocess.run(
            [*command, "status", "--json"], capture_output=True, text=True, cwd=ROOT, check=False, timeout=60
        )
        return [str(one) for one in json.loads(done.stdout)["wrong"]]

    def alarms(self) -> set[tuple[str, str]]:
        """Returns id and kind of each alarm, or none while the database does not answer."""
        with suppress(Exception):  # of either driver
            return {(str(key), str(kind)) for key, kind in self.soak.desk.rows("SELECT id, kind FROM alarm")}
        return set()

    # ---- what people do meanwhile

    def mail(self) -> None:
        """Hands over live mail of strangers and platforms."""
        for act in (self.soak.referral, self.soak.stranger, self.soak.platform):
            act()

    def settle_doubts(self) -> None:
        """Resolves each uncertain mail by the submission server's log, as an officer, and clears bounced addresses."""
        soak = self.soak
        with suppress(Exception):  # the database may be away
            for mail, name in soak.desk.rows("SELECT id, message_id FROM outbox WHERE state = 'uncertain'"):
                taken = taken_by_postfix(soak.servers, str(name))
                if taken is None:
                    soak.type("outbox", "resolve", str(mail), "--again")
                elif taken.at is not None:
                    soak.type("outbox", "resolve", str(mail), "--sent-at", taken.at.isoformat())
            for (address,) in soak.desk.rows("SELECT id FROM bad_address WHERE cleared_at IS NULL"):
                soak.type("channel", "clear", str(address), "--reason", "the platform has mended it")

    # ---- what a fault needs

    def hand_over_broken(self, number: int = 5) -> None:
        """Delivers mails of the samples that are broken at random."""
        for _ in range(number):
            self.soak.servers.dovecot.deliver(self.soak.desk.mailbox, self.breaker.broken())

    def lay_unreadable(self) -> None:
        """Puts a mail into the inbox whose file the server may not read."""
        mail: Mail = self.soak.mails.referral()
        maildir = self.soak.servers.maildir(self.soak.desk.mailbox)
        path = maildir / "tmp" / f"{len(self.unreadable)}.unreadable.example"
        path.write_bytes(mail.octets)
        path.chmod(0)
        give(maildir / "tmp", *account("nobody"))
        self.unreadable.append(path.rename(maildir / "new" / path.name))
        self.soak.diary.accepted.append(mail)

    def make_readable(self) -> None:
        """Lets the server read those mails; it may have moved them since."""
        maildir = self.soak.servers.maildir(self.soak.desk.mailbox)
        for laid in self.unreadable:
            for path in maildir.glob(f"*/{laid.name}*"):
                path.chmod(0o600)

    def an_hour_on(self) -> None:
        """Sets the clock an hour ahead: what is asked for hourly is due."""
        self.clock.set(timedelta(minutes=61))

    def end(self) -> None:
        """Ends the fault under way, if an error has left one, and the daemon."""
        self.ending.close()
        self.soak.desk.end()
