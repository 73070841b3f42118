# SPDX-License-Identifier: EUPL-1.2
"""A command's reader of SQLite answers as the store does, row by row and error by error."""

from __future__ import annotations

import secrets
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from flaggermail.adapters.db.command_store import CommandStore
from flaggermail.adapters.db.sqlite_reading import SqliteReading
from flaggermail.adapters.db.store import SqlStore
from flaggermail.errors import FlaggermailError, RowUnreadable, StoreFailure
from flaggermail.ports import Cursor, SearchTerm, Store, Transaction
from flaggermail.record.definition import Comparison, FieldCondition, facts_of, where
from flaggermail.record.events import Event, EventKind, added, values_of
from flaggermail.record.rows import RECORDS, Alarm, Case, Notification, OutboxMail, Record
from tests.store.conftest import new_store
from tests.store.samples import NOON, alarm, happened, histories

FEW = settings(
    max_examples=4,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
Question = Callable[[Transaction], object]
Damage = Callable[[str, str], None]


@pytest.fixture
def store(sqlite_path: Path) -> Iterator[SqlStore]:
    """Returns the store that a daemon has."""
    opened = new_store(f"sqlite:///{sqlite_path}")
    yield opened
    opened.close()


@pytest.fixture
def of_a_command(sqlite_path: Path) -> Iterator[CommandStore]:
    """Returns the store that a command has, on the same database."""
    opened = CommandStore(sqlite_path, lambda: new_store(f"sqlite:///{sqlite_path}"))
    yield opened
    opened.close()


def both(store: SqlStore, of_a_command: CommandStore, question: Question) -> tuple[object, object]:
    """Returns what each of them answers; for an error its type and text."""
    answers: list[object] = []
    stores: tuple[Store, ...] = store, of_a_command
    for asked in stores:
        with asked.read() as tx:
            try:
                answers.append(question(tx))
            except (FlaggermailError, TypeError, ValueError) as error:
                answers.append((type(error), str(error)))
    return answers[0], answers[1]


def conditions_on(row: Record, other: Record) -> Iterator[tuple[FieldCondition, ...]]:
    """Yields conditions of every kind that the row, or both, meet."""
    kind = type(row)
    for name, value in values_of(row).items():
        if facts_of(kind)[name].several:
            yield (FieldCondition(kind, name, Comparison.NULL, None),)
            continue
        several = tuple(one for one in (value, getattr(other, name)) if one is not None)
        yield (FieldCondition(kind, name, Comparison.NULL if value is None else Comparison.EQUAL, value),)
        yield (FieldCondition(kind, name, Comparison.ONE_OF, several),)
        yield (
            FieldCondition(kind, name, Comparison.ONE_OF_OR_NULL, several),
            FieldCondition(kind, kind.KEY, Comparison.EQUAL, row.key),
        )
        if isinstance(value, datetime):
            yield (FieldCondition(kind, name, Comparison.AFTER, value),)


def test_both_answer_alike_about_rows_of_every_kind(migrated_file: Path, tmp_path: Path) -> None:
    """Rows, keys, numbers, events and the chain's head are the same, with the same types."""

    @FEW
    @given(histories())
    def alike(events: list[Event]) -> None:
        file = tmp_path / f"{secrets.token_hex(8)}.db"
        shutil.copy(migrated_file, file)
        with closing(new_store(f"sqlite:///{file}")) as store:
            with store.begin() as tx:
                tx.append(*events)
                tx.number("case")
                tx.advance("INBOX", Cursor("7", NOON, 3))
                tx.advance("Sent", Cursor("", None))
            of_a_command = CommandStore(file, lambda: store)
            with store.read() as usual, of_a_command.read() as quick:
                assert isinstance(quick, SqliteReading)
                for kind in RECORDS:
                    _same_rows(usual, quick, kind)
                assert list(usual.events()) == list(quick.events())
                assert list(usual.events(after=1)) == list(quick.events(after=1))
                for what in {EventKind.MAIL_REFUSED}.union(event.kind for _, event in usual.events()):
                    assert list(quick.events(0, what)) == list(usual.events(0, what))
                    assert list(quick.events(0, what)) == [one for one in usual.events() if one[1].kind is what]
                for number in usual.keys(Case):
                    assert list(quick.events(case=number)) == list(usual.events(case=number))
                assert list(quick.events(since=NOON, most=2)) == list(usual.events(since=NOON, most=2))
                for seq in (None, 0, 1, 10_000):
                    assert usual.head(seq) == quick.head(seq)
                assert usual.cursors() == quick.cursors()
                assert [usual.cursor(name) for name in ("INBOX", "Drafts")] == [
                    quick.cursor(name) for name in ("INBOX", "Drafts")
                ]
                assert [usual.reached(name) for name in ("case", "none")] == [
                    quick.reached(name) for name in ("case", "none")
                ]
                proofs = [tx.verify() for tx in (usual, quick)]
                assert [(proof.head, proof.rows, proof.findings) for proof in proofs] == [
                    (proofs[0].head, proofs[0].rows, [])
                ] * 2

    alike()


def _same_rows(usual: Transaction, quick: Transaction, kind: type[Record]) -> None:
    found = usual.find(kind)
    assert _typed(found) == _typed(quick.find(kind))
    for row in found:
        assert usual.get(kind, row.key) == quick.get(kind, row.key) == row
        for conditions in conditions_on(row, found[-1]):
            assert _typed(usual.find(kind, *conditions)) == _typed(quick.find(kind, *conditions)), conditions
            assert usual.count(kind, *conditions) == quick.count(kind, *conditions)
            assert usual.exists(kind, *conditions) is quick.exists(kind, *conditions)
            assert usual.keys(kind, *conditions) == quick.keys(kind, *conditions)
            assert usual.readable(kind, *conditions) == quick.readable(kind, *conditions)
    if kind in {OutboxMail, Notification}:
        assert [usual.from_events(kind, row.key) for row in found] == [
            quick.from_events(kind, row.key) for row in found
        ]


def _typed(rows: list[Record]) -> list[dict[str, tuple[object, ...]]]:
    return [
        {name: (type(value), value, getattr(value, "tzinfo", None) is UTC) for name, value in values_of(row).items()}
        for row in rows
    ]


def test_both_find_the_newest_and_nothing_under_no_value(store: SqlStore, of_a_command: CommandStore) -> None:
    """`newest` begins with the last key; a field that is compared with no value is met by no row."""
    with store.begin() as tx:
        tx.append(happened(*(added(alarm(f"a{number}")) for number in range(4))))
    for question in (
        lambda tx: [row.id for row in tx.newest(Alarm, 2)],
        lambda tx: [row.id for row in tx.newest(Alarm, 9, where(Alarm.id).in_(["a1", "a3"]))],
        lambda tx: (tx.find(Alarm, where(Alarm.id).in_([])), tx.count(Alarm, where(Alarm.id).in_([]))),
        lambda tx: (tx.exists(Alarm, where(Alarm.id).in_([])), tx.keys(Alarm, where(Alarm.id).in_([]))),
        lambda tx: tx.search(["a b", "b"], [SearchTerm(("a",))]),
    ):
        usual, quick = both(store, of_a_command, question)
        assert usual == quick
    assert both(store, of_a_command, lambda tx: [row.id for row in tx.newest(Alarm, 2)])[1] == ["a3", "a2"]


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("kind", "'no such word'"), ("kind", "x'ff'"), ("raised_at", "'never'"), ("raised_at", "7"),
        ("text", "CAST(x'ff' AS TEXT)"),
    ],
)  # fmt: skip
def test_both_stumble_alike_over_a_value_of_nobody(
    store: SqlStore, of_a_command: CommandStore, sqlite_path: Path, column: str, value: str
) -> None:  # fmt: skip
    """A value that no program of ours writes is RowUnreadable in the same words, and the other rows are readable."""
    with store.begin() as tx:
        tx.append(happened(*(added(alarm(f"a{number}")) for number in range(2))))
    with closing(sqlite3.connect(sqlite_path)) as connection, connection:
        connection.execute("PRAGMA ignore_check_constraints = 1")
        connection.execute(f"UPDATE alarm SET {column} = {value} WHERE id = 'a0'")  # noqa: S608 - of this test
    usual, quick = both(store, of_a_command, lambda tx: tx.find(Alarm))
    assert usual == quick
    assert isinstance(quick, tuple)
    assert quick[0] is RowUnreadable
    usual, quick = both(store, of_a_command, lambda tx: [row.id for row in tx.readable(Alarm)])
    assert usual == quick == ["a1"]


