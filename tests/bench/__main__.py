# SPDX-License-Identifier: EUPL-1.2
"""`./dev bench`: how long the command takes to start, beside a Python that does nothing.

Times depend on the machine and on what else it does, so the ratio is the figure to compare between two changes.
"""

import statistics
import subprocess
import sys
import time
from pathlib import Path

ROUNDS = 7
PROGRAM = str(Path(sys.executable).with_name("flaggermail"))
COMMANDS = {
    "python -c pass": [sys.executable, "-c", "pass"],
    "flaggermail --version": [PROGRAM, "--version"],
    "flaggermail --help": [PROGRAM, "--help"],
}


def median_seconds(commands: dict[str, list[str]]) -> dict[str, float]:
    """Median wall-clock seconds of each command. The commands take turns, so that a busy moment strikes all of them."""
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(ROUNDS):
        for name, command in commands.items():
            begun = time.perf_counter()
            subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
            seconds[name].append(time.perf_counter() - begun)
    return {name: statistics.median(taken) for name, taken in seconds.items()}


def main() -> int:
    """Prints the table; returns the exit status."""
    try:
        medians = median_seconds(COMMANDS)
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    bare = medians["python -c pass"]
    print(f"{'start-up, median of ' + str(ROUNDS):<30}{'ms':>8}{'ratio':>8}")
    for name, median in medians.items():
        print(f"{name:<30}{median * 1000:>8.0f}{median / bare:>8.1f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
