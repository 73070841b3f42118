# SPDX-License-Identifier: EUPL-1.2
"""Tables the store keeps for itself: event chain, personal values, counters, cursors, lease, nodes, index, readings."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, ForeignKey, Integer, LargeBinary, String, Table, Text

from flaggermail.adapters.db.instants import StoredInstant
from flaggermail.adapters.db.tables import METADATA

# The event chain: `octets` is the encoded event, `digest` links it to the previous event.
EVENT = Table(
    "event", METADATA,
    Column("seq", Integer, primary_key=True),
    Column("at", StoredInstant, nullable=False),
    Column("kind", String, nullable=False, index=True),
    Column("actor", String, nullable=False),
    Column("case", String, index=True),
    Column("notification", String, index=True),
    Column("message", String, index=True),
    Column("octets", LargeBinary, nullable=False),
    Column("digest", String, nullable=False),
)  # fmt: skip
# The single row every writing transaction locks first: number and digest of the last event.
Table(
    "chain_head", METADATA,
    Column("id", Integer, primary_key=True),
    Column("seq", Integer, nullable=False),
    Column("digest", String, nullable=False),
    Column("last_counter", String),  # the keys created last: see `adapters.db.sealed`
    Column("last_cursor", String),
    CheckConstraint("id = 1", name="chain_head_is_one_row"),
)  # fmt: skip
# A personal value and its commitment; deleting the row erases the value and leaves the chain valid.
Table(
    "personal", METADATA,
    Column("commitment", String, primary_key=True),
    Column("salt", LargeBinary, nullable=False),
    Column("value", Text, nullable=False),  # canonical JSON
    Column("event", Integer, ForeignKey("event.seq"), nullable=False, index=True),
)  # fmt: skip
# The last number issued by a counter.
Table(
    "counter", METADATA,
    Column("name", String, primary_key=True),
    Column("value", Integer, nullable=False),
    Column("after", String),  # the counter created before this one
    Column("seal", String, nullable=False),
)  # fmt: skip
# How far a mailbox folder has been read.
Table(
    "cursor", METADATA,
    Column("folder", String, primary_key=True),
    Column("position", Text, nullable=False),  # opaque; a link may have some thousand characters
    Column("looked_at", StoredInstant),
    Column("held", Integer),  # how many mails the folder held then
    Column("after", String),  # the cursor created before this one
    Column("seal", String, nullable=False),
)  # fmt: skip
# Which events changed a row: the index by which a mail is compared with its events before it is sent.
Table(
    "row_event", METADATA,
    Column("of_table", String, primary_key=True),
    Column("key", String, primary_key=True),
    Column("event", Integer, ForeignKey("event.seq"), primary_key=True, index=True),
)  # fmt: skip
# Who read a case, draft or mail in which hour; no event makes it, and the daemon removes it after a term.
Table(
    "reading", METADATA,
    Column("kind", String, primary_key=True),  # a `record.readings.ReadKind`
    Column("item", String, primary_key=True),
    Column("hour", StoredInstant, primary_key=True, index=True),
    Column("person", String, primary_key=True),
)  # fmt: skip
# The lease of the daemon that leads; `fencing` increases each time the lease is taken.
Table(
    "lease", METADATA,
    Column("name", String, primary_key=True),
    Column("holder", String, nullable=False),
    Column("fencing", Integer, nullable=False),
    Column("until", StoredInstant, nullable=False),  # by the database's clock
    Column("asked", String),  # the holder that is to hand over
)  # fmt: skip
# A start of the daemon, which leads or waits: see `ports.NodeReport`. Its instants are the database's.
Table(
    "node", METADATA,
    Column("id", String, primary_key=True),
    Column("host", String, nullable=False),
    Column("program", String, nullable=False),
    Column("revision", String, nullable=False),  # of the schema that its program works with
    Column("started", StoredInstant, nullable=False),
    Column("seen", StoredInstant, nullable=False, index=True),
    Column("unready", Text, nullable=False),  # JSON: a list of sentences as they are stored
)  # fmt: skip
# Raw octets by their SHA-256, where the archive is in the database; no event makes the row.
Table(
    "octets", METADATA,
    Column("digest", String, primary_key=True),
    Column("octets", LargeBinary, nullable=False),
)  # fmt: skip
# A secret of the desk, encrypted under a key that no database has; no event makes the row.
Table(
    "sealed_secret", METADATA,
    Column("name", String, primary_key=True),
    Column("key", String, nullable=False),  # which key sealed it, by a digest of that key
    Column("sealed", LargeBinary, nullable=False),
)  # fmt: skip
# The answer to a command that bore a key: see `ports.KeptAnswer`.
Table(
    "kept_answer", METADATA,
    Column("key", String, primary_key=True),
    Column("person", String, nullable=False),
    Column("asked", String, nullable=False),
    Column("at", StoredInstant, nullable=False, index=True),
    Column("answer", Text, nullable=False),
)  # fmt: skip
# A form of a page that a person left half filled: see `ports.KeptForm`.
Table(
    "kept_form", METADATA,
    Column("person", String, primary_key=True),
    Column("page", String, primary_key=True),
    Column("act", String, primary_key=True),
    Column("at", StoredInstant, nullable=False, index=True),
    Column("version", Integer),
    Column("texts", Text, nullable=False),  # JSON
)  # fmt: skip
