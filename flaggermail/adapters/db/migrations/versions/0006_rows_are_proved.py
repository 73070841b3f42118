# SPDX-License-Identifier: EUPL-1.2
"""Counters and cursors get seals, and mails and notifications an index to the events that changed them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString, UTCDateTime

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

INDEXED = ("outbox", "notification")
PAGE = 500


def upgrade() -> None:
    """Make both tables anew with their seals, and fill the index from the events."""
    op.add_column("chain_head", sa.Column("last_counter", AutoString(), nullable=True))
    op.add_column("chain_head", sa.Column("last_cursor", AutoString(), nullable=True))
    _seal("counter", "name", [sa.Column("value", sa.Integer(), nullable=False)])
    _seal(
        "cursor",
        "folder",
        [
            sa.Column("uidvalidity", sa.BigInteger(), nullable=False),
            sa.Column("uid", sa.BigInteger(), nullable=False),
            sa.Column("looked_at", UTCDateTime(), nullable=True),
        ],
    )
    _index()


def _seal(name: str, key: str, values: Sequence[sa.Column[object]]) -> None:
    """Makes the table anew: SQLite adds no column that must have a value."""
    old = sa.table(name, sa.column(key), *(sa.column(c.name, c.type) for c in values))
    rows = [dict(row._mapping) for row in op.get_bind().execute(sa.select(old).order_by(old.c[key]))]  # noqa: SLF001 - SQLAlchemy's public name of it
    op.drop_table(name)
    made = op.create_table(
        name,
        sa.Column(key, AutoString(), nullable=False),
        *values,
        sa.Column("after", AutoString(), nullable=True),
        sa.Column("seal", AutoString(), nullable=False),
        sa.PrimaryKeyConstraint(key, name=op.f(f"pk_{name}")),
    )
    after = None
    for row in rows:
        row["after"] = after
        sealed = [name, row[key], after, *(_plain(row[c.name]) for c in values)]
        text = json.dumps(sealed, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        row["seal"], after = hashlib.sha256(text.encode("utf-8")).hexdigest(), row[key]
    if rows:
        op.bulk_insert(made, rows)
    head = sa.table("chain_head", sa.column(f"last_{name}"))
    op.execute(sa.update(head).values({f"last_{name}": after}))


def _plain(value: object) -> object:
    return value.astimezone(UTC).isoformat(timespec="microseconds") if isinstance(value, datetime) else value


def _index() -> None:
    made = op.create_table(
        "row_event",
        sa.Column("of_table", AutoString(), nullable=False),
        sa.Column("key", AutoString(), nullable=False),
        sa.Column("event", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["event"], ["event.seq"], name=op.f("fk_row_event_event")),
        sa.PrimaryKeyConstraint("of_table", "key", "event", name=op.f("pk_row_event")),
    )
    op.create_index("ix_row_event_event", "row_event", ["event"])
    event = sa.table("event", sa.column("seq"), sa.column("octets", sa.LargeBinary()))
    after = 0
    query = sa.select(event.c.seq, event.c.octets).order_by(event.c.seq).limit(PAGE)
    while page := op.get_bind().execute(query.where(event.c.seq > after)).all():
        found = {
            (change["table"], change["key"], row.seq)
            for row in page
            for change in json.loads(row.octets)["changes"]
            if change["table"] in INDEXED
        }
        if found:
            op.bulk_insert(made, [{"of_table": t, "key": k, "event": e} for t, k, e in sorted(found)])
        after = page[-1].seq


def downgrade() -> None:
    """There is no way back: the version before would leave the seals as they are."""
    raise RuntimeError("revision 0006 cannot be undone: restore a backup instead")
