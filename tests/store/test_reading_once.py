# SPDX-License-Identifier: EUPL-1.2
"""A transaction runs each query once, and never returns a result that is out of date."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace

import pytest
from sqlalchemy import event

from flaggermail.adapters.db.store import SqlStore
from flaggermail.errors import NotFound
from flaggermail.record.definition import where
from flaggermail.record.events import Change, added, changed
from flaggermail.record.rows import Alarm, Platform
from flaggermail.record.rows.alarms import AlarmKind
from flaggermail.wording.said import as_written
from tests.doubles.statements import engines_of
from tests.store.conftest import new_store
from tests.store.samples import alarm, broken_link, happened
from tests.store.test_transactions import NO_SUCH_CASE


@contextmanager
def statements(store: SqlStore) -> Iterator[list[str]]:
    """Collects the statements sent to the database meanwhile."""
    sent: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        sent.append(statement)

    engines = engines_of(store.engine)
    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        for engine in engines:
            event.remove(engine, "before_cursor_execute", note)


def test_more_values_are_asked_for_than_one_statement_takes(store: SqlStore) -> None:
    """A batch of mails names any number of others: SQLite takes 32,766 values, PostgreSQL 65,535."""
    wanted = [f"k{number:06d}" for number in range(70_000)]
    with store.begin() as tx:
        tx.append(happened(added(alarm(wanted[0])), added(alarm(wanted[-1]))))
    with store.read() as tx:
        assert [row.id for row in tx.find(Alarm, where(Alarm.id).in_(wanted))] == [wanted[0], wanted[-1]]


def test_the_same_question_is_asked_once(store: SqlStore) -> None:
    """A query by key or by other fields, with a list or a tuple, runs once per transaction."""
    with store.begin() as tx:
        tx.append(happened(added(alarm("a"))), happened(added(alarm("b"))))
    with statements(store) as sent, store.read() as tx:
        for _ in range(3):
            assert tx.get(Alarm, "a") == alarm("a")
            assert (
                tx.find(Alarm, where(Alarm.id).in_(["a", "b"]))
                == tx.find(Alarm, where(Alarm.id).in_(("a", "b")))
                == [alarm("a"), alarm("b")]
            )
    assert len([statement for statement in sent if "FROM alarm" in statement]) == 2
    with statements(store) as sent, store.read() as tx:
        assert tx.get(Alarm, "a") == alarm("a")
    assert len([statement for statement in sent if "FROM alarm" in statement]) == 1


def test_what_was_changed_is_read_anew(store: SqlStore) -> None:
    """After each change of the table its queries run again, whether they ran before or not."""
    with store.begin() as tx:
        assert (tx.find(Alarm), tx.get(Alarm, "a")) == ([], None)
        tx.append(happened(added(alarm("a"))))
        assert (tx.find(Alarm), tx.get(Alarm, "a")) == ([alarm("a")], alarm("a"))
        tx.append(happened(changed(alarm("a"), alarm("a", text="new"))))
        assert (tx.find(Alarm), tx.get(Alarm, "a")) == ([alarm("a", text="new")], alarm("a", text="new"))


def test_what_was_undone_is_not_remembered(store: SqlStore) -> None:
    """After a failed append the results are as before, and the chain is intact."""
    with store.begin() as tx:
        tx.append(happened(added(alarm("a"))))
        assert tx.find(Alarm) == [alarm("a")]
        with pytest.raises(NotFound):
            tx.append(happened(added(alarm("b"))), happened(NO_SUCH_CASE))
        assert tx.find(Alarm) == [alarm("a")]
        tx.append(happened(added(alarm("c"))))
        assert broken_link(tx) is None
    with store.read() as tx:
        assert [row.id for row in tx.find(Alarm)] == ["a", "c"]
        assert broken_link(tx) is None


def test_an_answer_that_is_changed_by_who_asked_is_given_whole_again(store: SqlStore) -> None:
    """A caller that changes a returned list does not affect the next caller's."""
    with store.begin() as tx:
        tx.append(happened(added(alarm("a"))))
        tx.find(Alarm).clear()
        assert tx.find(Alarm) == [alarm("a")]


