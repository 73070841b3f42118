# SPDX-License-Identifier: EUPL-1.2
"""Five columns and a table get plainer names; events keep the old ones, which `record.event_codec` knows."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString, UTCDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

RENAMED = (
    ("message", "basis", "match_basis"),
    ("message", "missed", "pending_digest"),
    ("notification", "use", "counted"),
    ("outbox", "once", "at_most_once"),
    ("watched", "wrong", "failing"),
)
THREAD_KEYS = """
    INSERT INTO thread_key (id, "case", notification, message, learned_at, ambiguous)
    SELECT id, "case", notification, message, learned_at, ambiguous FROM learned_key
"""


def upgrade() -> None:
    """Rename five columns with the index on one of them, and a table with its constraints."""
    op.drop_index("ix_message_missed", "message")
    for table, old, new in RENAMED:
        op.alter_column(table, old, new_column_name=new)
    op.create_index("ix_message_pending_digest", "message", ["pending_digest"])
    # SQLite renames no constraint: a table that is made anew has the right names on both engines.
    op.create_table(
        "thread_key",
        sa.Column("id", AutoString(), nullable=False),
        sa.Column("case", AutoString(), nullable=False),
        sa.Column("notification", AutoString(), nullable=True),
        sa.Column("message", AutoString(), nullable=False),
        sa.Column("learned_at", UTCDateTime(), nullable=False),
        sa.Column("ambiguous", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["case"], ["case_file.number"], name=op.f("fk_thread_key_case")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_thread_key")),
    )
    op.execute(THREAD_KEYS)
    op.drop_table("learned_key")


def downgrade() -> None:
    """There is no way back: the version before cannot read the events that this one writes."""
    raise RuntimeError("revision 0002 cannot be undone: restore a backup instead")
