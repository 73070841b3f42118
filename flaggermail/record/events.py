# SPDX-License-Identifier: EUPL-1.2
"""Events: who did what, when, and every row it changed. Rows change in no other way.

So the store equals the fold of the events: `fold` needs no knowledge of cases or clocks, and a row that differs from it
was changed outside the record.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from datetime import date, datetime
from enum import StrEnum
from functools import cache

from flaggermail.record.rows import BY_TABLE, Record

Scalar = str | int | bool | datetime | date | tuple[str, ...] | tuple[int, ...] | tuple[date, ...] | None
Rows = dict[tuple[str, str], dict[str, Scalar]]


class EventKind(StrEnum):
    """Every kind of event."""

    RULES_IN_FORCE = "rules in force"
    TEMPLATES_IN_FORCE = "templates in force"
    ELECTION_ADDED = "election added"
    ELECTION_CLOSED = "election closed"
    REHEARSAL_BEGAN = "rehearsal began"
    CONFIGURATION_REGISTERED = "configuration registered"
    ADDRESS_BAD = "address bad"
    ADDRESS_CLEARED = "address cleared"
    REFERRER_REMEMBERED = "referrer remembered"
    REFERRER_REMOVED = "referrer removed"
    MESSAGE_TAKEN_IN = "message taken in"
    MESSAGE_UNJUDGED = "message unjudged"
    MESSAGE_COMPOSED = "message composed"
    MESSAGE_SENT = "message sent"
    DELIVERY_SEEN = "delivery seen"
    DELIVERY_SUPERSEDED = "delivery superseded"
    MESSAGE_PLACED = "message placed"
    MESSAGE_PLACED_BY_SCORE = "message placed by score"
    MESSAGE_CONFIRMED = "message confirmed"
    MESSAGE_REFUSED = "message refused"
    MESSAGE_RECLASSIFIED = "message reclassified"
    CASE_OPENED = "case opened"
    CASE_ASSESSED = "case assessed"
    CASE_DECIDED = "case decided"
    CASE_ASSIGNED = "case assigned"
    CASE_LINKED = "case linked"
    CASE_TAGGED = "case tagged"
    INFORMATION_REQUESTED = "information requested"
    KEY_LEARNED = "key learned"
    KEY_FORGOTTEN = "key forgotten"
    CASE_RECLASSIFIED = "case reclassified"
    CASE_CLOSED = "case closed"
    CASE_REOPENED = "case reopened"
    CASE_ANSWERED = "case answered"
    CASE_REVERTED_TO_NOTIFIED = "case reverted to notified"
    CONTACT_NOTED = "contact noted"
    NOTIFICATION_DRAFTED = "notification drafted"
    NOTIFICATION_APPROVED = "notification approved"
    NOTIFICATION_REJECTED = "notification rejected"
    NOTIFICATION_SENT = "notification sent"
    NOTIFICATION_FAILED = "notification failed"
    CLOCK_STARTED = "clock started"
    CLOCK_STOPPED = "clock stopped"
    CLOCK_RESUMED = "clock resumed"
    CLOCK_CANCELLED = "clock cancelled"
    MAIL_QUEUED = "mail queued"
    MAIL_UNRENDERABLE = "mail unrenderable"
    MAIL_ATTEMPTED = "mail attempted"
    MAIL_ACCEPTED = "mail accepted"
    MAIL_DEFERRED = "mail deferred"
    MAIL_REFUSED = "mail refused"
    MAIL_UNCERTAIN = "mail uncertain"
    MAIL_RESOLVED = "mail resolved"
    MAIL_CANCELLED = "mail cancelled"
    MAIL_BOUNCED = "mail bounced"
    MAIL_WITHHELD = "mail withheld"
    MESSAGE_ID_LEARNED = "message id learned"
    OBSERVING_BEGAN = "observing began"
    OBSERVING_ENDED = "observing ended"
    DESK_RESTORED = "desk restored"
    REMINDER_SENT = "reminder sent"
    REMINDER_ACKNOWLEDGED = "reminder acknowledged"
    TOKEN_ISSUED = "token issued"  # noqa: S105 - the name of an event, not a secret
    DIGEST_SENT = "digest sent"
    SENDER_DECLINED = "sender declined"
    MESSAGE_DECLINED = "message declined"
    DECLINE_TAKEN_BACK = "decline taken back"
    ELECTION_KEY_MADE = "election key made"
    ELECTION_KEY_DESTROYED = "election key destroyed"
    OCTETS_DISCARDED = "octets discarded"
    MESSAGE_EXCLUDED = "message excluded"
    HOLD_PLACED = "hold placed"
    HOLD_LIFTED = "hold lifted"
    MESSAGE_COSTLY = "message costly"
    REFERRER_UNVERIFIED = "referrer unverified"
    NOBODY_ON_CALL = "nobody on call"
    ALARM_RAISED = "alarm raised"
    MAIL_HELD_BACK = "mail held back"
    ANSWER_RATE_LIMITED = "answer rate-limited"
    PAGE_QUEUED = "page queued"
    PAGE_HELD = "page held"
    PAGE_ATTEMPTED = "page attempted"
    PAGE_SENT = "page sent"
    PAGE_FAILED = "page failed"
    PROBE_CHANGED = "health probe changed"
    TRUST_MARK_TESTED = "trust mark tested"
    ROTA_OVERRIDDEN = "rota overridden"
    REMINDER_HANDED_OVER = "reminder handed over"
    NODE_HANDED_OVER = "node handed over"
    REPLY_OBEYED = "reply obeyed"
    REPLY_NOT_UNDERSTOOD = "reply not understood"
    REPLY_IGNORED = "reply ignored"
    DEVICE_ENROLLED = "device enrolled"
    DEVICE_CONFIRMED = "device confirmed"
    DEVICE_LOCKED = "device locked"
    DEVICE_REVOKED = "device revoked"
    CODE_SPENT = "code spent"
    CODE_WRONG = "code wrong"
    ANNEX_PROPOSED = "annex proposed"
    ANNEX_CONFIRMED = "annex confirmed"
    ANNEX_APPROVED = "annex approved"
    ANNEX_WITHDRAWN = "annex withdrawn"
    ARCHIVE_READ = "archive read"
    COPIES_CHANGED = "copies changed"
    MAIL_SET_ASIDE = "mail set aside"
    MAIL_NO_LONGER_ASIDE = "mail no longer aside"
    REPORT_DRAFTED = "report drafted"
    REPORT_FROZEN = "report frozen"
    REPORT_UNFROZEN = "report unfrozen"


ERASING = frozenset({
    EventKind.MESSAGE_DECLINED, EventKind.MESSAGE_EXCLUDED, EventKind.OCTETS_DISCARDED,
    EventKind.ELECTION_KEY_DESTROYED,
})  # fmt: skip
"""The kinds with which earlier personal values of the rows they change are erased."""


@dataclass(frozen=True, slots=True)
class Change:
    """New values for fields of one row; creates the row if it does not exist."""

    table: str
    key: str
    values: Mapping[str, Scalar]


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened at `at`, done by `actor` (an officer's id, or "daemon").

    `reason` and `facts` are stored in clear: only our own words and codes (a reason may be a `StoredText`), never text
    that a person or a server wrote.
    """

    kind: EventKind
    at: datetime
    actor: str
    changes: tuple[Change, ...] = ()
    case: str | None = None
    notification: str | None = None
    message: str | None = None
    reason: str = ""
    facts: Mapping[str, Scalar] = field(default_factory=dict)


