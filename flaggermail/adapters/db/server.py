# SPDX-License-Identifier: EUPL-1.2
"""What a database says of itself: its version, the revision of its schema, and how it keeps transactions apart."""

from __future__ import annotations

from sqlalchemy import Engine, text

from flaggermail.adapters.db.engine import as_store_failure, connect_reading
from flaggermail.adapters.db.inspection import CURRENT
from flaggermail.ports.probing import DatabaseSeen

_QUERIES = {
    "sqlite": ("SQLite", "SELECT sqlite_version()", "PRAGMA journal_mode"),
    "postgresql": ("PostgreSQL", "SHOW server_version", "SHOW transaction_isolation"),
}


def probe(engine: Engine) -> DatabaseSeen:
    """Probes a database; changes nothing. Isolation is a reader's; writers take turns. Raises StoreFailure."""
    kind, version, isolation = _QUERIES[engine.dialect.name]
    with as_store_failure(writing=False), connect_reading(engine) as connection:
        told = [str(connection.execute(text(query)).scalar()) for query in (version, CURRENT, isolation)]
    return DatabaseSeen(f"{kind} {told[0]}", told[1], told[2])
