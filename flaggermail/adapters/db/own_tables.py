# SPDX-License-Identifier: EUPL-1.2
"""Tables the store keeps for itself: event chain, personal values, counters, cursors, lease, nodes, index, readings."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Column, LargeBinary, Text
from sqlmodel import Field

from flaggermail.adapters.db.tables import Row


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


class ChainHeadRow(Row, table=True):
    """The single row every writing transaction locks first: number and digest of the last event."""

    __tablename__ = "chain_head"
    __table_args__ = (CheckConstraint("id = 1", name="chain_head_is_one_row"),)
    id: int = Field(primary_key=True)
    seq: int
    digest: str
    last_counter: str | None  # the keys created last: see `adapters.db.sealed`
    last_cursor: str | None


class PersonalRow(Row, table=True):
    """A personal value and its commitment; deleting the row erases the value and leaves the chain valid."""

    __tablename__ = "personal"
    commitment: str = Field(primary_key=True)
    salt: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    value: str = Field(sa_column=Column(Text, nullable=False))  # canonical JSON
    event: int = Field(foreign_key="event.seq", index=True)


class CounterRow(Row, table=True):
    """The last number issued by a counter."""

    __tablename__ = "counter"
    name: str = Field(primary_key=True)
    value: int
    after: str | None  # the counter created before this one
    seal: str


class CursorRow(Row, table=True):
    """How far a mailbox folder has been read."""

    __tablename__ = "cursor"
    folder: str = Field(primary_key=True)
    position: str = Field(sa_column=Column(Text, nullable=False))  # opaque; a link may have some thousand characters
    looked_at: datetime | None
    held: int | None  # how many mails the folder held then
    after: str | None  # the cursor created before this one
    seal: str


class RowEventRow(Row, table=True):
    """Which events changed a row: the index by which a mail is compared with its events before it is sent."""

    __tablename__ = "row_event"
    of_table: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    event: int = Field(primary_key=True, foreign_key="event.seq", index=True)


class ReadingRow(Row, table=True):
    """Who read a case, draft or mail in which hour; no event makes it, and the daemon removes it after a term."""

    __tablename__ = "reading"
    kind: str = Field(primary_key=True)  # a `record.readings.ReadKind`
    item: str = Field(primary_key=True)
    hour: datetime = Field(primary_key=True, index=True)
    person: str = Field(primary_key=True)


class LeaseRow(Row, table=True):
    """The lease of the daemon that leads; `fencing` increases each time the lease is taken."""

    __tablename__ = "lease"
    name: str = Field(primary_key=True)
    holder: str
    fencing: int
    until: datetime  # by the database's clock
    asked: str | None  # the holder that is to hand over


class NodeRow(Row, table=True):
    """A start of the daemon, which leads or waits: see `ports.NodeReport`. Its instants are the database's."""

    __tablename__ = "node"
    id: str = Field(primary_key=True)
    host: str
    program: str
    revision: str  # of the schema that its program works with
    started: datetime
    seen: datetime = Field(index=True)
    unready: str = Field(sa_column=Column(Text, nullable=False))  # JSON: a list of sentences as they are stored


class OctetsRow(Row, table=True):
    """Raw octets by their SHA-256, where the archive is in the database; no event makes the row."""

    __tablename__ = "octets"
    digest: str = Field(primary_key=True)
    octets: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class SealedSecretRow(Row, table=True):
    """A secret of the desk, encrypted under a key that no database has; no event makes the row."""

    __tablename__ = "sealed_secret"
    name: str = Field(primary_key=True)
    key: str  # which key sealed it, by a digest of that key
    sealed: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class KeptAnswerRow(Row, table=True):
    """The answer to a command that bore a key: see `ports.KeptAnswer`."""

    __tablename__ = "kept_answer"
    key: str = Field(primary_key=True)
    person: str
    asked: str
    at: datetime = Field(index=True)
    answer: str = Field(sa_column=Column(Text, nullable=False))


class KeptFormRow(Row, table=True):
    """A form of a page that a person left half filled: see `ports.KeptForm`."""

    __tablename__ = "kept_form"
    person: str = Field(primary_key=True)
    page: str = Field(primary_key=True)
    act: str = Field(primary_key=True)
    at: datetime = Field(index=True)
    version: int | None
    texts: str = Field(sa_column=Column(Text, nullable=False))  # JSON
