# SPDX-License-Identifier: EUPL-1.2
"""Raises one alarm when the mailbox is unreadable and one when it recovers.

Alarms go out by mail: the submission server is often a separate server, or fails at another time, and officers read
their mail elsewhere.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from flaggermail.notices import notices
from flaggermail.record.alarms import AlarmKind, alarm, alarm_key
from flaggermail.record.rows import Alarm
from flaggermail.services import Services, UnitOfWork
from flaggermail.wording.alarms import AlarmText
from flaggermail.wording.said import UNSAID, Said


def keep(env: Services, unread: timedelta, meaning: Said = UNSAID) -> bool:
    """Raises the alarm if the inbox was not read to its end for too long; returns True if it is silent.

    `unread` is the time since the inbox was last read to its end, or since the daemon started, on a monotonic clock. A
    desk that was switched off was not trying (the digest lists what it missed), and a clock correction is no outage.
    `meaning` is what the server's last answer means, if that is known.
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
        _raise_alarm(
            UnitOfWork(env, tx, env.clock.now()), AlarmKind.MAILBOX_SILENT, read_at, "flaggermail status", meaning
        )
    return True


def end(work: UnitOfWork, read_at: datetime | None) -> None:
    """Raises the recovery alarm if an outage since `read_at` had raised one, now that the inbox was read again."""
    if work.tx.get(Alarm, _key(AlarmKind.MAILBOX_SILENT, read_at)) is not None:
        _raise_alarm(work, AlarmKind.MAILBOX_BACK, read_at, "flaggermail quarantine list")


def _raise_alarm(
    work: UnitOfWork, kind: AlarmKind, read_at: datetime | None, next_step: str, meaning: Said = UNSAID
) -> None:
    zone, inbox = work.env.settings.zone, work.env.settings.desk.mailbox.inbox
    if read_at is None:
        text = AlarmText.NEVER_READ(folder=inbox)
    else:
        text = AlarmText.MAILBOX(folder=inbox, at=read_at.astimezone(zone).isoformat(" ", "minutes"))
    if meaning:
        text = AlarmText.EXPLAINED(what=text, meaning=meaning)
    notices.raise_alarm(work, alarm(kind, _key(kind, read_at), text, work.now), next_step)


def _key(kind: AlarmKind, read_at: datetime | None) -> str:
    return alarm_key(kind, read_at.isoformat() if read_at else "never")
