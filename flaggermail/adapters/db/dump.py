# SPDX-License-Identifier: EUPL-1.2
"""Every row of the database as JSON, from one snapshot, and back into an empty database of either engine.

A row is a list of values in the order of its columns; each column's form is told beside them, so that a dump is read
without the program that wrote it, and into a schema of its own revision.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import (
    JSON,
    Column,
    Connection,
    Date,
    Engine,
    LargeBinary,
    MetaData,
    String,
    Table,
    delete,
    func,
    inspect,
    make_url,
    select,
    text,
)
from sqlmodel.sql.sqltypes import UTCDateTime

from flaggermail.adapters.db.engine import as_store_failure, connect_reading, make_engine
from flaggermail.adapters.db.inspection import require_known
from flaggermail.adapters.db.mapping import all_tables
from flaggermail.adapters.db.migrate import require_revision, upgrade
from flaggermail.errors import BackupFailure, StoreFailure

if TYPE_CHECKING:
    from flaggermail.mail.message import Json

BATCH = 2000  # rows
OCTETS = "octets"
LEFT_OUT = frozenset({"lease", "node", "kept_answer", "kept_form", "sealed_secret", OCTETS})
"""Of the daemons that run now, and of one day; secrets, which no backup has; octets, which a backup has as files."""
UNFINISHED = "flaggermail_unfinished_restore"  # a table that is there while a database is filled
_MARK = Table(UNFINISHED, MetaData(), Column("place", String, primary_key=True), Column("source", String))
_LOCK = 0x666C6167676572  # of PostgreSQL, for one session
HEAD = "chain_head"  # a fresh schema has its row


class ValueForm(StrEnum):
    """The JSON form of a value for which JSON has no type."""

    PLAIN = "plain"
    INSTANT = "instant"  # ISO 8601 in UTC
    DAY = "day"
    OCTETS = "octets"  # Base64 (RFC 4648, section 4)


@dataclass(frozen=True, slots=True)
class RowBatch:
    """Some rows of one table."""

    table: str
    columns: Mapping[str, ValueForm]
    rows: Sequence[Sequence[Json]]


def dump(connection: Connection) -> Iterator[RowBatch]:
    """Yields all rows, tables before those that refer to them. Raises StoreFailure for a value of another type."""
    for table in all_tables().sorted_tables:
        if table.name in LEFT_OUT:
            continue
        forms = {column.name: _form(column.type) for column in table.c}
        query = select(table).order_by(*table.primary_key.columns).execution_options(yield_per=BATCH)
        found = connection.execute(query)
        try:
            for rows in found.partitions():
                shown = [[_show(form, value) for form, value in zip(forms.values(), row, strict=True)] for row in rows]
                yield RowBatch(table.name, forms, shown)
        except (TypeError, ValueError, AttributeError) as fault:
            said = (
                f"table {table.name} holds a value that no program of ours wrote; `flaggermail audit verify` names it"
            )
            raise StoreFailure(said) from fault


@contextmanager
def snapshot(url: str) -> Iterator[Iterator[RowBatch]]:
    """Yields all rows of a database at one instant; see `dump`. Raises ConfigurationError, StoreFailure."""
    engine = make_engine(url)
    try:
        require_revision(engine)
        with as_store_failure(writing=False), connect_reading(engine) as connection:
            yield dump(connection)
    finally:
        engine.dispose()


@contextmanager
def reserved(url: str, place: Path, source: str) -> Iterator[None]:
    """Holds an empty database while a desk in `place` is made; on a server it is empty again after a fault.

    What a killed restore left there is removed first: a table says so, its lock is gone, and its desk is not there. If
    it read the same `source`, the octets that it stored stay, and need not be stored again. Raises BackupFailure for a
    database that holds other tables, and StoreFailure.
    """
    engine = make_engine(url)
    try:
        with as_store_failure(writing=True), engine.connect() as connection:
            names = inspect(connection).get_table_names()
            if names and (UNFINISHED not in names or _is_made(connection)):
                raise BackupFailure("the database of --database holds tables; name an empty one")
        if engine.dialect.name == "sqlite":  # its file lies in the folder that is removed as a whole
            engine.dispose()  # a connection that lasts would keep the rows beside the file, in its journal
            yield
            return
        with as_store_failure(writing=True), engine.connect().execution_options(isolation_level="AUTOCOMMIT") as held:
            if not held.execute(select(func.pg_try_advisory_lock(_LOCK))).scalar():
                raise BackupFailure("the database of --database is being filled by another restore; wait for it")
            _empty(held, spare=OCTETS if _source(held) == source else "")
            _MARK.create(held)
            held.execute(_MARK.insert().values(place=str(place), source=source))
            try:
                yield
            except BaseException:
                _empty(held)
                raise
            _MARK.drop(held)
    finally:
        engine.dispose()


def _is_made(connection: Connection) -> bool:
    """True if the desk is in its place already: the restore was killed after its last step but one."""
    place = connection.scalar(select(_MARK.c.place))
    return place is not None and Path(place).is_dir() and any(Path(place).iterdir())


def _source(connection: Connection) -> str | None:
    """Returns what the killed restore read; None if there was none."""
    if not inspect(connection).has_table(UNFINISHED):
        return None
    return connection.scalar(select(_MARK.c.source))


def _empty(connection: Connection, spare: str = "") -> None:
    """Removes every table but `spare`, and the function of revision 0001; last the table that says that it may."""
    found = MetaData()
    found.reflect(connection)
    last = found.tables.get(UNFINISHED)
    going = [table for name, table in found.tables.items() if table is not last and name != spare]
    found.drop_all(connection, tables=going)
    connection.execute(text("DROP FUNCTION IF EXISTS event_is_append_only()"))
    if last is not None:
        last.drop(connection)


def load(url: str, revision: str, batches: Iterable[RowBatch]) -> int:
    """Makes the schema of `revision` in an empty database, fills it in one transaction, and upgrades it.

    Returns the number of rows.

    Raises BackupFailure for a revision that this program does not know, or a table or column that the revision does not
    have, and StoreFailure.
    """
    require_known(revision)
    engine = make_engine(url)
    try:
        upgrade(engine, revision)
        count = _filled(engine, revision, batches)
        upgrade(engine)
    finally:
        engine.dispose()
    return count


def without_password(url: str) -> str:
    """Returns the address of a database as it may be shown."""
    return make_url(url).render_as_string()


def _filled(engine: Engine, revision: str, batches: Iterable[RowBatch]) -> int:
    count = 0
    with as_store_failure(writing=True), engine.begin() as connection:
        tables = _reflected(connection)
        connection.execute(delete(tables[HEAD]))
        for batch in batches:
            table = tables.get(batch.table)
            if table is None or set(batch.columns) != set(table.c.keys()):
                raise BackupFailure(f"table {batch.table}: is none of revision {revision}")
            connection.execute(table.insert(), list(_values(batch, naive=engine.dialect.name == "sqlite")))
            count += len(batch.rows)
    return count


def _values(batch: RowBatch, *, naive: bool) -> Iterator[dict[str, object]]:
    """Yields the rows for a reflected table; SQLite's instants have no zone."""
    for row in batch.rows:
        values = {n: _read(f, v) for (n, f), v in zip(batch.columns.items(), row, strict=True)}
        yield {n: v.replace(tzinfo=None) if naive and isinstance(v, datetime) else v for n, v in values.items()}


