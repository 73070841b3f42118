# SPDX-License-Identifier: EUPL-1.2
"""What needs little of many rows: they are counted, or some of their fields are read, not all."""

from contextlib import nullcontext
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import update

from flaggermail.adapters.db import transaction
from flaggermail.adapters.db.mapping import table_of
from flaggermail.adapters.db.store import SqlStore
from flaggermail.errors import RowUnreadable
from flaggermail.record.definition import FieldCondition, where
from flaggermail.record.events import added, changed
from flaggermail.record.rows import Alarm, Token
from flaggermail.record.rows.alarms import AlarmKind
from tests.store.samples import NOON, alarm, happened
from tests.store.test_reading_once import statements

KINDS = (AlarmKind.FORGED, AlarmKind.OCTETS_LOST)


def test_only_rows_behind_the_instant_are_counted(store: SqlStore) -> None:
    """Only rows later than the instant that match the values are counted; a list means any of its values."""
    rows = [replace(alarm(f"a{n}"), raised_at=NOON + timedelta(minutes=n), kind=KINDS[n % 2]) for n in range(6)]
    with store.begin() as tx:
        tx.append(happened(*map(added, rows)))
    with store.read() as tx:
        behind = where(Alarm.raised_at).after(NOON + timedelta(minutes=2))
        assert tx.count(Alarm, behind) == 3
        assert tx.count(Alarm, behind, where(Alarm.kind).is_(KINDS[1])) == 2
        assert tx.count(Alarm, behind, where(Alarm.kind).in_(KINDS)) == 3
        assert tx.count(Alarm, behind, where(Alarm.kind).in_([])) == 0
        assert tx.count(Alarm, where(Alarm.raised_at).after(NOON + timedelta(days=1))) == 0
        assert [row.id for row in tx.find(Alarm, behind)] == ["a3", "a4", "a5"]


def test_some_fields_of_rows_are_read(store: SqlStore) -> None:
    """They have the types of the record, and are those of the rows as this transaction has changed them."""
    first, second = replace(alarm("a"), kind=KINDS[0], case=None), replace(alarm("b"), kind=KINDS[1])
    with store.begin() as tx:
        tx.append(happened(*map(added, (first, second))))
        fields = Alarm.id, Alarm.kind, Alarm.raised_at, Alarm.case
        assert set(tx.columns(Alarm, fields)) == {
            (row.id, row.kind, row.raised_at, row.case) for row in (first, second)
        }
        moved = replace(second, raised_at=NOON + timedelta(minutes=1))
        tx.append(happened(changed(second, moved)))
        assert tx.columns(Alarm, (Alarm.raised_at,), where(Alarm.id).is_("b")) == [(moved.raised_at,)]
        assert tx.columns(Alarm, (Alarm.id,), where(Alarm.kind).in_([])) == []
        for condition, wrong in ((where(Token.case).is_("x"), Alarm.id), (where(Alarm.id).is_("a"), Token.case)):
            with pytest.raises(TypeError, match=r"Token\.case"):
                tx.columns(Alarm, (wrong,), condition)


def test_the_first_of_many_are_told_in_order(store: SqlStore) -> None:
    """By the fields, the last by its characters; those behind a text, and no more than are asked for."""
    keys = ("a", "B", "a-1", "é", "b")
    rows = [replace(alarm(key), kind=KINDS[0], raised_at=NOON + timedelta(minutes=n % 2)) for n, key in enumerate(keys)]
    with store.begin() as tx:
        tx.append(happened(*map(added, rows)))
        fields, here = (Alarm.raised_at, Alarm.id), where(Alarm.kind).in_(KINDS)
        every = sorted((row.raised_at, row.id) for row in rows)
        for most, after in ((9, ""), (3, ""), (9, "a"), (1, "a"), (9, "é"), (0, "")):
            behind = [pair for pair in every if pair[1] > after]
            assert tx.leading(Alarm, fields, most, after, here) == behind[:most]
        assert [key for (key,) in tx.leading(Alarm, (Alarm.id,), 9, "", here)] == sorted(keys)
        assert tx.leading(Alarm, fields, 9, "", where(Alarm.kind).in_([])) == []
        with pytest.raises(TypeError, match=r"Token\.case"):
            tx.leading(Alarm, (Token.case,), 9, "")


