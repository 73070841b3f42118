# SPDX-License-Identifier: EUPL-1.2
"""The daemons that share a database: the lease of the one that leads, and what each says of itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from flaggermail.wording.said import StoredText


@dataclass(frozen=True, slots=True)
class Lease:
    """The lease on the daemon; every write of its holder is checked against the fencing number."""

    name: str
    holder: str
    fencing: int


@dataclass(frozen=True, slots=True)
class NodeReport:
    """What a daemon says of itself: `id` is new at each start, and `host` is for people, who may give it twice.

    `unready`: why it should not lead as long as another node could; empty if it is ready.
    """

    id: str
    host: str
    program: str
    unready: tuple[StoredText, ...] = ()


@dataclass(frozen=True, slots=True)
class NodeSeen:
    """What the database has of a node, by its own clock. `leads_until` is None of one that does not lead."""

    node: NodeReport
    revision: str  # of the schema that its program works with
    started: datetime
    seen: datetime  # its last sign of life
    lives: bool  # whether that was a moment ago
    leads_until: datetime | None

    @property
    def is_ready(self) -> bool:
        """True of a node that waits and could lead."""
        return self.lives and self.leads_until is None and not self.node.unready


class Nodes(Protocol):
    """The daemons on this database, each from its start until it ends or its row is old. No part of the record."""

    @property
    def is_shared(self) -> bool:
        """True if daemons on several machines may share this database."""
        ...

    def now(self) -> datetime:
        """Returns the instant by the database's clock, in UTC. Raises StoreFailure."""
        ...

    def report(self, node: NodeReport) -> None:
        """Notes a sign of life of a node. Raises StoreBusy, StoreFailure."""
        ...

    def forget(self, node: str) -> None:
        """Removes a node that ends."""
        ...

    def seen(self, name: str, within: float) -> list[NodeSeen]:
        """Returns every node, the holder of the lease `name` first; `within`: the seconds of a lease.

        One that lives gives signs of life several times in that time, and on a busy machine once in a few of them.

        Raises StoreFailure.
        """
        ...