def _reflected(connection: Connection) -> Mapping[str, Table]:
    found = MetaData()
    found.reflect(connection)
    for table in found.tables.values():
        for column in table.c:
            if isinstance(column.type, JSON):
                column.type = JSON(none_as_null=True)
    return found.tables


def _form(kind: object) -> ValueForm:
    forms = ((UTCDateTime, ValueForm.INSTANT), (Date, ValueForm.DAY), (LargeBinary, ValueForm.OCTETS))
    return next((form for type_, form in forms if isinstance(kind, type_)), ValueForm.PLAIN)


def _show(form: ValueForm, value: object) -> Json:
    """Returns a value for JSON. Raises TypeError for one of another type."""
    if value is None:
        return None
    if form is ValueForm.INSTANT and isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if form is ValueForm.DAY and isinstance(value, date):
        return value.isoformat()
    if form is ValueForm.OCTETS and isinstance(value, bytes):
        return b64encode(value).decode("ascii")
    if form is ValueForm.PLAIN and isinstance(value, str | int | bool | list):
        return value
    raise TypeError(f"{type(value).__name__} where the form is {form}")


def _read(form: ValueForm, value: Json) -> object:
    """Returns the value that `_show` has shown. Raises ValueError for text of another form."""
    if value is None or form is ValueForm.PLAIN:
        return value
    if form is ValueForm.INSTANT:
        return datetime.fromisoformat(str(value))
    return date.fromisoformat(str(value)) if form is ValueForm.DAY else b64decode(str(value), validate=True)
