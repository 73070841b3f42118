# SPDX-License-Identifier: EUPL-1.2
"""What a database says of itself: its version, the revision of its schema, and how it keeps transactions apart."""

from __future__ import annotations

from sqlalchemy import Engine, text

from flaggermail.adapters.db.engine import as_store_fault, connect_reading
from flaggermail.adapters.db.revisions import CURRENT
from flaggermail.ports.probing import DatabaseSeen

_QUERIES = {
    "sqlite": ("SQLite", "SELECT sqlite_version()", "PRAGMA journal_mode"),
    "postgresql": ("PostgreSQL", "SHOW server_version", "SHOW transaction_isolation"),
}


def seen(engine: Engine) -> DatabaseSeen:
    """Asks a database; changes nothing. The isolation is that of a reader; writers take turns. Raises StoreFault."""
    kind, version, isolation = _QUERIES[engine.dialect.name]
    with as_store_fault(writing=False), connect_reading(engine) as connection:
        told = [str(connection.execute(text(query)).scalar()) for query in (version, CURRENT, isolation)]
    return DatabaseSeen(f"{kind} {told[0]}", told[1], told[2])
