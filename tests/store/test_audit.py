# SPDX-License-Identifier: EUPL-1.2
"""`audit verify` names whatever was changed, added or removed behind the program's back, in any column of any table.

Tables and columns come from the schema, so a new one is covered by itself. Each change is rolled back after the look.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import get_args, get_origin

import pytest
from sqlalchemy import Column, Connection, Integer, Table, event, text
from sqlalchemy.exc import DBAPIError

from flaggermail.adapters.db.mapping import all_tables, table_of
from flaggermail.adapters.db.store import SqlStore
from flaggermail.adapters.db.transaction import SqlTransaction
from flaggermail.adapters.db.verification import NOT_GIVEN
from flaggermail.ports import Cursor
from flaggermail.record.audit import RecordFinding, Subject
from flaggermail.record.events import Event, Scalar, added, changed
from flaggermail.record.rows import BY_TABLE, OutboxMail, Record
from flaggermail.wording.said import StoredText, as_written
from tests.corpus import one_in
from tests.servers.postgres import Postgres
from tests.store.conftest import LATER_ON_POSTGRESQL, ON_SQLITE, SQLITE, new_store
from tests.store.samples import KINDS, NOON, allowed, closed_set, happened, hints_of, is_optional, parent

TABLES = sorted(set(all_tables().tables) - set(NOT_GIVEN))
OTHER_TYPES = ("'a word'", "x'00ff'", "1.5", "'[[[[[[[['", "CAST(x'ff' AS TEXT)", "NULL")
TURNS = 3


def value(kind: type[Record], name: str, number: int) -> Scalar:
    """Returns a value of the type of a field, and one that the constraints take."""
    hint = hints_of(kind)[name]
    if is_optional(hint):
        (hint,) = (inner for inner in get_args(hint) if inner is not type(None))
    if texts := allowed(kind, name):
        text = texts[min(number, len(texts)) - 1]
        return of_set(text) if (of_set := closed_set(hint)) else text
    if target := parent(table_of(kind.TABLE).c[name]):
        return key_of(BY_TABLE[target], number)
    if name == kind.KEY:
        return key_of(kind, number)
    many = get_origin(hint) is tuple
    single: dict[object, Scalar] = {
        str: f"{name} {number}", bool: False, int: number, date: NOON.date(), datetime: NOON + timedelta(hours=number),
        StoredText: as_written(f"{name} {number}"),
    }  # fmt: skip
    inner = get_args(hint)[0] if many else hint
    of_set = closed_set(inner)
    found = list(of_set)[number - 1] if of_set else single[inner]
    return (found,) if many else found  # type: ignore[return-value] # a tuple of one of the three types of Scalar


def key_of(kind: type[Record], number: int) -> str:
    """Returns the key of the row with that number."""
    texts = allowed(kind, kind.KEY)
    return texts[0] if texts else f"{kind.TABLE} {number}"


def row(kind: type[Record], number: int) -> Record:
    """Builds a row with every field filled."""
    return kind(**{name: value(kind, name, number) for name in hints_of(kind)})


def events() -> Iterator[Event]:
    """Adds two rows of every kind, where there is room for two, and changes an outbox mail."""
    for number in (1, 2):
        for kind in KINDS:
            if number == 1 or not allowed(kind, kind.KEY):
                yield happened(added(row(kind, number)))
    mail = row(OutboxMail, 1)
    yield happened(changed(mail, type(mail)(**{n: getattr(mail, n) for n in hints_of(OutboxMail)} | {"tries": 9})))


def fill(url: str) -> None:
    """Writes rows into every table of a migrated database."""
    store = new_store(url)
    with store.begin() as tx:
        tx.append(*events())
        for name in ("first", "second"):
            tx.number(name)
            tx.number(name)
            tx.advance(name, Cursor("4000000000/7", NOON))
    store.close()


@pytest.fixture(scope="module")
def filled_file(migrated_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Returns a SQLite file with rows in every table, to copy."""
    path = Path(shutil.copy(migrated_file, tmp_path_factory.mktemp("filled") / "database"))
    fill(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="module")
