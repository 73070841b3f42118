# SPDX-License-Identifier: EUPL-1.2
"""SQL statements compiled once for all SQLite databases of a process: every desk of a test opens another one.

SQLAlchemy keeps what it compiled for each engine, and a story runs some two hundred different statements.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.util import LRUCache

from flaggermail.adapters.db.engine import connect_reading

KEPT = 4000  # statements
OWN = "own cache of statements"

Key = tuple[Dialect, *tuple[Hashable, ...]]


class SharedStatements(LRUCache[Any, Any]):
    """Finds a statement by the kind of its dialect; SQLAlchemy's key has the dialect of one engine."""

    def get(self, key: Key, default: object = None) -> Any:  # noqa: ANN401 - as the base class
        """Returns the compiled statement, or `default`."""
        return super().get((type(key[0]), *key[1:]), default)

    def __setitem__(self, key: Key, value: object) -> None:
        super().__setitem__((type(key[0]), *key[1:]), value)


def share_statements() -> None:
    """Makes all SQLite engines use one cache, and each other engine its own."""
    shared = SharedStatements(KEPT)

    def cache(engine: Engine) -> object:
        return shared if engine.dialect.name == "sqlite" else vars(engine).get(OWN)

    def keep(engine: Engine, own: object) -> None:
        vars(engine)[OWN] = own

    type.__setattr__(Engine, "_compiled_cache", property(cache, keep))


def engines_of(engine: Engine) -> set[Engine]:
    """Returns the engine with that of its readers, which SQLite has apart."""
    with connect_reading(engine) as connection:
        return {engine, connection.engine}
