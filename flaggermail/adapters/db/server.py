# SPDX-License-Identifier: EUPL-1.2
"""What a database says of itself: its version, the revision of its schema, and how it keeps transactions apart."""

from __future__ import annotations

from sqlalchemy import Engine, select, text

from flaggermail.adapters.db.engine import as_store_failure, connect_reading
from flaggermail.adapters.db.inspection import CURRENT
from flaggermail.adapters.db.transaction import HEAD
from flaggermail.ports.probing import DatabaseSeen, ReplicaSeen

_QUERIES = {
    "sqlite": ("SQLite", "SELECT sqlite_version()", "PRAGMA journal_mode"),
    "postgresql": ("PostgreSQL", "SHOW server_version", "SHOW transaction_isolation"),
}
_STANDING = "SELECT pg_is_in_recovery(), (pg_control_system()).system_identifier"


def probe(engine: Engine) -> DatabaseSeen:
    """Probes a database; changes nothing. Isolation is a reader's; writers take turns. Raises StoreFailure."""
    kind, version, isolation = _QUERIES[engine.dialect.name]
    with as_store_failure(writing=False), connect_reading(engine) as connection:
        told = [str(connection.execute(text(query)).scalar()) for query in (version, CURRENT, isolation)]
    return DatabaseSeen(f"{kind} {told[0]}", told[1], told[2])


def probe_replica(database: Engine, replica: Engine) -> ReplicaSeen:
    """Probes a replica on PostgreSQL beside its database; changes nothing. Raises StoreFailure."""
    (_, cluster, wanted, last), (standby, other, revision, reached) = map(_standing, (database, replica))
    return ReplicaSeen(bool(standby), cluster == other, str(revision), str(wanted), max(0, last - reached))


def _standing(engine: Engine) -> tuple[bool, int, str, int]:
    """Returns whether a server is a standby, the identifier of its cluster, its schema and its last event."""
    with as_store_failure(writing=False), connect_reading(engine) as connection:
        standby, cluster = connection.execute(text(_STANDING)).one()
        revision, last = connection.execute(text(CURRENT)).scalar(), connection.execute(select(HEAD.c.seq)).scalar()
        return standby, cluster, str(revision), last or 0
