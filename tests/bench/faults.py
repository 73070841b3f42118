# SPDX-License-Identifier: EUPL-1.2
"""`./dev bench faults`: rounds of faults at random, of what is told of each, and of what arrived in the end.

Each round draws what fails (submission, mailbox, database, machine, or a mail), and of that one fault. Half of the
submission server's are kills and cuts at each step of one delivery, on a desk whose steps the test takes
(`tests.flow.fault_rounds`); all others strike a running daemon while mail comes in.
"""

import random
import subprocess
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tests.bench import soak_count, table
from tests.bench.desk import Servers
from tests.bench.live import USER as LIVE_USER
from tests.bench.live import Live
from tests.bench.live_faults import Fault, families
from tests.bench.soak_count import Figures
from tests.flow.desk_process import patiently
from tests.flow.fault_rounds import FAULTS, Rounds
from tests.servers import ServerNotStartedError

USER = "faults"
WITHIN = 120.0  # seconds until a fault is told, and from its end until the status is green
SETTLING = 240.0
LOOK_EVERY = 1.0
_FAILED = (AssertionError, OSError, subprocess.SubprocessError, ServerNotStartedError)


@dataclass
class LiveRounds:
    """Plays faults beside a running daemon, one after the other."""

    live: Live
    told_after: Counter[str] = field(default_factory=Counter)  # seconds, the longest of each fault
    green_after: Counter[str] = field(default_factory=Counter)

    def begin(self) -> None:
        """Waits until the desk is green and has a case."""
        self.live.soak.referral()
        patiently(lambda: self.live.soak.desk.rows("SELECT number FROM case_file"), "the first case")
        self._wait_for_green("the start")

    def play(self, name: str, fault: Fault) -> None:
        """Plays one round; what is not told, or not green again, in time is a finding."""
        soak, before = self.live.soak, self.live.alarms()
        soak.diary.done[f"fault: {name}"] += 1
        begun, known = time.monotonic(), len(soak.diary.findings)
        try:
            fault.begin(self.live)
            struck = time.monotonic()
            if fault.notifies:
                soak.notify()
            self.live.mail()
            if fault.told:
                self._wait_until_told(name, fault.told, before, begun)
            time.sleep(max(0.0, struck + fault.lasts - time.monotonic()))
        except _FAILED as error:
            soak.diary.findings.append(f"{name}: {error}")
        try:
            self.live.ending.close()
            fault.end(self.live)
        except _FAILED as error:
            soak.diary.findings.append(f"the end of {name}: {error}")
        soak.hand_over_held()
        self._wait_for_green(name)
        table.note(f"  {time.monotonic() - begun:4.0f} s  {name}")
        for finding in soak.diary.findings[known:]:
            table.note(f"  ! {finding}")

    def finish(self) -> int:
        """Lets an hour pass, after which all mail is in and out, and counts; returns the exit status."""
        soak = self.live.soak
        self.live.an_hour_on()
        try:
            patiently(self._is_settled, "nothing waits any more", SETTLING)
        except AssertionError:
            rows = soak.desk.rows("SELECT id, kind, state, answer FROM outbox WHERE state IN ('queued', 'attempting')")
            soak.diary.findings.append(f"not settled: {self.live.wrong()}, waiting: {rows[:5]}")
        soak.desk.stop()
        figures = Figures()
        for name, seconds in sorted(self.told_after.items()):
            figures.count(f"told after at most (s): {name}", seconds)
        for name, seconds in sorted(self.green_after.items()):
            figures.count(f"green after at most (s): {name}", seconds)
        return soak_count.report(soak.servers, soak.desk, soak.diary, LIVE_USER, figures, clocks=False)

    def _is_settled(self) -> bool:
        self.live.settle_doubts()
        return self.live.soak.is_settled()

    def _wait_until_told(self, name: str, told: Sequence[str], before: set[tuple[str, str]], begun: float) -> None:
        signs: list[str] = []
        while time.monotonic() < begun + WITHIN:
            signs = [*self.live.wrong(), *(kind for _, kind in self.live.alarms() - before)]
            if any(word in sign for word in told for sign in signs):
                self.told_after[name] = max(self.told_after[name], round(time.monotonic() - begun))
                return
            time.sleep(LOOK_EVERY)
        self.live.soak.diary.findings.append(f"{name}: not told within {WITHIN:.0f} s, but {signs}")

    def _wait_for_green(self, name: str) -> None:
        """Waits until nothing is wrong, while officers do what the desk asks of them."""
        ended, wrong = time.monotonic(), list[str]()
        while time.monotonic() < ended + WITHIN:
            self.live.soak.watch_over()
            self.live.settle_doubts()
            if not (wrong := self.live.wrong()):
                self.green_after[name] = max(self.green_after[name], round(time.monotonic() - ended))
                return
            time.sleep(LOOK_EVERY)
        self.live.soak.diary.findings.append(f"{name}: not green within {WITHIN:.0f} s of its end: {wrong}")


