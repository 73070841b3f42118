# SPDX-License-Identifier: EUPL-1.2
"""Domains that officers remember get a table."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString, UTCDateTime

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

SOURCES = "source IN ('media', 'fact_checker', 'government_body', 'fellow_authority')"


def upgrade() -> None:
    """Create the table; nothing was remembered before."""
    op.create_table(
        "remembered_domain",
        sa.Column("id", AutoString(), nullable=False),
        sa.Column("source", AutoString(), nullable=False),
        sa.Column("added_at", UTCDateTime(), nullable=False),
        sa.Column("added_by", AutoString(), nullable=False),
        sa.Column("message", AutoString(), nullable=True),
        sa.Column("removed_at", UTCDateTime(), nullable=True),
        sa.Column("removed_by", AutoString(), nullable=True),
        sa.CheckConstraint(SOURCES, name="remembered_domain_source"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_remembered_domain")),
    )


def downgrade() -> None:
    """There is no way back: the version before cannot read the events that this one writes."""
    raise RuntimeError("revision 0009 cannot be undone: restore a backup instead")
