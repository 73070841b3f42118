# SPDX-License-Identifier: EUPL-1.2
"""The end of the retention period: destroys the octets of declined mail and erases the addresses in our answers.

A mail that a person takes out of the archive before goes the same way, with `take_out`.

The key of a closed election is destroyed here too, if a legal hold kept it when the election was closed.

The octets are destroyed before the record of it is committed: after a crash in between, the next tick repeats it.
Octets shared with another message are kept, and all that a legal hold keeps.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from flaggermail import logbook
from flaggermail.cases import attention, citizen_criteria, elections
from flaggermail.cases.holds import HeldOnDay
from flaggermail.errors import ArchiveFailure
from flaggermail.letters import writing
from flaggermail.letters.outgoing import REPLIED, Outgoing
from flaggermail.letters.writing import issue, note_unmade, queue
from flaggermail.mail.message import Address, Message
from flaggermail.ports import Transaction
from flaggermail.record.case_values import Topic
from flaggermail.record.definition import where
from flaggermail.record.events import Change, EventKind, added, changed
from flaggermail.record.kinds import Direction, Kind, Place
from flaggermail.record.rows import (
    Attempt,
    Decline,
    Delivery,
    Election,
    ElectionSecret,
    OutboxMail,
    StoredMessage,
    Token,
)
from flaggermail.record.states import MailState
from flaggermail.record.terms import day_of
from flaggermail.services import EventRef, Services, UnitOfWork
from flaggermail.settings.word_tables import FREE_MAIL
from flaggermail.wording.filing import PlacementBasis
from flaggermail.wording.said import UNSAID, StoredText


def doubts(work: UnitOfWork, message: Message) -> tuple[StoredText, ...]:
    """Returns why a person must decide about an apparent citizen's report."""
    free_mail = work.env.settings.rules.lists.get(FREE_MAIL, frozenset())
    return citizen_criteria.doubts(message, free_mail, work.env.settings.intake)


def declined_before(work: UnitOfWork, message: Message) -> bool:
    """True if this sender was told, in this period, that reports about single posts are not handled."""
    election = elections.election_of(work, message)
    if election is None or message.sender is None:
        return False
    row = decline_of(work, work.tx.get(ElectionSecret, election.code), message.sender.key)
    return row is not None and row.taken_back_at is None


def decline_of(work: UnitOfWork, held: ElectionSecret | None, address: str) -> Decline | None:
    """Returns the decline row of a sender; None once the election's key is destroyed."""
    if held is None or held.secret is None:
        return None
    return work.tx.get(Decline, f"{held.election}/{citizen_criteria.pseudonym(held.secret, address)}")


def decline(work: UnitOfWork, stored: StoredMessage, message: Message) -> bool:
    """Tells a citizen that reports about single posts go to the platform itself; returns True if the mail is queued."""
    election = elections.election_of(work, message)
    if election is None or message.sender is None:
        return False
    if writing.suppresses(work, Kind.DECLINE, f"decline/{stored.id}", EventRef(message=stored.id)):
        return False  # not recorded as told, so this sender is told at their next mail
    if not attention.may_answer(work, stored, Kind.DECLINE, EventRef(message=stored.id)):
        return False  # as above
    held = work.tx.get(ElectionSecret, election.code) or _new_key(work, election.code)
    if held.secret is None:
        return False
    old = decline_of(work, held, message.sender.key)
    row = Decline(
        id=f"{held.election}/{citizen_criteria.pseudonym(held.secret, message.sender.key)}", election=held.election,
        declined_at=work.now, message=stored.id,
    )  # fmt: skip
    change = added(row) if old is None else changed(old, row)
    work.record(EventKind.SENDER_DECLINED, change, about=EventRef(message=stored.id))
    _queue_answer(work, f"decline/{row.id}/{stored.id}", stored.id, message, message.sender)
    return True


def _new_key(work: UnitOfWork, election: str) -> ElectionSecret:
    """Creates a key of 256 random bits for an election."""
    key = work.env.randomness.token()
    key += work.env.randomness.token()
    held = ElectionSecret(election=election, secret=key, made_at=work.now)
    work.record(EventKind.ELECTION_KEY_MADE, added(held), reason=election)
    return held


def destroy_key(work: UnitOfWork, election: str) -> None:
    """Destroys the election's key: neither row nor chain can identify declined senders any more."""
    held = work.tx.get(ElectionSecret, election)
    if held is None or held.secret is None:
        return
    change = changed(held, replace(held, secret=None, destroyed_at=work.now))
    work.record(EventKind.ELECTION_KEY_DESTROYED, change, reason=election)
    work.tx.erase(ElectionSecret, [election], ["secret"], held.made_at)


