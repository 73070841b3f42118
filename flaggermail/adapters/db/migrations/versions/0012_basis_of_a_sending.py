# SPDX-License-Identifier: EUPL-1.2
"""A notification says what the instant of its sending rests on, concluded for the rows that are there."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString

from flaggermail.record import sentences
from flaggermail.record.clocks import InstantBasis

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

READ = ("by_hand", "message_id", "digest")


def upgrade() -> None:
    """Add the column, and fill it where a notification was sent by hand."""
    basis = InstantBasis.MAIL.value
    op.add_column("notification", sa.Column("sent_basis", AutoString(), server_default=basis, nullable=False))
    table = sa.table("notification", *map(sa.column, ("id", "sent_basis", *READ)))
    query = sa.select(table.c.id, *(table.c[name] for name in READ)).where(table.c.by_hand.is_(sa.true()))
    for row in op.get_bind().execute(query).all():
        values = sentences.based(table.name, dict(zip(READ, row[1:], strict=True)))
        op.execute(sa.update(table).where(table.c.id == row.id).values(values))


def downgrade() -> None:
    """There is no way back: the version before cannot read the events that this one writes."""
    raise RuntimeError("revision 0012 cannot be undone: restore a backup instead")