def test_the_head_is_read_and_written_once(store: SqlStore) -> None:
    """The head is read with the lock and written once, however many events a transaction appends."""
    with statements(store) as sent, store.begin() as tx:
        for number in range(5):
            tx.append(happened(added(replace(alarm(str(number)), text=as_written("x")))))
    heads = [statement.split()[0] for statement in sent if "chain_head" in statement]
    assert heads == ["SELECT", "UPDATE"]
    assert [verb(statement) for statement in sent if " event " in statement] == ["INSERT"]  # all five


def verb(statement: str) -> str:
    """Returns the first word of a statement."""
    return statement.split(maxsplit=1)[0]


def test_an_answer_follows_what_the_transaction_changes(store: SqlStore) -> None:
    """A row moves from one answer to the other as it is changed, and neither question is asked a second time."""
    kept, lost = AlarmKind.FORGED, AlarmKind.OCTETS_LOST
    with store.begin() as tx:
        tx.append(happened(added(replace(alarm("b"), kind=kept))))
    with statements(store) as sent, store.begin() as tx:
        assert [[row.id for row in tx.find(Alarm, where(Alarm.kind).is_(kind))] for kind in (kept, lost)] == [["b"], []]
        tx.append(happened(added(replace(alarm("a"), kind=kept))))
        row = tx.get(Alarm, "b")
        assert row is not None
        tx.append(happened(changed(row, replace(row, kind=lost))))
        found = [tx.find(Alarm, where(Alarm.kind).is_(kind)) for kind in (kept, lost)]
        assert [[row.id for row in rows] for rows in found] == [["a"], ["b"]]
        assert tx.find(Alarm, where(Alarm.kind).in_([kept, lost])) == [*found[0], *found[1]]
        assert [tx.get(Alarm, key) for key in ("a", "b")] == [*found[0], *found[1]]
    assert [verb(statement) for statement in sent if " alarm" in statement] == ["SELECT", "SELECT", "INSERT", "UPDATE"]
    with store.read() as tx:
        assert [tx.find(Alarm, where(Alarm.kind).is_(kind)) for kind in (kept, lost)] == found


def test_one_of_several_values_is_asked_for_once(store: SqlStore) -> None:
    """Of several values only those are looked up that were not before; a value that nothing has is known, too."""
    with store.begin() as tx:
        tx.append(*(happened(added(alarm(key))) for key in "abc"))
    with statements(store) as sent, store.read() as tx:
        assert [row.id for row in tx.find(Alarm, where(Alarm.id).in_(["c", "a", "x"]))] == ["a", "c"]
        assert (tx.get(Alarm, "x"), tx.get(Alarm, "a")) == (None, alarm("a"))
        assert [row.id for row in tx.find(Alarm, where(Alarm.id).in_(["a", "b", "x"]))] == ["a", "b"]
    assert len([statement for statement in sent if "FROM alarm" in statement]) == 2


def test_tables_that_rarely_change_are_read_once_for_many_transactions(store: SqlStore) -> None:
    """They are read again after a change that another program made, and are right after one's own."""
    platform = Platform(code="x", name="first", domains=("x-platform.example",))
    with store.begin() as tx:
        tx.append(happened(added(platform)))
    other = new_store(store.engine.url.render_as_string(hide_password=False))

    def names(written: SqlStore) -> list[str]:
        with written.begin() as tx:
            return [row.name for row in tx.find(Platform)]

    with statements(store) as sent:
        assert [names(store) for _ in range(3)] == [["first"]] * 3
        assert len([statement for statement in sent if "FROM platform" in statement]) == 1
        with store.begin() as tx:
            tx.append(happened(changed(platform, replace(platform, name="second"))))
        assert names(store) == ["second"]
        with other.begin() as tx:
            tx.append(happened(Change("platform", platform.code, {"name": "third"})))
        assert names(store) == ["third"]
        with suppress(ZeroDivisionError), store.begin() as tx:
            tx.append(happened(Change("platform", platform.code, {"name": "undone"})))
            raise ZeroDivisionError
        assert names(store) == ["third"]
    other.close()
