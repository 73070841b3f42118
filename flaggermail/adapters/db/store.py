# SPDX-License-Identifier: EUPL-1.2
"""The store on SQLite or PostgreSQL.

A writing transaction first waits for its turn in this process, then locks the row of the chain's head (SQLite: BEGIN
IMMEDIATE, which locks the file). Writers therefore run one at a time on both engines, and what a transaction has read
cannot change before it writes.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import replace

from sqlalchemy import Connection, Engine, select
from sqlalchemy.exc import OperationalError

from flaggermail import logbook
from flaggermail.adapters.db import nodes
from flaggermail.adapters.db.beside_record import SqlKeptForms, SqlReadings, SqlSecretRows
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
from flaggermail.adapters.db.known_rows import Answers
from flaggermail.adapters.db.nodes import SqlNodes
from flaggermail.adapters.db.sealed import LockedHead
from flaggermail.adapters.db.transaction import HEAD, SqlTransaction
from flaggermail.errors import DiskFailure, LeaseHeld, StoreAway, StoreBusy
from flaggermail.ports import Lease
from flaggermail.record.rows import Channel, DeskState, Election, Override, Platform, Watched

_LOCK = select(HEAD.c.seq, HEAD.c.digest).with_for_update()
IN_DOUBT = "the change may be on record all the same: look before you repeat it"
SETTLED = frozenset(record.TABLE for record in (Channel, DeskState, Election, Platform, Override, Watched))
"""Tables that change rarely. A transaction keeps what it read of them for the next one, if that finds the chain's head
where this one left it: no row changes without an event, so the head is a version of them all."""
LONG_WAIT = 1.0  # seconds: a writer that waited longer for the lock says so in the log
SCRUB_WAIT = 200  # milliseconds that a scrub waits for readers, while all writers wait for it


class SqlStore:
    """Implements `ports.Store`. Thread-safe: each transaction uses its own connection."""

    def __init__(self, url: str, salt: Callable[[], bytes], wait: float = 10) -> None:
        self.engine: Engine = make_engine(url, wait)
        self._salt, self._wait = salt, wait
        self._turns, self._file = Turns(time.monotonic), OwnFile(url)
        beside = (self.engine, self._turns, self._file, self._faults)
        self.readings, self.forms, self.nodes = SqlReadings(*beside), SqlKeptForms(*beside), SqlNodes(*beside, wait)
        self.octets, self.secrets = SqlBlobStore(*beside), SqlSecretRows(*beside)
        self._lease: Lease | None = None
        self._ends, self._seconds = 0.0, 0.0  # when the lease is over, by `uptime`; how long it lasts
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
                if self._lease is not None and not nodes.require(connection, self._lease):
                    self._extend(connection, self._lease)
                kept_at, kept = self._kept
                known = replace(head, kept=kept if kept_at == head.digest else {})
                tx = SqlTransaction(connection, self._salt, known)
                yield tx
                digest = tx.finish()
                complete = True
            self._kept = digest, tx.known.answers_about(SETTLED)
        except StoreAway as away:
            if complete:  # only the answer to COMMIT is missing
                raise type(away)(f"{away}; {IN_DOUBT}", in_doubt=True) from away
            raise
        if tx.erased and not self.scrub():
            logbook.not_scrubbed()

    def _extend(self, connection: Connection, lease: Lease) -> None:
        """Renews a lease whose time is over and which nobody has taken: none can while the chain's head is locked."""
        asked = uptime()
        nodes.extend(connection, lease, self._seconds)
        self._ends = asked + self._seconds

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

    @property
    def has_replica(self) -> bool:
        """False: one database does everything."""
        return False

    def catch_up(self) -> None:
        """Does nothing: readers see what is committed."""

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

    def acquire(self, name: str, holder: str, seconds: float) -> Lease:
        """Takes the lease for `seconds`, or raises LeaseHeld naming its holder; see `ports.Store`."""
        asked = uptime()
        try:
            with self._faults(writing=True), self._write_lock() as (connection, _):
                lease = nodes.claim(connection, name, holder, seconds)
        except LeaseHeld:
            raise
        except StoreBusy:
            if self.nodes.is_shared:
                self.nodes.free_head(seconds)
            raise
        self._lease, self._ends, self._seconds = lease, asked + seconds, seconds
        return lease

    def renew(self, seconds: float) -> bool:
        """Lets the lease last for `seconds` from now; see `ports.Store`."""
        if self._lease is None:
            raise LeaseHeld("no lease is held, so none can be renewed")
        asked = uptime()
        hands_over = self.nodes.renew(self._lease, seconds)
        self._ends = asked + seconds
        return hands_over

    def leads(self) -> bool:
        """False if the lease was not renewed within its time, by this machine's own clock; see `ports.Store`."""
        return self._lease is None or uptime() < self._ends

    def release(self) -> None:
        """Releases the lease; idempotent, and without effect if another daemon holds it now."""
        lease, self._lease = self._lease, None
        if lease is not None:
            self.nodes.release(lease)

    def close(self) -> None:
        """Closes every connection; the next use opens the file anew."""
        self.engine.dispose()
        self._file.forget()


def uptime() -> float:
    """Returns the seconds since this machine started: nobody sets that clock, and it counts a sleep (clock_gettime(2)).

    It is read before the database is asked, whose lease therefore ends later.
    """
    return time.clock_gettime(time.CLOCK_BOOTTIME)
