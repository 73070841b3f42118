# SPDX-License-Identifier: EUPL-1.2
"""Raises one alarm when the mailbox is unreadable and one when it recovers.

Alarms go out by mail: the submission server is often a separate server, or fails at another time, and officers read
their mail elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from flaggermail.notices import notices
from flaggermail.ports import Cursor
from flaggermail.record.rows import Alarm
from flaggermail.record.rows.alarms import AlarmKind, alarm, alarm_key
from flaggermail.services import Services, UnitOfWork
from flaggermail.wording.alarms import AlarmText
from flaggermail.wording.said import UNSAID, StoredText


def watch_inbox(env: Services, unread: timedelta, meaning: StoredText = UNSAID) -> bool:
    """Raises the alarm if the inbox was not read to its end for too long; returns True if it is overdue.

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


def end_outage(work: UnitOfWork, read_at: datetime | None) -> None:
    """Raises the recovery alarm if an outage since `read_at` had raised one, now that the inbox was read again."""
    if work.tx.get(Alarm, _key(AlarmKind.MAILBOX_SILENT, read_at)) is not None:
        _raise_alarm(work, AlarmKind.MAILBOX_BACK, read_at, "flaggermail quarantine list")


def _raise_alarm(
    work: UnitOfWork, kind: AlarmKind, read_at: datetime | None, next_step: str, meaning: StoredText = UNSAID
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


GRACE = timedelta(minutes=2)  # beside the interval: a start after a night takes that long at most to read something


class InboxAge:
    """Counts from the last look, or the last page, of this run, by a clock in seconds that never goes back.

    A page of any folder counts: between two of them the inbox is looked at (`intake.out_of_turn`).

    The instant of the last look is stored, and counts too once this run has read nothing for a while: a daemon that
    hangs and is restarted again and again has an age, one that was switched off, or whose clock was set, has none.
    """

    def __init__(self, seconds: float) -> None:
        self._began = seconds
        self._seen: Mapping[str, Cursor] | None = None
        self.was_read = False  # to its end, at any time

    def begin(self, seconds: float) -> None:
        """Counts anew: the inbox was read to its end, or nobody could record that it was."""
        self._began = seconds

    def unread(self, env: Services, seconds: float) -> timedelta:
        """Returns the time for which the inbox was not read."""
        mailbox = env.settings.desk.mailbox
        with env.store.read() as tx:
            here = tx.cursors()
        if here != self._seen and self._seen is not None:
            self.begin(seconds)
        self._seen = here
        looked_at = here[mailbox.inbox].looked_at if mailbox.inbox in here else None
        self.was_read = looked_at is not None
        idle = timedelta(seconds=seconds - self._began)
        patience = min(
            timedelta(minutes=mailbox.alarm_after_minutes), GRACE + timedelta(seconds=mailbox.poll_seconds)
        )  # fmt: skip
        return max(idle, _since(looked_at, env.clock.now())) if idle >= patience else idle


def _since(looked_at: datetime | None, now: datetime) -> timedelta:
    return now - looked_at if looked_at is not None else timedelta(0)
