# SPDX-License-Identifier: EUPL-1.2
"""A delivery keeps what was found about its sender when it came in: verdict, signature, key record and resolver."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString, UTCDateTime

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

FILLED = {"verdict_basis": "", "signature": "not checked", "signature_basis": "", "dnssec": "not known"}
EMPTY = {
    "verdict": AutoString(), "signer": sa.Text(), "selector": sa.Text(), "key_record": sa.Text(),
    "key_digest": AutoString(), "resolver": AutoString(), "looked_up_at": UTCDateTime(),
}  # fmt: skip


def upgrade() -> None:
    """Add the columns; of a copy that came before, nothing is known, and nothing is guessed."""
    with op.batch_alter_table("delivery") as changed:
        for name, value in FILLED.items():
            changed.add_column(sa.Column(name, AutoString(), nullable=False, server_default=value))
        for name, kind in EMPTY.items():
            changed.add_column(sa.Column(name, kind, nullable=True))


def downgrade() -> None:
    """There is no way back: the version before does not know the fields in the events."""
    raise RuntimeError("revision 0020 cannot be undone: restore a backup instead")
