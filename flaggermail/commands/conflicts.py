# SPDX-License-Identifier: EUPL-1.2
"""Whether somebody was faster: what has happened to the rows of a command since the view it was decided on."""

from __future__ import annotations

from collections.abc import Mapping

from flaggermail.commands.command import Command, Subject
from flaggermail.errors import Refusal
from flaggermail.mail.message_json import Json
from flaggermail.record.events import Event, EventKind
from flaggermail.record.kinds import Direction, Kind
from flaggermail.record.rows import (
    BadAddress,
    Case,
    DeskState,
    Device,
    Election,
    Notification,
    OutboxMail,
    Override,
    Record,
    Reminder,
    StoredMessage,
)
from flaggermail.services import DAEMON, UnitOfWork

MOST_EVENTS = 20_000  # since the view; a longer look back would keep other writers waiting

_ROUTINE = frozenset({
    EventKind.MESSAGE_COMPOSED, EventKind.MESSAGE_SENT, EventKind.DELIVERY_SEEN, EventKind.DELIVERY_SUPERSEDED,
    EventKind.MESSAGE_COSTLY, EventKind.REFERENCE_LEARNED, EventKind.KEY_LEARNED, EventKind.KEY_FORGOTTEN,
    EventKind.CLOCK_STARTED, EventKind.CLOCK_STOPPED, EventKind.CLOCK_RESUMED, EventKind.CLOCK_CANCELLED,
    EventKind.MAIL_QUEUED, EventKind.MAIL_ATTEMPTED, EventKind.MAIL_ACCEPTED, EventKind.MAIL_DEFERRED,
    EventKind.MAIL_WITHHELD, EventKind.MAIL_HELD_BACK, EventKind.MAIL_CANCELLED, EventKind.MAIL_RESOLVED,
    EventKind.REMINDER_SENT, EventKind.TOKEN_ISSUED,
    EventKind.DIGEST_SENT, EventKind.NOBODY_ON_CALL, EventKind.ALARM_RAISED, EventKind.ANSWER_LEFT_OUT,
    EventKind.PAGE_QUEUED, EventKind.PAGE_HELD, EventKind.PAGE_ATTEMPTED, EventKind.PAGE_SENT, EventKind.PAGE_FAILED,
    EventKind.REPLY_OBEYED, EventKind.REPLY_NOT_UNDERSTOOD, EventKind.REPLY_IGNORED, EventKind.REFERRER_UNPROVEN,
    EventKind.CODE_SPENT, EventKind.CODE_WRONG,
})  # fmt: skip
"""What follows from other events, or happens every few minutes: no reason to decide otherwise."""

_DID = {
    EventKind.CASE_OPENED: "opened it",
    EventKind.CASE_ASSESSED: "assessed it",
    EventKind.CASE_DECIDED: "recorded the decision {reason}",
    EventKind.CASE_ASSIGNED: "gave it to {reason}",
    EventKind.CASE_CLOSED: "closed it",
    EventKind.CASE_REOPENED: "opened it again",
    EventKind.CONTACT_NOTED: "noted a contact by {reason}",
    EventKind.INFORMATION_ASKED: "asked the referrer something",
    EventKind.MESSAGE_TAKEN_IN: "took in a mail",
    EventKind.MESSAGE_PLACED: "moved a mail",
    EventKind.MESSAGE_CONFIRMED: "confirmed the sender",
    EventKind.MESSAGE_REFUSED: "rejected the sender",
    EventKind.NOTIFICATION_DRAFTED: "drafted a notification",
    EventKind.NOTIFICATION_APPROVED: "approved a notification",
    EventKind.NOTIFICATION_REJECTED: "rejected or replaced a draft",
    EventKind.NOTIFICATION_SENT: "sent a notification",
    EventKind.REMINDER_ACKNOWLEDGED: "acknowledged it",
    EventKind.REMINDER_HANDED_OVER: "handed it over to {reason}",
    EventKind.ROTA_OVERRIDDEN: "gave a shift to {reason}",
}
_NAMES: Mapping[type[Record], str] = {
    Case: "case", StoredMessage: "message", Notification: "notification", OutboxMail: "outbox", Reminder: "reminder",
    BadAddress: "address", Device: "device", Election: "election", Override: "rota", DeskState: "state of the",
}  # fmt: skip


def version_of(work: UnitOfWork) -> int:
    """Returns the number of the last event, those of `work` included."""
    head = work.tx.head()
    return head.seq if head else 0


def check(work: UnitOfWork, command: Command, version: Json) -> None:
    """Raises Refusal if somebody else has acted on what `command` is about since `version`, or `version` is none.

    What the desk did by itself counts too, such as taking in an answer. One's own acts do not, whichever way in they
    took.
    """
    last = version_of(work)
    if isinstance(version, bool) or not isinstance(version, int) or not 0 <= version <= last:
        raise Refusal(f"{command.NAME}: version: is no version of this desk, whose last is {last}")
    if last - version > MOST_EVENTS:
        raise Refusal(f"{command.NAME}: version: {last - version} events have followed it; look again")
    if last == version:
        return
    subject = command.subject(work)
    for _, event in work.tx.events(after=version):
        if event.actor != work.actor and (about := _about(event, subject)):
            raise Refusal(f"{about}: {_happened(work, event)}, after you looked; look again")


def _about(event: Event, subject: Subject) -> str:
    """Returns the row of `subject` that the event is about, in words; empty if about none of them."""
    routine = _is_routine(event)
    for kind, key in subject:
        if routine and kind is not OutboxMail:  # whether a mail was tried or accepted is what one decides on
            continue
        changes = (change.key for change in event.changes if change.table == kind.TABLE)
        touched = next((changed for changed in changes if key in {None, changed}), None)
        if touched is not None or (key is not None and key == _named(event, kind)):
            return f"{_NAMES.get(kind, kind.TABLE)} {key or touched}"
    return ""


def _named(event: Event, kind: type[Record]) -> str | None:
    """Returns the row of that kind which the event names without changing it."""
    if kind is Case:
        return event.case
    if kind is Notification:
        return event.notification
    return event.message if kind is StoredMessage else None


def _is_routine(event: Event) -> bool:
    """True for what is no news to an officer; a mail is news, unless the desk or an officer wrote it."""
    if event.kind is not EventKind.MESSAGE_TAKEN_IN:
        return event.kind in _ROUTINE
    taken = [change.values for change in event.changes if change.table == StoredMessage.TABLE]
    return all(row.get("direction") == Direction.OUT or row.get("kinds") == (Kind.OFFICER_REPLY,) for row in taken)


def _happened(work: UnitOfWork, event: Event) -> str:
    """Returns who did what, and when, in the desk's zone."""
    at = event.at.astimezone(work.env.settings.zone)
    when = f"{at:%H:%M}" if at.date() == work.today else f"{at:%H:%M on %Y-%m-%d}"
    who = "the desk" if event.actor == DAEMON else event.actor
    did = _DID.get(event.kind, "changed it").format(reason=event.reason)
    return f"{who} {did} at {when} ({event.kind.value})"
