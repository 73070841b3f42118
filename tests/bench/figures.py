# SPDX-License-Identifier: EUPL-1.2
"""What a measurement yields: headings, notes and figures, in the order in which they are known."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TypeAlias

from tests.bench.desk import Servers

NAMES = (
    "backfill.big", "backfill.small", "live.p50", "live.p95", "notice.p95", "parse.big", "parse.small", "memory.idle",
    "memory.after", "growth.history", "growth.live", "growth.200k", "growth.case", "start.help", "start.status",
    "start.case_list", "start.approve", "start.check", "start.rules_check", "tick.400", "compare", "redact.names",
    "redact.mail", "door.memory", "views.p95", "pages.p95", "door.case_list", "door.live",
)  # fmt: skip
"""Every figure that `./dev bench` reports."""
PEER_NAMES = ("peer.helpdesk", "conversations", "redact.names")
"""Those that `./dev bench peers` reports."""
RATIO_IS_JUDGED = frozenset(
    {"backfill.big", "backfill.small", "parse.big", "parse.small", "peer.helpdesk", "door.live"}
)
MORE_IS_BETTER = frozenset({"peer.helpdesk", "conversations", "redact.names"})


@dataclass(frozen=True, slots=True)
class Goal:
    """The maximum of a figure, or of its ratio with `of_ratio`; `worst` is the limit that no change may exceed.

    With `at_least`, more is better, and both are minimums.
    """

    most: float
    worst: float | None = None
    of_ratio: bool = False
    at_least: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One measured quantity in `unit`, and the other side's quantity in the same run."""

    what: str
    figure: float | None  # None if it cannot be measured on this machine
    unit: str
    beside: float | None = None
    goal: Goal | None = None
    name: str | None = None  # in the report; a figure without a name is only printed

    @property
    def ratio(self) -> float | None:
        """`figure` / `beside`; None if either is missing."""
        return self.figure / self.beside if self.figure is not None and self.beside else None

    @property
    def met(self) -> bool | None:
        """Whether the goal is met; None if there is no goal or nothing to compare."""
        judged = self.ratio if self.goal and self.goal.of_ratio else self.figure
        if self.goal is None or judged is None:
            return None
        return judged >= self.goal.most if self.goal.at_least else judged <= self.goal.most


def times(what: str, ratio: float, name: str | None = None, goal: Goal | None = None) -> Figure:
    """Builds a figure that is itself a ratio to the other side, which is 1."""
    return Figure(what=what, figure=ratio, unit="x", beside=1, name=name, goal=goal)


@dataclass(frozen=True, slots=True)
class Heading:
    """Begins a table; `beside` names what its ratios refer to."""

    title: str
    beside: str = "ratio"


@dataclass(frozen=True, slots=True)
class Note:
    """A remark between the figures."""

    text: str


Row: TypeAlias = Heading | Figure | Note


@dataclass
class Bench:
    """What the measurements share. The servers start when the first measurement asks for them."""

    folder: Path
    quick: bool = False
    stack: ExitStack = field(default_factory=ExitStack)

    @cached_property
    def servers(self) -> Servers:
        """The loopback servers; raises ServerNotStartedError."""
        return self.stack.enter_context(Servers.running())

    def few(self, full: int, quick: int) -> int:
        """Returns the size of a measurement."""
        return quick if self.quick else full


Measurement: TypeAlias = Callable[[Bench], Iterator[Row]]
