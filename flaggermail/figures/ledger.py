# SPDX-License-Identifier: EUPL-1.2
"""What figures are computed from: the rows of the uses, as they are now or as the events gave them at an instant."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import takewhile
from typing import TypeVar

from flaggermail.ports import Transaction
from flaggermail.record.definition import where
from flaggermail.record.events import Event, Rows, fold
from flaggermail.record.kinds import ArrivalBasis
from flaggermail.record.rows import (
    Case,
    ClockRow,
    ContactNote,
    Election,
    Notification,
    Platform,
    Record,
    Reminder,
    StoredMessage,
)
from flaggermail.record.states import NotificationState
from flaggermail.wording.said import StoredText

R = TypeVar("R", bound=Record)


@dataclass(frozen=True, slots=True)
class Ledger:
    """The rows of the uses.

    `placed` says of each message that may have stopped a clock what placed it in its case, and `arrived` what its
    instant of arrival rests on.
    """

    elections: Sequence[Election] = ()
    platforms: Sequence[Platform] = ()
    cases: Sequence[Case] = ()
    notifications: Sequence[Notification] = ()
    clocks: Sequence[ClockRow] = ()
    notes: Sequence[ContactNote] = ()
    reminders: Sequence[Reminder] = ()
    placed: Mapping[str, StoredText] = field(default_factory=dict)
    arrived: Mapping[str, ArrivalBasis] = field(default_factory=dict)


_TABLES = frozenset(kind.TABLE for kind in (Election, Platform, Case, Notification, ClockRow, ContactNote, Reminder))


def of_rows(tx: Transaction, case: str | None = None) -> Ledger:
    """Returns the ledger as the record is now, of all cases or of one by its number."""
    sent = tx.find(
        Notification,
        *([where(Notification.case).is_(case)] if case is not None else []),
        where(Notification.state).is_(NotificationState.SENT),
        where(Notification.counted).is_(True),
        where(Notification.exercise).is_(False),
    )
    keys = [one.id for one in sent]
    clocks = tx.find(ClockRow, where(ClockRow.notification).in_(keys))
    answers = [clock.stopped_by for clock in clocks if clock.stopped_by is not None]
    mails = tx.find(StoredMessage, where(StoredMessage.id).in_(answers))
    return Ledger(
        elections=tx.find(Election),
        platforms=tx.find(Platform),
        cases=tx.find(Case, where(Case.number).in_([one.case for one in sent])),
        notifications=sent,
        clocks=clocks,
        notes=tx.find(ContactNote, where(ContactNote.id).in_(answers)),
        reminders=tx.find(Reminder, where(Reminder.notification).in_(keys)),
        placed={one.id: one.match_basis for one in mails},
        arrived={one.id: one.arrival for one in mails},
    )


def of_events(events: Iterable[Event], at: datetime) -> Ledger:
    """Returns the ledger as the record stood at `at`: the events in their order, up to the first that is later.

    Of messages no more is kept than what placed and dated them, because an archive may hold hundreds of thousands.
    """
    placed, arrived = dict[str, StoredText](), dict[str, ArrivalBasis]()
    rows = fold(_of_uses(takewhile(lambda event: event.at <= at, events), placed, arrived))
    return Ledger(
        elections=_rows(rows, Election),
        platforms=_rows(rows, Platform),
        cases=_rows(rows, Case),
        notifications=_rows(rows, Notification),
        clocks=_rows(rows, ClockRow),
        notes=_rows(rows, ContactNote),
        reminders=_rows(rows, Reminder),
        placed=placed,
        arrived=arrived,
    )


def _of_uses(
    events: Iterable[Event], placed: dict[str, StoredText], arrived: dict[str, ArrivalBasis]
) -> Iterator[Event]:  # fmt: skip
    """Yields the events with the changes that count, and fills in what placed and dated each message."""
    for event in events:
        for change in event.changes:
            if change.table == StoredMessage.TABLE and "match_basis" in change.values:
                placed[change.key] = StoredText(change.values["match_basis"])
            if change.table == StoredMessage.TABLE and "arrival" in change.values:
                arrived[change.key] = ArrivalBasis(str(change.values["arrival"]))
        yield replace(event, changes=tuple(change for change in event.changes if change.table in _TABLES))


def _rows(rows: Rows, kind: type[R]) -> list[R]:
    return [kind(**values) for (table, _), values in sorted(rows.items()) if table == kind.TABLE]
