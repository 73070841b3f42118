# SPDX-License-Identifier: EUPL-1.2
"""Outgoing mail that does not leave: one alarm when the oldest has waited too long, and one when none does any more.

The delivery itself may be broken, so the first alarm often arrives together with the second. Until then pagers, the
status line and `flaggermail status` report it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from flaggermail.letters import observing
from flaggermail.notices import notices
from flaggermail.ports import Transaction
from flaggermail.record.alarms import AlarmKind, alarm, alarm_key
from flaggermail.record.rows import Alarm, OutboxMail
from flaggermail.record.states import MailState
from flaggermail.services import Services, UnitOfWork


def tick(env: Services) -> int:
    """Raises an alarm if mail waits too long, or no longer does; returns the number of alarms."""
    now = env.clock.now()
    with env.store.read() as tx:
        if not _has_changed(env, tx, now):
            return 0  # an idle desk writes nothing
    with env.store.begin() as tx:
        if not _has_changed(env, tx, now):
            return 0
        work, late, (number, told) = UnitOfWork(env, tx, now), _late(env, tx, now), _episode(tx)
        if told:
            _raise(work, AlarmKind.OUTBOX_FLOWS, number, "-")
        else:
            _raise(work, AlarmKind.OUTBOX_WAITS, number + 1, _summary(work, late))
    return 1


def next_due(env: Services, tx: Transaction) -> datetime | None:
    """Returns when `tick` will next raise an alarm, if nothing but time changes; None if no mail waits."""
    if _episode(tx)[1]:
        return None
    queued = [mail.queued_at for mail in tx.readable(OutboxMail, state=MailState.QUEUED)]
    return min(queued) + _alarm_after(env) if queued else None


def _has_changed(env: Services, tx: Transaction, now: datetime) -> bool:
    """True if the last alarm no longer describes the situation."""
    return not observing.is_on(tx) and bool(_late(env, tx, now)) is not _episode(tx)[1]


def _alarm_after(env: Services) -> timedelta:
    return timedelta(minutes=env.settings.desk.submission.alarm_after_minutes)


def _late(env: Services, tx: Transaction, now: datetime) -> Sequence[OutboxMail]:
    """Returns the mails that have waited too long, the first queued first."""
    return [
        mail for mail in tx.readable(OutboxMail, state=MailState.QUEUED) if now - mail.queued_at >= _alarm_after(env)
    ]


def _episode(tx: Transaction) -> tuple[int, bool]:
    """Returns the number of episodes so far, and whether the last one is still open."""
    waits = len(tx.find(Alarm, kind=AlarmKind.OUTBOX_WAITS))
    return waits, waits > len(tx.find(Alarm, kind=AlarmKind.OUTBOX_FLOWS))


def _summary(work: UnitOfWork, late: Sequence[OutboxMail]) -> str:
    """Returns their number, since when, and the server's last answer; addresses and subjects stay in the record."""
    since = late[0].queued_at.astimezone(work.env.settings.zone).isoformat(" ", "minutes")
    answer = next((mail.answer for mail in late if mail.answer), "-")
    return f"{len(late)}, {since}: {answer}"


def _raise(work: UnitOfWork, kind: AlarmKind, number: int, text: str) -> None:
    notices.raise_alarm(work, alarm(kind, alarm_key(kind, number), text, work.now), "flaggermail outbox list")
