# SPDX-License-Identifier: EUPL-1.2
"""Whether somebody was faster: what has happened to the rows of a command since the view it was decided on.

A command that names no view is refused by the state of its row alone; then the event that made the state is named.
"""

from __future__ import annotations

from collections.abc import Mapping
from operator import itemgetter

from flaggermail.commands.command import Command, Subject
from flaggermail.errors import Refusal
from flaggermail.mail.message import Json
from flaggermail.record.events import Event, EventKind
from flaggermail.record.kinds import Direction, Kind
from flaggermail.record.rows import (
    Annex,
    BadAddress,
    Case,
    DeskState,
    Device,
    Election,
    LegalHold,
    Notification,
    OutboxMail,
    Override,
    Record,
    Reminder,
    StoredMessage,
)
from flaggermail.services import DAEMON, UnitOfWork
from flaggermail.wording.pieces import MeantimeAct, RefusalPart
from flaggermail.wording.refusals import AnnexRefusal, CommandRefusal, SendingRefusal
from flaggermail.wording.said import StoredText

_SETTLES = frozenset({
    EventKind.NOTIFICATION_APPROVED, EventKind.NOTIFICATION_REJECTED, EventKind.NOTIFICATION_SENT,
})  # fmt: skip
_ANY = frozenset[EventKind]()
_MADE_BY: Mapping[str, tuple[type[Record], frozenset[EventKind]]] = {
    CommandRefusal.NO_DRAFT_ANY_MORE: (Notification, _SETTLES),
    CommandRefusal.DRAFT_APPROVED_BY_ONESELF: (Notification, _SETTLES),
    CommandRefusal.DRAFT_OF_CLOSED_CASE: (Case, frozenset({EventKind.CASE_CLOSED})),
    CommandRefusal.CASE_CLOSED_ALREADY: (Case, frozenset({EventKind.CASE_CLOSED})),
    CommandRefusal.CLOSED_TO_QUESTIONS: (Case, frozenset({EventKind.CASE_CLOSED})),
    CommandRefusal.NOT_DECIDED_TO_NOTIFY: (Case, frozenset({EventKind.CASE_DECIDED})),
    CommandRefusal.NOTIFIED_ALREADY: (Case, _SETTLES),
    **dict.fromkeys(
        (
            CommandRefusal.MESSAGE_HAS_CASE, CommandRefusal.DECLINED_ALREADY, CommandRefusal.IN_QUARANTINE_ALREADY,
            CommandRefusal.MARKED_ALREADY, CommandRefusal.VERIFIED_ALREADY, CommandRefusal.EXCLUDED_ALREADY,
        ),
        (StoredMessage, _ANY),
    ),
    **dict.fromkeys(
        (CommandRefusal.NOT_UNCERTAIN, CommandRefusal.WAITS_NO_MORE, SendingRefusal.MAIL), (OutboxMail, _ANY)
    ),
    CommandRefusal.ACKNOWLEDGED_ALREADY: (Reminder, frozenset({EventKind.REMINDER_ACKNOWLEDGED})),
    CommandRefusal.HOLD_LIFTED_ALREADY: (LegalHold, frozenset({EventKind.HOLD_LIFTED})),
    **dict.fromkeys(
        (AnnexRefusal.DECIDED, AnnexRefusal.WITHDRAWN, AnnexRefusal.NOT_CONFIRMED, AnnexRefusal.OTHER_REVISION),
        (Annex, _ANY),
    ),
}  # fmt: skip
"""Refusals because of a state that an earlier act made: the row with the state, and the events that make it."""
LOOKED_BACK = 200  # events about one case or mail

MOST_EVENTS = 20_000  # since the view; a longer look back would keep other writers waiting

_ROUTINE = frozenset({
    EventKind.MESSAGE_COMPOSED, EventKind.MESSAGE_SENT, EventKind.DELIVERY_SEEN, EventKind.DELIVERY_SUPERSEDED,
    EventKind.MESSAGE_COSTLY, EventKind.KEY_LEARNED, EventKind.KEY_FORGOTTEN,
    EventKind.CLOCK_STARTED, EventKind.CLOCK_STOPPED, EventKind.CLOCK_RESUMED, EventKind.CLOCK_CANCELLED,
    EventKind.MAIL_QUEUED, EventKind.MAIL_ATTEMPTED, EventKind.MAIL_ACCEPTED, EventKind.MAIL_DEFERRED,
    EventKind.MAIL_WITHHELD, EventKind.MAIL_HELD_BACK, EventKind.MAIL_CANCELLED, EventKind.MAIL_RESOLVED,
    EventKind.REMINDER_SENT, EventKind.TOKEN_ISSUED,
    EventKind.DIGEST_SENT, EventKind.NOBODY_ON_CALL, EventKind.ALARM_RAISED, EventKind.ANSWER_RATE_LIMITED,
    EventKind.PAGE_QUEUED, EventKind.PAGE_HELD, EventKind.PAGE_ATTEMPTED, EventKind.PAGE_SENT, EventKind.PAGE_FAILED,
    EventKind.REPLY_OBEYED, EventKind.REPLY_NOT_UNDERSTOOD, EventKind.REPLY_IGNORED, EventKind.REFERRER_UNVERIFIED,
    EventKind.CODE_SPENT, EventKind.CODE_WRONG, EventKind.ARCHIVE_READ, EventKind.COPIES_CHANGED,
})  # fmt: skip
"""What follows from other events, or happens every few minutes: no reason to decide otherwise."""