def filled_database(postgres: Postgres, migrated_database: str) -> str:
    """Returns the address of a PostgreSQL database with rows in every table, to copy."""
    url = postgres.database(migrated_database)
    fill(url)
    return url


@pytest.fixture
def full(engine_name: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SqlStore]:
    """Returns a store of its own with rows in every table, constraints and triggers off for its connections."""
    if engine_name == SQLITE:
        file: Path = request.getfixturevalue("filled_file")
        store = new_store(f"sqlite:///{shutil.copy(file, tmp_path / 'database')}")
        event.listen(store.engine, "connect", _unguarded)
    else:
        postgres: Postgres = request.getfixturevalue("postgres")
        store = new_store(postgres.database(request.getfixturevalue("filled_database")))
    yield store
    store.close()


def _unguarded(connection: object, _record: object) -> None:
    for pragma in ("PRAGMA foreign_keys = OFF", "PRAGMA ignore_check_constraints = ON"):
        connection.execute(pragma)  # type: ignore[attr-defined] # a connection of sqlite3


@contextmanager
def intruder(store: SqlStore) -> Iterator[Connection]:
    """Opens a connection without triggers and references; undoes everything at the end."""
    with store.engine.connect() as connection:
        transaction = connection.begin()
        if store.engine.dialect.name == "sqlite":
            for (name,) in connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all():
                connection.execute(text(f"DROP TRIGGER {name}"))
        else:
            connection.execute(text("SET LOCAL session_replication_role = replica"))
        yield connection
        transaction.rollback()


def found(connection: Connection) -> list[RecordFinding]:
    """Returns what is found, without the triggers that the intruder took away."""
    proof = SqlTransaction(connection, bytes).verify()
    return [finding for finding in proof.findings if finding.subject is not Subject.SCHEMA]


def raw_rows(connection: Connection, table: Table) -> list[Mapping[str, object]]:
    """Returns the rows in the order of their keys."""
    return [dict(each) for each in connection.execute(table.select().order_by(*table.primary_key)).mappings()]


def where(table: Table, held: Mapping[str, object]) -> str:
    """Returns the condition that finds a row."""
    return " AND ".join(f"\"{column.name}\" = '{held[column.name]}'" for column in table.primary_key)


def another(column: Column[object], held: object, dialect: str) -> object:
    """Returns an expression of SQL for another value of the same type."""
    name = f'"{column.name}"'
    if held is None:
        return "41" if isinstance(column.type, Integer) else "'another'"
    if isinstance(held, bool):
        return f"NOT {name}"
    if isinstance(held, int):
        return f"{name} + 1"
    if isinstance(held, bytes):
        return "x'00'" if dialect == "sqlite" else "'\\x00'::bytea"
    if isinstance(held, datetime):
        return f"'{(held + timedelta(microseconds=1)).replace(tzinfo=None).isoformat(' ', 'microseconds')}'" + (
            "" if dialect == "sqlite" else "::timestamp AT TIME ZONE 'UTC'"
        )
    if isinstance(held, date):
        return f"'{held + timedelta(days=1)}'"
    if isinstance(held, list):
        return "'[\"another\"]'"
    return f"{name} || 'x'"


def names(table: str, held: Mapping[str, object]) -> tuple[str, ...]:
    """Returns the ways to name a row: an event by number, a personal value by its event, the head by what it names."""
    if table in {"event", "personal"}:
        return (f"event {held['seq' if table == 'event' else 'event']}",)
    if table == "chain_head":
        return "chain_head 1", f"event {int(str(held['seq'])) + 1}", "counter second", "cursor second"
    keys = (column.name for column in table_of(table).primary_key)
    return (f"{table} {' '.join(str(held[key]) for key in keys)}",)