def test_what_many_rows_have_in_common_is_told_once(store: SqlStore) -> None:
    """Each combination of values is told once, an empty one too, with its number and its first instant."""
    rows = [
        replace(
            alarm(f"a{n}"), raised_at=NOON - timedelta(minutes=n), kind=KINDS[n % 2], officer="x" if n < 2 else None
        )
        for n in range(6)
    ]
    with store.begin() as tx:
        tx.append(happened(*map(added, rows)))
        fields, here = (Alarm.kind, Alarm.officer), where(Alarm.raised_at).before(NOON)
        assert set(tx.alike(Alarm, Alarm.raised_at, fields, here)) == {
            (1, (rows[1].raised_at, KINDS[1], "x")), (2, (rows[4].raised_at, KINDS[0], None)),
            (2, (rows[5].raised_at, KINDS[1], None)),
        }  # fmt: skip
        assert tx.alike(Alarm, Alarm.raised_at, fields, where(Alarm.kind).in_([])) == []


def test_what_few_rows_or_many_have_in_common_is_told_alike(store: SqlStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """In steps over an index and by a look at every row: whatever is asked, both say the same."""
    officers, cases = ("x", "x", "", "é", None), ("c", None, None)
    rows = [
        replace(
            alarm(f"a{n}"), raised_at=NOON + timedelta(minutes=n * 7 % 9), kind=KINDS[n % 2], officer=officers[n % 5],
            case=cases[n % 3],
        )
        for n in range(60)
    ]  # fmt: skip
    asked: tuple[tuple[FieldCondition, ...], ...] = (
        (), (where(Alarm.kind).in_(KINDS[:1]),), (where(Alarm.kind).is_(KINDS[0]),), (where(Alarm.case).is_(None),),
        (where(Alarm.case).is_(None), where(Alarm.kind).in_(KINDS)), (where(Alarm.officer).after(""),),
        (where(Alarm.officer).is_(None),), (where(Alarm.officer).in_(["x", None]),), (where(Alarm.case).is_("none"),),
        (where(Alarm.kind).in_(KINDS), where(Alarm.kind).in_(KINDS[1:])),
    )  # fmt: skip
    fields = Alarm.kind, Alarm.officer
    with store.begin() as tx:
        tx.append(happened(*map(added, rows)))
        in_steps = [set(tx.alike(Alarm, Alarm.raised_at, fields, *here)) for here in asked]
        monkeypatch.setattr(transaction, "FEW_ALIKE", 1)
        assert in_steps == [set(tx.alike(Alarm, Alarm.raised_at, fields, *here)) for here in asked]
        for here, told in zip(asked, in_steps, strict=True):
            found = dict[tuple[object, ...], list[datetime]]()
            for row in tx.find(Alarm, *here):
                found.setdefault((row.kind, row.officer), []).append(row.raised_at)
            assert told == {(len(at), (min(at), *values)) for values, at in found.items()}


def test_a_server_looks_once_at_every_row(store: SqlStore) -> None:
    """PostgreSQL has no use for steps over an index: for 20,000 mails of sixty senders they took 33 times as long."""
    with statements(store) as sent, store.read() as tx:
        tx.alike(Alarm, Alarm.raised_at, (Alarm.kind, Alarm.officer), where(Alarm.kind).in_(KINDS))
    assert any("RECURSIVE" in text for text in sent) == (store.engine.dialect.name == "sqlite")


def test_a_field_that_no_program_wrote_is_not_read(store: SqlStore) -> None:
    """A value outside its closed set is refused as in a whole row."""
    with store.begin() as tx:
        tx.append(happened(added(alarm("a"))))
    with store.engine.begin() as connection:
        connection.execute(update(table_of("alarm")).values(kind="no kind at all"))
    with store.read() as tx:
        assert tx.columns(Alarm, (Alarm.id,)) == [("a",)]
        with pytest.raises(RowUnreadable, match="alarm"):
            tx.columns(Alarm, (Alarm.id, Alarm.kind))
        for here in ((), (where(Alarm.kind).in_(KINDS),)):  # where it is asked for, it hides behind no other word
            with pytest.raises(RowUnreadable, match="alarm") if not here else nullcontext():
                assert tx.alike(Alarm, Alarm.raised_at, (Alarm.kind, Alarm.officer), *here) == []


def test_a_counter_is_looked_at_without_moving(store: SqlStore) -> None:
    """Reading returns the last number that was drawn, 0 before the first."""
    with store.begin() as tx:
        assert tx.reached("some") == 0
        assert [tx.number("some"), tx.number("some")] == [1, 2]
    with store.read() as tx:
        assert (tx.reached("some"), tx.reached("some")) == (2, 2)