_NAMES: Mapping[type[Record], RefusalPart] = {
    Case: RefusalPart.CASE,
    StoredMessage: RefusalPart.MESSAGE,
    Notification: RefusalPart.NOTIFICATION,
    OutboxMail: RefusalPart.OUTBOX,
    Reminder: RefusalPart.REMINDER,
    BadAddress: RefusalPart.ADDRESS,
    Device: RefusalPart.DEVICE,
    Election: RefusalPart.ELECTION,
    Override: RefusalPart.ROTA,
    DeskState: RefusalPart.DESK,
    LegalHold: RefusalPart.HOLD,
    Annex: RefusalPart.ANNEX,
}
_REFERS: Mapping[type[Record], tuple[str, ...]] = {
    OutboxMail: ("notification", "case", "shows"), Reminder: ("case",), Annex: ("notification",), LegalHold: ("case",),
}  # fmt: skip
"""The fields of a row that its events name, the first that is filled; else they name its key."""


def version_of(work: UnitOfWork) -> int:
    """Returns the number of the last event, those of `work` included."""
    head = work.tx.head()
    return head.seq if head else 0


def check(work: UnitOfWork, command: Command, version: Json) -> None:
    """Raises Refusal if another person has acted on the same row since `version`, or if `version` is invalid.

    What the desk did by itself counts too, such as taking in an answer. One's own acts do not, whichever way in they
    took.
    """
    last = version_of(work)
    if isinstance(version, bool) or not isinstance(version, int) or not 0 <= version <= last:
        raise Refusal(CommandRefusal.VERSION_UNKNOWN(name=command.NAME, last=last))
    if last - version > MOST_EVENTS:
        raise Refusal(CommandRefusal.VERSION_TOO_OLD(name=command.NAME, events=last - version))
    if last == version:
        return
    subject = command.subject(work)
    for _, event in work.tx.events(after=version):
        if event.actor != work.actor and (about := _about(event, subject)):
            raise Refusal(_happened(work, event, about))


def with_earlier(work: UnitOfWork, command: Command, refused: Refusal) -> Refusal:
    """Returns the refusal of a command, with who did what before and when, if its row has the state of an earlier act.

    Of several, the last act of a person counts; of a mail in the outbox, the last event.
    """
    of_kind, makes = _MADE_BY.get(refused.said.code, (None, _ANY))
    key = next((key for kind, key in command.subject(work) if kind is of_kind and key is not None), None)
    row = work.tx.get(of_kind, key) if of_kind is not None and key is not None else None
    if row is None:
        return refused
    about = next(filter(None, (getattr(row, name, None) for name in _REFERS.get(type(row), ()))), row.key)
    events = [
        event
        for _, event in work.tx.last_about(about, LOOKED_BACK)
        if (event.actor, event.at) != (work.actor, work.now)  # not what this very command began
        and (event.kind in makes or not makes)
        and _about(event, ((type(row), row.key),))
    ]
    persons = [event for event in events if event.actor != DAEMON and of_kind is not OutboxMail]
    if events:
        return type(refused)(refused.said, earlier=_acted(work, (persons or events)[0]))
    return refused


def acted_since_placing(work: UnitOfWork, message: StoredMessage) -> StoredText | None:
    """Returns what a person did last on a mail, or in its case, since it was placed there; None if nobody did.

    What the placing itself did does not count, nor what the daemon did. A placing of long ago counts as acted on.
    """
    own = work.tx.last_about(message.id, LOOKED_BACK)
    placed = next(((seq, event) for seq, event in own if event.kind is EventKind.MESSAGE_PLACED), None)
    if placed is None:
        return _acted(work, own[0][1]) if own else None
    seq, placing = placed
    of_case = work.tx.last_about(message.case, LOOKED_BACK) if message.case is not None else []
    acts = (
        event
        for number, event in sorted({**dict(own), **dict(of_case)}.items(), key=itemgetter(0), reverse=True)
        if number > seq
        and event.actor != DAEMON
        and event.kind not in _ROUTINE
        and (event.actor, event.at) != (placing.actor, placing.at)
    )
    return next((_acted(work, event) for event in acts), None)


def _about(event: Event, subject: Subject) -> StoredText | None:
    """Returns the row of `subject` that the event is about; None if about none of them."""
    routine = _is_routine(event)
    for kind, key in subject:
        if routine and kind is not OutboxMail:  # whether a mail was tried or accepted is what one decides on
            continue
        changes = (change.key for change in event.changes if change.table == kind.TABLE)
        touched = next((changed for changed in changes if key in {None, changed}), None)
        if touched is not None or (key is not None and key == _named(event, kind)):
            return _NAMES[kind](key=key or touched or "")
    return None


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


def _happened(work: UnitOfWork, event: Event, about: StoredText) -> StoredText:
    """Returns who did what about it, and when."""
    details = _details(work, event)
    said = CommandRefusal.CHANGED_SINCE_ON if "day" in details else CommandRefusal.CHANGED_SINCE
    return said(about=about, **details)


def _acted(work: UnitOfWork, event: Event) -> StoredText:
    """Returns who did what, and when."""
    details = _details(work, event)
    return (RefusalPart.ACTED_ON if "day" in details else RefusalPart.ACTED)(**details)


def _details(work: UnitOfWork, event: Event) -> dict[str, str]:
    """Returns who did what, and when in the desk's zone; the day if it is not today."""
    at = event.at.astimezone(work.env.settings.zone)
    details = {
        "who": RefusalPart.THE_DESK() if event.actor == DAEMON else event.actor,
        "did": MeantimeAct.__members__.get(event.kind.name, MeantimeAct.CHANGED).having(what=event.reason),
        "time": f"{at:%H:%M}",
        "kind": event.kind.value,
    }
    return details if at.date() == work.today else {**details, "day": at.date().isoformat()}
