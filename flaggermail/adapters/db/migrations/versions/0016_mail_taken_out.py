# SPDX-License-Identifier: EUPL-1.2
"""A message says who took it out of the archive in its review window."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; nobody took out mail before."""
    with op.batch_alter_table("message") as changed:
        changed.add_column(sa.Column("excluded_by", AutoString(), nullable=True))


def downgrade() -> None:
    """There is no way back: the version before does not know the field in the events."""
    raise RuntimeError("revision 0016 cannot be undone: restore a backup instead")
