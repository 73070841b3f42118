# SPDX-License-Identifier: EUPL-1.2
"""Alembic's entry point: runs the migrations on the engine passed by `migrate`."""

from __future__ import annotations

from typing import Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import DefaultClause, text
from sqlalchemy.sql.elements import False_, True_

from flaggermail.adapters.db.mapping import all_tables

# An arbitrary number: every migration of this database takes this lock.
ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(8250)")


def rendered(kind: str, found: object, _context: AutogenContext) -> str | Literal[False]:
    """Writes yes and no as either engine knows them; the scratch database's own word for them is 1 or 0."""
    if kind == "server_default" and isinstance(found, DefaultClause) and isinstance(found.arg, True_ | False_):
        return "sa.true()" if isinstance(found.arg, True_) else "sa.false()"
    return False


engine = context.config.attributes["engine"]
with engine.connect() as connection:
    # Alembic assumes that SQLite cannot roll back a schema change. With our explicit BEGIN it can.
    context.configure(
        connection=connection,
        target_metadata=all_tables(),
        compare_server_default=True,
        render_as_batch=True,
        render_item=rendered,
        transactional_ddl=True,
    )
    with context.begin_transaction():
        if connection.dialect.name == "postgresql":  # on SQLite, BEGIN IMMEDIATE takes the lock
            connection.execute(ONE_AT_A_TIME)
        context.run_migrations()
