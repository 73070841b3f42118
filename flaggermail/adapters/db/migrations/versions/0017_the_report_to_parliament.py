# SPDX-License-Identifier: EUPL-1.2
"""The draft of a report to Parliament, and what was frozen for it, have rows."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString, UTCDateTime

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables of drafts and of freezes."""
    op.create_table(
        "report_draft",
        sa.Column("election", AutoString(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("drafted_at", UTCDateTime(), nullable=False),
        sa.Column("drafted_by", AutoString(), nullable=False),
        sa.ForeignKeyConstraint(["election"], ["election.code"], name=op.f("fk_report_draft_election")),
        sa.PrimaryKeyConstraint("election", name=op.f("pk_report_draft")),
    )
    op.create_table(
        "report_freeze",
        sa.Column("id", AutoString(), nullable=False),
        sa.Column("election", AutoString(), nullable=False),
        sa.Column("frozen_at", UTCDateTime(), nullable=False),
        sa.Column("frozen_by", AutoString(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("head", AutoString(), nullable=False),
        sa.Column("inputs", sa.Text(), nullable=False),
        sa.Column("inputs_digest", AutoString(), nullable=False),
        sa.Column("documents", sa.JSON(), nullable=False),
        sa.Column("undone_at", UTCDateTime(), nullable=True),
        sa.Column("undone_by", AutoString(), nullable=True),
        sa.Column("undone_reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["election"], ["election.code"], name=op.f("fk_report_freeze_election")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_freeze")),
    )
    op.create_index(op.f("ix_report_freeze_election"), "report_freeze", ["election"])


def downgrade() -> None:
    """There is no way back: the version before does not know the events about them."""
    raise RuntimeError("revision 0017 cannot be undone: restore a backup instead")
