# SPDX-License-Identifier: EUPL-1.2
"""What a database says of itself to `check --online`, on each engine."""

from __future__ import annotations

from flaggermail.adapters.db.inspection import newest
from flaggermail.adapters.db.server import probe
from flaggermail.adapters.db.store import SqlStore


def test_version_schema_and_isolation_are_told(store: SqlStore, engine_name: str) -> None:
    """The engine with its version, the newest revision, and how readers are kept apart from writers."""
    kind, isolation = {"sqlite": ("SQLite 3.", "wal"), "postgresql": ("PostgreSQL ", "repeatable read")}[engine_name]
    found = probe(store.engine)
    assert found.kind.startswith(kind)
    assert (found.revision, found.isolation) == (newest(), isolation)
