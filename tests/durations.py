# SPDX-License-Identifier: EUPL-1.2
"""What `./dev test` leaves to the long tests by how long it takes. A plugin of pytest.

tests/durations.txt holds the seconds of each function, and of each case, that took long in one run on two quiet cores.
A case that takes longer than `CASE` is long. Of a function whose cases take longer than `FUNCTION` together, as many
stay as take that long, in the order of their names. `./dev test fast` has a fifth of both. `--keep-durations`, with all
tests, writes the file anew.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import pytest

KEPT = Path(__file__).parent / "durations.txt"
FUNCTION, CASE = 2.5, 6.0  # seconds
SHORTEST = 0.5  # seconds: what takes less is not kept
FAST = "not outside"  # is in the marks that `./dev test fast` chooses


def kept() -> dict[str, float]:
    """Returns the seconds by the id of a case, and by that of a function for its cases together."""
    lines = (line.split(" ", 1) for line in KEPT.read_text("utf-8").splitlines() if not line.startswith("#"))
    return {name: float(seconds) for seconds, name in lines}


def left_out(names: list[str], seconds: dict[str, float], share: float = 1) -> set[str]:
    """Returns which cases are long, of those that are not marked so; limits are multiplied by `share`."""
    cases = defaultdict(list)
    for name in sorted(names):
        cases[name.partition("[")[0]].append(name)
    every = {function: max(1, math.ceil(seconds.get(function, 0) / FUNCTION / share)) for function in cases}
    return {
        name
        for function, all_names in cases.items()
        for index, name in enumerate(all_names)
        if seconds.get(name, 0) > CASE * share or (len(all_names) > 1 and index % every[function])
    }


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Marks what takes long, where cases are selected by that mark."""
    wanted = config.getoption("markexpr")
    if "long" in wanted or config.getoption("--half"):
        short = {item.nodeid: item for item in items if not item.get_closest_marker("long")}
        for name in left_out(list(short), kept(), 0.2 if FAST in wanted else 1):
            short[name].add_marker(pytest.mark.long)


@dataclass(eq=False)  # a plugin must be hashable
class Keeper:
    """Sums what each case takes, and writes the file at the end."""

    seconds: Counter[str] = field(default_factory=Counter)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Adds what the setup, the call or the end of a case took."""
        self.seconds[report.nodeid] += report.duration  # type: ignore[assignment] # a Counter of floats

    def pytest_sessionfinish(self) -> None:
        """Writes functions and cases, those that take longest first."""
        found = Counter(self.seconds)
        for name, seconds in self.seconds.items():
            if "[" in name:
                found[name.partition("[")[0]] += seconds
        head = [line for line in KEPT.read_text("utf-8").splitlines() if line.startswith("#")]
        lines = [f"{seconds:.1f} {name}" for name, seconds in found.most_common() if seconds > SHORTEST]
        KEPT.write_text("\n".join([*head, *lines, ""]), "utf-8")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds the option that writes the file."""
    parser.addoption("--keep-durations", action="store_true", help="write tests/durations.txt: with all tests, quietly")


def pytest_configure(config: pytest.Config) -> None:
    """Registers what writes the file, not in a worker."""
    if config.getoption("--keep-durations") and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Keeper(), "durations kept")