def test_both_refuse_a_condition_on_another_record(store: SqlStore, of_a_command: CommandStore) -> None:
    """A condition on another record's field, and an instant without its zone, are faults of the program."""
    for condition in (
        where(Case.number).is_("7"),
        FieldCondition(Alarm, "raised_at", Comparison.EQUAL, NOON.replace(tzinfo=None)),
    ):
        with of_a_command.read() as tx:
            for ask in (tx.find, tx.count, tx.keys, tx.exists, tx.readable):
                with pytest.raises((TypeError, ValueError)):
                    ask(Alarm, condition)
    of_another = where(Case.number).is_("7")
    usual, quick_answer = both(store, of_a_command, lambda tx: tx.find(Alarm, of_another))
    assert usual == quick_answer


@pytest.mark.parametrize(
    "write",
    [
        lambda tx: tx.append(happened(added(alarm("a1")))),
        lambda tx: tx.number("alarm"),
        lambda tx: tx.set_number("alarm", 2),
        lambda tx: tx.advance("INBOX", Cursor("1", NOON)),
    ],
    ids=["append", "number", "set_number", "advance"],
)
def test_both_refuse_to_write(store: SqlStore, of_a_command: CommandStore, write: Question) -> None:
    """A reader is refused as SQLite refuses it."""
    for asked in (store, of_a_command):
        with pytest.raises(StoreFailure, match="readonly"), asked.read() as tx:
            write(tx)
    with of_a_command.read() as tx, pytest.raises(StoreFailure, match="readonly"):
        tx.erase(Alarm, ["a"], ["text"], NOON)


