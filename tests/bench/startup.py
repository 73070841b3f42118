# SPDX-License-Identifier: EUPL-1.2
"""How long a command takes, beside a Python that does nothing."""

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


def median_seconds(commands: dict[str, list[str]], rounds: int) -> dict[str, float]:
    """Median wall-clock seconds of each command. The commands take turns, so that a busy moment strikes all of them."""
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            begun = time.perf_counter()
            subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
            seconds[name].append(time.perf_counter() - begun)
    return {name: statistics.median(taken) for name, taken in seconds.items()}


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
        medians = median_seconds(commands, rounds)
    table.head(f"command line, median of {rounds}", "x bare")
    for name, median in medians.items():
        goal = "" if name == BARE or "parse" in name else "8, 12"
        table.line(name, median * 1000, "ms", median / medians[BARE], goal)
