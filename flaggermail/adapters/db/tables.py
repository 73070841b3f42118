# SPDX-License-Identifier: EUPL-1.2
"""The tables of the record, each built from its definition in `record.rows`, with SQLModel's types.

SQLModel's type of an instant is aware, and UTC, on both engines. No class is mapped to them: statements take their
columns, and thirty-four classes took a command as long as all its work. `own_tables` puts the store's own into the same
metadata. The constraints here enforce what must not depend on any program.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from threading import Lock

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Date,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    false,
    text,
    true,
)
from sqlalchemy import Column as SqlColumn
from sqlalchemy.orm import registry
from sqlalchemy.schema import SchemaItem
from sqlalchemy.sql.elements import False_, TextClause, True_
from sqlmodel import SQLModel
from sqlmodel.sql.sqltypes import AutoString, UTCDateTime

from flaggermail.adapters.db.engine import StoredInstant
from flaggermail.record.definition import Column, FieldFacts, Record, default_of, facts_of
from flaggermail.record.rows import BY_TABLE

# Named constraints: a later migration can drop them by name on either engine. Checks have their own names.
NAMES = {
    "ix": "ix_%(column_0_label)s",
    "pk": "pk_%(table_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
}


_MAKING = Lock()
SqlType = JSON | Text | AutoString | Integer | Boolean | Date | UTCDateTime
TYPES: Mapping[type, SqlType] = {bool: Boolean(), datetime: StoredInstant(), date: Date()}


class Row(SQLModel, registry=registry(metadata=MetaData(naming_convention=NAMES))):
    """Base of the store's own tables, with metadata of its own; validation errors do not quote values."""

    model_config = {"hide_input_in_errors": True, "defer_build": True}  # a table model never validates


def made(name: str) -> Table:
    """Returns the table called `name`, built when it is first asked for: a command needs few of them."""
    with _MAKING:  # the daemon's threads ask for one at the same time
        if name in Row.metadata.tables:
            return Row.metadata.tables[name]
        record = BY_TABLE[name]
        facts = facts_of(record)
        columns = [_column(fact, record) for fact in facts.values()]
        return Table(name, Row.metadata, *columns, *_constraints(record, facts))


def _column(fact: FieldFacts, record: type[Record]) -> SqlColumn[object]:
    target = fact.references
    items: list[SchemaItem] = [ForeignKey(f"{target.TABLE}.{target.KEY}")] if target else []
    return SqlColumn(
        fact.name,
        _type(fact),
        *items,
        primary_key=fact.name == record.KEY,
        nullable=fact.optional,
        index=Column.INDEXED in fact.marks or None,
        unique=Column.UNIQUE in fact.marks or None,
        server_default=_server_default(fact) if Column.FILLED in fact.marks else None,
    )


def _type(fact: FieldFacts) -> SqlType:
    if fact.several:
        return JSON(none_as_null=fact.optional)
    if issubclass(fact.kind, str):
        return Text() if Column.LONG in fact.marks else AutoString()
    if fact.kind is int:
        return BigInteger() if Column.BIG in fact.marks else Integer()
    return TYPES[fact.kind]


def _server_default(fact: FieldFacts) -> True_ | False_ | TextClause:
    default = default_of(fact)
    if isinstance(default, bool):
        return true() if default else false()
    return text(str(default) if isinstance(default, int) else f"'{default}'")


def _constraints(record: type[Record], facts: Mapping[str, FieldFacts]) -> list[SchemaItem]:
    first = [names[0] for names in record.INDEXES]  # each is named by it, and by the second field where that is needed
    found: list[SchemaItem] = [
        Index("_".join(("ix", record.TABLE, *names[: first.count(names[0])])), *names) for names in record.INDEXES
    ]
    found += [CheckConstraint(condition, name=name) for name, condition in record.CHECKS]
    for fact in facts.values():
        if Column.CHECKED in fact.marks:
            found.append(CheckConstraint(f"{fact.name} IN ({_words(fact.kind)})", name=f"{record.TABLE}_{fact.name}"))
    return found


def _words(kind: type) -> str:
    if kind is bool:
        return "false, true"  # SQLite takes any number
    if not issubclass(kind, StrEnum):
        raise TypeError(f"{kind.__name__} is no closed set, so no column can be checked against it")
    return ", ".join(f"'{member.value}'" for member in kind)
