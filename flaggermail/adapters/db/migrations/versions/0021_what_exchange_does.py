# SPDX-License-Identifier: EUPL-1.2
"""Message-IDs that a server gave to our mail have rows, and so have trials of its mark for internal mail."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString, UTCDateTime

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create both tables; nothing was learned or tried before."""
    op.create_table(
        "assigned_id",
        sa.Column("id", AutoString(), nullable=False),
        sa.Column("ours", AutoString(), nullable=False),
        sa.Column("source", AutoString(), nullable=False),
        sa.Column("learned_at", UTCDateTime(), nullable=False),
        sa.CheckConstraint("source IN ('answer', 'copy')", name="assigned_id_source"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assigned_id")),
    )
    op.create_index(op.f("ix_assigned_id_ours"), "assigned_id", ["ours"])
    op.create_table(
        "trust_proof",
        sa.Column("id", AutoString(), nullable=False),
        sa.Column("tried_at", UTCDateTime(), nullable=False),
        sa.Column("survived", sa.Boolean(), nullable=False),
        sa.Column("tried_by", AutoString(), nullable=False),
        sa.Column("message_id", AutoString(), nullable=False),
        sa.CheckConstraint("id IN ('exchange internal')", name="trust_proof_id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trust_proof")),
    )


def downgrade() -> None:
    """There is no way back: the version before cannot read the events that this one writes."""
    raise RuntimeError("revision 0021 cannot be undone: restore a backup instead")
