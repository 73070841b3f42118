# SPDX-License-Identifier: EUPL-1.2
"""A story that the desk plays in an exercise has a row."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString, UTCDateTime

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table of the stories that are played."""
    op.create_table(
        "rehearsal",
        sa.Column("election", AutoString(), nullable=False),
        sa.Column("story", AutoString(), nullable=False),
        sa.Column("speed", sa.Integer(), nullable=False),
        sa.Column("started_at", UTCDateTime(), nullable=False),
        sa.Column("after_event", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["election"], ["election.code"], name=op.f("fk_rehearsal_election")),
        sa.PrimaryKeyConstraint("election", name=op.f("pk_rehearsal")),
    )


def downgrade() -> None:
    """There is no way back: the version before does not know the events about it."""
    raise RuntimeError("revision 0011 cannot be undone: restore a backup instead")
