# SPDX-License-Identifier: EUPL-1.2
"""A transaction runs each query once, and never returns a result that is out of date."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from sqlalchemy import event

from flaggermail.adapters.db.store import SqlStore
from flaggermail.errors import NotFound
from flaggermail.record.events import added, changed
from flaggermail.record.finding import where
from flaggermail.record.rows import Alarm
from flaggermail.wording.said import as_written
from tests.store.samples import alarm, happened
from tests.store.test_transactions import NO_SUCH_CASE


@contextmanager
def statements(store: SqlStore) -> Iterator[list[str]]:
    """Collects the statements sent to the database meanwhile."""
    sent: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        sent.append(statement)

    event.listen(store.engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(store.engine, "before_cursor_execute", note)


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
        assert tx.broken_link() is None
    with store.read() as tx:
        assert [row.id for row in tx.find(Alarm)] == ["a", "c"]
        assert tx.broken_link() is None


def test_an_answer_that_is_changed_by_who_asked_is_given_whole_again(store: SqlStore) -> None:
    """A caller that changes a returned list does not affect the next caller's."""
    with store.begin() as tx:
        tx.append(happened(added(alarm("a"))))
        tx.find(Alarm).clear()
        assert tx.find(Alarm) == [alarm("a")]


def test_the_head_is_read_and_written_once(store: SqlStore) -> None:
    """The head is read and written once, however many events a transaction appends."""
    with statements(store) as sent, store.begin() as tx:
        for number in range(5):
            tx.append(happened(added(replace(alarm(str(number)), text=as_written("x")))))
    heads = [statement.split()[0] for statement in sent if "chain_head" in statement]
    assert heads == ["SELECT", "SELECT", "UPDATE"]  # the first one takes the lock
