# SPDX-License-Identifier: EUPL-1.2
"""Case numbers get a tail in mail to platforms and referrers, and channels get addresses that may answer."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns. Mail of before bears bare numbers, so that its rows have no tail."""
    for table in ("case_file", "notification"):
        op.add_column(table, sa.Column("tail", AutoString(), nullable=True))
    op.add_column("channel", sa.Column("answers_from", sa.JSON(none_as_null=True), nullable=True))


def downgrade() -> None:
    """There is no way back: the version before cannot read the events that this one writes."""
    raise RuntimeError("revision 0003 cannot be undone: restore a backup instead")
