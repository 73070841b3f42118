# SPDX-License-Identifier: EUPL-1.2
"""The nodes of a desk as it shows them, the planned hand-over, and who leaves the lease to whom."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from flaggermail.adapters.db.nodes import SqlNodes
from flaggermail.adapters.db.store import SqlStore
from flaggermail.adapters.system.clock import EventInterrupt
from flaggermail.daemon.outage import Outage
from flaggermail.daemon.standby import JUST_AFTER, LEASE_EVERY, NodeClaim, clock_hindrances
from flaggermail.daemon.starting import Unsupervised
from flaggermail.desk.desk import Caller
from flaggermail.desk.desk import Desk as OpenDesk
from flaggermail.errors import HandedOver, Refusal
from flaggermail.mail.message import Json
from flaggermail.ports import NodeReport
from flaggermail.record.events import EventKind
from flaggermail.record.states import LEASE
from flaggermail.services import Services
from flaggermail.wording.alarms import Health
from flaggermail.wording.said import StoredText
from tests.corpus import each
from tests.patience import PATIENCE
from tests.store.conftest import new_store
from tests.store.desk_fixtures import Desk
from tests.store.test_reading_once import statements

LEADER, STANDBY = NodeReport("n1", "vlag", "1.0"), NodeReport("n2", "vlag", "1.0")
LASTS = 6.0
WHY = Health.AT_FAULT()
SAID = {"en": "n1 on vlag", "nl": "n1 op vlag"}


def ask(desk: Desk, name: str, **request: Json) -> dict[str, Json]:
    """Asks the desk as an officer."""
    return dict(OpenDesk(lambda: desk.env, Caller(officer="officer1")).answer(name, request))


def only(document: dict[str, Json]) -> dict[str, Json]:
    """Returns the only node of a document."""
    found = document["nodes"]
    assert isinstance(found, list)
    (node,) = found
    assert isinstance(node, dict)
    return node


def refused(desk: Desk) -> str:
    """Asks for a hand-over that is refused; returns the code."""
    with pytest.raises(Refusal) as caught:
        ask(desk, "node hand-over")
    return caught.value.code


def node(env: Services) -> Services:
    """Returns another node's services on the database of a desk."""
    assert isinstance(env.store, SqlStore)
    return replace(env, store=new_store(env.store.engine.url.render_as_string()))


def tries(claim: NodeClaim, env: Services) -> bool:
    """Tries once to take the lease; returns whether it did."""
    stop = EventInterrupt()
    stop.set()
    return claim.wait(env, Outage(lambda: 0.0), stop, Unsupervised(), lambda _: None)


