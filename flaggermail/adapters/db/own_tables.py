# SPDX-License-Identifier: EUPL-1.2
"""Tables the store keeps for itself: event chain, personal values, counters, cursors, lease, nodes, index, readings.

Two are classes, for whose columns queries are typed; each more took a command 2 ms.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Column, ForeignKey, Integer, LargeBinary, Table, Text
from sqlalchemy.schema import SchemaItem
from sqlmodel import Field
from sqlmodel.sql.sqltypes import AutoString, UTCDateTime

from flaggermail.adapters.db.tables import Row, SqlType


class EventRow(Row, table=True):
    """The event chain: `octets` is the encoded event, `digest` links it to the previous event."""

    __tablename__ = "event"
    seq: int = Field(primary_key=True)
    at: datetime
    kind: str = Field(index=True)
    actor: str
    case: str | None = Field(index=True)
    notification: str | None = Field(index=True)
    message: str | None = Field(index=True)
    octets: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    digest: str


class PersonalRow(Row, table=True):
    """A personal value and its commitment; deleting the row erases the value and leaves the chain valid."""

    __tablename__ = "personal"
    commitment: str = Field(primary_key=True)
    salt: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    value: str = Field(sa_column=Column(Text, nullable=False))  # canonical JSON
    event: int = Field(foreign_key="event.seq", index=True)


def _key(name: str, kind: SqlType, *of: SchemaItem, index: bool | None = None) -> Column[object]:
    return Column(name, kind, *of, primary_key=True, index=index)


def _value(name: str, kind: SqlType, *, index: bool | None = None) -> Column[object]:
    return Column(name, kind, nullable=False, index=index)


def _table(name: str, *columns: SchemaItem) -> None:
    Table(name, Row.metadata, *columns)


_table(  # the single row every writing transaction locks first: number and digest of the last event
    "chain_head",
    _key("id", Integer()),
    _value("seq", Integer()),
    _value("digest", AutoString()),
    Column("last_counter", AutoString()),  # the keys created last: see `adapters.db.sealed`
    Column("last_cursor", AutoString()),
    CheckConstraint("id = 1", name="chain_head_is_one_row"),
)
_table(  # the last number issued by a counter
    "counter",
    _key("name", AutoString()),
    _value("value", Integer()),
    Column("after", AutoString()),  # the counter created before this one
    _value("seal", AutoString()),
)
_table(  # how far a mailbox folder has been read
    "cursor",
    _key("folder", AutoString()),
    _value("position", Text()),  # opaque; a link may have some thousand characters
    Column("looked_at", UTCDateTime()),
    Column("held", Integer()),  # how many mails the folder held then
    Column("after", AutoString()),  # the cursor created before this one
    _value("seal", AutoString()),
)
_table(  # which events changed a row: the index by which a mail is compared with its events before it is sent
    "row_event",
    _key("of_table", AutoString()),
    _key("key", AutoString()),
    _key("event", Integer(), ForeignKey("event.seq"), index=True),
)
_table(  # who read a case, draft or mail in which hour; no event makes it, and the daemon removes it after a term
    "reading",
    _key("kind", AutoString()),  # a `record.readings.ReadKind`
    _key("item", AutoString()),
    _key("hour", UTCDateTime(), index=True),
    _key("person", AutoString()),
)
_table(  # the lease of the daemon that leads; `fencing` increases each time the lease is taken
    "lease",
    _key("name", AutoString()),
    _value("holder", AutoString()),
    _value("fencing", Integer()),
    _value("until", UTCDateTime()),  # by the database's clock
    Column("asked", AutoString()),  # the holder that is to hand over
)
_table(  # a start of the daemon, which leads or waits: see `ports.NodeReport`; its instants are the database's
    "node",
    _key("id", AutoString()),
    _value("host", AutoString()),
    _value("program", AutoString()),
    _value("revision", AutoString()),  # of the schema that its program works with
    _value("started", UTCDateTime()),
    _value("seen", UTCDateTime(), index=True),
    _value("unready", Text()),  # JSON: a list of sentences as they are stored
)
_table(  # raw octets by their SHA-256, where the archive is in the database; no event makes the row
    "octets",
    _key("digest", AutoString()),
    _value("octets", LargeBinary()),
)
_table(  # a secret of the desk, encrypted under a key that no database has; no event makes the row
    "sealed_secret",
    _key("name", AutoString()),
    _value("key", AutoString()),  # which key sealed it, by a digest of that key
    _value("sealed", LargeBinary()),
)
_table(  # the answer to a command that bore a key: see `ports.KeptAnswer`
    "kept_answer",
    _key("key", AutoString()),
    _value("person", AutoString()),
    _value("asked", AutoString()),
    _value("at", UTCDateTime(), index=True),
    _value("answer", Text()),
)
_table(  # a form of a page that a person left half filled: see `ports.KeptForm`
    "kept_form",
    _key("person", AutoString()),
    _key("page", AutoString()),
    _key("act", AutoString()),
    _value("at", UTCDateTime(), index=True),
    Column("version", Integer()),
    _value("texts", Text()),  # JSON
)
