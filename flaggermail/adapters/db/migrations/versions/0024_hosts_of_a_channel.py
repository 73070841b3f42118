# SPDX-License-Identifier: EUPL-1.2
"""A channel may list the hosts that answer there."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; no channel listed any before."""
    op.add_column("channel", sa.Column("hosts", sa.JSON(none_as_null=True), nullable=True))


def downgrade() -> None:
    """There is no way back: the version before cannot read the events that this one writes."""
    raise RuntimeError("revision 0024 cannot be undone: restore a backup instead")
