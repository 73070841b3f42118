# SPDX-License-Identifier: EUPL-1.2
"""Rows that are written together leave the same record, and each question gets the answer it would get otherwise."""

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import timedelta

import pytest
from hypothesis import given
from sqlalchemy.exc import IntegrityError

from flaggermail.adapters.db.store import SqlStore
from flaggermail.adapters.db.transaction import SqlTransaction
from flaggermail.intake.ingest import ingest_batches
from flaggermail.ports import RawMessage, Transaction
from flaggermail.record.definition import FieldCondition, where
from flaggermail.record.events import Event, added, changed
from flaggermail.record.rows import Alarm
from flaggermail.record.rows.alarms import AlarmKind
from tests.store.conftest import new_store
from tests.store.desk_fixtures import START, Desk
from tests.store.samples import NOON, alarm, broken_commitment, broken_link, happened, histories
from tests.store.test_fold import PROPERTY
from tests.store.test_reading_once import statements, verb
from tests.store.test_statements_a_mail import BATCH, referral

ALL_OF_HISTORY = 0.5  # statements for each mail of a batch; rows are written at once by 5
KINDS = AlarmKind.FORGED, AlarmKind.OCTETS_LOST
QUESTIONS: Sequence[tuple[FieldCondition, ...]] = (
    (),
    (where(Alarm.id).is_("c"),),
    (where(Alarm.kind).is_(KINDS[0]),),
    (where(Alarm.kind).in_(KINDS), where(Alarm.case).is_(None)),
    (where(Alarm.case).is_("VF-1"),),
    (where(Alarm.case).in_([None, "VF-1"]),),
    (where(Alarm.raised_at).after(NOON - timedelta(days=1)),),
    (where(Alarm.id).in_([]),),
)
ANSWERS: dict[str, Callable[[SqlTransaction, Sequence[FieldCondition]], object]] = {
    "find": lambda tx, asked: tx.find(Alarm, *asked),
    "newest": lambda tx, asked: tx.newest(Alarm, 2, *asked),
    "exists": lambda tx, asked: tx.exists(Alarm, *asked),
    "count": lambda tx, asked: tx.count(Alarm, *asked),
    "keys": lambda tx, asked: tx.keys(Alarm, *asked),
    "rows": lambda tx, asked: [row for row in tx.rows() if asked == () and row[0] == Alarm.TABLE],
}


@pytest.mark.parametrize("way", ANSWERS)
@pytest.mark.parametrize("number", range(len(QUESTIONS)))
def test_a_question_is_answered_from_written_and_kept_rows(store: SqlStore, way: str, number: int) -> None:
    """Some of the rows are in the database, others are kept: every question is answered as if all were written."""
    asked = QUESTIONS[number]
    with store.begin() as tx:
        tx.append(*(happened(added(alarm(key, kind=KINDS[key < "c"]))) for key in "ad"))
    with store.begin() as tx:
        tx.gather()
        tx.append(*(happened(added(alarm(key, kind=KINDS[key < "c"]))) for key in "ecb"))
        kept = ANSWERS[way](tx, asked)
    with store.read() as tx:
        assert ANSWERS[way](tx, asked) == kept
        assert broken_link(tx) is None


def test_kept_rows_are_written_in_few_statements_and_before_they_are_changed(store: SqlStore) -> None:
    """Each table's rows are written in one statement; a row that is changed is written before, with all others."""
    with statements(store) as sent, store.begin() as tx:
        tx.gather()
        for key in "abc":
            tx.append(happened(added(alarm(key))))
        assert tx.get(Alarm, "b") == alarm("b")
        assert [verb(statement) for statement in sent if " alarm" in statement] == []
        tx.append(happened(changed(alarm("b"), alarm("b", text="new")), added(alarm("d"))))
        tx.append(happened(added(alarm("e"))))
        assert [row.id for row in tx.find(Alarm)] == list("abcde")
    assert [verb(statement) for statement in sent if " alarm" in statement][:2] == ["INSERT", "UPDATE"]
    with store.read() as tx:
        assert tx.get(Alarm, "b") == alarm("b", text="new")
        assert broken_link(tx) is None


def add_gathered(store: SqlStore, *rows: Alarm) -> None:
    """Adds rows, each with an event of its own, in a transaction that gathers them."""
    with store.begin() as tx:
        tx.gather()
        for row in rows:
            tx.append(happened(added(row)))


@pytest.mark.parametrize("before", ["written", "kept"])
def test_a_second_row_of_a_key_undoes_everything(store: SqlStore, before: str) -> None:
    """The database refuses it at the latest at the end, and nothing of the transaction stays."""
    if before == "written":
        with store.begin() as tx:
            tx.append(happened(added(alarm("a"))))
    with pytest.raises(IntegrityError):
        add_gathered(store, alarm("a"), alarm("b"), alarm("a", text="other"))
    with store.read() as tx:
        assert tx.find(Alarm) == ([alarm("a")] if before == "written" else [])
        assert broken_link(tx) is None


