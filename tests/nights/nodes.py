# SPDX-License-Identifier: EUPL-1.2
"""Nights with two nodes at one record: the leader is killed, paused and woken, or hands over, and the other goes on.

Each node has a store and a clock of its own; doors on both have a store without a lease. A paused leader stands in the
middle of a use of a port while the other plays on, and then goes on where it stood. Its own chance decides, so that
everything else of the night is planned as without it.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum, auto
from functools import partial
from random import Random

from sqlalchemy import text

from flaggermail.adapters.db.store import SqlStore
from flaggermail.errors import LeaseHeld
from flaggermail.ports import Refused, Submission
from flaggermail.record.refusals import SmtpStage
from flaggermail.record.states import LEASE
from flaggermail.reminders import paging
from flaggermail.services import Services
from flaggermail.wording.servers import AttemptText
from tests.nights import paged
from tests.nights.diary import Diary
from tests.nights.kit import Kit
from tests.nights.leaving import Hindrance
from tests.nights.night import HOURS, SECOND, Night, Patience
from tests.nights.people import People
from tests.nights.platforms import Platforms
from tests.nights.troubles import plan
from tests.nights.world import Server, die

ALL_NIGHT = 1e6  # seconds of the real clock: the simulated one says when a lease is over
LEASE_LASTS = timedelta(seconds=6)
SESSION_LASTS = timedelta(minutes=5)  # RFC 5321, section 4.5.3.2.7: for which a server waits for its client
PAUSES = (1, 3, 5, 8, 20, 60, 60, 1800)  # seconds
SKEWS = (0, 0, 0, 3, -7, 40, -3600)  # seconds by which a node's clock is wrong


class Stands(StrEnum):
    """What a node does."""

    LEADS = auto()
    WAITS = auto()
    PAUSED = auto()
    ENDED = auto()


class Ending(StrEnum):
    """What happens to a leader at one of its uses of a port."""

    KILLED = auto()
    PAUSED = auto()
    TOLD_TO_STOP = auto()


@dataclass(eq=False)
class Node:
    """A machine with a daemon; `wrong` is the error of its clock while it is not at work."""

    name: str
    env: Services
    store: SqlStore
    wrong: timedelta
    stands: Stands = Stands.WAITS


class TwoNodes(Night):
    """A night on two nodes."""

    def __init__(self, seed: int, kit: Kit) -> None:
        self._own = Random(f"nodes/{seed}")  # noqa: S311 - the same night again is the purpose
        super().__init__(seed, kit)
        self.server = self.fenced = FencedServer(self)
        beside, door = kit.others or (kit.another_store(), kit.another_store())
        self.watch.leads = lambda: not self._stale
        self.pagers = paged.Pagers(self.watch, self.clock)
        wrong = [timedelta(seconds=self._own.choice(SKEWS)) for _ in range(2)]
        self.nodes = [
            Node(name, replace(kit.opened(self.clock, self.watch, self.server, store), pager=self.pagers), store, error)
            for name, store, error in zip("ab", (kit.store, beside), wrong, strict=True)
        ]
        self._doors = kit.opened(self.clock, self.watch, self.server, door)
        self._at = self.nodes[0]  # the node whose code runs
        self.leader: Node | None = None
        self._none_since = self._free_at = self.begin  # since when nobody leads; when the lease is over
        self._stopping = self._stale = False  # stale: the lease was not renewed within its time
        self._hit_by: Ending | None = None
        self.patience = Patience(self.clock, lambda: self._stopping)
        self.env, self.up = self._at.env, False
        self.clock.wrong = self._at.wrong
        self._take(self._at)

    # ---- who leads

    def _take(self, node: Node) -> None:
        """The node takes the lease, if nobody has it."""
        if self.leader is not None or node.stands is not Stands.WAITS or self.clock.true < self._free_at:
            return
        with node.store.engine.begin() as connection:
            connection.execute(text("UPDATE lease SET holder = ''"))  # its time is over; a fencing number stays
        node.store.acquire(LEASE, f"{node.name} {self.clock.true}", ALL_NIGHT)
        self._turn_to(node)
        self.leader, node.stands, self._stopping = node, Stands.LEADS, False
        self.diary.hindrances.append(Hindrance(self._none_since, self.clock.true, lambda _: True))
        self.diary.counts["nodes: take-over"] += 1
        self.tell(f"node {node.name} leads")
        self._start()

    def _turn_to(self, node: Node) -> None:
        """The code of this node runs from now on, by its own clock."""
        settings, before = self.env.settings, self.clock.wrong
        self._at.wrong, self.clock.wrong, self._at = before, node.wrong, node
        if node.wrong < before:
            self.hinder(before - node.wrong, lambda _: True)  # what is due, is due in an hour
        self.env = replace(node.env, settings=settings)

    def _leaves(self, node: Node, stands: Stands, free_after: timedelta) -> None:
        """The leader leads no more; the lease is free after that time, for the node that waits."""
        self.leader, self.up, node.stands = None, False, stands
        self._none_since = self.clock.true
        self._free_at = self.clock.true + free_after
        other = self._other(node)
        self.must(self._free_at + SECOND, partial(self._take, other))

    def _other(self, node: Node) -> Node:
        return self.nodes[1 - self.nodes.index(node)]

    def _comes_back(self, node: Node, seconds: float) -> None:
        def back() -> None:
            node.stands = Stands.WAITS
            self.tell(f"node {node.name} waits")
            if self.leader is None:
                self.must(max(self.clock.true + SECOND, self._free_at), partial(self._take, node))

        node.stands = Stands.ENDED
        self.must(self.clock.true + timedelta(seconds=round(seconds)), back)

    def down(self, minutes: float) -> None:
        """Ends the leader as a power cut does; it comes back after that time and waits."""
        if not self.up:
            return
        self._at.store.close()
        self.watch.ended()
        self.fatal = 0
        self._unanswered(cut=True)
        self._leaves(self._at, Stands.ENDED, timedelta(seconds=self._own.randint(4, 6)))
        self._comes_back(self._at, minutes * 60)

    def hand_over(self) -> None:
        """The leader is told to stop; it does so after its current mail."""
        self.diary.counts["nodes: told to stop"] += 1
        self._stopping = self.leader is not None
        self.stir()

    # ---- the leader at work

    def _work(self) -> None:
        node, self.watch.hit, before = self._at, self._interrupt, len(self.diary.ticks)
        self._stale = False
        try:
            if self._fresh:
                paging.recover(self.env)
            super()._work()
            paging.tick(self.env)
            paging.drain(self.env, self.patience)
            if any(tick.due for tick in self.diary.ticks[before:]):
                self.plan(paged.AFTER + 1, self.stir)
        except LeaseHeld:
            self._stopping = True  # it ends, whether another node leads or its time is over
        finally:
            self.watch.hit = die
        if self.leader is not node:
            self._ends_replaced(node)
        elif self._stopping:
            self._unanswered(cut=True)
            node.store.release()
            self.tell(f"node {node.name} hands over")
            self._leaves(node, Stands.ENDED, timedelta())
            self._comes_back(node, self._own.choice((2, 10, 600)))

    def _ends_replaced(self, node: Node) -> None:
        """A leader that was paused has found that another leads: its program ends, and is started again."""
        self._unanswered(cut=True)
        self.watch.ended()
        with suppress(LeaseHeld):
            node.store.release()
        self._turn_to(self.leader or self._other(node))
        self._comes_back(node, 5)

    def _interrupt(self) -> None:
        """Kills the leader, tells it to stop, or pauses it; no pause begins within a transaction."""
        self._hit_by = how = self._hit_by or self.ending()
        if how is Ending.PAUSED and self.watch.inside:
            self.watch.fatal = 1
            return
        self._hit_by = None
        self.diary.counts[f"nodes: {how}"] += 1
        if how is Ending.KILLED:
            die()
        if how is Ending.PAUSED:
            self._pause(self.length())
        else:
            self._stopping = True

    def ending(self) -> Ending:
        """Returns what happens to the leader."""
        return self._own.choice(list(Ending))

    def length(self) -> timedelta:
        """Returns how long a pause lasts."""
        return timedelta(seconds=self._own.choice(PAUSES))

    def _pause(self, length: timedelta) -> None:
        """Lets time pass in the middle of the leader's work; after the end of its lease the other node goes on."""
        node, until = self._at, self.clock.true + length
        self.tell(f"node {node.name} is paused for {length}")
        self._stale = length >= LEASE_LASTS
        if self._other(node).stands is not Stands.WAITS or length <= LEASE_LASTS + SECOND:
            self.diary.hindrances.append(Hindrance(self.clock.true, until, lambda _: True))
            self.clock.true = until
            return
        self.diary.counts["nodes: woken and replaced"] += 1
        self._note_tick(interrupted=True)
        self._unanswered(cut=True)
        kept, archived, self.watch.archived, self.watch.hit = list(self._kept), self.watch.archived, [], die
        self._leaves(node, Stands.PAUSED, LEASE_LASTS)
        while (at := self._next()) is not None and at <= until:
            self._live(at)
        self.clock.true = max(self.clock.true, until)
        self._stale = True
        self._turn_to(node)
        self._kept[:], self.watch.archived, self.watch.fatal, self.watch.hit = kept, archived, 0, die
        for forget in self.watch.views:
            forget()
        self.tell(f"node {node.name} wakes")

    def is_replaced(self) -> bool:
        """Returns whether the code that runs is that of a leader that leads no more."""
        return self._at is not self.leader

    def _committed(self, archived: list[str]) -> None:
        if self._at.stands is Stands.PAUSED:
            self.diary.broken(14, f"node {self._at.name} wrote at {self.clock.true}, when the other led")
        self._stale = False  # a write renews a lease that nobody has taken
        super()._committed(archived)

    def _door(self) -> Services:
        return replace(self._doors, settings=self.env.settings)


