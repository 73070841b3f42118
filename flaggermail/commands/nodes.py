# SPDX-License-Identifier: EUPL-1.2
"""The planned hand-over from the node that leads to one that waits."""

from __future__ import annotations

from dataclasses import dataclass

from flaggermail.commands.command import Command, Subject
from flaggermail.commands.outcome import ActResult
from flaggermail.errors import Refusal
from flaggermail.record.events import EventKind
from flaggermail.record.states import LEASE, LEASE_SECONDS
from flaggermail.services import UnitOfWork
from flaggermail.settings.rota import DESK
from flaggermail.wording.acts import ActText
from flaggermail.wording.refusals import CommandRefusal


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOverNode(Command):
    """Asks the node that leads to hand over to another that is ready; the leader hears of it at its next renewal."""

    NAME = "node hand-over"
    MAY = DESK

    def subject(self, work: UnitOfWork) -> Subject:
        return ()

    def perform(self, work: UnitOfWork) -> ActResult:
        nodes = work.env.store.nodes
        seen = nodes.seen(LEASE, LEASE_SECONDS)
        leader = next((one.node for one in seen if one.leads_until is not None), None)
        if leader is None:
            raise Refusal(CommandRefusal.NO_NODE_LEADS())
        if not nodes.is_shared or not any(one.is_ready for one in seen):
            raise Refusal(CommandRefusal.NO_NODE_READY())
        said = ActText.NODE_HANDS_OVER(node=leader.id, host=leader.host)
        work.record(EventKind.NODE_HANDED_OVER, reason=said)
        if not work.tx.ask_hand_over(LEASE, leader.id):  # last: it locks the lease, which the leader renews
            raise Refusal(CommandRefusal.NO_NODE_LEADS())
        return ActResult(said, leader.id)
