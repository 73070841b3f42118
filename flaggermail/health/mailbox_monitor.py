# SPDX-License-Identifier: EUPL-1.2
"""Watches the watcher: a mailbox that cannot be read is told of by mail, once, and so is the end of that.

The submission server is often another one than the mailbox's, or fails at another time; officers read mail elsewhere.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from flaggermail.notices import notices
from flaggermail.record.alarms import AlarmKind, alarm, alarm_key
from flaggermail.record.rows import Alarm
from flaggermail.services import Services, UnitOfWork


def keep(env: Services, unread: timedelta) -> bool:
    """Raise the alarm when the inbox was not read to its end for too long; answers whether it is silent.

    `unread` has passed since it was, or since we began to try, on a clock that nobody sets: a desk that was switched
    off has not been trying (what it missed is in the digest), and a wall clock that is put right is no silence.
    """
    mailbox = env.settings.desk.mailbox
    if unread < timedelta(minutes=mailbox.alarm_after_minutes):
        return False
    with env.store.read() as tx:
        cursor = tx.cursor(mailbox.inbox)
        read_at = cursor.looked_at if cursor else None
        if tx.get(Alarm, _key(AlarmKind.MAILBOX_SILENT, read_at)) is not None:
            return True
    with env.store.begin() as tx:
        _tell(UnitOfWork(env, tx, env.clock.now()), AlarmKind.MAILBOX_SILENT, read_at, "flaggermail status")
    return True


def end(work: UnitOfWork, read_at: datetime | None) -> None:
    """The inbox was read to its end again, for the first time since `read_at`: say so if its silence was told of."""
    if work.tx.get(Alarm, _key(AlarmKind.MAILBOX_SILENT, read_at)) is not None:
        _tell(work, AlarmKind.MAILBOX_BACK, read_at, "flaggermail quarantine list")


def _tell(work: UnitOfWork, kind: AlarmKind, read_at: datetime | None, next_step: str) -> None:
    zone, inbox = work.env.settings.zone, work.env.settings.desk.mailbox.inbox
    at = read_at.astimezone(zone).isoformat(" ", "minutes") if read_at else "-"
    notices.raise_alarm(work, alarm(kind, _key(kind, read_at), f"{inbox}: {at}", work.now), next_step)


def _key(kind: AlarmKind, read_at: datetime | None) -> str:
    return alarm_key(kind, read_at.isoformat() if read_at else "never")
