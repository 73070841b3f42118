# SPDX-License-Identifier: EUPL-1.2
"""Rows are read as they were written, on either engine."""

from contextlib import suppress
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from sqlalchemy import JSON

from flaggermail.adapters.db.mapping import all_tables, table_of
from flaggermail.adapters.db.store import SqlStore
from flaggermail.ports import Cursor
from flaggermail.record.definition import Comparison, FieldCondition, where
from flaggermail.record.events import Change, Scalar, added, values_of
from flaggermail.record.kinds import Kind
from flaggermail.record.rows import BY_TABLE, RECORDS, Alarm, Platform, Record, StoredMessage, Token
from flaggermail.record.rows.alarms import AlarmKind
from flaggermail.wording.said import StoredText
from tests.store.conftest import new_store
from tests.store.samples import NOON, UndoneError, alarm, family, happened, hints_of, is_optional

OWN_TABLES = {
    "event", "chain_head", "personal", "counter", "cursor", "kept_answer", "kept_form", "lease", "node", "octets",
    "reading", "row_event", "sealed_secret",
}  # fmt: skip
MANY = settings(max_examples=5, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])

by_kind = pytest.mark.parametrize("kind", RECORDS, ids=lambda kind: kind.TABLE)


EQUAL, NULL = Comparison.EQUAL, Comparison.NULL


@by_kind
@pytest.mark.parametrize("optional", [True, False], ids=["every field filled", "optional fields None"])
def test_a_row_comes_back_as_it_was_written(store: SqlStore, kind: type[Record], *, optional: bool) -> None:
    """Found by key and by each field that is no list, it is equal, with the same types and instants in UTC."""

    @MANY
    @given(family(kind, optional=optional))
    def round_trip(rows: list[Record]) -> None:
        with suppress(UndoneError), store.begin() as tx:
            tx.append(happened(*(added(row) for row in rows)))
            read = tx.get(kind, rows[-1].key)
            assert read == rows[-1]
            for name, value in values_of(read).items():
                wrote: Scalar = getattr(rows[-1], name)
                assert type(value) is type(wrote), name
                assert not isinstance(value, datetime) or value.tzinfo is UTC
                if isinstance(value, tuple):
                    assert isinstance(wrote, tuple)
                    assert [type(item) for item in value] == [type(item) for item in wrote]
                else:
                    assert tx.find(kind, FieldCondition(kind, name, EQUAL if wrote is not None else NULL, wrote)) == [
                        read
                    ]
            raise UndoneError

    round_trip()


@by_kind
def test_the_columns_of_a_table_are_the_fields_of_its_record(kind: type[Record]) -> None:
    """They have the same names in the same order; a column is nullable exactly if the field may be None."""
    columns, hints = table_of(kind.TABLE).c, hints_of(kind)
    assert list(columns.keys()) == [spec.name for spec in fields(kind)]
    assert {name: bool(columns[name].nullable) for name in hints} == {n: is_optional(hint) for n, hint in hints.items()}
    assert [column.name for column in columns if column.primary_key] == [kind.KEY]
    for name in kind.PERSONAL:
        assert hints[name] in {str, str | None, StoredText}, "a commitment is a text: an erased field must hold one"


def test_every_table_keeps_a_record_or_is_the_stores_own() -> None:
    """No table has rows that events cannot carry."""
    assert set(all_tables().tables) == set(BY_TABLE) | OWN_TABLES


def test_an_instant_keeps_its_microsecond_and_loses_its_zone(store: SqlStore) -> None:
    """An aware instant is read as the same instant in UTC, to the microsecond."""
    told = datetime.fromisoformat("2026-03-29T03:00:00.000001+02:00")
    with store.begin() as tx:
        tx.append(happened(added(replace(alarm("a"), raised_at=told))))
    with store.read() as tx:
        (read,) = tx.find(Alarm)
        assert read.raised_at.isoformat() == "2026-03-29T01:00:00.000001+00:00"
        assert tx.find(Alarm, where(Alarm.raised_at).is_(told)) == [read]


def test_a_session_in_another_zone_reads_utc(postgres_url: str) -> None:
    """Instants are read in UTC, whatever the zone of a PostgreSQL server or role."""
    store = new_store(f"{postgres_url}&options=-c%20timezone%3DEurope/Amsterdam")
    with store.begin() as tx:
        tx.append(happened(added(alarm("a"))))
        tx.advance("INBOX", Cursor("1/1", NOON))
    with store.read() as tx:
        cursor = tx.cursor("INBOX")
        assert cursor is not None
        assert cursor.looked_at is not None
        assert (
            [str(row.raised_at) for row in tx.find(Alarm)] == [str(cursor.looked_at)] == ["2026-03-18 12:00:00+00:00"]
        )
    store.close()


@pytest.mark.parametrize("bad", [datetime(2026, 3, 18), "NUL \0 in a text"])  # noqa: DTZ001 - naive is the point
def test_what_not_every_engine_can_hold_is_refused(store: SqlStore, bad: datetime | str) -> None:
    """An instant without a zone and a text with NUL are refused before anything is written."""
    name = "raised_at" if isinstance(bad, datetime) else "text"
    with pytest.raises(ValueError, match="cannot be recorded"), store.begin() as tx:
        tx.append(happened(Change("alarm", "a", {**values_of(alarm("a")), name: bad})))
    with store.read() as tx:
        assert tx.find(Alarm) == []
        assert list(tx.events()) == []


