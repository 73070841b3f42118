# SPDX-License-Identifier: EUPL-1.2
"""The claim of one start of the daemon to lead: it waits as a standby, takes the lease, keeps it, and hands it over.

A node that lost its lease ends, and its service manager starts it again as a standby: nothing of what it knew as the
leader is in its memory then (docs/decisions/0111).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from flaggermail import logbook
from flaggermail.daemon.outage import Outage
from flaggermail.daemon.starting import when_free
from flaggermail.errors import HandedOver, LeaseHeld, StoreBusy, StoreFailure
from flaggermail.ports import Interrupt, NodeReport, Supervisor
from flaggermail.record.states import LEASE, LEASE_SECONDS
from flaggermail.services import Services
from flaggermail.wording.pieces import NodePart
from flaggermail.wording.said import StoredText

LEASE_EVERY = 2.0  # seconds from one renewal, or try, to the next
JUST_AFTER = 0.1  # seconds from the end of a lease to the try of a standby, which saw that end before
TOLD_EVERY = 10.0  # seconds from one status of a standby to the next
STANDS_BY = "standby: another node leads"
CLOCK_OFF = timedelta(seconds=10)  # NTP keeps machines within a fraction of a second


def clock_hindrances(asked: datetime, said: datetime, answered: datetime) -> tuple[StoredText, ...]:
    """Returns why a node should not lead whose clock is far off what the database said its own is.

    `asked` and `answered` are by the node's clock: an answer that is late is no clock that is off. Such a node would
    date reminders, tries and the mail that it sends by its clock, and the next leader would wait for them.
    """
    ahead = max(asked - said, timedelta(0)) or min(answered - said, timedelta(0))
    if abs(ahead) < CLOCK_OFF:
        return ()
    off = NodePart.AHEAD if ahead > timedelta(0) else NodePart.BEHIND
    return (off(count=round(abs(ahead).total_seconds())),)


@dataclass
class NodeClaim:
    """`node` is this start; `hindrances` returns why it should not lead as long as another node could.

    `lasts`: seconds of the lease.
    """

    node: NodeReport
    hindrances: Callable[[], Sequence[StoredText]] = tuple
    lasts: float = LEASE_SECONDS
    unready: tuple[StoredText, ...] = ()
    took_over: bool = False  # it waited before it led
    _held: LeaseHeld | None = field(default=None)
    _tries: int = field(default=0)

    def wait(
        self, env: Services, outage: Outage, stop: Interrupt, supervisor: Supervisor, tell: Callable[[Services], None]
    ) -> bool:  # fmt: skip
        """Takes the lease as soon as it may, and returns True; False if `stop` was set before.

        `tell` publishes that it waits. On a database of one machine nobody stands by: a lease that outlives that of a
        daemon which was killed is another daemon's. Raises LeaseHeld then, and what `when_free` raises.
        """
        began, told = outage.uptime(), -math.inf
        patience = began + 2 * self.lasts + LEASE_EVERY
        while True:
            when_free(lambda: self._try(env), env, outage, stop, tell)
            if self._held is None:
                outage.renewed()
                self.took_over = told >= began
                if self.took_over:
                    logbook.takes_over(outage.uptime() - began)
                return True
            if env.store.nodes.is_shared:
                if told < began:
                    logbook.stands_by(str(self._held))
                    supervisor.ready()
                    supervisor.status(STANDS_BY)
                if outage.uptime() - told >= TOLD_EVERY:
                    told = outage.uptime()
                    tell(env)
                supervisor.alive()
            elif outage.uptime() > patience:
                raise self._held
            if stop.wait(min(LEASE_EVERY, self.lasts, self._held.left + JUST_AFTER)):
                return False

    def _try(self, env: Services) -> None:
        """Tries to take the lease, unless another node is ready and this one is not, or has only just started."""
        self.report(env)
        self._tries += 1
        seen = env.store.nodes.seen(LEASE, self.lasts)
        ready = [one.node for one in seen if one.is_ready and one.node.id != self.node.id]
        try:
            if ready and (self.unready or self._tries == 1):
                self._held = LeaseHeld(f"lease {LEASE} is for node {ready[0].id} on {ready[0].host}, which is ready")
            else:
                env.store.acquire(LEASE, self.node.id, self.lasts)
                self._held = None
        except LeaseHeld as held:
            self._held = held

    def report(self, env: Services) -> None:
        """Notes a sign of life of this node, and whether it is ready."""
        self.unready = tuple(self.hindrances())
        env.store.nodes.report(NodeReport(self.node.id, self.node.host, self.node.program, self.unready))

    def keep(self, env: Services, outage: Outage) -> None:
        """Renews the lease. Raises LeaseHeld if it was taken, HandedOver if another node is to lead."""
        handed = env.store.renew(self.lasts)
        outage.renewed()
        if env.store.nodes.is_shared:  # on one machine it would be one more write to the disk each two seconds
            self.report(env)
        if handed:
            raise HandedOver(f"node {self.node.id} hands over to another node, as it was asked to")

    def leave(self, env: Services) -> None:
        """Takes this node out of the list; a database that does not answer has it until the next start."""
        with suppress(StoreBusy, StoreFailure):
            env.store.nodes.forget(self.node.id)
