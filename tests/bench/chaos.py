# SPDX-License-Identifier: EUPL-1.2
"""`./dev bench chaos`: three nodes of one desk, one fault a round, and what was lost, doubled or forgotten.

The rounds that were played are kept in a file, and a later run goes on where the last one ended.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

import psycopg
from pydantic import TypeAdapter

from tests.bench import soak_count, table
from tests.bench.chaos_desk import ChaosDesk
from tests.bench.chaos_faults import DISK_MB, STRIKES, Fault
from tests.bench.desk import Servers
from tests.bench.figures import Figure, Goal
from tests.flow.machine import mount, unmount
from tests.servers import ServerNotStartedError, server_folder

GOAL = 10.0  # seconds, from kill -9 to the next leader's first commit
_FAILED = (AssertionError, OSError, subprocess.SubprocessError, ServerNotStartedError, psycopg.Error)


@dataclass(frozen=True)
class Round:
    """One round that was played. The numbers of what went wrong should all be zero."""

    fault: Fault
    seed: int
    seconds: float
    mails: int  # that arrived in the mailbox
    platform: int  # notifications that were approved
    reminders: int
    takeovers: list[float]  # seconds
    wrong: list[str]
    repeated: int = 0  # commands that were sent to a door once more


def play(servers: Servers, fault: Fault, seed: int) -> Round:
    """Plays one round on a desk of its own and returns what came of it."""
    begun, user = time.monotonic(), f"chaos-{fault.name.lower()}-{seed}"
    servers.platform.clear()
    with (
        _disk(fault) as disk,
        ChaosDesk.running(
            servers, user, seed, pair=fault is Fault.FAIL_OVER, disk=disk, clocks=fault is Fault.CLOCK
        ) as desk,
    ):
        findings = desk.soak.diary.findings
        try:
            desk.begin()
            STRIKES[fault](desk)
        except _FAILED as error:
            findings.append(f"{fault}: {error!r}"[:600])
        _mend(desk)
        try:
            desk.settle()
            findings += desk.missing_reminders()
        except _FAILED as error:
            findings.append(f"settling: {error!r}"[:600])
        figures = soak_count.counted(servers, desk.soak.desk, desk.soak.diary, user, clocks=False)
        mails = dict(figures.lines)["mails in the mailbox"]
        if figures.faults:
            _keep(desk, fault, seed)
        return Round(
            fault, seed, time.monotonic() - begun, mails, len(desk.soak.diary.approved), desk.reminded(),
            desk.takeovers, figures.faults, len(desk.soak.acts),
        )  # fmt: skip


def _mend(desk: ChaosDesk) -> None:
    """Takes back what a fault left behind that an error cut short."""
    desk.servers.postfix.set_hangs({})
    desk.servers.postfix.set_refusals("at_rcpt", {})


def _keep(desk: ChaosDesk, fault: Fault, seed: int) -> None:
    """Keeps the logs of a round that went wrong."""
    folder = Path(tempfile.gettempdir()) / f"chaos-{fault.name.lower()}-{seed}"
    folder.mkdir(exist_ok=True)
    for node in desk.nodes:
        for log in node.folder.glob("*.log"):
            shutil.copyfile(log, folder / f"{node.host.name}-{log.name}")
    (folder / "postgres.log").write_text(desk.postgres.log(), "utf-8")


@contextmanager
def _disk(fault: Fault) -> Iterator[Path | None]:
    """Mounts a small disk for the database where its disk is to be full."""
    if fault is not Fault.FULL:
        yield None
        return
    with server_folder("pg") as folder:
        mount(folder, DISK_MB)
        folder.chmod(0o755)
        try:
            yield folder
        finally:
            unmount(folder)


def drawn(number: int, seed: int) -> list[Fault]:
    """Returns the faults of so many rounds in random order; each comes as often as another, but for one."""
    chance = random.Random(f"chaos/{seed}")  # noqa: S311 - the same run again is the purpose
    found: list[Fault] = []
    while len(found) < number:
        found += chance.sample(list(Fault), len(Fault))
    return found[:number]


@dataclass
class Played:
    """The rounds so far, as the file keeps them."""

    seed: int
    rounds: list[Round] = field(default_factory=list)

    def write(self, path: Path) -> None:
        """Replaces the file in one step."""
        part = path.with_suffix(".part")
        part.write_text(json.dumps(asdict(self), indent=1), "utf-8")
        part.replace(path)


def run(
    servers: Servers, number: int, seed: int | None, state: Path | None, out: Path | None = None
) -> int:  # fmt: skip
    """Plays the rounds that the file `state` does not hold yet, and prints the counts of all; returns the exit status.

    A file that exists goes on with its own seed. `out`: the figure is written there too.
    """
    played = Played(int.from_bytes(os.urandom(3), "big") if seed is None else seed)
    if state and state.exists():
        played = TypeAdapter(Played).validate_json(state.read_bytes())
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that hosts and servers are taken away
    table.note(f"chaos: {number} rounds, seed {played.seed}, {len(played.rounds)} of them played before")
    for at, fault in list(enumerate(drawn(number, played.seed)))[len(played.rounds) :]:
        one = play(servers, fault, played.seed * 1000 + at)
        played.rounds.append(one)
        table.note(
            f"  {at + 1:3} {one.seconds:4.0f} s  {fault}, {', '.join(f'{took:.1f} s' for took in one.takeovers)}"
        )
        for wrong in one.wrong:
            table.note(f"      ! {wrong}")
        if state:
            played.write(state)
    return report(played.rounds, out)


def report(rounds: Sequence[Round], out: Path | None = None) -> int:
    """Prints the counts; the exit status is 1 if anything is wrong, or a take-over takes longer than it may."""
    table.head(f"chaos: {len(rounds)} rounds", "")
    for fault in Fault:
        these = [one for one in rounds if one.fault is fault]
        table.line(f"  {fault}", len(these), "", goal=f"wrong in {sum(bool(one.wrong) for one in these)}")
    table.line("mails that arrived", sum(one.mails for one in rounds), "")
    table.line("notifications approved", sum(one.platform for one in rounds), "")
    table.line("commands sent to a door once more", sum(one.repeated for one in rounds), "")
    table.line("reminders", sum(one.reminders for one in rounds), "")
    wrong = [each for one in rounds for each in one.wrong]
    table.line("mail lost", sum(each.startswith("LOST") for each in wrong), "", goal="0")
    table.line("mail doubled", sum(each.startswith("DOUBLED") for each in wrong), "", goal="0")
    table.line("reminders missing", sum("reminder" in each for each in wrong), "", goal="0")
    table.line("chains broken", sum(each.startswith("audit verify") for each in wrong), "", goal="0")
    table.line("wrong in all", len(wrong), "", goal="0")
    takeovers = [took for one in rounds for took in one.takeovers]
    if not takeovers:
        return 1 if wrong else 0
    slowest = table.percentile(takeovers, 0.99)
    shown = Figure(
        what=f"takeover.p99 of {len(takeovers)}", figure=slowest, unit="s", goal=Goal(GOAL), name="takeover.p99"
    )
    table.line("takeover.p50", table.percentile(takeovers, 0.5), "s")
    table.show(shown)
    if out:
        table.write(out, [shown])
    return 0 if shown.met and not wrong else 1
