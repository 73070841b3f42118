# SPDX-License-Identifier: EUPL-1.2
"""When a certificate ends."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import UTCDateTime

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the column; the next check of a certificate fills it."""
    with op.batch_alter_table("watched") as batch_op:
        batch_op.add_column(sa.Column("until", UTCDateTime(), nullable=True))


def downgrade() -> None:
    """Drops the column."""
    with op.batch_alter_table("watched") as batch_op:
        batch_op.drop_column("until")
