# SPDX-License-Identifier: EUPL-1.2
"""The daemons on the desk's database: which of them leads, and which could."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from flaggermail.desk.answers import ViewAnswer
from flaggermail.desk.views.view import ListView
from flaggermail.ports import NodeSeen
from flaggermail.record.states import LEASE, LEASE_SECONDS
from flaggermail.services import UnitOfWork
from flaggermail.settings.rota import READERS
from flaggermail.wording.said import StoredText


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedNode(ViewAnswer):
    """A start of the daemon, by the database's clock. `lives`: it gave a sign of life lately.

    `ready`: it waits, and nothing speaks against its leading; `unready` says what does.
    """

    id: str
    host: str
    program: str
    schema: str
    started_at: datetime
    seen_at: datetime
    lives: bool
    leads: bool
    lease_until: datetime | None
    ready: bool
    unready: tuple[StoredText, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeList(ViewAnswer):
    """The leader first, then the others by their start; `leader` is its id, null without one."""

    leader: str | None
    lease_until: datetime | None
    nodes: tuple[ListedNode, ...]
    next: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListNodes(ListView):
    """Every node that was seen within a day."""

    MAY: ClassVar[frozenset[str]] = READERS

    def show(self, work: UnitOfWork) -> NodeList:
        """Returns the nodes. Raises Refusal for a cursor of another list."""
        seen = work.env.store.nodes.seen(LEASE, LEASE_SECONDS)
        leader = next((one for one in seen if one.leads_until is not None), None)
        found = self.cut(map(_listed, seen), _place)
        return NodeList(
            leader=leader.node.id if leader else None, lease_until=leader.leads_until if leader else None,
            nodes=found.lines, next=found.next,
        )  # fmt: skip


def _listed(one: NodeSeen) -> ListedNode:
    node = one.node
    return ListedNode.from_fields(
        node, schema=one.revision, started_at=one.started, seen_at=one.seen, lives=one.lives,
        leads=one.leads_until is not None, lease_until=one.leads_until, ready=one.is_ready,
    )  # fmt: skip


def _place(node: ListedNode) -> tuple[int, str, str]:
    return int(not node.leads), node.started_at.isoformat(), node.id
