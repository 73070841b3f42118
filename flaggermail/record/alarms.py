# SPDX-License-Identifier: EUPL-1.2
"""The row of one alarm and its deduplication key."""

from __future__ import annotations

from datetime import datetime

from flaggermail.record.alarm_kinds import AlarmKind
from flaggermail.record.rows import Alarm
from flaggermail.wording.said import StoredText

__all__ = ["AlarmKind", "alarm", "alarm_key"]


def alarm_key(kind: AlarmKind, about: object) -> str:
    """Returns the deduplication key of an alarm: its kind and its subject."""
    return f"{kind}/{about}"


def alarm(
    kind: AlarmKind,
    key: str,
    text: StoredText,
    raised_at: datetime,
    case: str | None = None,
    notification: str | None = None,
) -> Alarm:
    """Returns the row of an alarm under its deduplication key, with the case and the notification that it concerns."""
    return Alarm(id=key, kind=kind, case=case, notification=notification, text=text, raised_at=raised_at)
