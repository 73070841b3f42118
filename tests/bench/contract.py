# SPDX-License-Identifier: EUPL-1.2
"""The door held to its own description by many requests, well and badly made: none may end in a 500.

`./dev test long` sends a fifth as many. An answer that is not as described ends the measurement with what was asked.
"""

import os
import time
from collections.abc import Iterator

from schemathesis import GenerationMode

from tests.bench.figures import Bench, Figure, Heading, Row
from tests.flow.described import held_to_its_description
from tests.flow.door_process import desk_of, door_on

TIMES, QUICK_TIMES = 100, 1  # requests of each operation and kind


def measure(bench: Bench) -> Iterator[Row]:
    """Asks every operation of a small desk, first as its description says, then otherwise."""
    times = bench.few(TIMES, QUICK_TIMES)
    yield Heading(f"the door's description, {times} requests of each operation", "")
    with door_on(desk_of(bench.folder / "described", ("officer1", os.geteuid()))) as door:
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            begun = time.perf_counter()
            count = held_to_its_description(door, mode, times)
            yield Figure(what=f"{mode.value} requests, all answered as described", figure=count, unit="requests")
            yield Figure(what="time", figure=time.perf_counter() - begun, unit="s")
