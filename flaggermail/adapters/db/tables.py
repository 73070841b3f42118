# SPDX-License-Identifier: EUPL-1.2
"""The tables of the record: a SQLModel class for each record, built from its definition in `record.rows`.

SQLModel maps `datetime` to an aware UTC type on both engines. Table models do not validate: they receive frozen rows
only, and what comes from the database is validated when it becomes a row (`mapping`). The constraints here enforce what
must not depend on any program.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from types import new_class

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
    Text,
    false,
    text,
    true,
)
from sqlalchemy import Column as SqlColumn
from sqlalchemy.orm import registry
from sqlalchemy.schema import SchemaItem
from sqlalchemy.sql.elements import False_, TextClause, True_
from sqlmodel import Field, SQLModel
from sqlmodel.sql.sqltypes import AutoString, UTCDateTime

from flaggermail.record.definition import Column, FieldFacts, Record, default_of, facts_of
from flaggermail.record.rows import RECORDS

# Named constraints: a later migration can drop them by name on either engine. Checks have their own names.
NAMES = {
    "ix": "ix_%(column_0_label)s",
    "pk": "pk_%(table_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
}


SqlType = JSON | Text | AutoString | Integer | Boolean | Date | UTCDateTime
TYPES: Mapping[type, SqlType] = {bool: Boolean(), datetime: UTCDateTime(), date: Date()}


class Row(SQLModel, registry=registry(metadata=MetaData(naming_convention=NAMES))):
    """Base of every table, with metadata of its own; validation errors do not quote values."""

    model_config = {"hide_input_in_errors": True, "defer_build": True}  # a table model never validates


def _model(record: type[Record]) -> type[Row]:
    """Builds the table of a record."""
    facts = facts_of(record)
    own: dict[str, object] = {
        "__module__": __name__,
        "__doc__": f"`rows.{record.__name__}`.",
        "__tablename__": record.TABLE,
        "__table_args__": tuple(_constraints(record)),
        "__annotations__": {name: _annotation(fact) for name, fact in facts.items()},
        **{name: Field(sa_column=_column(fact, record)) for name, fact in facts.items()},
    }
    made = new_class(f"{record.__name__}Table", (Row,), {"table": True}, lambda body: body.update(own))
    if not issubclass(made, Row):
        raise TypeError(f"{record.__name__} gives no table")
    return made


def _annotation(fact: FieldFacts) -> object:
    """Returns the type of a column's value: a closed set is its text, several values are a list."""
    if fact.several:
        held: type = list
    else:
        held = str if issubclass(fact.kind, str) else fact.kind
    return held | None if fact.optional else held


def _column(fact: FieldFacts, record: type[Record]) -> SqlColumn[object]:
    target = fact.references
    items: list[SchemaItem] = [ForeignKey(f"{target.TABLE}.{target.KEY}")] if target else []
    return SqlColumn(
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


def _constraints(record: type[Record]) -> list[SchemaItem]:
    found: list[SchemaItem] = [Index(f"ix_{record.TABLE}_{names[0]}", *names) for names in record.INDEXES]
    found += [CheckConstraint(condition, name=name) for name, condition in record.CHECKS]
    for fact in facts_of(record).values():
        if Column.CHECKED in fact.marks:
            found.append(CheckConstraint(f"{fact.name} IN ({_words(fact.kind)})", name=f"{record.TABLE}_{fact.name}"))
    return found


def _words(kind: type) -> str:
    if not issubclass(kind, StrEnum):
        raise TypeError(f"{kind.__name__} is no closed set, so no column can be checked against it")
    return ", ".join(f"'{member.value}'" for member in kind)


MODELS: Mapping[str, type[Row]] = {record.TABLE: _model(record) for record in RECORDS}
"""The model of each table of the record."""
