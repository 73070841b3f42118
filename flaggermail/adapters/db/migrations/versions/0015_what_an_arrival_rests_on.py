# SPDX-License-Identifier: EUPL-1.2
"""A message and its deliveries say what their instant of arrival rests on: the server, or a file of old mail."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add both columns; the rows of before came from the server."""
    for table in ("message", "delivery"):
        with op.batch_alter_table(table) as changed:
            changed.add_column(sa.Column("arrival", AutoString(), nullable=False, server_default="server"))


def downgrade() -> None:
    """There is no way back: the version before does not know the field in the events."""
    raise RuntimeError("revision 0015 cannot be undone: restore a backup instead")