def _queue_answer(work: UnitOfWork, dedupe: str, declined: str, message: Message, sender: Address) -> None:
    token = Token(token=work.env.randomness.token(), purpose=Topic.DECLINE, issued_at=work.now)
    issue(work, token)
    language = work.env.settings.desk.organisation.language
    platforms = [p for p in work.env.settings.platform_list if p.report_url]
    unmade = queue(
        work,
        Outgoing(
            kind=Kind.DECLINE,
            template="decline",
            language=language,
            to=(Address(sender.key, sender.name),),
            values={"report_urls": [{"platform": p.name, "url": getattr(p.report_url, language)} for p in platforms]},
            dedupe=dedupe,
            token=token.token,
            answers=(message.message_id,) if message.message_id else (),
            automatic=REPLIED,
            shows=declined,
        ),
    )
    if unmade:
        note_unmade(work, Kind.DECLINE, EventRef(message=declined))


def set_aside(
    work: UnitOfWork, stored: StoredMessage, reason: StoredText, kinds: tuple[Kind, ...] | None = None
) -> StoredMessage:
    """Reduces a filed mail, and mail attached to it, to what is kept of one that was declined at once."""
    rows = [stored, *attached(work, stored)]
    kept = [replace(citizen_criteria.minimal(row, reason), from_junk=False) for row in rows]
    kept[0] = replace(
        kept[0],
        kinds=kept[0].kinds if kinds is None else kinds,
        match_basis=PlacementBasis.BY_HAND(officer=work.actor),
        placed_by=work.actor,
    )
    for old, new in zip(rows, kept, strict=True):
        work.record(EventKind.MESSAGE_DECLINED, changed(old, new), about=EventRef(message=new.id))
    work.tx.erase(StoredMessage, [row.id for row in rows], citizen_criteria.PERSONAL, stored.first_seen_at)
    return kept[0]


def attached(work: UnitOfWork, stored: StoredMessage) -> list[StoredMessage]:
    """Returns the mails that were attached to a mail and are filed with it, each stored as a message of its own."""
    return work.tx.find(
        StoredMessage, where(StoredMessage.enclosed_in).is_(stored.id), where(StoredMessage.placed_by).is_(None)
    )


AT_ONCE = 200  # mails per transaction; the rest waits for the next tick
DONE = (MailState.ACCEPTED, MailState.REFUSED, MailState.CANCELLED)  # final states of a mail
REASON = "review window"
TAKEN_OUT = "taken out"  # the reason in the events of mail that a person took out


def tick(env: Services) -> int:
    """Destroys what is due; returns the number of mails. An archive that refuses is reported in the log."""
    with env.store.read() as tx:
        if writing.is_on(tx) or not (_declined(env, tx) or _answers(env, tx) or _keys(env, tx)):
            return 0  # an idle desk writes nothing
    try:
        with env.store.begin() as tx:
            work = UnitOfWork(env, tx, env.clock.now())
            declined, answers = _declined(env, tx)[:AT_ONCE], _answers(env, tx)[:AT_ONCE]
            for stored in declined:
                _discard(work, stored)
            _forget_notices(work, declined)
            _forget_answers(work, answers)
            for election in _keys(env, tx):
                destroy_key(work, election)
    except ArchiveFailure as fault:
        logbook.not_discarded(str(fault))
        return 0
    return len(declined) + len(answers)


def waiting_since(env: Services, tx: Transaction) -> datetime | None:
    """Returns when the first of what is to be destroyed by now was due; None if nothing is."""
    declined = [due_at(env, stored.first_seen_at) for stored in _declined(env, tx)]
    return min((*declined, *(due_at(env, mail.queued_at) for mail in _answers(env, tx))), default=None)


def take_out(work: UnitOfWork, rows: Sequence[StoredMessage]) -> None:
    """Destroys the octets of mail that a person takes out, the notices that showed it, and our answers to its sender.

    The caller has emptied the rows. Raises ArchiveFailure.
    """
    for stored in rows:
        _discard(work, stored, reason=TAKEN_OUT)
    _forget_notices(work, rows, TAKEN_OUT)
    _forget_answers(work, [mail for mail in _about(work.tx, rows) if mail.kind is Kind.DECLINE], TAKEN_OUT)


