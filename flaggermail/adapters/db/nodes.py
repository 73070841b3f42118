# SPDX-License-Identifier: EUPL-1.2
"""The lease of the one daemon that leads, and the table of those that wait, judged by the database's clock alone.

A node's own clock may be an hour ahead, and two machines may have one name: neither is asked. PostgreSQL's clock is
`clock_timestamp()`, which goes on within a transaction (its manual, section 9.9.5); SQLite's is that of its machine.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from functools import cache

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Engine,
    Float,
    and_,
    bindparam,
    delete,
    insert,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeEngine

from flaggermail.adapters.db.beside_record import BesideRecord
from flaggermail.adapters.db.engine import OwnFile, StoredInstant, Turns
from flaggermail.adapters.db.inspection import CURRENT, newest, revision_fault
from flaggermail.adapters.db.mapping import table_of
from flaggermail.errors import ConfigurationError, LeaseHeld
from flaggermail.ports import Lease, NodeReport, NodeSeen
from flaggermail.wording.said import StoredText

LIVES = 3  # times of a lease without a sign of life: a machine may be busy
GONE = 86_400.0  # seconds without a sign of life after which a node's row is removed
LEASE, NODE = table_of("lease"), table_of("node")


class FromNow(FunctionElement[datetime]):
    """The instant so many seconds from now, by the clock of the database."""

    type: TypeEngine[datetime] = StoredInstant()
    inherit_cache = True
    name = "from_now"


@compiles(FromNow, "postgresql")
def _on_server(element: FromNow, compiler: SQLCompiler, **how: object) -> str:
    return f"clock_timestamp() + make_interval(secs => {compiler.process(element.clauses, **how)})"


@compiles(FromNow, "sqlite")
def _in_file(element: FromNow, compiler: SQLCompiler, **how: object) -> str:
    return f"strftime('%Y-%m-%d %H:%M:%f', 'now', {compiler.process(element.clauses, **how)} || ' seconds')"


def _holds(most: BindParameter[float]) -> ColumnElement[bool]:
    """True of a lease whose time is not over. One that lasts for longer than leases do is of a clock that was set."""
    return and_(LEASE.c.until > FromNow(0.0), LEASE.c.until <= FromNow(most), LEASE.c.holder != "")


_OF_NAME = LEASE.c.name == bindparam("lease")
_MOST, _AHEAD = bindparam("most", type_=Float()), FromNow(bindparam("seconds", type_=Float()))
_FOUND = select(
    LEASE.c.holder, LEASE.c.fencing, LEASE.c.until, FromNow(0.0).label("now"), _holds(_MOST).label("holds")
).where(_OF_NAME)
_TAKE: Mapping[str, object] = {
    "holder": bindparam("by"),
    "fencing": bindparam("number"),
    "until": _AHEAD,
    "asked": None,
}
_CHECKED = select(LEASE.c.fencing, (LEASE.c.until > FromNow(0.0)).label("holds")).where(_OF_NAME)
_RENEWED = (
    update(LEASE).where(_OF_NAME, LEASE.c.fencing == bindparam("number"))
    .values(until=_AHEAD).returning(LEASE.c.asked)
)  # fmt: skip
_RELEASED = (
    update(LEASE).where(_OF_NAME, LEASE.c.fencing == bindparam("number"))
    .values(holder="", until=FromNow(0.0), asked=None)
)  # fmt: skip
# A writer that was stopped in the middle of a transaction keeps the chain's head locked, and answers nobody.
_FREE_HEAD = text(
    "SELECT pg_terminate_backend(one.pid) FROM pg_stat_activity AS one JOIN pg_locks AS held ON held.pid = one.pid "
    "WHERE held.relation = 'chain_head'::regclass AND held.mode = 'RowShareLock' AND held.granted "
    "AND one.pid <> pg_backend_pid() AND one.usename = current_user AND one.state LIKE 'idle in transaction%' "
    "AND one.state_change < clock_timestamp() - make_interval(secs => :seconds)"
)


def claim(connection: Connection, name: str, holder: str, seconds: float) -> Lease:
    """Takes the lease in a transaction that has the chain's head locked; see `ports.Store.acquire`."""
    _require_schema(connection)
    row = connection.execute(_FOUND.with_for_update(), {"lease": name, "most": 2 * seconds}).one_or_none()
    if row is not None and row.holds and row.holder != holder:
        host = connection.execute(select(NODE.c.host).where(NODE.c.id == row.holder)).scalar() or "?"
        raise LeaseHeld(
            f"lease {name} is held by node {row.holder} on {host} until {row.until:%H:%M:%S} UTC, by the database",
            (row.until - row.now).total_seconds(),
        )
    lease = Lease(name, holder, row.fencing + 1 if row is not None else 1)
    fresh = insert(LEASE).values(name=bindparam("lease"), **_TAKE)
    taken = fresh if row is None else update(LEASE).where(_OF_NAME).values(**_TAKE)
    connection.execute(taken, {"lease": name, "by": holder, "number": lease.fencing, "seconds": seconds})
    return lease