def test_what_is_undone_within_a_transaction_is_not_written(store: SqlStore) -> None:
    """A savepoint keeps what was there before, and drops what was kept within."""
    with store.begin() as tx:
        tx.gather()
        tx.append(happened(added(alarm("a"))))
        with suppress(ZeroDivisionError), tx.savepoint():
            tx.append(happened(added(alarm("b"))))
            raise ZeroDivisionError
        tx.append(happened(added(alarm("c"))))
        assert [row.id for row in tx.find(Alarm)] == ["a", "c"]
    with store.read() as tx:
        assert [row.id for row in tx.find(Alarm)] == ["a", "c"]
        assert broken_link(tx) is None


@pytest.mark.parametrize("ask", ["find", "newest", "exists"])
def test_what_no_row_has_is_known_until_one_has_it(store: SqlStore, ask: str) -> None:
    """Values that were looked for and are not there cost no more questions; one that comes later is found."""
    with store.begin() as tx:
        tx.append(happened(added(alarm("a", kind=KINDS[0]))))
    asked = [(where(Alarm.kind).is_(kind),) for kind in AlarmKind]
    with statements(store) as sent, store.begin() as tx:
        tx.look_for(Alarm, where(Alarm.kind).in_(tuple(AlarmKind)))
        told = [bool(ANSWERS[ask](tx, one)) for one in asked]
        assert [kind for kind, here in zip(AlarmKind, told, strict=True) if here] == [KINDS[0]]
        assert len([statement for statement in sent if "FROM alarm" in statement]) == 2
        tx.append(happened(added(alarm("b", kind=KINDS[1]))))
        tx.append(happened(changed(alarm("a", kind=KINDS[0]), alarm("a", kind=AlarmKind.UNJUDGED))))
        told = [bool(ANSWERS[ask](tx, one)) for one in asked]
    there = {kind for kind, here in zip(AlarmKind, told, strict=True) if here}
    assert there == {KINDS[1], AlarmKind.UNJUDGED}


@pytest.mark.parametrize("wrong", [where(Alarm.kind).is_(KINDS[0]), where(Alarm.case).in_([None, "x"])], ids=str)
def test_only_given_values_are_looked_for(store: SqlStore, wrong: FieldCondition) -> None:
    """A field that is empty cannot be looked for: no question is answered by that."""
    with store.begin() as tx, pytest.raises(TypeError):
        tx.look_for(Alarm, wrong)


def test_the_latest_rows_follow_what_the_transaction_changes(store: SqlStore) -> None:
    """They are asked for once; one that is added comes in, one that no longer fits goes out, and none is left out."""
    fits, other = KINDS

    def latest(tx: Transaction) -> str:
        return "".join(row.id for row in tx.newest(Alarm, 2, where(Alarm.kind).is_(fits)))

    with store.begin() as tx:
        tx.append(*(happened(added(alarm(key, kind=fits))) for key in "ac"))
    with statements(store) as sent, store.begin() as tx:
        told = [latest(tx)]
        for new in (alarm("b", kind=fits), alarm("d", kind=fits), alarm("e", kind=other)):
            tx.append(happened(added(new)))
            told.append(latest(tx))
        assert len([statement for statement in sent if "FROM alarm" in statement]) == 1
        tx.append(happened(changed(alarm("d", kind=fits), alarm("d", kind=other))))
        told.append(latest(tx))
        tx.append(happened(changed(alarm("e", kind=other), alarm("e", kind=fits))))
        told.append(latest(tx))
    assert told == ["ca", "cb", "dc", "dc", "cb", "ec"]
    with store.read() as tx:
        assert latest(tx) == "ec"


def test_a_history_leaves_the_same_record(new_database: Callable[[], str]) -> None:
    """Rows of every kind, added and changed in any order, are the same whether they are gathered or not."""

    @PROPERTY
    @given(histories())
    def holds(history: list[Event]) -> None:
        found = []
        for gathers in (False, True):
            store = new_store(new_database())
            with store.begin() as tx:
                if gathers:
                    tx.gather()
                for event in history:
                    tx.append(event)
            with store.read() as tx:
                found.append(tx.rows())
                assert (broken_link(tx), broken_commitment(tx)) == (None, None)
            store.close()
        assert found[0] == found[1]

    holds()


def test_a_batch_of_history_is_written_together(desk: Desk) -> None:
    """A hundred old mails of new senders that open cases need few statements in all."""
    long_ago = START - timedelta(days=90)
    raws = [RawMessage(referral(number), long_ago, "INBOX", "1", str(number)) for number in range(BATCH)]
    assert isinstance(desk.env.store, SqlStore)
    with statements(desk.env.store) as sent:
        assert [len(outcomes) for outcomes in ingest_batches(desk.env, [raws])] == [BATCH]
    assert len(desk.cases()) == BATCH == len(desk.messages())
    assert len(sent) / BATCH <= ALL_OF_HISTORY, Counter(sent).most_common(12)
    assert [statement for statement in sent if "SAVEPOINT" in statement] == []
