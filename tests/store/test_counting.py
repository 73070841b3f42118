# SPDX-License-Identifier: EUPL-1.2
"""Rows after an instant are counted without being read, and a counter is read without advancing it."""

from dataclasses import replace
from datetime import timedelta

from flaggermail.adapters.db.store import SqlStore
from flaggermail.record.alarm_kinds import AlarmKind
from flaggermail.record.events import added
from flaggermail.record.finding import where
from flaggermail.record.rows import Alarm
from tests.store.samples import NOON, alarm, happened

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


def test_a_counter_is_looked_at_without_moving(store: SqlStore) -> None:
    """Reading returns the last number that was drawn, 0 before the first."""
    with store.begin() as tx:
        assert tx.reached("some") == 0
        assert [tx.number("some"), tx.number("some")] == [1, 2]
    with store.read() as tx:
        assert (tx.reached("some"), tx.reached("some")) == (2, 2)
