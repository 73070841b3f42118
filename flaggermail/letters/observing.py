# SPDX-License-Identifier: EUPL-1.2
"""Observing: the desk takes in and files everything, and sends nothing.

It is meant for the first days beside an older way of working, and for a restored copy. The state is kept in the record,
so a restart does not end it; an officer does. Each suppressed mail is an event and is never sent later, nor is a
reminder that fell due meanwhile.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from flaggermail.errors import Refusal
from flaggermail.ports import Transaction
from flaggermail.record.events import Event, EventKind, added, changed
from flaggermail.record.finding import where
from flaggermail.record.kinds import Kind
from flaggermail.record.outbox_states import moved
from flaggermail.record.rows import DeskState, OutboxMail, Withheld
from flaggermail.record.states import MailState
from flaggermail.services import DAEMON, NOTHING, EventRef, Services, UnitOfWork
from flaggermail.wording.refusals import Because
from flaggermail.wording.said import Said

DESK = "desk"


def state_of(tx: Transaction) -> DeskState | None:
    """Returns whether, since when and until when the desk is observing; None if it never was."""
    return tx.get(DeskState, DESK)


def is_on(tx: Transaction) -> bool:
    """True if the desk is observing now."""
    state = state_of(tx)
    return state is not None and state.observing


def suppresses_due_at(tx: Transaction, due_at: datetime) -> bool:
    """True if reminders due at `due_at` are suppressed: the desk is observing now, or was then."""
    state = state_of(tx)
    if state is None or state.observing:
        return state is not None
    return state.until is not None and state.since <= due_at < state.until


def begin(env: Services) -> bool:
    """Starts observing; returns False if the desk is already observing.

    Queued mail is cancelled, except mail to a platform: a person approved it, so a person decides about it.
    """
    with env.store.begin() as tx:
        return begin_in(tx, env.clock.now(), DAEMON)


def begin_in(tx: Transaction, now: datetime, actor: str) -> bool:
    """Starts observing within a transaction; see `begin`."""
    old = state_of(tx)
    if old is not None and old.observing:
        return False
    new = DeskState(observing=True, since=now, since_by=actor)
    tx.append(Event(EventKind.OBSERVING_BEGAN, now, actor, (added(new) if old is None else changed(old, new),)))
    for mail in tx.find(
        OutboxMail, where(OutboxMail.state).is_(MailState.QUEUED), where(OutboxMail.at_most_once).is_(False)
    ):
        withdrawn = changed(mail, replace(moved(mail, MailState.CANCELLED), next_try_at=None))
        tx.append(
            Event(EventKind.MAIL_WITHHELD, now, actor, (withdrawn,), mail.case, mail.notification, reason=mail.kind)
        )
    return True


def end(work: UnitOfWork, state: DeskState) -> None:
    """Ends observing: mail requested from now on is sent."""
    ended = replace(state, observing=False, until=work.now, until_by=work.actor)
    work.record(EventKind.OBSERVING_ENDED, changed(state, ended))


def suppresses(work: UnitOfWork, kind: Kind, dedupe: str, about: EventRef = NOTHING) -> bool:
    """True if the mail with this deduplication key is suppressed: the desk is observing, or was when first asked."""
    if work.tx.get(Withheld, dedupe) is not None:
        return True
    if not is_on(work.tx):
        return False
    row = Withheld(id=dedupe, kind=kind, withheld_at=work.now)
    work.record(EventKind.MAIL_WITHHELD, added(row), reason=kind, about=about)
    return True


def refuse(work: UnitOfWork, what: Said) -> None:
    """Raises Refusal for an action that sends mail while the desk is observing."""
    if is_on(work.tx):
        raise Refusal(Because.OBSERVING(what=what))
