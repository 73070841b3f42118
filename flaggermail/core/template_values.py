# SPDX-License-Identifier: EUPL-1.2
"""Which mail templates there are, and the names each may use: what the callers give, and nothing else.

| name | value |
|---|---|
| `number` | str, or None where the mail belongs to no case (always for a decline) |
| `polling_day`, `policy_read_on` | date |
| `sent_at`, `due_at` | aware datetime |
| `minutes`, `attempts` | int: minutes since sending (or since the case was opened); the owner's own attempts |
| `criteria`, `aspects` | list of int 1 to 3; list of str: organisation, conduct, integrity |
| `earlier` | list of mappings or objects with `number` (str) and `sent_on` (date) |
| `report_urls` | list of mappings or objects with `platform` and `url` (str) |
| `told` | list of mappings or objects with `at` (aware datetime) and `officer` (str) |
| `phone`, `platform` and `channel` of a reminder or escalation, `acknowledged`, `acknowledged_by` | str or None |
| `acknowledged` | the time, or more in words; `acknowledged_by` names the officer |
| `can_confirm`, `understood` | bool |
| `changed` | bool: the referrer was told another decision before |
| `why` | str: a decline reason (core.assessment), or refer, or none |
| `missing` | list of str: attempts, screenshot, link, contact |
| `attachments`, `suggestions`, `what_would_work` | list of str |
| `total`, `more`, `waiting` | int: mails of a digest, or reminders; `more` are not listed, `waiting` are in no case |
| `cases` | list of str: case numbers |
| `entries` | list of objects with `at` as `sent_at`, `sender`, `subject` and `place` (str) |
| `entries` of what was held back | the same with `alarm` (bool), `kind`, `number` and `next_step` (str) for `place` |
| `silences` | list of mappings with the names of a reminder, and `case` (str) for its number |
| `behind` | int: minutes since the first of several steps fell due |
| `kind` | str: what it is about; of several reminders `reminder` or `escalation`; of mail that waits: its reader |
| `clock` | str: receipt, human, decision |
| any other | str, perhaps empty |
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

LANGUAGES = ("nl", "en")

EVERY = frozenset({"organisation", "desk_address", "number", "language"})

PLATFORM = frozenset({
    "platform", "channel", "election", "polling_day", "policy_title", "policy_url", "policy_read_on", "can_confirm",
    "criteria", "aspects", "title", "text", "earlier", "authority", "attempts", "contact",
})  # fmt: skip

LATE = frozenset({"platform", "channel", "minutes", "sent_at", "due_at", "phone", "clock", "acknowledged"})

PLATFORM_TEMPLATES = ("notification", "general_warning", "channel_recovery", "advert", "follow_up")

VALUES: Mapping[str, frozenset[str]] = MappingProxyType({
    **dict.fromkeys(PLATFORM_TEMPLATES, EVERY | PLATFORM),
    "intake_confirmation": EVERY | {"title", "phone"},
    "information_request": EVERY | {"missing", "question"},
    "decided_to_notify": EVERY | {"changed"},
    "decided_not_to_notify": EVERY | {"changed", "why", "reason", "advice"},
    "decline": EVERY | {"report_urls"},
    "officer_notice": EVERY
    | {"kind", "sender", "subject", "text", "attachments", "suggestions", "next_step", "missing", "urgent", "labels"},
    "reminder": EVERY | LATE,
    "escalation": EVERY | LATE | {"told", "acknowledged_by"},
    "reminders": EVERY | {"kind", "total", "more", "behind", "silences"},
    "alarm": EVERY | {"kind", "what", "next_step"},
    "digest": EVERY | {"total", "more", "cases", "waiting", "entries", "next_step"},
    "held_back": EVERY | {"total", "more", "entries", "next_step"},
    "waiting": EVERY | {"kind", "total", "more", "entries", "next_step"},
    "reply_answer": EVERY | {"understood", "state", "what_would_work"},
})  # fmt: skip
