# SPDX-License-Identifier: EUPL-1.2
"""Rows after an instant are counted without being read, and a counter is read without advancing it."""

from dataclasses import replace
from datetime import timedelta

from flaggermail.adapters.db.store import SqlStore
from flaggermail.record.alarms import AlarmKind
from flaggermail.record.events import added
from flaggermail.record.rows import Alarm
from tests.store.samples import NOON, alarm, happened

KINDS = AlarmKind.DELAYED, AlarmKind.REFUSED


def test_only_rows_behind_the_instant_are_counted(store: SqlStore) -> None:
    """Only rows later than the instant that match the values are counted; a list means any of its values."""
    rows = [replace(alarm(f"a{n}"), raised_at=NOON + timedelta(minutes=n), kind=KINDS[n % 2]) for n in range(6)]
    with store.begin() as tx:
        tx.append(happened(*map(added, rows)))
    with store.read() as tx:
        behind = ("raised_at", NOON + timedelta(minutes=2))
        assert tx.count(Alarm, behind) == 3
        assert tx.count(Alarm, behind, kind=KINDS[1]) == 2
        assert tx.count(Alarm, behind, kind=list(KINDS)) == 3
        assert tx.count(Alarm, behind, kind=[]) == 0
        assert tx.count(Alarm, ("raised_at", NOON + timedelta(days=1))) == 0


def test_a_counter_is_looked_at_without_moving(store: SqlStore) -> None:
    """Reading returns the last number that was drawn, 0 before the first."""
    with store.begin() as tx:
        assert tx.reached("some") == 0
        assert [tx.number("some"), tx.number("some")] == [1, 2]
    with store.read() as tx:
        assert (tx.reached("some"), tx.reached("some")) == (2, 2)
