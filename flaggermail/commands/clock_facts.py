# SPDX-License-Identifier: EUPL-1.2
"""What a command or a received mail did to the clocks of notifications, read from the events that it recorded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import datetime

from flaggermail.commands.lookups import platform_of
from flaggermail.commands.outcome import ClockFact, ClockTurn, Did, Done, Outcome
from flaggermail.letters.template_values import Unstopped
from flaggermail.mail.message import SenderVerdict
from flaggermail.notifications import clocks, latency
from flaggermail.record.definition import where
from flaggermail.record.events import EventKind
from flaggermail.record.rows import ClockRow, ContactNote, Notification, Platform, StoredMessage
from flaggermail.record.states import NotificationState
from flaggermail.services import UnitOfWork

_TURNS = {EventKind.CLOCK_STOPPED: ClockTurn.STOPPED, EventKind.CLOCK_RESUMED: ClockTurn.RESUMED}
_MAY_STOP = frozenset({Done.BY_PERSON, Done.CONFIRMED, Done.PLACED, Done.NOTED})


def told(work: UnitOfWork, outcome: Outcome, before: int) -> Did:
    """Returns what was done, with the clocks that stopped or run again since event `before`, or why none stopped."""
    turned = _turned(work, before)
    if turned:
        return replace(outcome.did, clocks=turned)
    why = _why_none(work, outcome) if outcome.did.what in _MAY_STOP else None
    message = work.tx.get(StoredMessage, outcome.key) if why is Unstopped.NO_NOTIFICATION else None
    if message is not None and (platform := _never_asked(work, message)):
        return replace(outcome.did, unstopped=Unstopped.NEVER_ASKED, platform=platform)
    return replace(outcome.did, unstopped=why) if why is not None else outcome.did


def _never_asked(work: UnitOfWork, message: StoredMessage) -> str:
    """Returns the name of the platform whose mail it is, if that was asked nothing in the mail's case; else ""."""
    platform = work.tx.get(Platform, platform_of(work, message) or "")
    if platform is None or message.case is None:
        return ""
    asked = work.tx.exists(
        Notification,
        where(Notification.case).is_(message.case),
        where(Notification.platform).is_(platform.code),
        where(Notification.state).is_(NotificationState.SENT),
    )
    return "" if asked else platform.name


def of_mail(work: UnitOfWork, message: StoredMessage, before: int) -> Mapping[str, object]:
    """Returns the clocks that a received mail stopped since event `before`, or why none, as values of its notice."""
    turned = _turned(work, before)
    why = None if turned else _why_not_by(work, message)
    return {"clocks": [asdict(fact) for fact in turned], "unstopped": why or ""}


def _turned(work: UnitOfWork, before: int) -> tuple[ClockFact, ...]:
    """Returns a fact for all clocks of a notification that turned alike."""
    last = {
        change.key: _TURNS[event.kind]
        for _, event in work.tx.events(before)
        if event.kind in _TURNS
        for change in event.changes
    }
    found: list[ClockFact] = []
    for key, turn in last.items():
        clock = work.tx.get(ClockRow, key)
        if clock is None:
            continue
        minutes = latency.minutes(clock.started_at, clock.stopped_at) if clock.stopped_at is not None else None
        fact = ClockFact((clock.kind,), clock.notification, turn, clock.started_at, clock.stopped_at, minutes)
        same = next((at for at, one in enumerate(found) if replace(one, kinds=fact.kinds) == fact), None)
        if same is None:
            found.append(fact)
        else:
            found[same] = replace(found[same], kinds=(*found[same].kinds, *fact.kinds))
    return tuple(found)


def _why_none(work: UnitOfWork, outcome: Outcome) -> Unstopped | None:
    """Returns why a mail or note that could be an answer stopped no clock; None if the outcome is neither."""
    if outcome.did.what is Done.NOTED:
        note = work.tx.get(ContactNote, outcome.key)
        if note is None:
            return None
        answer = clocks.answer_of_note(note)
        return Unstopped.NO_ANSWER if answer is None else _not_by(work, note.notification, answer.at)
    message = work.tx.get(StoredMessage, outcome.key)
    return _why_not_by(work, message) if message is not None else None


def _why_not_by(work: UnitOfWork, message: StoredMessage) -> Unstopped | None:
    """Returns why a mail that may be an answer stopped no clock; None if it is no answer to a notification."""
    if message.notification is not None and message.verdict != SenderVerdict.VERIFIED:
        return Unstopped.UNVERIFIED
    found = _not_by(work, message.notification, message.received_at)
    answers = found is Unstopped.NO_NOTIFICATION or clocks.answer_of_message(message) is not None
    return found if answers else Unstopped.NO_ANSWER


def _not_by(work: UnitOfWork, notification: str | None, at: datetime) -> Unstopped:
    """Returns why an answer of that instant stopped no clock of the notification."""
    use = work.tx.get(Notification, notification) if notification else None
    if use is None or use.sent_at is None or not use.counted:
        return Unstopped.NO_NOTIFICATION
    return Unstopped.STOPPED_BEFORE if clocks.counts(use.sent_at, at) else Unstopped.BEFORE_SENDING