LINK = f"https://graph.example/delta?$deltatoken={'x' * 2000}"


@pytest.mark.parametrize("position", ["4294967295/4294967295", LINK])
def test_a_position_is_kept_as_the_mailbox_wrote_it(store: SqlStore, position: str) -> None:
    """Two numbers of 32 bits (RFC 9051, section 9), or a link of two thousand characters."""
    with store.begin() as tx:
        assert tx.cursor("INBOX") is None
        tx.advance("INBOX", Cursor("1/1", None))
        tx.advance("INBOX", Cursor(position, NOON))
        tx.advance("Sent", Cursor("3/4", None))
    with store.read() as tx:
        assert tx.cursor("INBOX") == Cursor(position, NOON)
        assert tx.cursor("Sent") == Cursor("3/4", None)
        assert tx.verify().findings == []


@pytest.mark.parametrize(
    ("conditions", "keys"),
    [
        ([], ["B", "a", "c", "d"]),
        ([where(Alarm.case).is_("1")], ["B", "c"]),
        ([where(Alarm.case).is_("1"), where(Alarm.kind).is_(AlarmKind.OCTETS_LOST)], ["c"]),
        ([where(Alarm.case).is_("1"), where(Alarm.case).is_("2")], []),
        ([where(Alarm.case).is_(None)], ["d"]),
        ([where(Alarm.case).in_(["1", "2"])], ["B", "a", "c"]),
        ([where(Alarm.case).in_(("2", None))], ["a", "d"]),
        ([where(Alarm.case).in_([None])], ["d"]),
        ([where(Alarm.case).in_([])], []),
        ([where(Alarm.kind).in_([AlarmKind.OCTETS_LOST, AlarmKind.FORGED])], ["c"]),
        ([where(Alarm.id).is_("a")], ["a"]),
        ([where(Alarm.id).is_("x")], []),
        ([where(Alarm.raised_at).is_(NOON)], ["B", "a", "c", "d"]),
        ([where(Alarm.raised_at).after(NOON)], []),
        ([where(Alarm.raised_at).before(NOON)], []),
        ([where(Alarm.raised_at).before(NOON + timedelta(microseconds=1))], ["B", "a", "c", "d"]),
    ],
)
def test_find_takes_equality_lists_and_none(store: SqlStore, conditions: list[FieldCondition], keys: list[str]) -> None:
    """All conditions must hold, two on the same field too; None means NULL; rows are ordered by key."""
    rows = alarm("a", case="2"), alarm("B", case="1"), alarm("d"), alarm("c", case="1", kind=AlarmKind.OCTETS_LOST)
    with store.begin() as tx:
        tx.append(happened(*(added(row) for row in rows)))
        assert [row.id for row in tx.find(Alarm, *conditions)] == keys


def test_what_holds_several_values_is_asked_whether_it_holds_any(store: SqlStore) -> None:
    """The database compares no lists, but knows an empty one."""
    lists = {"none": (), "one": ("x.example",), "two": ("é.example", "")}
    rows = [Platform(code=code, name=code.title(), domains=domains) for code, domains in lists.items()]
    with store.begin() as tx:
        tx.append(happened(*(added(row) for row in rows)))
    with store.read() as tx:
        held = where(Platform.domains).some()
        assert [row.code for row in tx.find(Platform, held)] == ["one", "two"]
        assert sorted(tx.columns(Platform, (Platform.code,), held, where(Platform.name).is_("Two"))) == [("two",)]


def test_the_order_does_not_depend_on_the_servers_locale(icu_url: str) -> None:
    """Rows are ordered by code point even if the server sorts like a dictionary."""
    store = new_store(icu_url)
    with store.begin() as tx:
        tx.append(happened(*(added(alarm(key)) for key in ("a", "B", "c"))))
        assert [row.id for row in tx.find(Alarm)] == ["B", "a", "c"]
    store.close()


def test_no_list_is_part_of_a_key_or_index() -> None:
    """`find` cannot match a list, since PostgreSQL does not compare JSON."""
    lists = [column for table in all_tables().tables.values() for column in table.c if isinstance(column.type, JSON)]
    assert lists
    assert not [column for column in lists if column.index or column.primary_key or column.unique]


def test_there_is_no_row_under_an_unknown_key(store: SqlStore) -> None:
    """`get` returns None for an unknown key."""
    with store.read() as tx:
        assert tx.get(Token, "nowhere") is None


def test_a_condition_on_anything_but_the_records_own_fields_is_refused(store: SqlStore) -> None:
    """Another record's field, a field of several values, a row's value and one text for several are told apart."""
    with store.read() as tx:
        for finder in (tx.find, tx.exists, tx.count, tx.keys, tx.readable):
            with pytest.raises(TypeError, match=r"a condition on Token\.case finds no Alarm"):
                finder(Alarm, where(Token.case).is_("1"))
        with pytest.raises(TypeError, match=r"a condition on Token\.case finds no Alarm"):
            tx.newest(Alarm, 1, where(Token.case).is_("1"))
        with pytest.raises(TypeError, match=r"StoredMessage\.kinds holds several values"):
            tx.find(StoredMessage, where(StoredMessage.kinds).is_((Kind.BOUNCE,)))
    with pytest.raises(TypeError, match="takes a field such as"):
        where(alarm("a").case)
    with pytest.raises(TypeError, match=r"Alarm\.id is compared with several values"):
        where(Alarm.id).in_("abc")
