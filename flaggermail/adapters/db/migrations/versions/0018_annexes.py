# SPDX-License-Identifier: EUPL-1.2
"""The redacted mail exchange of a notification has rows."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString, UTCDateTime

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table of annexes."""
    op.create_table(
        "annex",
        sa.Column("id", AutoString(), nullable=False),
        sa.Column("notification", AutoString(), nullable=False),
        sa.Column("case", AutoString(), nullable=False),
        sa.Column("form", AutoString(), nullable=False),
        sa.Column("language", AutoString(), nullable=False),
        sa.Column("state", AutoString(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("entries", sa.JSON(), nullable=False),
        sa.Column("digests", sa.JSON(), nullable=False),
        sa.Column("parser", AutoString(), nullable=False),
        sa.Column("seals", sa.JSON(), nullable=False),
        sa.Column("marks", sa.Text(), nullable=False),
        sa.Column("shaped_by", sa.JSON(), nullable=False),
        sa.Column("proposed_by", AutoString(), nullable=False),
        sa.Column("proposed_at", UTCDateTime(), nullable=False),
        sa.Column("confirmed_by", AutoString(), nullable=True),
        sa.Column("confirmed_at", UTCDateTime(), nullable=True),
        sa.Column("approved_by", AutoString(), nullable=True),
        sa.Column("approved_at", UTCDateTime(), nullable=True),
        sa.Column("withdrawn_by", AutoString(), nullable=True),
        sa.Column("withdrawn_at", UTCDateTime(), nullable=True),
        sa.CheckConstraint("form IN ('reply', 'thread')", name="annex_form"),
        sa.CheckConstraint("state IN ('proposed', 'confirmed', 'approved', 'withdrawn')", name="annex_state"),
        sa.ForeignKeyConstraint(["notification"], ["notification.id"], name=op.f("fk_annex_notification")),
        sa.ForeignKeyConstraint(["case"], ["case_file.number"], name=op.f("fk_annex_case")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_annex")),
    )
    for name in ("notification", "case", "state"):
        op.create_index(op.f(f"ix_annex_{name}"), "annex", [name])


def downgrade() -> None:
    """There is no way back: the version before does not know the events about it."""
    raise RuntimeError("revision 0018 cannot be undone: restore a backup instead")
