# SPDX-License-Identifier: EUPL-1.2
"""A mail names the refused one that it replaces, and an approval bears the login with which it was given."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add both columns; of what there was before, nothing is known."""
    op.add_column("notification", sa.Column("approved_with", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("outbox", sa.Column("instead_of", AutoString(), nullable=True))
    op.create_index("ix_outbox_instead_of", "outbox", ["instead_of"])


def downgrade() -> None:
    """Take both columns away."""
    op.drop_index("ix_outbox_instead_of", "outbox")
    op.drop_column("outbox", "instead_of")
    op.drop_column("notification", "approved_with")
