# SPDX-License-Identifier: EUPL-1.2
"""Writes down that a person's pager is to be called, in the transaction of what it tells of. `paging` calls it.

The key of a page is what it tells of, the officer and the place of the pager in his list: the same call is never
written twice, whichever process comes first.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta

from flaggermail.letters import exercises, observing
from flaggermail.letters.writing import render
from flaggermail.oncall.pager_choice import ATTEMPTING, FAILED, HELD, QUEUED, SENT, alarm_text
from flaggermail.oncall.schedule import Officer
from flaggermail.record.alarms import AlarmKind
from flaggermail.record.events import EventKind, added
from flaggermail.record.rows import Alarm, Notification, Page, Platform
from flaggermail.services import EventRef, UnitOfWork

HOUR = timedelta(hours=1)
CALLED = (QUEUED, ATTEMPTING, SENT, FAILED)


@dataclass(frozen=True, slots=True)
class Wake:
    """What a page tells of, by its key, and what it says."""

    about: str
    text: str
    case: str | None = None
    notification: str | None = None
    exercise: bool = False


def queue(work: UnitOfWork, officer: Officer, position: int, wake: Wake) -> Page | None:
    """Let the pager at `position` of the officer's list be called now; nothing where it was, or nobody may be told.

    Beyond the cap of an hour it is written down as held: the mail about the same is on its way, and status counts it.
    """
    identity = f"{wake.about}/{officer.id}/{position}"
    if position >= len(officer.pagers) or observing.is_on(work.tx) or work.tx.get(Page, identity) is not None:
        return None
    full = called_lately(work, officer, exercise=wake.exercise) >= work.env.settings.desk.rate_limits.pages_per_hour
    page = Page(
        id=identity,
        about=wake.about,
        officer=officer.id,
        position=position,
        pager=officer.pagers[position].credential,
        case=wake.case,
        notification=wake.notification,
        text=wake.text,
        exercise=wake.exercise,
        state=HELD if full else QUEUED,
        queued_at=work.now,
    )
    kind = EventKind.PAGE_HELD if full else EventKind.PAGE_QUEUED
    work.record(kind, added(page), about=EventRef(wake.case, wake.notification), reason=page.pager)
    return page


def called_lately(work: UnitOfWork, officer: Officer, *, exercise: bool) -> int:
    """How many pages to that officer were written down in the last hour, of exercises or real ones; held ones not."""
    since = work.now - HOUR
    return work.tx.count(Page, ("queued_at", since), officer=officer.id, state=CALLED, exercise=exercise)


def mark(work: UnitOfWork, *, exercise: bool) -> str:
    """What a page of an exercise begins with: what the subjects of its mails do. Nothing where it is real."""
    language = work.env.settings.desk.organisation.language
    return render(work, exercises.MARK, language, None).subject if exercise else ""


def of_alarm(work: UnitOfWork, officer: Officer, alarm: Alarm, *, exercise: bool = False) -> None:
    """An alarm calls the first pager at once: what is told of may be that no mail arrives."""
    if not officer.pagers or alarm.kind == AlarmKind.PAGERS_FAILED:  # an alarm about pagers, by pager, would never end
        return
    played = exercises.rehearses(work, alarm.case, otherwise=exercise)
    platform, begins = platform_of(work, alarm.notification), mark(work, exercise=played)
    text = alarm_text(AlarmKind(alarm.kind), alarm.case, platform, begins)
    # by digest: the id of an alarm may name a recipient
    about = f"alarm/{hashlib.sha256(alarm.id.encode()).hexdigest()[:32]}"
    queue(work, officer, 0, Wake(about, text, alarm.case, alarm.notification, played))


def platform_of(work: UnitOfWork, notification_id: str | None) -> str | None:
    """The name of the platform that a notification went to."""
    notification = work.tx.get(Notification, notification_id) if notification_id else None
    platform = work.tx.get(Platform, notification.platform) if notification else None
    return platform.name if platform else None
