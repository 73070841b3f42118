# SPDX-License-Identifier: EUPL-1.2
"""What the store raises when the disk of an SQLite database is full, fails, or is not there: it may pass."""

from __future__ import annotations

import errno
import os
import resource
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import event

from flaggermail.adapters.db.engine import make_engine
from flaggermail.adapters.db.migrate import require_current
from flaggermail.adapters.db.store import SqlStore
from flaggermail.errors import ConfigurationError, DiskFailure, StoreFailure
from flaggermail.record.events import added
from flaggermail.record.rows import Election
from tests.store.conftest import new_store
from tests.store.samples import happened
from tests.store.test_chain import ELECTION

NOON = datetime(2024, 6, 6, 12, tzinfo=UTC)


@pytest.fixture
def store(sqlite_path: Path) -> Iterator[SqlStore]:
    """Returns a store whose lease is held."""
    made = new_store(f"sqlite:///{sqlite_path}", wait=0.5)
    made.acquire("daemon", "host:1:now", 60)
    yield made
    made.close()


def write(store: SqlStore) -> None:
    """Writes one event with its row."""
    with store.begin() as tx:
        tx.append(happened(added(ELECTION)))


def written(store: SqlStore) -> int:
    """Returns how many rows are there."""
    with store.read() as tx:
        return len(tx.find(Election))


@contextmanager
def no_file_grows() -> Iterator[None]:
    """Fails each write with EFBIG, of which SQLite makes an error of the disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_disk_that_fails_is_told_apart_and_the_next_write_succeeds(store: SqlStore) -> None:
    """A write, the renewal of the lease, and a scrub while no file can be written; nothing of it stays."""
    with no_file_grows():
        with pytest.raises(DiskFailure, match=r"the disk of the database does not work .* disk I/O error"):
            write(store)
        with pytest.raises(DiskFailure):
            store.renew(60)
    assert written(store) == 0
    store.renew(60)
    write(store)
    with no_file_grows():
        assert not store.scrub()
    assert store.scrub()
    assert written(store) == 1


def test_a_full_disk_is_told_apart(store: SqlStore) -> None:
    """SQLITE_FULL, which the limit of pages gives as a disk without room does."""

    def limit(connection: sqlite3.Connection, *_: object) -> None:
        connection.execute("PRAGMA max_page_count = 1")

    event.listen(store.engine, "checkout", limit)
    with pytest.raises(DiskFailure, match="full"), store.begin() as tx:
        tx.append(happened(added(replace(ELECTION, name_nl="x" * 100_000))))
    assert written(store) == 0


def test_a_file_that_went_away_is_not_made_anew_and_is_found_again(store: SqlStore, sqlite_path: Path) -> None:
    """With its disk unmounted there is no database; once it is back, the same store works on it."""
    write(store)
    store.engine.dispose()
    away = sqlite_path.with_name("away")
    sqlite_path.rename(away)
    for ask in (written, write):
        with pytest.raises(DiskFailure, match="unable to open database file"):
            ask(store)
    assert not sqlite_path.exists()
    away.rename(sqlite_path)
    assert written(store) == 1


def test_a_reader_that_writes_is_a_fault_of_ours(store: SqlStore) -> None:
    """SQLite says of it that the database is read-only, which no wait mends."""
    with pytest.raises(StoreFailure, match="readonly") as refused, store.read() as tx:
        tx.append(happened(added(ELECTION)))
    assert not isinstance(refused.value, DiskFailure)


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (errno.EROFS, DiskFailure),
        (errno.EIO, DiskFailure),
        (errno.ENOSPC, DiskFailure),
        (errno.EACCES, ConfigurationError),
    ],
    ids=["read-only", "failing", "full", "closed"],
)
def test_a_file_that_cannot_be_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, kind: type[Exception]
) -> None:
    """The system's own errors: a disk may be mended beside the program, a right needs a person."""

    def refuse(*_: object, **__: object) -> int:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(kind, match=os.strerror(number)):
        require_current(make_engine(f"sqlite:///{tmp_path / 'desk.db'}"))


def test_a_database_put_in_the_place_of_the_open_one_is_not_written(store: SqlStore, sqlite_path: Path) -> None:
    """Somebody restores a backup beside a running daemon: what is written to the file of before, nobody finds again."""
    copy = sqlite_path.with_name("restored.db")
    with closing(sqlite3.connect(sqlite_path)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
    copy.replace(sqlite_path)
    for _ in range(2):
        with pytest.raises(StoreFailure, match="another file than the one that this process opened") as raised:
            write(store)
        assert not isinstance(raised.value, DiskFailure)  # no waiting ends it
    with pytest.raises(StoreFailure):
        store.renew(60)
    with closing(sqlite3.connect(sqlite_path)) as found:
        assert found.execute("SELECT count(*) FROM event").fetchone() == (0,)


def test_a_database_that_is_moved_away_is_waited_for(store: SqlStore, sqlite_path: Path) -> None:
    """The open file lies elsewhere meanwhile: nothing is written to it there, and all goes on when it is back."""
    away = sqlite_path.rename(sqlite_path.with_name("elsewhere.db"))
    with pytest.raises(DiskFailure, match="is not there now"):
        write(store)
    away.rename(sqlite_path)
    write(store)
    assert written(store) == 1
