# SPDX-License-Identifier: EUPL-1.2
"""Mail that the server lists and does not give has rows."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString, UTCDateTime

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table; nothing was set aside before."""
    op.create_table(
        "unfetched_mail",
        sa.Column("id", AutoString(), nullable=False),
        sa.Column("folder", AutoString(), nullable=False),
        sa.Column("numbering", AutoString(), nullable=False),
        sa.Column("item", AutoString(), nullable=False),
        sa.Column("since", UTCDateTime(), nullable=False),
        sa.Column("ended_at", UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unfetched_mail")),
    )
    op.create_index(op.f("ix_unfetched_mail_ended_at"), "unfetched_mail", ["ended_at"])


def downgrade() -> None:
    """There is no way back: the version before cannot read the events that this one writes."""
    raise RuntimeError("revision 0023 cannot be undone: restore a backup instead")
