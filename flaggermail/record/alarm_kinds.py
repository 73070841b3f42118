# SPDX-License-Identifier: EUPL-1.2
"""The kinds of alarm; `config/templates/words.yaml` contains the text for each."""

from __future__ import annotations

from enum import StrEnum


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
    SANDBOX_LESS = "sandbox less"
    SANDBOX_WHOLE = "sandbox whole"
    CLOCK_SET = "clock set"
    CLOCK_KEPT = "clock kept"
    DEVICE_LOCKED = "device locked"
    OCTETS_LOST = "octets lost"
    OFFICER_UNHEARD = "officer unheard"
    OFFICER_UNREACHED = "officer unreached"
    SERVER_MISNAMED = "server misnamed"
    JOB_FAILED = "job failed"