def test_a_full_store_is_whole(full: SqlStore) -> None:
    """Nothing is found where nothing was changed, with a row in every table; the counts are those of the tables."""
    with full.read() as tx:
        proof = tx.verify()
        count = len(tx.rows())
    assert proof.findings == []
    assert proof.rows == count
    assert proof.personal > 20
    assert proof.head.seq == len(list(events()))
    with full.engine.connect() as connection:
        assert [name for name in TABLES if not raw_rows(connection, all_tables().tables[name])] == []


@LATER_ON_POSTGRESQL
@pytest.mark.parametrize("name", TABLES)
def test_every_changed_column_is_found_and_named(full: SqlStore, name: str) -> None:
    """Another value of the same type in any column of one row is found, and the finding names the row first."""
    table, dialect = all_tables().tables[name], full.engine.dialect.name
    with full.engine.connect() as connection:
        held = raw_rows(connection, table)[0]
    missed, wrongly = [], []
    for column in table.c:
        with intruder(full) as connection:
            new = another(column, held[column.name], dialect)
            try:
                connection.execute(text(f'UPDATE "{name}" SET "{column.name}" = {new} WHERE {where(table, held)}'))  # noqa: S608 - the names come from the schema
            except DBAPIError:
                assert column.name in {
                    "id",
                    "kind",
                    "what",
                    "state",
                    "direction",
                    "place",
                    "verdict",
                    "seq",
                    "source",
                    "form",
                }, column
                continue  # a CHECK on PostgreSQL, or the number of another event
            findings = found(connection)
            if not findings:
                missed.append(column.name)
            elif not any(finding.name in names(name, held) for finding in findings):
                wrongly.append((column.name, [str(finding) for finding in findings]))
    assert (missed, wrongly) == ([], [])


@LATER_ON_POSTGRESQL
@pytest.mark.parametrize("name", TABLES)
def test_every_removed_row_is_found_and_named(full: SqlStore, name: str) -> None:
    """A row that is gone, the first or the last of its table, is named."""
    table = all_tables().tables[name]
    with full.engine.connect() as connection:
        there = raw_rows(connection, table)
    for held in (there[0], there[-1]):
        with intruder(full) as connection:
            connection.execute(text(f'DELETE FROM "{name}" WHERE {where(table, held)}'))  # noqa: S608 - as above
            findings = found(connection)
        assert any(finding.name in names(name, held) for finding in findings), [str(finding) for finding in findings]


def test_every_personal_value_that_is_gone_is_found(full: SqlStore) -> None:
    """Also where a later event changed the row: only one that erases says why a value is gone."""
    table = all_tables().tables["personal"]
    with full.engine.connect() as connection:
        there = raw_rows(connection, table)
    missed = []
    for held in there:
        with intruder(full) as connection:
            connection.execute(text(f"DELETE FROM personal WHERE {where(table, held)}"))  # noqa: S608 - as above
            if not any(finding.subject is Subject.PERSONAL for finding in found(connection)):
                missed.append(held)
    assert missed == []


@LATER_ON_POSTGRESQL
@pytest.mark.parametrize("name", TABLES)
def test_every_added_row_is_found_and_named(full: SqlStore, name: str) -> None:
    """A copy of a row under another key is named, an event as the first one that the head does not name."""
    table = all_tables().tables[name]
    with full.engine.connect() as connection:
        held = dict(raw_rows(connection, table)[-1])
    for key in table.primary_key:
        old = held[key.name]
        held[key.name] = old + 1 if isinstance(old, int) else f"{old} new"
    unique = {c.name: f"{held[c.name]} new" for c in table.c if c.unique and not c.primary_key}
    with intruder(full) as connection:
        try:
            connection.execute(table.insert().values({**held, **unique}))
        except DBAPIError:
            assert name in {"chain_head", "desk_state", "trust_proof"}  # a CHECK allows one row only
            return
        findings = found(connection)
    assert any(finding.name in names(name, held) for finding in findings), [str(finding) for finding in findings]


