# SPDX-License-Identifier: EUPL-1.2
"""`./dev bench evening`: the first look at a mailbox of years, and live mail beside it, on a machine that computes.

The real daemon between a real Dovecot and a real Postfix, and processes that compute without pause; nothing fails and
nobody restarts it. It must never end, lose or double nothing, and have no mail in doubt that the server answered.
"""

import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from tests.bench import corpus, soak_count, table
from tests.bench.desk import Servers
from tests.bench.history import lay
from tests.bench.mails import Mails
from tests.bench.soak import Soak, written
from tests.bench.soak_count import Figures, inbox_size, queued, taken_by_postfix
from tests.flow.desk_process import DeskProcess, while_it_grows

USER = "evening"
OLD, LIVE, BUSY = 20_000, 200, 6  # mails of years, mails of the evening, and processes that compute
_COMPUTE = "while True: pass"
_LIVE = (
    "SELECT d.internaldate, d.first_seen_at FROM delivery d JOIN message m ON m.id = d.message "
    "WHERE m.message_id LIKE 'evening.%'"
)


@dataclass(frozen=True)
class Evening:
    """One evening, by its sizes; a seed chooses the mails and who does what."""

    old: int = OLD
    live: int = LIVE
    busy: int = BUSY

    def run(self, servers: Servers, seed: int | None) -> int:
        """Plays it and prints the counts; the exit status is 1 if a promise is broken."""
        seed = seed if seed is not None else int.from_bytes(os.urandom(3), "big")
        table.note(
            f"evening of {self.old:,} old mails and {self.live} live ones, {self.busy} busy processes, seed {seed}"
        )
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="fm-evening-")))
            lay(servers, corpus.write(folder / "old", self.old, seed, corpus.SMALL), USER)
            desk = stack.enter_context(servers.desk(USER, poll_seconds=5))
            chance = random.Random(f"evening/{seed}")  # noqa: S311 - the same evening again is the purpose
            soak = Soak(servers, written(desk), chance, Mails(seed, f"{USER}@bzk.example"), waits=False)
            begun = time.monotonic()
            with computing(self.busy):
                desk.start(waits=False)
                self._live(soak)
                self._settle(soak)
            seconds = time.monotonic() - begun
            desk.stop()
            figures = Figures()
            figures.count("seconds", round(seconds))
            _answered(figures, servers, desk)
            _served(figures, desk)
            return soak_count.report(servers, desk, soak.diary, USER, figures)

    def _live(self, soak: Soak) -> None:
        """Hands over the mails of the evening, with officers at work between them."""
        acts: dict[Callable[[], None], int] = {
            soak.stranger: 30, soak.referral: 30, soak.platform: 15, soak.again: 5, soak.bounce: 3, soak.notify: 17,
        }  # fmt: skip
        while len(soak.diary.accepted) < self.live:
            soak.chance.choices(list(acts), list(acts.values()))[0]()
            soak.hand_over_held()
            soak.watch_over()
            time.sleep(soak.chance.uniform(0, 2))

    @staticmethod
    def _settle(soak: Soak) -> None:
        """Waits until all mail is in and out; that it stands still is a finding."""

        def moved() -> tuple[object, ...]:
            taken = soak.desk.rows("SELECT count(*) FROM delivery")[0]
            return (*taken, *soak.desk.rows("SELECT count(*) FROM attempt")[0], queued(soak.servers))

        try:
            while_it_grows(moved, soak.is_settled, "all mail is in and out")
        except AssertionError as fault:
            soak.diary.findings.append(f"not settled: {fault}, {inbox_size(soak.servers, USER)} in the mailbox")


@contextmanager
def computing(number: int) -> Iterator[None]:
    """Keeps so many processes computing without pause."""
    with ExitStack() as stack:
        for _ in range(number):
            process = stack.enter_context(subprocess.Popen([sys.executable, "-c", _COMPUTE], stdin=subprocess.DEVNULL))
            stack.callback(process.kill)
        yield


def _answered(figures: Figures, servers: Servers, desk: DeskProcess) -> None:
    """No attempt is in doubt that the server answered: by its own log, it took none of those mails."""
    doubted = desk.rows(
        "SELECT a.id, o.message_id FROM attempt a JOIN outbox o ON o.id = a.mail "
        "WHERE a.result = 'unknown' OR a.ended_at IS NULL"
    )
    figures.count("attempts in doubt", len(doubted))
    taken = (str(attempt) for attempt, name in doubted if taken_by_postfix(servers, str(name)) is not None)
    figures.none("IN DOUBT, and our server took it", taken)


def _served(figures: Figures, desk: DeskProcess) -> None:
    """How long live mail waited until it was on record."""
    waits = _waits(desk.rows(_LIVE))
    figures.count("live mail on record after, median (s)", round(waits[len(waits) // 2]))
    figures.count("live mail on record after, longest (s)", round(waits[-1]))


def _waits(rows: Sequence[tuple[object, ...]]) -> list[float]:
    instants = ([datetime.fromisoformat(str(instant)) for instant in row] for row in rows)
    return sorted((seen - arrived).total_seconds() for arrived, seen in instants) or [0.0]
