# SPDX-License-Identifier: EUPL-1.2
"""`./dev bench faults`: rounds of refusals, hangs, lost lines and kills with a real Postfix, counted at the end."""

import random
from collections.abc import Mapping

from tests.bench import table
from tests.bench.desk import Servers
from tests.flow.fault_rounds import Rounds

USER = "faults"


def run(servers: Servers, number: int, seed: int | None) -> int:
    """Plays the rounds and prints the counts; returns the exit status."""
    seed = random.SystemRandom().randrange(10**6) if seed is None else seed
    table.note(f"faults: {number} rounds, seed {seed}")
    with Rounds.running(servers, USER) as rounds:
        rounds.random(number, random.Random(seed))  # noqa: S311 - a seed that can be told
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
