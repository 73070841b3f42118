# SPDX-License-Identifier: EUPL-1.2
"""A message says why a ticket system's mail counts as a person's, and what a machine's mail says; so does a clock."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; of the mail of before, nothing is said."""
    with op.batch_alter_table("message") as changed:
        changed.add_column(sa.Column("person_basis", AutoString(), nullable=True))
        changed.add_column(sa.Column("says", AutoString(), nullable=False, server_default=""))
    with op.batch_alter_table("clock") as changed:
        changed.add_column(sa.Column("comment", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    """There is no way back: the version before does not know the fields in the events."""
    raise RuntimeError("revision 0025 cannot be undone: restore a backup instead")