def require(connection: Connection, lease: Lease) -> bool:
    """Returns whether the time of the lease runs still, by the database's clock. Raises LeaseHeld if it was taken.

    A statement of its own, after the one that waits for the chain's head: PostgreSQL computes what a statement returns
    before it waits for a row's lock, so that a joined answer would be of the time before.
    """
    found = connection.execute(_CHECKED, {"lease": lease.name}).one_or_none()
    if found is None or found.fencing != lease.fencing:
        raise LeaseHeld(f"lease {lease.name} was taken over by another daemon: this one writes no more")
    return bool(found.holds)


def extend(connection: Connection, lease: Lease, seconds: float) -> bool:
    """Lets the lease last for `seconds` from now; returns whether a hand-over was asked for. Raises LeaseHeld."""
    values = {"lease": lease.name, "number": lease.fencing, "seconds": seconds}
    found = connection.execute(_RENEWED, values).one_or_none()
    if found is None:
        raise LeaseHeld(f"lease {lease.name} was taken over by another daemon: this one writes no more")
    return bool(found.asked == lease.holder)


def ask_hand_over(connection: Connection, name: str, holder: str) -> bool:
    """Asks the holder of the lease to release it; see `ports.Transaction`."""
    asked = update(LEASE).where(_OF_NAME, LEASE.c.holder == bindparam("by")).values(asked=bindparam("by"))
    return bool(connection.execute(asked, {"lease": name, "by": holder}).rowcount)


def _require_schema(connection: Connection) -> None:
    """Raises ConfigurationError if the schema is not the one that this program works with."""
    found = connection.execute(text(CURRENT)).scalar()
    fault = None if found == _newest() else revision_fault(connection.engine.url.render_as_string(), found)
    if fault is not None:
        raise ConfigurationError(fault.text)


@cache
def _newest() -> str:
    return newest()


class SqlNodes(BesideRecord):
    """Implements `ports.Nodes`."""

    def __init__(
        self, engine: Engine, turns: Turns, file: OwnFile, faults: Callable[..., AbstractContextManager[None]],
        wait: float,
    ) -> None:  # fmt: skip
        """`wait`: seconds that a node waits for others that write."""
        super().__init__(engine, turns, file, faults)
        self._wait = wait

    @property
    def is_shared(self) -> bool:
        """True on PostgreSQL, which several machines reach."""
        return self._engine.dialect.name == "postgresql"

    def renew(self, lease: Lease, seconds: float) -> bool:
        """Extends a lease; see `ports.Store.renew`. On PostgreSQL it waits for no writer of the record."""
        with self.writing(self._wait) as connection:
            _require_schema(connection)
            return extend(connection, lease, seconds)

    def release(self, lease: Lease) -> None:
        """Releases a lease, if it is still this one."""
        with self.writing(self._wait) as connection:
            connection.execute(_RELEASED, {"lease": lease.name, "number": lease.fencing})

    def free_head(self, seconds: float) -> None:
        """Ends sessions of this account that keep the chain's head of PostgreSQL locked and were idle for so long."""
        with self.writing(self._wait) as connection:
            connection.execute(_FREE_HEAD, {"seconds": seconds})

    def now(self) -> datetime:
        """Returns the instant by the database's clock."""
        with self.reading() as connection:
            return connection.execute(select(FromNow(0.0))).scalar_one()

    def report(self, node: NodeReport) -> None:
        """Notes a sign of life; see `ports.Nodes`."""
        values = {
            "host": node.host, "program": node.program, "revision": _newest(), "unready": json.dumps(node.unready),
        }  # fmt: skip
        with self.writing(self._wait) as connection:
            found = connection.execute(update(NODE).where(NODE.c.id == node.id).values(seen=FromNow(0.0), **values))
            if not found.rowcount:
                connection.execute(delete(NODE).where(NODE.c.seen < FromNow(-GONE)))
                connection.execute(insert(NODE).values(id=node.id, started=FromNow(0.0), seen=FromNow(0.0), **values))

    def forget(self, node: str) -> None:
        """Removes the row of a node that ends; see `ports.Nodes`."""
        with self.writing(self._wait) as connection:
            connection.execute(delete(NODE).where(NODE.c.id == node))

    def seen(self, name: str, within: float) -> list[NodeSeen]:
        """Returns every node, the one that leads first; see `ports.Nodes`."""
        leads = and_(LEASE.c.holder == NODE.c.id, _holds(_MOST))
        lives = or_(NODE.c.seen > FromNow(-LIVES * within), leads)
        query = (
            select(NODE, lives.label("lives"), LEASE.c.until, leads.label("leads"))
            .select_from(NODE.outerjoin(LEASE, _OF_NAME)).order_by(NODE.c.started, NODE.c.id)
        )  # fmt: skip
        with self.reading() as connection:
            rows = connection.execute(query, {"lease": name, "most": 2 * within}).all()
        found = [
            NodeSeen(
                NodeReport(row.id, row.host, row.program, tuple(map(StoredText, json.loads(row.unready)))),
                row.revision, row.started, row.seen, bool(row.lives), row.until if row.leads else None,
            )
            for row in rows
        ]  # fmt: skip
        return sorted(found, key=lambda one: one.leads_until is None)