def test_a_reader_sees_one_state_and_the_next_one_the_new(store: SqlStore, of_a_command: CommandStore) -> None:
    """What is committed meanwhile is not seen, by a question that was asked before and by one that was not."""
    with of_a_command.read() as tx:
        assert tx.find(Alarm) == []
        with store.begin() as writing:
            writing.append(happened(added(alarm("a1"))))
        assert tx.count(Alarm) == 0
        assert tx.keys(Alarm) == []
    with of_a_command.read() as tx:
        assert tx.count(Alarm) == 1


def test_what_a_command_writes_is_written_by_the_store(store: SqlStore, of_a_command: CommandStore) -> None:
    """It is on record for both, events and all; leases and scrubbing are the store's."""
    with of_a_command.begin() as tx:
        tx.append(happened(added(alarm("a1"))))
    assert both(store, of_a_command, lambda tx: [row.id for row in tx.find(Alarm)]) == (["a1"], ["a1"])
    assert of_a_command.scrub()
    lease = of_a_command.acquire("daemon", "here:1:then", NOON, 60)
    of_a_command.renew(NOON, 60)
    of_a_command.release()
    assert lease.fencing == 1


@pytest.mark.parametrize("octets", [None, b"no database at all, and longer than a header of SQLite is " * 20])
def test_a_database_that_is_gone_or_damaged_is_a_fault(sqlite_path: Path, octets: bytes | None) -> None:
    """No file is made where there was none."""
    of_a_command = CommandStore(sqlite_path, lambda: new_store(f"sqlite:///{sqlite_path}"))
    if octets is None:
        sqlite_path.unlink()
    else:
        sqlite_path.write_bytes(octets)
    with pytest.raises(StoreFailure, match="the database"), of_a_command.read() as tx:
        tx.find(Alarm)
    assert sqlite_path.exists() is (octets is not None)
