# SPDX-License-Identifier: EUPL-1.2
"""How long a command takes, beside a Python that does nothing."""

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

from tests.bench import table
from tests.bench.desk import Servers
from tests.bench.mails import Mails

ROUNDS = 7
PROGRAM = str(Path(sys.executable).with_name("flaggermail"))
BARE = "python -c pass"


def median_seconds(commands: dict[str, list[str]], rounds: int, compiled: Path) -> dict[str, float]:
    """Median wall-clock seconds of each command. The commands take turns, so that a busy moment strikes all of them.

    Every module lies compiled in the folder `compiled` after one turn that does not count, as in an installation.
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


def measure(servers: Servers, *, quick: bool) -> None:
    """Print the table."""
    rounds = 3 if quick else ROUNDS
    with servers.desk("startup") as desk:
        mail = desk.folder / "mail.eml"
        mail.write_bytes(Mails(1, "startup@bzk.example").referral().octets)
        configured = [PROGRAM, "--config", str(desk.folder)]
        commands = {
            BARE: [sys.executable, "-c", "pass"],
            "flaggermail --version": [PROGRAM, "--version"],
            "flaggermail --help": [PROGRAM, "--help"],
            "flaggermail status": [*configured, "status"],
            "flaggermail parse --json MAIL": [*configured, "parse", "--json", str(mail)],
        }
        medians = median_seconds(commands, rounds, desk.folder / "compiled")
    table.head(f"command line, median of {rounds}", "x bare")
    for name, median in medians.items():
        goal = "" if name == BARE or "parse" in name else "8, 12"
        table.line(name, median * 1000, "ms", median / medians[BARE], goal)
