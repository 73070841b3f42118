# SPDX-License-Identifier: EUPL-1.2
"""Observing: the desk takes in and files everything, and sends nothing.

It is for the first days beside an older way of working, and for a restored copy. Whether the desk observes stands in
the record, so no restart ends it; an officer does. What would have been sent is an event, and is never sent later: not
the mail that was withheld, and not the reminder that fell due meanwhile.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from flaggermail.errors import Refusal
from flaggermail.ports import Transaction
from flaggermail.record.events import EventKind, added, changed
from flaggermail.record.outbox_states import moved
from flaggermail.record.rows import DeskState, OutboxMail, Withheld
from flaggermail.services import NOTHING, EventRef, Services, UnitOfWork

DESK = "desk"


def state_of(tx: Transaction) -> DeskState | None:
    """Whether, since when and until when the desk observes; nothing when it never did."""
    return tx.get(DeskState, DESK)


def is_on(tx: Transaction) -> bool:
    """Whether the desk observes now."""
    state = state_of(tx)
    return state is not None and state.observing


def silences(tx: Transaction, due_at: datetime) -> bool:
    """Whether nobody is told of what fell due at `due_at`: the desk observes now, or did so then."""
    state = state_of(tx)
    if state is None or state.observing:
        return state is not None
    return state.until is not None and state.since <= due_at < state.until


def begin(env: Services) -> bool:
    """Let the desk observe from now on; answers False when it does so already.

    A mail that waits is withdrawn, save a platform's: a person let that one go, so a person says what becomes of it.
    """
    with env.store.begin() as tx:
        old = state_of(tx)
        if old is not None and old.observing:
            return False
        work = UnitOfWork(env, tx, env.clock.now())
        new = DeskState(observing=True, since=work.now, since_by=work.actor)
        work.record(EventKind.OBSERVING_BEGAN, added(new) if old is None else changed(old, new))
        for mail in tx.find(OutboxMail, state="queued", at_most_once=False):
            withdrawn = changed(mail, replace(moved(mail, "cancelled"), next_try_at=None))
            work.record(
                EventKind.MAIL_WITHHELD, withdrawn, reason=mail.kind, about=EventRef(mail.case, mail.notification)
            )
    return True


def end(work: UnitOfWork, state: DeskState) -> None:
    """Let the desk send again what is wanted from now on."""
    ended = replace(state, observing=False, until=work.now, until_by=work.actor)
    work.record(EventKind.OBSERVING_ENDED, changed(state, ended))


def suppresses(work: UnitOfWork, kind: str, dedupe: str, about: EventRef = NOTHING) -> bool:
    """Whether the mail with this reason stays unwritten: the desk observes, or did so when it was first wanted."""
    if work.tx.get(Withheld, dedupe) is not None:
        return True
    if not is_on(work.tx):
        return False
    row = Withheld(id=dedupe, kind=kind, withheld_at=work.now)
    work.record(EventKind.MAIL_WITHHELD, added(row), reason=kind, about=about)
    return True


def refuse(work: UnitOfWork, what: str) -> None:
    """Refuse what would send, while the desk observes."""
    if is_on(work.tx):
        raise Refusal(
            f"{what}: the desk observes and sends nothing; `flaggermail resume` by an officer or the head ends that"
        )
