# SPDX-License-Identifier: EUPL-1.2
"""Alembic's entry point: runs the migrations on the engine passed by `migrate`."""

from __future__ import annotations

from alembic import context
from sqlalchemy import text

from flaggermail.adapters.db.mapping import metadata

# An arbitrary number: every migration of this database takes this lock.
ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(8250)")

engine = context.config.attributes["engine"]
with engine.connect() as connection:
    # Alembic assumes that SQLite cannot roll back a schema change. With our explicit BEGIN it can.
    context.configure(
        connection=connection,
        target_metadata=metadata,
        compare_server_default=True,
        render_as_batch=True,
        transactional_ddl=True,
    )
    with context.begin_transaction():
        if connection.dialect.name == "postgresql":  # on SQLite, BEGIN IMMEDIATE takes the lock
            connection.execute(ONE_AT_A_TIME)
        context.run_migrations()
