# SPDX-License-Identifier: EUPL-1.2
"""Mail of a day and the tokens of a notification are found by index."""

from __future__ import annotations

from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the indexes."""
    op.create_index("ix_message_first_seen_at", "message", ["first_seen_at"])
    op.create_index("ix_token_notification", "token", ["notification"])


def downgrade() -> None:
    """Remove them: no event and no row depends on them."""
    op.drop_index("ix_token_notification", "token")
    op.drop_index("ix_message_first_seen_at", "message")
