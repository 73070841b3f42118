# SPDX-License-Identifier: EUPL-1.2
"""The memory of the daemon: idle, and after reading a mailbox of years."""

import re
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from tests.bench import corpus
from tests.bench.figures import Bench, Figure, Goal, Heading, Row
from tests.bench.history import lay
from tests.flow.desk_process import DeskProcess, patiently

BACKLOG, QUICK_BACKLOG = 20_000, 200
SETTLED = 5.0  # seconds after which the start is complete
PATIENCE = 3600.0  # seconds for the backlog


def resident(desk: DeskProcess, field: str = "VmRSS") -> dict[str, float]:
    """Returns the MiB of the daemon and of its parser."""
    if desk.process is None:
        raise AssertionError("the daemon has ended")
    pid = desk.process.pid
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()
    children += [
        child for task in Path(f"/proc/{pid}/task").iterdir() for child in (task / "children").read_text().split()
    ]
    return {"daemon": _mebibytes(pid, field), "parser": sum(_mebibytes(int(child), field) for child in set(children))}


def _mebibytes(pid: int, field: str) -> float:
    found = re.search(rf"{field}:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text("ascii"))
    return int(found[1]) / 1024 if found else 0.0


def stored(desk: DeskProcess) -> int:
    """Returns how many deliveries are on record."""
    with closing(sqlite3.connect(f"file:{desk.folder / 'flaggermail.db'}?mode=ro", uri=True)) as connection:
        return int(connection.execute("SELECT count(*) FROM delivery").fetchone()[0])


def measure(bench: Bench) -> Iterator[Row]:
    """Measures a daemon with an empty mailbox, then one that reads the backlog."""
    backlog = bench.few(BACKLOG, QUICK_BACKLOG)
    yield Heading("resident memory", "")
    with bench.servers.desk("memory") as desk:
        desk.start()
        time.sleep(SETTLED)
        idle = resident(desk)
        desk.stop()
        yield _mib("memory of an idle daemon", idle["daemon"], "memory.idle", Goal(85, 95))
        lay(bench.servers, corpus.write(bench.folder / "memory", backlog, 1), "memory")
        begun = time.perf_counter()
        desk.start()
        patiently(lambda: stored(desk) >= backlog, "the backlog is on record", PATIENCE)
        seconds = time.perf_counter() - begun
        time.sleep(SETTLED)
        after, peak = resident(desk), resident(desk, "VmHWM")
        desk.stop()
    yield _mib(f"memory of a daemon after {backlog:,} old mails", after["daemon"], "memory.after", Goal(130, 150))
    yield _mib("daemon, peak", peak["daemon"])
    yield _mib("parser, after", after["parser"])
    yield _mib("parser, peak", peak["parser"])
    yield Figure(what="the daemon's own pace, with TLS", figure=backlog / seconds, unit="mail/s")


def _mib(what: str, figure: float, name: str | None = None, goal: Goal | None = None) -> Figure:
    return Figure(what=what, figure=figure, unit="MiB", name=name, goal=goal)