def test_a_hand_over_needs_a_leader_and_another_that_is_ready(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A node that is not ready is none, and SQLite has none at all; the leader hears of it when it renews."""
    nodes = desk.env.store.nodes
    assert refused(desk) == "no node leads"
    nodes.report(LEADER)
    desk.env.store.acquire(LEASE, LEADER.id, LASTS)
    assert refused(desk) == "no node ready"
    nodes.report(replace(STANDBY, unready=(WHY,)))
    assert refused(desk) == "no node ready"
    nodes.report(STANDBY)
    assert refused(desk) == "no node ready"
    monkeypatch.setattr(SqlNodes, "is_shared", True)
    assert "n1 on vlag" in str(ask(desk, "node hand-over"))
    monkeypatch.undo()
    (event,) = [one for one in desk.events() if one.kind is EventKind.NODE_HANDED_OVER]
    assert (event.actor, event.at) == ("officer1", desk.env.clock.now())
    assert [words in StoredText(event.reason).in_language(one) for one, words in SAID.items()] == [True, True]
    claim = NodeClaim(LEADER)
    with pytest.raises(HandedOver, match="n1"):
        claim.keep(desk.env, Outage(lambda: 0.0))


def test_the_nodes_are_listed_part_by_part(desk: Desk) -> None:
    """The leader stands first; two nodes of one host name are two, and one says why it is not ready."""
    desk.env.store.nodes.report(replace(STANDBY, unready=(WHY,)))
    desk.env.store.nodes.report(LEADER)
    desk.env.store.acquire(LEASE, LEADER.id, LASTS)
    first = ask(desk, "node list", limit=1)
    second = ask(desk, "node list", limit=1, cursor=first["next"])
    leader, standby = only(first), only(second)
    assert (leader["id"], leader["leads"], leader["ready"], leader["unready"]) == ("n1", True, False, [])
    assert leader["lease_until"] is not None
    assert (first["leader"], first["lease_until"]) == ("n1", leader["lease_until"])
    assert (standby["id"], standby["leads"], standby["lease_until"]) == ("n2", False, None)
    assert standby["unready"] == [WHY.english]
    assert second["next"] is None


@each(
    "asked, answered, words",
    [
        (9, 9, ""),
        (-9, -9, ""),
        (3600, 3600, "3600 seconds ahead of"),
        (-11, -11, "11 seconds behind"),
        (-20, 40, ""),  # the answer took a minute
        (20, 80, "20 seconds ahead of"),
    ],
)
def test_a_node_whose_clock_is_off_is_not_ready(asked: int, answered: int, words: str) -> None:
    """A clock within ten seconds of the database's is good enough; another says by how much it is ahead, or behind."""
    said = datetime(2027, 3, 17, 20, 42, tzinfo=UTC)
    found = clock_hindrances(said + timedelta(seconds=asked), said, said + timedelta(seconds=answered))
    assert [one.english for one in found] == ([f"its clock is {words} the database's"] if words else [])


def test_the_database_tells_its_time(store: SqlStore) -> None:
    """Its clock is an instant in UTC, in the file's case that of this machine."""
    assert abs(store.nodes.now() - datetime.now(UTC)) < timedelta(seconds=PATIENCE)


def test_who_is_not_ready_leaves_the_lease_to_who_is(desk: Desk) -> None:
    """It leads where no other node is ready; one that has just started lets another try first, once."""
    other = node(desk.env)
    unready = NodeClaim(LEADER, hindrances=lambda: [WHY])
    other.store.nodes.report(STANDBY)
    assert not tries(unready, desk.env)
    assert not tries(unready, desk.env)
    other.store.nodes.forget(STANDBY.id)
    assert tries(unready, desk.env)
    desk.env.store.release()
    desk.env.store.nodes.report(LEADER)
    fresh = NodeClaim(STANDBY)
    assert not tries(fresh, other)
    assert tries(fresh, other)
    assert not tries(unready, desk.env)
    other.store.close()


def test_what_a_leader_of_one_machine_does_each_two_seconds_is_one_write(desk: Desk) -> None:
    """It renews its lease, after a look at the schema; that it lives is told to nobody."""
    store, claim = desk.env.store, NodeClaim(LEADER)
    assert isinstance(store, SqlStore)
    store.acquire(LEASE, LEADER.id, LASTS)
    with statements(store) as sent:
        claim.keep(desk.env, Outage(lambda: 0.0))
    assert [statement.split()[0] for statement in sent] == ["BEGIN", "SELECT", "UPDATE"]


class NotedStop(EventInterrupt):
    """Is set as soon as it is awaited, and notes for how long it would have been."""

    def __init__(self) -> None:
        super().__init__()
        self.awaited: list[float] = []

    def wait(self, seconds: float) -> bool:
        """Notes the seconds."""
        self.awaited.append(seconds)
        return True


def test_a_standby_tries_again_as_soon_as_the_lease_can_end(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """It waits two seconds as long as the leader may renew, and else until just after the end that it saw."""
    monkeypatch.setattr(SqlNodes, "is_shared", True)
    other, stop = node(desk.env), NotedStop()
    for lasts in (LASTS, 1.0):
        desk.env.store.acquire(LEASE, LEADER.id, lasts)
        assert not NodeClaim(STANDBY).wait(other, Outage(lambda: 0.0), stop, Unsupervised(), lambda _: None)
    assert stop.awaited[0] == LEASE_EVERY
    assert 0.0 < stop.awaited[1] <= 1.0 + JUST_AFTER
    other.store.close()
