# SPDX-License-Identifier: EUPL-1.2
"""Opens databases. What only reads SQLite does not import SQLAlchemy."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from flaggermail.adapters.clock.clock import SystemRandomness
from flaggermail.adapters.db.command_store import CommandStore
from flaggermail.adapters.db.inspection import is_current
from flaggermail.errors import ConfigurationError, StoreAway, StoreBusy, StoreFailure
from flaggermail.rules.configuration import load
from flaggermail.settings.model import database_file

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from flaggermail.adapters.db.store import SqlStore
    from flaggermail.ports import BlobStore, Randomness, Store
    from flaggermail.settings.model import Settings


MARKS_WITHIN = 3  # seconds for a server to answer `check`, which is about this machine


def whole_store(database: str, randomness: Randomness) -> SqlStore:
    """Returns the store on that database; makes its schema if it is empty.

    Raises ConfigurationError, StoreAway, StoreBusy.
    """
    from flaggermail.adapters.db.migrate import require_current
    from flaggermail.adapters.db.store import SqlStore

    store = SqlStore(database, randomness.salt)
    try:
        require_current(store.engine)
    except (StoreAway, StoreBusy):
        store.close()
        raise
    return store


def lasting_store(settings: Settings, randomness: Randomness) -> SqlStore:
    """Returns the store for a process that serves for long; on a database that is current it loads no migrations.

    Raises ConfigurationError, StoreAway, StoreBusy.
    """
    from flaggermail.adapters.db.store import SqlStore

    database, file = settings.desk.store.database, database_file(settings.desk)
    current = file is not None and is_current(file)
    return SqlStore(database, randomness.salt) if current else whole_store(database, randomness)


def command_store(settings: Settings, randomness: Randomness) -> Store:
    """Returns the store for one command, which may only read: it then does without SQLAlchemy, if it can.

    Raises ConfigurationError, StoreAway, StoreBusy.
    """
    database, file = settings.desk.store.database, database_file(settings.desk)
    if file is not None and is_current(file):
        return CommandStore(file, lambda: whole_store(database, randomness))
    return whole_store(database, randomness)


def marks_of(store: Store) -> Callable[[], Collection[str]]:
    """Returns a function that returns the digests of the first rules and templates on record.

    They are the first octets that the record names, and are never destroyed: by them a desk knows its archive.
    """
    from flaggermail.record.rows import InForce

    known = list[str]()

    def marks() -> Collection[str]:
        if not known:
            with store.read() as tx:
                known.extend(row.digest for row in tx.find(InForce))
        return known

    return marks


def marks_on_server(settings: Settings) -> Collection[str]:
    """Returns the marks of the archive that a record on a server names; none if it does not answer within seconds."""
    from flaggermail.adapters.db.engine import answering_within
    from flaggermail.adapters.db.migrate import require_revision
    from flaggermail.adapters.db.store import SqlStore

    address = answering_within(MARKS_WITHIN, settings.desk.store.database)
    try:
        with closing(SqlStore(address, SystemRandomness().salt)) as store:
            require_revision(store.engine)
            return marks_of(store)()
    except (ConfigurationError, StoreBusy, StoreFailure):  # another look says so, or none
        return ()


def open_evidence(directory: Path) -> tuple[Store, BlobStore]:
    """Returns database and archive of a configuration directory to be verified. Raises ConfigurationError.

    Writes nothing: neither a database that is missing nor the configuration into one that is there.
    """
    return evidence_of(load(directory))


def evidence_of(settings: Settings) -> tuple[Store, BlobStore]:
    """Returns database and archive of these settings; see `open_evidence`."""
    from flaggermail.adapters.db.migrate import require_revision
    from flaggermail.adapters.db.store import SqlStore
    from flaggermail.adapters.files.blob_store import FileBlobStore

    file = database_file(settings.desk)
    if file is not None and not file.exists():
        raise ConfigurationError(f"database {file}: does not exist; restore it, or mend store.database")
    store = SqlStore(settings.desk.store.database, SystemRandomness().salt)
    require_revision(store.engine)
    return store, FileBlobStore(settings.archive)


def upgrade_database(directory: Path) -> str:
    """Migrates the database of a configuration directory to the newest schema; returns its revision."""
    from flaggermail.adapters.db.migrate import upgrade
    from flaggermail.adapters.db.store import SqlStore

    store = SqlStore(load(directory).desk.store.database, SystemRandomness().salt)
    try:
        return upgrade(store.engine)
    finally:
        store.close()
