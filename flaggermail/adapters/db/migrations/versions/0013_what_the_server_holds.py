# SPDX-License-Identifier: EUPL-1.2
"""How many mails each folder held, which of them are gone, and who read in the archive."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString, UTCDateTime

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the table of readings and two columns; the next complete look at the mailbox fills these."""
    op.create_table(
        "reading",
        sa.Column("id", AutoString(), nullable=False),
        sa.Column("request", AutoString(), nullable=False),
        sa.Column("reader", AutoString(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("case", AutoString(), nullable=True),
        sa.Column("asked", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reading")),
    )
    with op.batch_alter_table("cursor") as batch_op:
        batch_op.add_column(sa.Column("held", sa.Integer(), nullable=True))
    with op.batch_alter_table("delivery") as batch_op:
        batch_op.add_column(sa.Column("gone_at", UTCDateTime(), nullable=True))


def downgrade() -> None:
    """There is no way back: the version before does not know the events about it."""
    raise RuntimeError("revision 0013 cannot be undone: restore a backup instead")
