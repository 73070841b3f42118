# SPDX-License-Identifier: EUPL-1.2
"""Cases and elections of which nothing may be destroyed have rows."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString, UTCDateTime

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table of legal holds."""
    op.create_table(
        "legal_hold",
        sa.Column("id", AutoString(), nullable=False),
        sa.Column("case", AutoString(), nullable=True),
        sa.Column("election", AutoString(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("placed_at", UTCDateTime(), nullable=False),
        sa.Column("placed_by", AutoString(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("lifted_at", UTCDateTime(), nullable=True),
        sa.Column("lifted_by", AutoString(), nullable=True),
        sa.Column("lifted_reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["case"], ["case_file.number"], name=op.f("fk_legal_hold_case")),
        sa.ForeignKeyConstraint(["election"], ["election.code"], name=op.f("fk_legal_hold_election")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_legal_hold")),
    )
    op.create_index(op.f("ix_legal_hold_case"), "legal_hold", ["case"])
    op.create_index(op.f("ix_legal_hold_election"), "legal_hold", ["election"])


def downgrade() -> None:
    """There is no way back: the version before does not know the events about it."""
    raise RuntimeError("revision 0014 cannot be undone: restore a backup instead")
