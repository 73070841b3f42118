# SPDX-License-Identifier: EUPL-1.2
"""`./dev bench`: what flaggermail costs, beside something that does the least of it, in the same run.

Times depend on the machine and on what else it does, so the ratios are what to compare between two changes. Nothing is
judged here but the soak, the faults and the fuzz run, which count mails, and the nights.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

from tests.bench import (
    backfill,
    comparing,
    faults,
    flood,
    fuzz,
    intake,
    latency,
    memory,
    nights,
    parsing,
    soak,
    startup,
    table,
)
from tests.bench.desk import Servers

NAMES = ("startup", "parsing", "comparing", "intake", "latency", "memory", "backfill", "flood")


def measure(name: str, servers: Servers, folder: Path, *, quick: bool) -> None:
    """Print the tables of one measurement."""
    if name == "startup":
        startup.measure(servers, quick=quick)
    elif name == "parsing":
        parsing.measure(folder, quick=quick)
    elif name == "comparing":
        comparing.measure(folder, quick=quick)
    elif name == "intake":
        intake.measure(servers, folder, quick=quick)
    elif name == "latency":
        latency.measure(servers, folder, quick=quick)
    elif name == "flood":
        flood.measure(folder, quick=quick)
    elif name == "memory":
        memory.measure(servers, folder, quick=quick)
    else:
        backfill.measure(servers, folder, quick=quick)


def arguments() -> argparse.ArgumentParser:
    """What may be typed."""
    parser = argparse.ArgumentParser(prog="./dev bench", description="Measures, or counts mails for a while.")
    parser.add_argument("what", nargs="?", choices=["all", "soak", "fuzz", "faults", "nights"], default="all")
    parser.add_argument("number", nargs="?", type=int, default=500, help="of nights (500)")
    parser.add_argument("--night", type=int, help="with nights: tell this one alone, by its integer")
    parser.add_argument("--planted", action="store_true", help="with nights: how soon are planted faults found?")
    parser.add_argument("--quick", action="store_true", help="small numbers: to see that it runs, not what it costs")
    parser.add_argument("--only", choices=NAMES, action="append", help="one measurement; may be repeated")
    parser.add_argument("--minutes", type=float, default=20, help="of the soak (20)")
    parser.add_argument("--seconds", type=float, default=120, help="of the fuzz run, which breaks mails (120)")
    parser.add_argument("--rounds", type=int, default=200, help="of the faults between desk and Postfix (200)")
    parser.add_argument(
        "--seed", type=int, default=None, help="of soak, fuzz, faults or nights; else one is chosen, and printed"
    )
    return parser


def _nights(wanted: argparse.Namespace) -> int:
    if wanted.planted:
        return nights.plant()
    return nights.tell(wanted.night) if wanted.night is not None else nights.run(wanted.number, wanted.seed)


def main() -> int:
    """Prints the tables; returns the exit status."""
    wanted = arguments().parse_args()
    if wanted.what == "fuzz":
        return fuzz.run(wanted.seconds, wanted.seed)
    if wanted.what == "nights":
        return _nights(wanted)
    begun = time.monotonic()
    with Servers.running() as servers, tempfile.TemporaryDirectory(prefix="fm-bench-") as name:
        if wanted.what == "soak":
            return soak.run(servers, wanted.minutes, wanted.seed)
        if wanted.what == "faults":
            return faults.run(servers, wanted.rounds, wanted.seed)
        for each in wanted.only or NAMES:
            measure(each, servers, Path(name), quick=wanted.quick)
    table.note(f"\n{time.monotonic() - begun:,.0f} s in all")
    return 0


if __name__ == "__main__":
    sys.exit(main())