def values_of(record: Record) -> dict[str, Scalar]:
    """Returns the fields of a row by name."""
    return {name: getattr(record, name) for name in _names(record.TABLE)}


@cache
def _names(table: str) -> tuple[str, ...]:
    return tuple(spec.name for spec in fields(BY_TABLE[table]))


def added(record: Record) -> Change:
    """Returns the change that creates `record`."""
    return Change(record.TABLE, record.key, values_of(record))


def changed(old: Record, new: Record) -> Change:
    """Returns the change from `old` to `new`, two versions of the same row; contains only the fields that differ."""
    if old.TABLE != new.TABLE or old.key != new.key:
        raise ValueError(f"{old.TABLE} {old.key} and {new.TABLE} {new.key} are not the same row")
    before, after = values_of(old), values_of(new)
    return Change(new.TABLE, new.key, {name: value for name, value in after.items() if before[name] != value})


def fold(events: Iterable[Event], rows: Rows | None = None) -> Rows:
    """Applies the events to `rows` and returns the result by (table, key)."""
    result: Rows = {} if rows is None else rows
    for event in events:
        for change in event.changes:
            if change.table not in BY_TABLE:
                raise ValueError(f"event {event.kind}: no such table as {change.table}")
            row = result.setdefault((change.table, change.key), {})
            row.update(change.values if row else {**_defaults(change.table), **change.values})
    return result


@cache
def _defaults(table: str) -> Mapping[str, Scalar]:
    """Returns the values of fields that an event does not name because it is older than they are."""
    return {spec.name: spec.default for spec in fields(BY_TABLE[table]) if spec.default is not MISSING}
