# SPDX-License-Identifier: EUPL-1.2
"""What was read back out of sentences and keys gets columns, filled from the rows that are there."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString

from flaggermail.record import sentences

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

ADDED = {"message": ("enclosed_in", "placed_by", "confirmed_by", "corrected_by"), "alarm": ("officer",)}
FILLED = {"message": (*ADDED["message"], "from_junk"), "alarm": ADDED["alarm"], "outbox": (), "held_back": ()}
PAGE = 500


def upgrade() -> None:
    """Add six columns and two indexes, and fill the columns."""
    for table, names in ADDED.items():
        for name in names:
            op.add_column(table, sa.Column(name, AutoString(), nullable=True))
    op.add_column("message", sa.Column("from_junk", sa.Boolean(), server_default=sa.false(), nullable=False))
    for table in sentences.READ:
        _fill(table)
    op.create_index("ix_message_enclosed_in", "message", ["enclosed_in"])
    op.create_index("ix_outbox_shows", "outbox", ["shows"])


def _fill(name: str) -> None:
    """Gives each row the values that its sentences imply."""
    read = sentences.READ[name]
    table = sa.table(name, *(sa.column(one) for one in dict.fromkeys(("id", *read, *FILLED[name]))))
    query = sa.select(table.c.id, *(table.c[one] for one in read)).order_by(table.c.id).limit(PAGE)
    page = op.get_bind().execute(query).all()
    while page:
        for row in page:
            values = sentences.completed(name, dict(zip(read, row[1:], strict=True)))
            if any(values.values()):
                op.execute(sa.update(table).where(table.c.id == row.id).values(values))
        page = op.get_bind().execute(query.where(table.c.id > page[-1].id)).all()


def downgrade() -> None:
    """There is no way back: the version before cannot read the events that this one writes."""
    raise RuntimeError("revision 0007 cannot be undone: restore a backup instead")
