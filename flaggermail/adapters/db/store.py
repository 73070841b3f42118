# SPDX-License-Identifier: EUPL-1.2
"""The store on SQLite or PostgreSQL.

A writing transaction first waits for its turn in this process, then locks the row of the chain's head (SQLite: BEGIN
IMMEDIATE, which locks the file). Writers therefore run one at a time on both engines, and what a transaction has read
cannot change before it writes.
"""

from __future__ import annotations

import os
import socket
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, Engine, bindparam, select
from sqlalchemy.exc import OperationalError
from sqlmodel import Session

from flaggermail import logbook
from flaggermail.adapters.db.blob_rows import SqlBlobStore
from flaggermail.adapters.db.engine import (
    ANEW,
    BY_ANOTHER,
    OwnFile,
    Turns,
    as_store_failure,
    begun,
    connect_reading,
    is_busy,
    make_engine,
)
from flaggermail.adapters.db.kept_forms import SqlKeptForms
from flaggermail.adapters.db.known_rows import Answers
from flaggermail.adapters.db.mapping import table_of
from flaggermail.adapters.db.own_tables import LeaseRow
from flaggermail.adapters.db.readings import SqlReadings
from flaggermail.adapters.db.sealed import LockedHead
from flaggermail.adapters.db.secret_rows import SqlSecretRows
from flaggermail.adapters.db.transaction import HEAD, SqlTransaction
from flaggermail.errors import DiskFailure, LeaseHeld, StoreAway, StoreBusy
from flaggermail.ports import Lease
from flaggermail.record.rows import Channel, DeskState, Election, Override, Platform, Watched

LEASE = table_of("lease")
_LOCK = select(HEAD.c.seq, HEAD.c.digest).with_for_update()
_FENCING = select(LEASE.c.fencing).where(LEASE.c.name == bindparam("name"))
IN_DOUBT = "the change may be on record all the same: look before you repeat it"
SETTLED = frozenset(record.TABLE for record in (Channel, DeskState, Election, Platform, Override, Watched))
"""Tables that change rarely. A transaction keeps what it read of them for the next one, if that finds the chain's head
where this one left it: no row changes without an event, so the head is a version of them all."""
LONG_WAIT = 1.0  # seconds: a writer that waited longer for the lock says so in the log
SCRUB_WAIT = 200  # milliseconds that a scrub waits for readers, while all writers wait for it
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


