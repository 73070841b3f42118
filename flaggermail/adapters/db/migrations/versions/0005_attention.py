# SPDX-License-Identifier: EUPL-1.2
"""Mail to officers names the message it shows and whose mail caused it; a message remembers that it is costly."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add five columns; what is there has the values that an event without them gives."""
    op.add_column("message", sa.Column("costly", sa.Boolean(), server_default=sa.false(), nullable=False))
    for table in ("outbox", "held_back"):
        op.add_column(table, sa.Column("shows", AutoString(), nullable=True))
        op.add_column(table, sa.Column("trust", AutoString(), nullable=True))


def downgrade() -> None:
    """There is no way back: the version before cannot read the events that this one writes."""
    raise RuntimeError("revision 0005 cannot be undone: restore a backup instead")
