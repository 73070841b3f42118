# SPDX-License-Identifier: EUPL-1.2
"""The first schema, as the definitions have it until 0.9, from which on each change of them is a revision."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from flaggermail.adapters.db.mapping import all_tables

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# REPLACE skips the trigger on DELETE if a connection has recursive_triggers off; the third trigger covers that case.
SQLITE_TRIGGERS = (
    "CREATE TRIGGER event_no_update BEFORE UPDATE ON event BEGIN SELECT RAISE(ABORT, 'the past is never changed'); END",
    "CREATE TRIGGER event_no_delete BEFORE DELETE ON event BEGIN SELECT RAISE(ABORT, 'the past is never changed'); END",
    (
        "CREATE TRIGGER event_no_replace BEFORE INSERT ON event WHEN EXISTS (SELECT 1 FROM event WHERE seq = NEW.seq) "
        "BEGIN SELECT RAISE(ABORT, 'the past is never changed'); END"
    ),
)
POSTGRESQL_TRIGGERS = (
    (
        "CREATE FUNCTION event_is_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'the past is never changed'; END $$"
    ),
    (
        "CREATE TRIGGER event_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON event "
        "FOR EACH STATEMENT EXECUTE FUNCTION event_is_append_only()"
    ),
)


def upgrade() -> None:
    """Creates every table; one that is there already is in the way, but for the octets."""
    tables = all_tables()
    octets = tables.tables["octets"]
    tables.create_all(op.get_bind(), [table for table in tables.sorted_tables if table is not octets], checkfirst=False)
    octets.create(op.get_bind(), checkfirst=True)  # a restore that was killed goes on with what it has stored
    _protect_events()


def _protect_events() -> None:
    """Creates triggers that prevent any program from changing or deleting an event, and the chain's one head."""
    for statement in SQLITE_TRIGGERS if op.get_bind().dialect.name == "sqlite" else POSTGRESQL_TRIGGERS:
        op.execute(statement)
    op.execute(sa.text("INSERT INTO chain_head (id, seq, digest) VALUES (1, 0, :genesis)").bindparams(genesis="0" * 64))


def downgrade() -> None:
    """Does nothing: there is no earlier schema."""
    raise RuntimeError("the first schema cannot be undone: restore a backup instead")
