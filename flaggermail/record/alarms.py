# SPDX-License-Identifier: EUPL-1.2
"""The kinds of alarm and the row of one alarm; `config/templates/words.yaml` contains the text for each kind."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from flaggermail.record.rows import Alarm


class AlarmKind(StrEnum):
    """Every kind of alarm."""

    BOUNCED = "bounced"
    BOUNCE_CLAIMED = "bounce claimed"
    DELAYED = "delayed"
    DEFERRED = "deferred"
    REFUSED = "refused"
    UNCERTAIN = "uncertain"
    FORGED = "forged"
    UNVERIFIED = "unverified senders"
    UNREGISTERED_USE = "unregistered use"
    FOLDER_MISSING = "folder missing"
    MAILBOX_SILENT = "mailbox silent"
    MAILBOX_BACK = "mailbox back"
    UNJUDGED = "unjudged"
    RULES_REFUSED = "rules refused"
    WAITING = "mail waits"
    OUTBOX_WAITS = "outbox waits"
    OUTBOX_FLOWS = "outbox flows"
    OUTBOX_CHANGED = "outbox changed"
    PAGERS_FAILED = "pagers failed"
    DISK_LOW = "disk low"
    DISK_BACK = "disk back"
    TICK_LATE = "tick late"
    TICK_BACK = "tick back"
    CERTIFICATE_ENDS = "certificate ends"
    CERTIFICATE_RENEWED = "certificate renewed"
    CLOCK_WRONG = "clock wrong"
    CLOCK_RIGHT = "clock right"
    DEVICE_LOCKED = "device locked"
    OCTETS_LOST = "octets lost"


def alarm_key(kind: AlarmKind, about: object) -> str:
    """Returns the deduplication key of an alarm: its kind and its subject."""
    return f"{kind}/{about}"


def alarm(
    kind: AlarmKind, key: str, text: str, raised_at: datetime, case: str | None = None, notification: str | None = None
) -> Alarm:  # fmt: skip
    """Returns the row of an alarm under its deduplication key, with the case and the notification that it concerns."""
    return Alarm(id=key, kind=kind.value, case=case, notification=notification, text=text, raised_at=raised_at)
