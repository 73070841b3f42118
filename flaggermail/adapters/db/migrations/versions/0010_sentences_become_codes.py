# SPDX-License-Identifier: EUPL-1.2
"""What was stored as an English sentence becomes a code with its details, in the rows that are there."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString

from flaggermail.record import sentences

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

PAGE = 500


def upgrade() -> None:
    """Rewrite the columns that hold sentences."""
    for table, names in sentences.CODED.items():
        _code(table, names)


def _code(name: str, fields: tuple[str, ...]) -> None:
    """Gives each row the codes of its sentences."""
    columns = (sa.column(one, sa.JSON() if one == "suggestions" else AutoString()) for one in ("id", *fields))
    table = sa.table(name, *columns)
    query = sa.select(table).order_by(table.c.id).limit(PAGE)
    page = op.get_bind().execute(query).all()
    while page:
        for row in page:
            before = dict(zip(fields, row[1:], strict=True))
            values = sentences.coded(name, before)
            if values != before:
                op.execute(sa.update(table).where(table.c.id == row.id).values(values))
        page = op.get_bind().execute(query.where(table.c.id > page[-1].id)).all()


def downgrade() -> None:
    """There is no way back: the version before cannot read the events that this one writes."""
    raise RuntimeError("revision 0010 cannot be undone: restore a backup instead")
