# SPDX-License-Identifier: EUPL-1.2
"""How long a command takes, compared with a Python that does nothing."""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from tests.bench import corpus
from tests.bench.figures import Bench, Figure, Goal, Heading, Row, times
from tests.bench.history import lay
from tests.bench.memory import stored
from tests.flow.desk_process import DeskProcess, patiently
from tests.flow.door_process import door_on

ROUNDS, QUICK_ROUNDS = 25, 3
CASES = 50  # mails that the desk has ingested
PATIENCE = 180.0  # seconds
GOAL = Goal(8, 12)
PROGRAM = str(Path(sys.executable).with_name("flaggermail"))
BARE = "python -c pass"


def median_seconds(commands: dict[str, list[str]], rounds: int, compiled: Path) -> dict[str, float]:
    """Returns the median wall-clock seconds of each command; they take turns, so that load affects all of them.

    One uncounted turn compiles every module into the folder `compiled`, as in an installation.
    """
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPYCACHEPREFIX"] = str(compiled)
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(1 + rounds):
        for name, command in commands.items():
            begun = time.perf_counter()
            subprocess.run(
                command, check=True, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
            )  # fmt: skip
            seconds[name].append(time.perf_counter() - begun)
    return {name: statistics.median(taken[1:]) for name, taken in seconds.items()}


def measure(bench: Bench) -> Iterator[Row]:
    """Each command runs while a daemon runs, as on a desk: without one `status` rightly fails."""
    rounds = bench.few(ROUNDS, QUICK_ROUNDS)
    files = corpus.write(bench.folder / "startup", CASES, 1, corpus.SMALL)
    lay(bench.servers, files, "startup")
    with bench.servers.desk("startup") as desk:
        desk.start()
        patiently(lambda: stored(desk) >= CASES, "the mail is on record", PATIENCE)
        patiently(partial(_in_order, desk), "status finds all in order", PATIENCE)
        configured = [PROGRAM, "--config", str(desk.folder)]
        commands = {
            BARE: [sys.executable, "-c", "pass"],
            "flaggermail --version": [PROGRAM, "--version"],
            "flaggermail --help": [PROGRAM, "--help"],
            "flaggermail status": [*configured, "status"],
            "flaggermail case list": [*configured, "case", "list"],  # through the door
            "flaggermail --direct case list": [*configured, "--direct", "case", "list"],
            "flaggermail parse --json MAIL": [*configured, "parse", "--json", str(files[0])],
        }
        with door_on(desk.folder):
            medians = median_seconds(commands, rounds, desk.folder / "compiled")
        desk.stop()
    yield Heading(f"command line, median of {rounds}", "x bare")
    bare = medians[BARE]
    for command, median in medians.items():
        yield Figure(what=command, figure=median * 1000, unit="ms", beside=bare * 1000)
    for command, name in (("flaggermail --help", "start.help"), ("flaggermail status", "start.status")):
        yield times(f"{command}, beside a bare interpreter", medians[command] / bare, name, GOAL)
    what = f"flaggermail case list, after {CASES} mails"
    yield Figure(what=what, figure=medians["flaggermail case list"], unit="s", name="start.case_list", goal=Goal(0.5))


def _in_order(desk: DeskProcess) -> bool:
    """Returns whether `status` exits with 0; the daemon may first need a look at the mailbox and a tick."""
    command = [PROGRAM, "--config", str(desk.folder), "status"]
    return subprocess.run(command, check=False, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL).returncode == 0
