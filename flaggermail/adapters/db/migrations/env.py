# SPDX-License-Identifier: EUPL-1.2
"""Alembic's entry: runs the migrations on the engine that `migrate` hands over."""

from __future__ import annotations

from alembic import context
from sqlalchemy import text

from flaggermail.adapters.db.rows import metadata

# Any number: who migrates this database at the same time takes the same one.
ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(8250)")

engine = context.config.attributes["engine"]
with engine.connect() as connection:
    # Alembic takes it that SQLite cannot undo a change of the schema; with our BEGIN it can.
    context.configure(connection=connection, target_metadata=metadata, render_as_batch=True, transactional_ddl=True)
    with context.begin_transaction():
        if connection.dialect.name == "postgresql":  # on SQLite, BEGIN IMMEDIATE did it
            connection.execute(ONE_AT_A_TIME)
        context.run_migrations()
