# SPDX-License-Identifier: EUPL-1.2
"""Alarms: their kinds, whose text is in `config/templates/words.yaml`, the row of one, and its deduplication key."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, ClassVar

from flaggermail.record.definition import Column, Record, record
from flaggermail.wording.said import StoredText


class AlarmKind(StrEnum):
    """Every kind of alarm."""

    BOUNCED = "bounced"
    BOUNCE_CLAIMED = "bounce claimed"
    BOUNCE_UNCLEAR = "bounce unclear"
    DELAYED = "delayed"
    DEFERRED = "deferred"
    REFUSED = "refused"
    UNCERTAIN = "uncertain"
    FORGED = "forged"
    DELETED_UNREAD = "deleted unread"
    UNVERIFIED = "unverified senders"
    UNREGISTERED_USE = "unregistered use"
    FOLDER_MISSING = "folder missing"
    MAILBOX_SILENT = "mailbox silent"
    MAILBOX_BACK = "mailbox back"
    MAIL_UNFETCHED = "mail not fetched"
    MAIL_FETCHED = "mail fetched"
    UNJUDGED = "unjudged"
    RULES_REFUSED = "rules refused"
    WAITING = "mail waits"
    OUTBOX_WAITS = "outbox waits"
    OUTBOX_FLOWS = "outbox flows"
    OUTBOX_DENIED = "outbox denied"
    OUTBOX_TAKEN = "outbox taken"
    OUTBOX_CHANGED = "outbox changed"
    OUTBOX_WITHHELD = "outbox withheld"
    RECIPIENT_WAITS = "recipient waits"
    PAGERS_FAILED = "pagers failed"
    DISK_LOW = "disk low"
    DISK_BACK = "disk back"
    TICK_LATE = "tick late"
    TICK_BACK = "tick back"
    CERTIFICATE_ENDS = "certificate ends"
    CERTIFICATE_RENEWED = "certificate renewed"
    SECRET_ENDS = "secret ends"  # noqa: S105 - the name of an alarm
    SECRET_RENEWED = "secret renewed"  # noqa: S105 - as above
    MARK_UNPROVEN = "mark unproven"
    MARK_PROVEN = "mark proven"
    CLOCK_WRONG = "clock wrong"
    CLOCK_RIGHT = "clock right"
    ARCHIVE_AWAY = "archive away"
    ARCHIVE_BACK = "archive back"
    DATABASE_AWAY = "database away"
    DATABASE_BACK = "database back"
    SANDBOX_LESS = "sandbox less"
    SANDBOX_WHOLE = "sandbox whole"
    NODE_DIFFERS = "node differs"
    NODE_AGREES = "node agrees"
    CLOCK_SET = "clock set"
    CLOCK_KEPT = "clock kept"
    DESTROYING_WAITS = "destroying waits"
    DESTROYING_GOES_ON = "destroying goes on"
    DEVICE_LOCKED = "device locked"
    OCTETS_LOST = "octets lost"
    OFFICER_UNHEARD = "officer unheard"
    OFFICER_UNREACHED = "officer unreached"
    MAIL_UNMADE = "mail not made"
    OVERRIDE_VOID = "override void"
    SERVER_MISNAMED = "server misnamed"
    JOB_FAILED = "job failed"


@record
class Alarm(Record):
    """A condition that needs a person at once; raised once per deduplication key."""

    TABLE: ClassVar[str] = "alarm"
    PERSONAL: ClassVar[frozenset[str]] = frozenset({"text"})
    id: str  # deduplication key: kind and subject
    kind: Annotated[AlarmKind, Column.INDEXED]
    case: Annotated[str | None, Column.INDEXED] = None
    notification: Annotated[str | None, Column.INDEXED] = None
    text: StoredText
    raised_at: datetime
    officer: str | None = None  # whom it reminds, if it reminds one officer of a waiting mail


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
