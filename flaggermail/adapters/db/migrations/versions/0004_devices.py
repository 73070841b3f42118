# SPDX-License-Identifier: EUPL-1.2
"""Tables of the officers' devices for one-time codes, and of the pages that call out the code of a request."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString, UTCDateTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the two tables."""
    op.create_table(
        "device",
        sa.Column("id", AutoString(), nullable=False),
        sa.Column("officer", AutoString(), nullable=False),
        sa.Column("enrolled_by", AutoString(), nullable=False),
        sa.Column("enrolled_at", UTCDateTime(), nullable=False),
        sa.Column("commitment", AutoString(), nullable=False),
        sa.Column("token", AutoString(), nullable=False),
        sa.Column("confirmed_at", UTCDateTime(), nullable=True),
        sa.Column("last_step", sa.Integer(), nullable=True),
        sa.Column("wrong", sa.Integer(), nullable=False),
        sa.Column("locked_at", UTCDateTime(), nullable=True),
        sa.Column("revoked_at", UTCDateTime(), nullable=True),
        sa.Column("revoked_by", AutoString(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_device")),
    )
    op.create_index(op.f("ix_device_officer"), "device", ["officer"])
    op.create_table(
        "page_code",
        sa.Column("id", AutoString(), nullable=False),
        sa.Column("token", AutoString(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_page_code")),
    )


def downgrade() -> None:
    """There is no way back: the version before cannot read the events that this one writes."""
    raise RuntimeError("revision 0004 cannot be undone: restore a backup instead")
