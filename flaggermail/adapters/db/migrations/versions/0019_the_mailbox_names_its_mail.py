# SPDX-License-Identifier: EUPL-1.2
"""Read positions and the names of copies are the mailbox adapter's own, and a delivery says who gave its octets."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString, UTCDateTime

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

BY_SERVER = ("server", "by hand")  # what an arrival rests on that no file vouches for


def upgrade() -> None:
    """Keep each position and each name under the new columns; no mail is read again."""
    _cursors()
    _deliveries()


def _cursors() -> None:
    """A position is `UIDVALIDITY/UID`. A seal that did not fit is kept, so that the change it shows is still found."""
    with op.batch_alter_table("cursor") as changed:
        changed.add_column(sa.Column("position", sa.Text(), nullable=True))
    columns = ("folder", "uidvalidity", "uid", "position", "held", "after", "seal")
    table = sa.table("cursor", *map(sa.column, columns), sa.column("looked_at", UTCDateTime()))
    for row in op.get_bind().execute(sa.select(table)).all():
        kept = (row.looked_at, *(() if row.held is None else (row.held,)))
        position = f"{row.uidvalidity}/{row.uid}"
        values = {"position": position}
        if row.seal == _seal(row.folder, row.after, (row.uidvalidity, row.uid, *kept)):
            values["seal"] = _seal(row.folder, row.after, (position, *kept))
        op.execute(sa.update(table).where(table.c.folder == row.folder).values(values))
    with op.batch_alter_table("cursor") as changed:
        changed.alter_column("position", existing_type=sa.Text(), nullable=False)
        changed.drop_column("uidvalidity")
        changed.drop_column("uid")


def _seal(folder: str, after: str | None, values: Sequence[object]) -> str:
    text = json.dumps(
        ["cursor", folder, after, *map(_plain, values)], ensure_ascii=False, sort_keys=True, separators=(",", ":")
    )
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def _plain(value: object) -> object:
    return value.astimezone(UTC).isoformat(timespec="microseconds") if isinstance(value, datetime) else value


def _deliveries() -> None:
    with op.batch_alter_table("delivery") as changed:
        changed.add_column(sa.Column("numbering", sa.Text(), nullable=True))
        changed.add_column(sa.Column("item", sa.Text(), nullable=True))
        changed.add_column(sa.Column("source", AutoString(), nullable=False, server_default="imap"))
        changed.add_column(sa.Column("role", AutoString(), nullable=True))
    table = sa.table("delivery", *map(sa.column, ("uidvalidity", "uid", "numbering", "item", "source", "arrival")))
    op.execute(
        sa.update(table).values(numbering=sa.cast(table.c.uidvalidity, sa.Text()), item=sa.cast(table.c.uid, sa.Text()))
    )
    op.execute(sa.update(table).where(table.c.uidvalidity == 0).values(source="played"))
    op.execute(sa.update(table).where(table.c.arrival.not_in(BY_SERVER)).values(source="file"))
    with op.batch_alter_table("delivery") as changed:
        changed.alter_column("numbering", existing_type=sa.Text(), nullable=False)
        changed.alter_column("item", existing_type=sa.Text(), nullable=False)
        changed.drop_column("uidvalidity")
        changed.drop_column("uid")


def downgrade() -> None:
    """There is no way back: the version before cannot read the events that this one writes."""
    raise RuntimeError("revision 0019 cannot be undone: restore a backup instead")