class SqlStore:
    """Implements `ports.Store`. Thread-safe: each transaction uses its own connection."""

    def __init__(self, url: str, salt: Callable[[], bytes], wait: float = 10) -> None:
        self.engine: Engine = make_engine(url, wait)
        self._salt, self._wait = salt, wait
        self._turns, self._file = Turns(time.monotonic), OwnFile(url)
        beside = (self.engine, self._turns, self._file, self._faults)
        self.readings, self.forms = SqlReadings(*beside), SqlKeptForms(*beside)
        self.octets, self.secrets = SqlBlobStore(*beside), SqlSecretRows(*beside)
        self._lease: Lease | None = None
        self._kept: tuple[str, Mapping[str, Answers]] = "", {}  # the chain's head, and what holds with it: SETTLED

    @contextmanager
    def begin(self) -> Iterator[SqlTransaction]:
        """Begins a writing transaction.

        Raises LeaseHeld if the lease was lost, StoreBusy if others write for longer than this store waits, and
        StoreFailure.
        """
        complete = False
        try:
            with self._faults(writing=True), self._write_lock() as (connection, head):
                if self._lease is not None:
                    _check_fencing(connection, self._lease)
                kept_at, kept = self._kept
                known = replace(head, kept=kept if kept_at == head.digest else {})
                tx = SqlTransaction(connection, self._salt, known)
                yield tx
                digest = tx.finish()
                complete = True
            self._kept = digest, tx.known.answers_about(SETTLED)
        except StoreAway as away:
            if complete:  # only the answer to COMMIT is missing
                raise type(away)(f"{away}; {IN_DOUBT}") from away
            raise
        if tx.erased and not self.scrub():
            logbook.not_scrubbed()

    @contextmanager
    def read(self) -> Iterator[SqlTransaction]:
        """Begins a read-only transaction with one consistent snapshot; a write in it raises StoreFailure."""
        with self._faults(writing=False), connect_reading(self.engine) as connection:
            yield SqlTransaction(connection, self._salt)

    @contextmanager
    def _faults(self, *, writing: bool) -> Iterator[None]:
        """Raises the faults of the store; after one of its disk the file is opened anew, as it lies there by then."""
        try:
            with as_store_failure(writing=writing):
                yield
        except DiskFailure:
            self.close()
            raise

    def scrub(self) -> bool:
        """Overwrites what erased values have left beside the database; see `ports.Store`.

        On SQLite the write-ahead log still has the pages as they were: it is copied and cut to nothing. A reader of an
        older state, or a disk that fails, prevents that. PostgreSQL has no such command: its log and its dead rows go
        when the server's own clean-up comes to them.
        """
        if self.engine.dialect.name != "sqlite":
            return True
        try:
            with closing(self.engine.raw_connection()) as connection:
                cursor = connection.cursor()
                usual = cursor.execute("PRAGMA busy_timeout").fetchone()[0]
                cursor.execute(f"PRAGMA busy_timeout = {SCRUB_WAIT}")  # writers wait for it
                cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                done = cursor.fetchone()
                cursor.execute(f"PRAGMA busy_timeout = {usual}")
        except (sqlite3.OperationalError, OperationalError):  # no room, or a disk that fails: later, then
            return False
        return done is not None and not done[0]

    @contextmanager
    def _write_lock(self) -> Iterator[tuple[Connection, LockedHead]]:
        asked = time.monotonic()
        with self._turns.turn(self._wait) as left, self.engine.connect() as connection:
            connection.execution_options(**{ANEW: True})
            try:
                unit = begun(connection, time.monotonic() + left)
                head = LockedHead(*connection.execute(_LOCK).one())
            except OperationalError as error:
                if is_busy(error):
                    raise StoreBusy(BY_ANOTHER) from error
                raise
            self._file.require()
            self._turns.locked()
            waited = time.monotonic() - asked
            with unit:
                yield connection, head
        if waited > LONG_WAIT:
            logbook.waited_for_record(waited)

    @contextmanager
    def _write_session(self) -> Iterator[Session]:
        """Begins a session that is the only writer; what was changed in it is written at the end of the block."""
        with self._write_lock() as (connection, _), Session(connection) as session:
            yield session
            session.flush()

    def acquire(self, name: str, holder: str, now: datetime, seconds: int) -> Lease:
        """Takes the lease for `seconds`, or raises LeaseHeld naming its holder; see `ports.Store`."""
        with self._faults(writing=True), self._write_session() as session:
            row = session.get(LeaseRow, name)
            if row is None:
                row = LeaseRow(name=name, holder="", fencing=0, until=LONG_AGO)
                session.add(row)
            elif row.until > now and row.holder != holder and not _is_dead_process(row.holder):
                raise LeaseHeld(
                    f"lease {name} is held by {row.holder} until {row.until:%H:%M:%S} UTC: "
                    "stop that daemon first, or wait until then"
                )
            row.holder, row.fencing, row.until = holder, row.fencing + 1, now + timedelta(seconds=seconds)
            lease = Lease(name, holder, row.fencing)
        self._lease = lease
        return lease

    def renew(self, now: datetime, seconds: int) -> None:
        """Extends the lease to `now` plus `seconds`. Raises LeaseHeld if the lease was lost, and StoreBusy."""
        lease = self._lease
        if lease is None:
            raise LeaseHeld("no lease is held, so none can be renewed")
        with self._faults(writing=True), self._write_session() as session:
            _check_fencing(session.connection(), lease)
            session.get_one(LeaseRow, lease.name).until = now + timedelta(seconds=seconds)

    def release(self) -> None:
        """Releases the lease; idempotent, and without effect if another daemon holds it now."""
        lease, self._lease = self._lease, None
        if lease is None:
            return
        with self._faults(writing=True), self._write_session() as session:
            row = session.get(LeaseRow, lease.name)
            if row is not None and row.fencing == lease.fencing:
                row.holder, row.until = "", LONG_AGO

    def close(self) -> None:
        """Closes every connection; the next use opens the file anew."""
        self.engine.dispose()
        self._file.forget()


def this_process(started: datetime) -> str:
    """Returns the name under which this process holds a lease: host, process id and start time."""
    return f"{socket.gethostname()}:{os.getpid()}:{started.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _check_fencing(connection: Connection, lease: Lease) -> None:
    fencing = connection.execute(_FENCING, {"name": lease.name}).scalar()
    if fencing != lease.fencing:
        raise LeaseHeld(f"lease {lease.name} was taken over by another daemon: this one writes no more")


def _is_dead_process(holder: str) -> bool:
    """True if `holder` is a dead process of this host: a crashed daemon must not block its successor."""
    host, _, rest = holder.partition(":")
    process = rest.partition(":")[0]
    if host != socket.gethostname() or not process.isdigit():
        return False
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False  # it exists and belongs to another account
    return False
