# SPDX-License-Identifier: EUPL-1.2
"""A first look at a mailbox of years on a machine that is busy: the wait for the record, live mail, commands."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import cycle

from tests.bench import corpus
from tests.bench.desk import Servers
from tests.bench.figures import Bench, Figure, Goal, Heading, Row
from tests.bench.history import lay
from tests.bench.latency import UNHELD
from tests.bench.mails import Mail, Mails
from tests.bench.memory import stored
from tests.flow.desk_process import ROOT, DeskProcess, while_it_grows

SIZE, QUICK_SIZE = 30_000, 300
BESIDE = 2  # processes that compute without pause
LIVE_EVERY, COMMAND_EVERY = 20.0, 15.0  # seconds
USER = "busy"
_WAITED = re.compile(r'"action": "waited for the record".*"seconds": ([0-9.]+)')
_COMMANDS = (
    ("case", "list"),
    ("case", "open", "--election", "NU", "--type", "other", "--origin", "media", "--title", "Wat er speelt"),
)


@dataclass
class Look:
    """What happens beside the look; instants are seconds of `time.monotonic`, those of mail aware."""

    servers: Servers
    desk: DeskProcess
    mails: Mails
    delivered: dict[str, datetime] = field(default_factory=dict)  # by the sender of a live mail
    answered: list[float] = field(default_factory=list)  # seconds of each command
    refused: list[str] = field(default_factory=list)
    _live_at: float = 0.0
    _command_at: float = 0.0
    _commands: Iterator[tuple[str, ...]] = field(default_factory=lambda: cycle(_COMMANDS))

    def step(self, old: int) -> bool:
        """Delivers a live mail and gives a command when it is time; returns whether all `old` and live mail is told."""
        now, reading = time.monotonic(), stored(self.desk) < old
        if not self.delivered or (reading and now - self._live_at >= LIVE_EVERY):
            self._live_at = now
            self._deliver(self.mails.referral())
        if not self.answered or (reading and now - self._command_at >= COMMAND_EVERY):
            self._command_at = now
            self._command(next(self._commands))
        return not reading and len(self.seconds()) == len(self.delivered)

    def seconds(self) -> list[float]:
        """Returns how long each live mail waited until its confirmation came, in their order."""
        first = {sender: self.servers.platform.received(sender)[:1] for sender in self.delivered}
        return [(mail.at - self.delivered[sender]).total_seconds() for sender, got in first.items() for mail in got]

    def _deliver(self, mail: Mail) -> None:
        octets = corpus.as_arrived(mail.octets.replace(b"\r\n", b"\n")).replace(b"\n", b"\r\n")
        self.servers.dovecot.deliver(self.desk.mailbox, octets, mail.sender)
        self.delivered[mail.sender] = datetime.now(UTC)

    def _command(self, words: tuple[str, ...]) -> None:
        begun = time.monotonic()
        command = [sys.executable, "-m", "flaggermail", "--direct", "--config", str(self.desk.folder), *words]
        done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
        self.answered.append(time.monotonic() - begun)
        if done.returncode != 0:
            self.refused.append(f"{' '.join(words[:2])}: {done.stderr.strip()}")


@contextmanager
def computing(count: int) -> Iterator[None]:
    """Runs so many processes that compute without pause within the block."""
    processes = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    try:
        yield
    finally:
        for process in processes:
            process.kill()
            process.wait()


def measure(bench: Bench) -> Iterator[Row]:
    """The daemon reads a mailbox for the first time; live mail comes every twenty seconds, a command every fifteen."""
    size = bench.few(SIZE, QUICK_SIZE)
    files = corpus.write(bench.folder / USER, size, 1, corpus.SMALL)
    for number, path in enumerate(files):  # of years ago, all of them: an hour between two is too much for so many
        os.utime(path, (corpus.LONG_AGO + 600 * number,) * 2)
    lay(bench.servers, files, USER)
    yield Heading(f"first look at {size:,} mails beside {BESIDE} processes that compute", "")
    with bench.servers.desk(USER, others={"rate_limits": UNHELD}) as desk:
        desk.start()
        begun, look = time.monotonic(), Look(bench.servers, desk, Mails(7, f"{USER}@bzk.example"))
        with computing(BESIDE):
            while_it_grows(lambda: stored(desk), lambda: look.step(size), "the mailbox is read and live mail confirmed")
        seconds = time.monotonic() - begun
        desk.stop()
        log = desk.log()
    waits = [float(found) for found in _WAITED.findall(log)]
    live = look.seconds()
    yield Figure(what="the whole look", figure=seconds, unit="s")
    yield Figure(what="longest wait for the lock (waits below 1 s are not logged)", figure=max(waits, default=1.0),
                 unit="s", goal=Goal(3))  # fmt: skip
    yield Figure(what="work put off because the record was busy", figure=log.count("record busy"), unit="",
                 goal=Goal(0))  # fmt: skip
    yield Figure(what="first live mail, delivered to confirmed", figure=live[0], unit="s", goal=Goal(60))
    yield Figure(what=f"slowest of {len(live)} live mails", figure=max(live), unit="s")
    yield Figure(what=f"commands answered, of {len(look.answered)}",
                 figure=len(look.answered) - len(look.refused), unit="")  # fmt: skip
    yield Figure(what="slowest command, its start included", figure=max(look.answered), unit="s")
    if look.refused:
        raise AssertionError(f"commands were refused: {look.refused}")