class FencedServer(Server):
    """A submission server behind a client that asks for the lease right before DATA, as the adapter does.

    It ends a session whose client is silent for minutes.
    """

    def __init__(self, night: TwoNodes) -> None:
        super().__init__(night.clock, night.watch, night.chance, night.face)
        self._night = night
        self.began: list[tuple[int, bytes, str]] = []  # uses before each session, its mail and recipient

    def submit(self, octets: bytes, sender: str, recipients: Sequence[str], witness: str = "") -> Sequence[Submission]:
        """Returns one result per recipient; the pause may come in the session, before the lease is asked for."""
        begun, (recipient,) = self.clock.true, recipients
        self.began.append((self.watch.counted, octets, recipient))
        self.watch.use()
        if not self.watch.leads():
            return [_not_begun(recipient)]
        if self._night.is_replaced():
            self._night.diary.broken(14, f"a mail to {recipient} was begun at {self.clock.true} by a replaced node")
        self.watch.use()
        if self.clock.true - begun > SESSION_LASTS:
            return [_not_begun(recipient)]
        answers = super().submit(octets, sender, recipients, witness)
        self.record[-1].late |= self._night.is_replaced()
        return answers


def _not_begun(recipient: str) -> Refused:
    said = AttemptText.SAYS(words="the session is over")
    return Refused(recipient, permanent=False, code=0, text=said, stage=SmtpStage.CONNECTION)


def play(seed: int, kit: Kit) -> Diary:
    """Plays the night of that seed on two nodes."""
    with paged.officers(kit):
        night = TwoNodes(seed, kit)
        plan(night, People(night, Platforms(night)))
        _plan(night, Random(f"hand-overs/{seed}"))  # noqa: S311 - the same night again is the purpose
        diary = night.play()
        paged.judge(night, night.pagers)
    return diary


def _plan(night: TwoNodes, chance: Random) -> None:
    """Plans hand-overs, and further ends of the leader at one of its uses of a port."""
    for _ in range(chance.choice((0, 1, 3))):
        night.plan(chance.uniform(0, HOURS * 60), night.hand_over)
    for _ in range(chance.choice((2, 6, 12))):
        night.plan(chance.uniform(0, HOURS * 60), partial(_strike, night, chance))


def _strike(night: TwoNodes, chance: Random) -> None:
    night.fatal = chance.choice((chance.randint(1, 8), chance.randint(1, 40)))
    night.stir()
