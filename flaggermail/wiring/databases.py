# SPDX-License-Identifier: EUPL-1.2
"""Opens databases."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from flaggermail.adapters.db.engine import answering_within, preferring_standby
from flaggermail.adapters.db.inspection import require_file
from flaggermail.adapters.db.migrate import require_current, require_revision, upgrade
from flaggermail.adapters.db.replica import ReplicatedStore
from flaggermail.adapters.db.store import SqlStore
from flaggermail.adapters.files.blob_store import FileBlobStore, PromptBlobStore
from flaggermail.adapters.system.clock import SystemRandomness
from flaggermail.errors import ConfigurationError, StoreBusy, StoreFailure
from flaggermail.record.rows import InForce
from flaggermail.rules.configuration import load
from flaggermail.settings.model import database_file

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from flaggermail.ports import BlobStore, Randomness, Store
    from flaggermail.settings.model import Settings


PRIMARY_WITHIN = 5  # seconds for a server to answer where another can answer in its place
MARKS_WITHIN = 3  # seconds for a server to answer `check`, which is about this machine


def open_store(database: str, randomness: Randomness) -> SqlStore:
    """Returns the store on that database; makes its schema if it is empty.

    Raises ConfigurationError, StoreAway, StoreBusy.
    """
    store = SqlStore(database, randomness.salt)
    try:
        require_current(store.engine)
    except BaseException:
        store.close()
        raise
    return store


def open_replicated(database: str, replica: str, randomness: Randomness) -> ReplicatedStore:
    """Returns the store on a database whose views are read from a replica of it; one of them may be away.

    Raises ConfigurationError, StoreAway, StoreBusy.
    """
    here = preferring_standby(replica)
    there = answering_within(PRIMARY_WITHIN, database)
    store = ReplicatedStore(
        SqlStore(there, randomness.salt), SqlStore(answering_within(PRIMARY_WITHIN, here), randomness.salt)
    )
    try:
        store.require_current()
    except BaseException:
        store.close()
        raise
    return store


def marks_of(store: Store) -> Callable[[], Collection[str]]:
    """Returns a function that returns the digests of the first rules and templates on record.

    They are the first octets that the record names, and are never destroyed: by them a desk knows its archive.
    """
    known = list[str]()

    def marks() -> Collection[str]:
        if not known:
            with store.read() as tx:
                known.extend(row.digest for row in tx.find(InForce))
        return known

    return marks


def marks_on_server(settings: Settings) -> Collection[str]:
    """Returns the marks of the archive that a record on a server names; none if it does not answer within seconds."""
    address = answering_within(MARKS_WITHIN, settings.desk.store.database)
    try:
        with closing(SqlStore(address, SystemRandomness().salt)) as store:
            require_revision(store.engine)
            return marks_of(store)()
    except (ConfigurationError, StoreBusy, StoreFailure):  # another look says so, or none
        return ()


def octets_of(settings: Settings, store: Store) -> BlobStore:
    """Returns the archive of these settings: in the open database, or in its folder, known by the record's marks."""
    return store.octets if settings.keeps_octets_in_database else PromptBlobStore(settings.archive, marks_of(store))


def evidence_of(settings: Settings) -> tuple[Store, BlobStore]:
    """Returns database and archive of these settings to be verified. Raises ConfigurationError.

    Writes nothing: neither a database that is missing nor the configuration into one that is there.
    """
    require_file(database_file(settings.desk))
    store = SqlStore(settings.desk.store.database, SystemRandomness().salt)
    require_revision(store.engine)
    return store, store.octets if settings.keeps_octets_in_database else FileBlobStore(settings.archive)


def upgrade_database(directory: Path) -> str:
    """Migrates the database of a configuration directory to the newest schema; returns its revision."""
    store = SqlStore(load(directory).desk.store.database, SystemRandomness().salt)
    try:
        return upgrade(store.engine)
    finally:
        store.close()
