# SPDX-License-Identifier: EUPL-1.2
"""The store of a command on SQLite: it reads without SQLAlchemy, and opens the whole store for all else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from flaggermail.adapters.db.sqlite_reading import FileReadings, SqliteReading, reading

if TYPE_CHECKING:
    from flaggermail.adapters.db.store import SqlStore
    from flaggermail.adapters.db.transaction import SqlTransaction
    from flaggermail.ports import Lease


class CommandStore:
    """Implements `ports.Store` on a database of the newest schema in `file`; `whole` opens the store that writes."""

    def __init__(self, file: Path, whole: Callable[[], SqlStore]) -> None:
        self._file, self._open = file, whole
        self._opened: SqlStore | None = None

    @property
    def _whole(self) -> SqlStore:
        if self._opened is None:
            self._opened = self._open()
        return self._opened

    @contextmanager
    def begin(self) -> Iterator[SqlTransaction]:
        """Begins a writing transaction; see `SqlStore`."""
        with self._whole.begin() as tx:
            yield tx

    @contextmanager
    def read(self) -> Iterator[SqliteReading]:
        """Begins a read-only transaction with one consistent snapshot; a write in it raises StoreFailure."""
        with reading(self._file, self._whole_reading) as tx:
            yield tx

    def _whole_reading(self) -> AbstractContextManager[SqlTransaction]:
        return self._whole.read()

    def scrub(self) -> bool:
        """Overwrites what erased values have left beside the database; see `ports.Store`."""
        return self._whole.scrub()

    def acquire(self, name: str, holder: str, now: datetime, seconds: int) -> Lease:
        """Takes the lease; see `ports.Store`."""
        return self._whole.acquire(name, holder, now, seconds)

    def renew(self, now: datetime, seconds: int) -> None:
        """Extends the lease; see `ports.Store`."""
        self._whole.renew(now, seconds)

    def release(self) -> None:
        """Releases the lease; idempotent."""
        self._whole.release()

    @property
    def readings(self) -> FileReadings:
        """Who read what: kept without SQLAlchemy; see `ports.Store`."""
        return FileReadings(self._file, lambda: self._whole.readings)

    def close(self) -> None:
        """Closes every connection; idempotent."""
        opened, self._opened = self._opened, None
        if opened is not None:
            opened.close()