@pytest.mark.parametrize("name", ["personal", "row_event"])
@pytest.mark.parametrize("number", [0, 1_000_000])
def test_what_belongs_to_no_event_is_found(full: SqlStore, name: str, number: int) -> None:
    """A personal value or an entry of the index before the first event or behind the last one."""
    table = all_tables().tables[name]
    with full.engine.connect() as connection:
        held = dict(raw_rows(connection, table)[0])
    held["event"] = number
    held |= {"commitment": f"{held['commitment']} new"} if name == "personal" else {}
    with intruder(full) as connection:
        connection.execute(table.insert().values(held))
        findings = [finding.name for finding in found(connection)]
    assert findings == [
        f"event {number}" if name == "personal" else f"row_event {held['of_table']} {held['key']} {number}"
    ]


@ON_SQLITE  # PostgreSQL stores values of a column's own type only
@pytest.mark.parametrize("turn", one_in(TURNS, range(TURNS), 6))
@pytest.mark.parametrize("name", TABLES)
def test_a_value_of_another_type_is_a_finding(full: SqlStore, name: str, turn: int) -> None:
    """Text in a column of numbers, NULL, a blob, malformed JSON or text that is none is found, and never an error.

    In each turn a column meets two of them, and the next column the next two.
    """
    table = all_tables().tables[name]
    with full.engine.connect() as connection:
        held = raw_rows(connection, table)[0]
        columns = ", ".join(f'"{column.name}"' for column in table.c)
    missed = []
    for number, column in enumerate(table.c, turn):
        for new in OTHER_TYPES[number % TURNS :: TURNS]:
            with intruder(full) as connection:
                same = f'SELECT typeof("{column.name}"), "{column.name}" FROM "{name}"'  # noqa: S608 - as above
                before = [repr(each) for each in connection.exec_driver_sql(same).all()]
                try:
                    connection.exec_driver_sql(
                        f'UPDATE "{name}" SET "{column.name}" = {new} WHERE {where(table, held)}'  # noqa: S608 - as above
                    )
                    text_is_none = "AS TEXT" in new  # which the driver refuses to read
                    after = [] if text_is_none else [repr(each) for each in connection.exec_driver_sql(same).all()]
                except DBAPIError:
                    continue  # NOT NULL, or a row id that must be a number
                if after != before and not found(connection):
                    missed.append((column.name, new))
    assert missed == [], columns


def test_tables_that_no_event_gives_are_listed_with_the_reason() -> None:
    """The lease, kept answers, readings and the revision of the schema are not compared."""
    of_record = {"lease", "node", "kept_answer", "kept_form", "reading", "alembic_version"}
    assert set(NOT_GIVEN) == of_record | {"octets", "sealed_secret"}
    assert all(NOT_GIVEN.values())


@pytest.mark.parametrize(
    ("statement", "named"),
    [
        ("DROP TRIGGER event_no_update", "trigger event_no_update"),
        ("CREATE TRIGGER later AFTER INSERT ON outbox BEGIN UPDATE outbox SET recipient = 'x'; END", "trigger later"),
        ("CREATE TABLE beside (id INTEGER)", "table beside"),
        ("DROP TABLE token", "table token"),
        ("ALTER TABLE token ADD COLUMN more TEXT", "table token"),
        ("DROP TABLE event", "table event"),
    ],
)
def test_a_changed_schema_is_found(full: SqlStore, statement: str, named: str) -> None:
    """A trigger that is gone or that somebody added, and a table or column that is not ours, are named first."""
    if full.engine.dialect.name != "sqlite":
        later = "CREATE TRIGGER later BEFORE UPDATE ON outbox FOR EACH ROW "
        statement = {
            "trigger event_no_update": "ALTER TABLE event DISABLE TRIGGER event_append_only",
            "table event": "DROP TABLE event CASCADE",
            "trigger later": f"{later} EXECUTE FUNCTION suppress_redundant_updates_trigger()",
        }.get(named, statement)
        named = named.replace("event_no_update", "event_append_only")
    with full.engine.connect() as connection:
        transaction = connection.begin()
        connection.execute(text(statement))
        proof = SqlTransaction(connection, bytes).verify()
        transaction.rollback()
    assert proof.findings[0].name == named
