# SPDX-License-Identifier: EUPL-1.2
"""The end of the retention period: destroys the octets of declined mail and erases the addresses in our answers.

The octets are destroyed before the record of it is committed: after a crash in between, the next tick repeats it.
Octets shared with another message are kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from flaggermail import logbook
from flaggermail.errors import ArchiveFault
from flaggermail.letters import observing
from flaggermail.ports import Transaction
from flaggermail.record.events import Change, EventKind, changed
from flaggermail.record.finding import where
from flaggermail.record.kinds import Direction, Kind, Place
from flaggermail.record.rows import Attempt, Delivery, OutboxMail, StoredMessage
from flaggermail.record.states import MailState
from flaggermail.services import EventRef, Services, UnitOfWork
from flaggermail.wording.said import UNSAID

AT_ONCE = 200  # mails per transaction; the rest waits for the next tick
DONE = (MailState.ACCEPTED, MailState.REFUSED, MailState.CANCELLED)  # final states of a mail
REASON = "review window"


def tick(env: Services) -> int:
    """Destroys what is due; returns the number of mails. An archive that refuses is reported in the log."""
    with env.store.read() as tx:
        if observing.is_on(tx) or not (_declined(env, tx) or _answers(env, tx)):
            return 0  # an idle desk writes nothing
    try:
        with env.store.begin() as tx:
            work = UnitOfWork(env, tx, env.clock.now())
            declined, answers = _declined(env, tx)[:AT_ONCE], _answers(env, tx)[:AT_ONCE]
            for stored in declined:
                _discard(work, stored)
            _forget_notices(work, declined)
            _forget_answers(work, answers)
    except ArchiveFault as fault:
        logbook.not_discarded(str(fault))
        return 0
    return len(declined) + len(answers)


def due_at(env: Services, since: datetime) -> datetime:
    """Returns when the retention period ends for mail that was received, or sent, at `since`."""
    return since + timedelta(days=env.settings.desk.citizens.retention_days)


def again(work: UnitOfWork, stored: StoredMessage, delivery: Delivery) -> None:
    """Destroys the octets that another copy of an already destroyed mail brought back."""
    if stored.discarded_at is not None and not _is_shared(work.tx, delivery.digest, {stored.id}):
        work.env.octets.discard(delivery.digest)


def _declined(env: Services, tx: Transaction) -> list[StoredMessage]:
    kept = tx.find(
        StoredMessage, where(StoredMessage.place).is_(Place.DECLINED), where(StoredMessage.discarded_at).is_(None)
    )
    return [stored for stored in kept if due_at(env, stored.first_seen_at) <= env.clock.now()]


def _answers(env: Services, tx: Transaction) -> list[OutboxMail]:
    sent = tx.readable(OutboxMail, where(OutboxMail.kind).is_(Kind.DECLINE), where(OutboxMail.state).in_(DONE))
    return [mail for mail in sent if mail.recipient and due_at(env, mail.queued_at) <= env.clock.now()]


def _discard(work: UnitOfWork, stored: StoredMessage, *changes: Change) -> None:
    """Destroys the octets of a message and of its other copies, and records it."""
    digests = {stored.digest, *(copy.digest for copy in work.tx.find(Delivery, where(Delivery.message).is_(stored.id)))}
    for digest in sorted(digests):
        if not _is_shared(work.tx, digest, {stored.id}):
            work.env.octets.discard(digest)
    gone = changed(stored, replace(stored, subject=None, discarded_at=work.now))
    work.record(EventKind.OCTETS_DISCARDED, gone, *changes, about=EventRef(message=stored.id), reason=REASON)


def _is_shared(tx: Transaction, digest: str, own: set[str]) -> bool:
    """True if another message, or a copy of one, has these octets and still keeps them."""
    others = {
        row.id for row in tx.find(StoredMessage, where(StoredMessage.digest).is_(digest)) if row.discarded_at is None
    }
    others |= {copy.message for copy in tx.find(Delivery, where(Delivery.digest).is_(digest))}
    kept = tx.find(StoredMessage, where(StoredMessage.id).in_(sorted(others - own)))
    return any(row.discarded_at is None for row in kept)


def _forget_answers(work: UnitOfWork, mails: Sequence[OutboxMail]) -> None:
    """Erases our answers to citizens: their octets and every address stored with them."""
    attempts: list[str] = []
    for mail in mails:
        tried = [attempt for attempt in work.tx.find(Attempt, where(Attempt.mail).is_(mail.id)) if attempt.text]
        attempts += [attempt.id for attempt in tried]
        emptied = replace(mail, recipient="", answer=UNSAID, dedupe=f"forgotten/{mail.id}")
        changes = (changed(mail, emptied), *(changed(attempt, replace(attempt, text=UNSAID)) for attempt in tried))
        for own in work.tx.find(
            StoredMessage,
            where(StoredMessage.message_id).is_(mail.message_id),
            where(StoredMessage.direction).is_(Direction.OUT),
        ):
            _discard(work, own, *changes)
    since = min((mail.queued_at for mail in mails), default=work.now)
    work.tx.erase(OutboxMail, [mail.id for mail in mails], ("recipient", "answer", "dedupe"), since)
    work.tx.erase(Attempt, attempts, ("text",), since)


def _forget_notices(work: UnitOfWork, declined: Sequence[StoredMessage]) -> None:
    """Erases the notices that showed officers a mail declined later: they contain its sender, subject and text."""
    shown = [stored.id for stored in declined]
    mails = work.tx.find(
        OutboxMail,
        where(OutboxMail.shows).in_(shown),
        where(OutboxMail.kind).is_(Kind.OFFICER_NOTICE),
        where(OutboxMail.state).in_(DONE),
    )
    for mail in mails:
        change = changed(mail, replace(mail, subject=""))
        for own in work.tx.find(
            StoredMessage,
            where(StoredMessage.message_id).is_(mail.message_id),
            where(StoredMessage.direction).is_(Direction.OUT),
        ):
            _discard(work, own, change)
    since = min((stored.first_seen_at for stored in declined), default=work.now)
    work.tx.erase(OutboxMail, [mail.id for mail in mails], ("subject",), since)
    owned = [
        own.id
        for m in mails
        for own in work.tx.find(
            StoredMessage,
            where(StoredMessage.message_id).is_(m.message_id),
            where(StoredMessage.direction).is_(Direction.OUT),
        )
    ]
    work.tx.erase(StoredMessage, owned, ("subject",), since)
