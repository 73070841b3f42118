# SPDX-License-Identifier: EUPL-1.2
"""`./dev bench`: what flaggermail costs, compared with a minimal alternative in the same run.

Times depend on the machine and its load, so compare the ratios between two changes. A goal that is not met is printed
and leaves exit status 0; a measurement that did not run gives 1. The soak, the evening, the faults and the fuzz run,
which count mails, and the nights have a verdict.
"""

import argparse
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from tests.bench import (
    backfill,
    busy,
    chaos,
    comparing,
    contract,
    door,
    evening,
    faults,
    flood,
    fuzz,
    growth,
    ingest,
    latency,
    memory,
    moved,
    nights,
    parsing,
    peers,
    redacting,
    running,
    soak,
    startup,
    table,
    ticking,
)
from tests.bench.desk import Servers
from tests.bench.figures import NAMES, PEER_NAMES, Bench, Measurement
from tests.flow.desk_process import ROOT

MEASUREMENTS: dict[str, Measurement] = {
    "startup": startup.measure,
    "parsing": parsing.measure,
    "comparing": comparing.measure,
    "growth": growth.measure,
    "latency": latency.measure,
    "ticking": ticking.measure,
    "memory": memory.measure,
    "backfill": backfill.measure,
    "flood": flood.measure,
    "busy": busy.measure,
    "moved": moved.measure,
    "redacting": redacting.measure,
    "door": door.measure,
    "contract": contract.measure,
}
# Not by default: they install other programs.
PEERS: dict[str, Measurement] = {"peers": peers.measure, "deduce": redacting.beside_deduce}


def arguments() -> argparse.ArgumentParser:
    """Returns the parser of the command line."""
    parser = argparse.ArgumentParser(prog="./dev bench", description="Measures, or counts mails for a while.")
    parser.add_argument(
        "what",
        nargs="?",
        choices=["all", *PEERS, "soak", "evening", "fuzz", "faults", "chaos", "nights", "ingest"],
        default="all",
    )
    parser.add_argument("number", nargs="?", type=int, default=500, help="of nights (500), or of mails for ingest")
    parser.add_argument("--night", type=int, help="with nights: tell this one alone, by its integer")
    parser.add_argument("--member", action="store_true", help="with nights: with a hostile member of the mailbox")
    parser.add_argument("--nodes", type=int, choices=[1, 2], default=1, help="with nights: nodes at one record")
    parser.add_argument("--face", choices=["plain", "exchange"], default="plain", help="with nights: the mail servers")
    parser.add_argument("--planted", action="store_true", help="with nights: how soon are planted faults found?")
    parser.add_argument("--quick", action="store_true", help="small numbers: to see that all run, not what they cost")
    parser.add_argument("--only", choices=MEASUREMENTS, action="append", help="one measurement; may be repeated")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures that have a name to this file too")
    parser.add_argument(
        "--readme",
        action="store_true",
        help="replace the table of README.md by this run's",
    )
    parser.add_argument("--minutes", type=float, default=20, help="of the soak (20)")
    parser.add_argument("--old", type=int, default=evening.OLD, help=f"mails of years, of the evening ({evening.OLD})")
    parser.add_argument("--live", type=int, default=evening.LIVE, help=f"mails of the evening itself ({evening.LIVE})")
    parser.add_argument("--busy", type=int, default=evening.BUSY, help=f"processes beside the evening ({evening.BUSY})")
    parser.add_argument("--seconds", type=float, default=120, help="of the fuzz run, which breaks mails (120)")
    parser.add_argument("--rounds", type=int, default=100, help="of faults, or of chaos (100)")
    parser.add_argument("--state", type=Path, metavar="FILE", help="with chaos: keep its rounds there, and go on")
    parser.add_argument("--postgres", action="store_true", help="with faults: the record is on PostgreSQL")
    parser.add_argument(
        "--seed",
        type=int,
        default=None,
        help="of soak, evening, fuzz, faults, chaos or nights; else one is chosen, and printed",
    )
    return parser


def _nights(wanted: argparse.Namespace) -> int:
    if wanted.planted:
        return nights.plant()
    if wanted.night is not None:
        return nights.tell(wanted.night, _which(wanted))
    return nights.run(wanted.number, wanted.seed, _which(wanted))


def _which(wanted: argparse.Namespace) -> nights.Nights:
    if wanted.face == "exchange":
        return nights.Nights.EXCHANGE
    if wanted.nodes > 1:
        return nights.Nights.NODES
    return nights.Nights.MEMBER if wanted.member else nights.Nights.PLAIN


def _chosen(wanted: argparse.Namespace) -> tuple[dict[str, Measurement], tuple[str, ...]]:
    """Returns what is measured, and the names that its figures must have."""
    if wanted.what == "peers":
        return PEERS, PEER_NAMES
    if wanted.what in PEERS:
        return {wanted.what: PEERS[wanted.what]}, ()
    return {name: MEASUREMENTS[name] for name in wanted.only or MEASUREMENTS}, () if wanted.only else NAMES


def _measurements(wanted: argparse.Namespace) -> int:
    begun = time.monotonic()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="fm-bench-")))
        chosen, expected = _chosen(wanted)
        readme = ROOT / "README.md" if wanted.readme and wanted.what == "all" and not wanted.quick else None
        status = running.run(chosen, Bench(folder, wanted.quick, stack), wanted.json, expected, readme)
    table.note(f"\n{time.monotonic() - begun:,.0f} s in all")
    return status


def main() -> int:
    """Prints the tables; returns the exit status."""
    wanted = arguments().parse_args()
    if wanted.what == "fuzz":
        return fuzz.run(wanted.seconds, wanted.seed)
    if wanted.what == "ingest":
        return ingest.run(wanted.number)
    if wanted.what == "nights":
        return _nights(wanted)
    if wanted.what == "all" or wanted.what in PEERS:
        return _measurements(wanted)
    with Servers.running() as servers:
        if wanted.what == "evening":
            return evening.Evening(wanted.old, wanted.live, wanted.busy).run(servers, wanted.seed)
        if wanted.what == "chaos":
            return chaos.run(servers, wanted.rounds, wanted.seed, wanted.state, wanted.json)
        if wanted.what == "soak":
            return soak.run(servers, wanted.minutes, wanted.seed)
        return faults.run(servers, wanted.rounds, wanted.seed, on_postgres=wanted.postgres)


if __name__ == "__main__":
    sys.exit(main())