def drawn(number: int, chance: random.Random, *, on_postgres: bool) -> tuple[list[str], list[tuple[str, Fault]]]:
    """Returns the faults of so many rounds: of single deliveries, and beside a running daemon.

    Each family comes as often as another, and of a family each fault.
    """
    single, live = list[str](), list[tuple[str, Fault]]()
    found = families(on_postgres=on_postgres)
    pools: dict[str, list[str]] = {name: [] for name in found}
    for at in range(number):
        name = list(found)[at % len(found)]
        if name == "submission" and at // len(found) % 2:
            pool = pools.setdefault("single", []) or chance.sample(FAULTS, len(FAULTS))
            single.append(pool.pop())
            pools["single"] = pool
            continue
        pool = pools[name] or chance.sample(list(found[name]), len(found[name]))
        fault = pool.pop()
        pools[name] = pool
        live.append((fault, found[name][fault]))
    chance.shuffle(live)
    return single, live


def run(servers: Servers, number: int, seed: int | None, *, on_postgres: bool) -> int:
    """Plays the rounds and prints the counts; returns the exit status."""
    seed = random.SystemRandom().randrange(10**6) if seed is None else seed
    table.note(f"faults: {number} rounds, seed {seed}, on {'PostgreSQL' if on_postgres else 'SQLite'}")
    chance = random.Random(seed)  # noqa: S311 - a seed that can be told
    single, live = drawn(number, chance, on_postgres=on_postgres)
    status = _run_single(servers, single, chance)
    servers.platform.clear()  # what the other desk sent is counted
    return status | _run_live(servers, live, seed, on_postgres=on_postgres)


def _run_live(servers: Servers, faults: Sequence[tuple[str, Fault]], seed: int, *, on_postgres: bool) -> int:
    with Live.running(servers, seed, on_postgres=on_postgres) as live:
        rounds = LiveRounds(live)
        rounds.begin()
        for name, fault in faults:
            rounds.play(name, fault)
        return rounds.finish()


def _run_single(servers: Servers, faults: Sequence[str], chance: random.Random) -> int:
    with Rounds.running(servers, USER) as rounds:
        for fault in faults:
            rounds.play(fault, chance.randint(1, 3), platform_first=chance.random() < 2 / 3)
        count = rounds.finish()
    for fault, times in sorted(count.rounds.items()):
        table.note(f"  {times:4} x {fault}")
    table.note(f"platform mails: {_shown(count.platform)}; received by the platforms: {count.received}")
    table.note(f"mails to officers and referrers: {_shown(count.officer)}; received: {count.received_officer}")
    table.note(f"  more than once: {count.again}")
    for finding in count.findings:
        table.note(f"FINDING {finding}")
    table.note(f"{len(count.findings)} findings")
    return 1 if count.findings else 0


def _shown(counted: Mapping[str, int]) -> str:
    return ", ".join(f"{times} {state}" for state, times in sorted(counted.items())) + f" ({sum(counted.values())})"
