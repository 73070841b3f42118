# SPDX-License-Identifier: EUPL-1.2
"""The store on SQLite or PostgreSQL.

A writing transaction first locks the chain's head row (SQLite: BEGIN IMMEDIATE, which locks the file), so writers go
one after the other on both engines and what a transaction reads cannot change before it writes.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, Engine, bindparam, insert, select, update
from sqlalchemy.exc import InterfaceError, OperationalError

from flaggermail.adapters.db.engine import connect_reading, make_engine
from flaggermail.adapters.db.rows import table_of
from flaggermail.adapters.db.transaction import HEAD, SqlTransaction
from flaggermail.errors import StoreBusy, StoreFault
from flaggermail.ports import Lease

LEASE = table_of("lease")
_LOCK = select(HEAD.c.seq).with_for_update()
_FENCING = select(LEASE.c.fencing).where(LEASE.c.name == bindparam("name"))
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


class SqlStore:
    """Implements `ports.Store`. Safe for several threads: each transaction has a connection of its own."""

    def __init__(self, url: str, salt: Callable[[], bytes], wait: float = 10) -> None:
        self.engine: Engine = make_engine(url, wait)
        self._salt = salt
        self._lease: Lease | None = None

    @contextmanager
    def begin(self) -> Iterator[SqlTransaction]:
        """A transaction that writes.

        Raises StoreBusy when the lease was lost, or another writer does not end, and StoreFault.
        """
        with _told(), self._writing() as connection:
            if self._lease is not None:
                _check(connection, self._lease)
            tx = SqlTransaction(connection, self._salt)
            yield tx
            tx.finish()

    @contextmanager
    def read(self) -> Iterator[SqlTransaction]:
        """A transaction that only reads: one consistent view; a write in it raises StoreFault."""
        with _told(), connect_reading(self.engine) as connection:
            yield SqlTransaction(connection, self._salt)

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with self.engine.connect() as connection:
            try:
                unit = connection.begin()
                connection.execute(_LOCK).one()
            except OperationalError as error:
                if _waited_in_vain(error):
                    raise StoreBusy("the database is being written by another process that does not end") from error
                raise
            with unit:
                yield connection

    def acquire(self, name: str, holder: str, now: datetime, seconds: int) -> Lease:
        """Take the lease for `seconds`, or raise StoreBusy naming who holds it; see `ports.Store`."""
        with self._writing() as connection:
            row = connection.execute(select(LEASE).where(LEASE.c.name == name)).first()
            if row is None:
                connection.execute(insert(LEASE).values(name=name, holder="", fencing=0, until=LONG_AGO))
            elif row.until > now and row.holder != holder and not _gone(row.holder):
                raise StoreBusy(
                    f"lease {name} is held by {row.holder} until {row.until:%H:%M:%S} UTC: "
                    "stop that daemon first, or wait until then"
                )
            lease = Lease(name, holder, 1 if row is None else row.fencing + 1)
            values = {"holder": holder, "fencing": lease.fencing, "until": now + timedelta(seconds=seconds)}
            connection.execute(update(LEASE).where(LEASE.c.name == name).values(**values))
        self._lease = lease
        return lease

    def renew(self, now: datetime, seconds: int) -> None:
        """Keep the lease for `seconds` more. Raises StoreBusy when it was lost."""
        lease = self._lease
        if lease is None:
            raise StoreBusy("no lease is held, so none can be renewed")
        with self._writing() as connection:
            _check(connection, lease)
            until = now + timedelta(seconds=seconds)
            connection.execute(update(LEASE).where(LEASE.c.name == lease.name).values(until=until))

    def release(self) -> None:
        """Give the lease back; safe to repeat, and without effect once another daemon has it."""
        lease, self._lease = self._lease, None
        if lease is None:
            return
        with self._writing() as connection:
            own = update(LEASE).where(LEASE.c.name == lease.name, LEASE.c.fencing == lease.fencing)
            connection.execute(own.values(holder="", until=LONG_AGO))

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()


def this_process(started: datetime) -> str:
    """The name under which this process holds a lease: host, process and when it was started."""
    return f"{socket.gethostname()}:{os.getpid()}:{started.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


@contextmanager
def _told() -> Iterator[None]:
    """What the database refuses for reasons of its own, disk or network, is a fault of the store, not of the caller."""
    try:
        yield
    except (InterfaceError, OperationalError) as error:
        raise StoreFault(f"the database says: {' '.join(str(error.orig).split())}") from error


def _check(connection: Connection, lease: Lease) -> None:
    fencing = connection.execute(_FENCING, {"name": lease.name}).scalar()
    if fencing != lease.fencing:
        raise StoreBusy(f"lease {lease.name} was taken over by another daemon: this one writes no more")


def _gone(holder: str) -> bool:
    """Whether `holder` is a process of this host that is no more: a crashed daemon does not block its successor."""
    host, _, rest = holder.partition(":")
    process = rest.partition(":")[0]
    if host != socket.gethostname() or not process.isdigit():
        return False
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False  # it is there, and somebody else's
    return False


def _waited_in_vain(error: OperationalError) -> bool:
    """Whether the lock did not come within the time-out: SQLITE_BUSY, and PostgreSQL's lock_not_available (55P03)."""
    busy = str(getattr(error.orig, "sqlite_errorname", "")).startswith("SQLITE_BUSY")
    return busy or getattr(error.orig, "sqlstate", None) == "55P03"