def unsettled(tx: Transaction, rows: Sequence[StoredMessage]) -> list[OutboxMail]:
    """Returns the notices of these messages, and our answers to their senders, that are still to be sent or settled."""
    return [mail for mail in _about(tx, rows) if mail.state not in DONE]


def _about(tx: Transaction, rows: Sequence[StoredMessage]) -> list[OutboxMail]:
    return tx.find(OutboxMail, where(OutboxMail.shows).in_([row.id for row in rows]))


def due_at(env: Services, since: datetime) -> datetime:
    """Returns when the retention period ends for mail that was received, or sent, at `since`."""
    return since + timedelta(days=env.settings.desk.citizens.retention_days)


def discard_second_copy(work: UnitOfWork, stored: StoredMessage, delivery: Delivery) -> Delivery:
    """Destroys the octets that a second copy of a destroyed mail brought back; returns the copy's row.

    The row of such a copy does not say what was found about its sender, which would bring back who wrote it.
    """
    if stored.discarded_at is None:
        return delivery
    if not _is_shared(work.tx, delivery.digest, {stored.id}):
        work.env.octets.discard(delivery.digest)
    return replace(delivery, verdict_basis=UNSAID)


def _declined(env: Services, tx: Transaction) -> list[StoredMessage]:
    kept = tx.find(
        StoredMessage, where(StoredMessage.place).is_(Place.DECLINED), where(StoredMessage.discarded_at).is_(None)
    )
    due = [stored for stored in kept if due_at(env, stored.first_seen_at) <= env.clock.now()]
    held = _held(env, tx) if due else None
    return [stored for stored in due if held is None or not held.of_message(stored)]


def _answers(env: Services, tx: Transaction) -> list[OutboxMail]:
    sent = tx.readable(OutboxMail, where(OutboxMail.kind).is_(Kind.DECLINE), where(OutboxMail.state).in_(DONE))
    due = [mail for mail in sent if mail.recipient and due_at(env, mail.queued_at) <= env.clock.now()]
    held = _held(env, tx) if due else None
    return [mail for mail in due if held is None or not held.of_answer(mail)]


def _keys(env: Services, tx: Transaction) -> list[str]:
    """Returns the closed elections whose key a hold kept, and none keeps any more."""
    left = [row.election for row in tx.find(ElectionSecret) if row.secret is not None]
    closed = [election.code for election in tx.find(Election, where(Election.code).in_(left)) if election.closed_at]
    held = _held(env, tx) if closed else None
    return [code for code in closed if held is None or not held.of_election(code)]


def _held(env: Services, tx: Transaction) -> HeldOnDay:
    zone = env.settings.zone
    return HeldOnDay(tx, day_of(env.clock.now(), zone), zone)


def _discard(work: UnitOfWork, stored: StoredMessage, *changes: Change, reason: str = REASON) -> None:
    """Destroys the octets of a message and of its other copies, and records it."""
    digests = {stored.digest, *(copy.digest for copy in work.tx.find(Delivery, where(Delivery.message).is_(stored.id)))}
    for digest in sorted(digests):
        if not _is_shared(work.tx, digest, {stored.id}):
            work.env.octets.discard(digest)
    gone = changed(stored, replace(stored, subject=None, discarded_at=work.now))
    work.record(EventKind.OCTETS_DISCARDED, gone, *changes, about=EventRef(message=stored.id), reason=reason)


def _is_shared(tx: Transaction, digest: str, own: set[str]) -> bool:
    """True if another message, or a copy of one, has these octets and still keeps them."""
    others = {
        row.id for row in tx.find(StoredMessage, where(StoredMessage.digest).is_(digest)) if row.discarded_at is None
    }
    others |= {copy.message for copy in tx.find(Delivery, where(Delivery.digest).is_(digest))}
    kept = tx.find(StoredMessage, where(StoredMessage.id).in_(sorted(others - own)))
    return any(row.discarded_at is None for row in kept)


def _forget_answers(work: UnitOfWork, mails: Sequence[OutboxMail], reason: str = REASON) -> None:
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
            _discard(work, own, *changes, reason=reason)
    since = min((mail.queued_at for mail in mails), default=work.now)
    work.tx.erase(OutboxMail, [mail.id for mail in mails], ("recipient", "answer", "dedupe"), since)
    work.tx.erase(Attempt, attempts, ("text",), since)


def _forget_notices(work: UnitOfWork, declined: Sequence[StoredMessage], reason: str = REASON) -> None:
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
            _discard(work, own, change, reason=reason)
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
