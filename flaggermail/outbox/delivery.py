# SPDX-License-Identifier: EUPL-1.2
"""Delivery of one mail: compare it with the record, claim, record the attempt, submit, record the result.

One commit before the network is touched, one after.

queued -> attempting -> accepted | refused | queued again | uncertain (record/rows/outgoing.py)

Mail leaves in queue order, an untried notification first. While our server is unreachable, the first mail is retried at
the first wait of the schedule each time, and all others wait behind it untried. The same holds while it refuses the
desk before the envelope (TLS, login, our sender), with longer waits, as refused logins lock an account. A refusal of a
recipient or of a text holds up no other mail (letters/standing.py).

A mail whose attempt was recorded and whose result was not is uncertain: the program died in between. A platform's mail
then waits for a person or for proof (at most once); any other is sent again (at least once), at most three times an
hour while it stays in doubt.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime

from flaggermail.errors import ArchiveFailure
from flaggermail.letters import standing, stored_messages, writing
from flaggermail.outbox import integrity
from flaggermail.outbox.results import settle
from flaggermail.ports import Interrupt, Refused, Submission, Transaction, Unknown
from flaggermail.record.definition import where
from flaggermail.record.events import EventKind, added, changed
from flaggermail.record.rows import Attempt, OutboxMail
from flaggermail.record.rows.outgoing import in_state
from flaggermail.record.states import AttemptResult, MailState, ServerState
from flaggermail.services import EventRef, Services, UnitOfWork, until_recorded
from flaggermail.settings.model import SendingProof
from flaggermail.wording.said import StoredText
from flaggermail.wording.servers import AttemptText


def drain(env: Services, stop: Interrupt | None = None) -> int:
    """Sends all due mail in its order; returns the number of mails tried.

    Stops between two mails when `stop` is set.
    """
    tried = 0
    while not (stop is not None and stop.is_set()) and (mail := claim(env)) is not None:
        _record_result(env, mail, _submit(env, mail), stop)
        tried += 1
    return tried


def _record_result(env: Services, mail: OutboxMail, answer: Submission, stop: Interrupt | None) -> None:
    """Records the result; holds it while the record is busy or away, until `stop` is set. Raises StoreBusy, StoreAway.

    Without its result a notification would be in doubt, and any other mail would be sent twice.
    """

    def record(tried: int) -> None:
        with env.store.begin() as tx:
            attempt = tx.get(Attempt, f"{mail.id}/{mail.tries:04d}") if tried else None
            if attempt is None or attempt.ended_at is None:  # else only the answer to the commit was lost
                work = UnitOfWork(env, tx, env.clock.now())
                settle(
                    work, tx.get(OutboxMail, mail.id) or mail, stored_messages.answer_to_player(work, mail) or answer
                )

    until_recorded(record, stop)


def _submit(env: Services, mail: OutboxMail) -> Submission:
    try:
        octets = env.octets.get(mail.digest)  # compared with their digest, once more
    except ArchiveFailure as lost:  # since `claim` has read them: tried again, and then withheld
        return Refused(mail.recipient, permanent=False, code=0, text=AttemptText.NOT_IN_ARCHIVE(fault=str(lost)))
    refused = stored_messages.refusal(env, mail, octets)
    return refused or env.submitter.submit(octets, mail.sender, [mail.recipient], _copy_address(env, mail))[0]


def recover(env: Services) -> int:
    """Settles attempts that were in progress when the program last died; returns their number."""
    with env.store.begin() as tx:
        work, settled = UnitOfWork(env, tx, env.clock.now()), 0
        for mail in tx.readable(OutboxMail, where(OutboxMail.state).is_(MailState.ATTEMPTING)):
            if (found := integrity.row_fault(tx, mail)) is not None:  # settling it would make it true
                integrity.tell(work, mail.id, found)
                continue
            lost = Unknown(mail.recipient, AttemptText.PROGRAM_ENDED(), died=True)
            settle(work, mail, stored_messages.answer_to_player(work, mail) or lost)
            settled += 1
        for mail in [] if writing.is_on(tx) else standing.look(tx).waiting:  # this start may have read other settings
            if integrity.row_fault(tx, mail) is None and (why := integrity.lacking(work, mail)):
                integrity.tell(work, mail.id, why)
    return settled


def next_due(tx: Transaction) -> datetime | None:
    """Returns when the next mail is due; None if no mail waits."""
    outlook = standing.look(tx)
    return min(filter(None, map(outlook.due_at, outlook.tried_next)), default=None)


def claim(env: Services) -> OutboxMail | None:
    """Commits an attempt for the first due mail whose row matches its events, before the network is touched."""
    now = env.clock.now()
    with env.store.read() as tx:
        mail, withheld = _first(UnitOfWork(env, tx, now))
        if mail is None and not any(integrity.is_news(tx, key, found) for key, found in withheld.items()):
            return None  # an idle desk writes nothing
    with env.store.begin() as tx:
        work = UnitOfWork(env, tx, now)
        mail, withheld = _first(work)
        for key, found in withheld.items():
            integrity.tell(work, key, found)
        if mail is None:
            return None
        claimed = replace(in_state(mail, MailState.ATTEMPTING), tries=mail.tries + 1, next_try_at=None)
        attempt = Attempt(id=f"{mail.id}/{claimed.tries:04d}", mail=mail.id, started_at=now)
        about = EventRef(mail.case, mail.notification)
        work.record(EventKind.MAIL_ATTEMPTED, changed(mail, claimed), added(attempt), about=about)
    return claimed


def _first(work: UnitOfWork) -> tuple[OutboxMail | None, dict[str, integrity.OutboxFinding | StoredText]]:
    """Returns the first due mail that may leave, and what stands before it that may not."""
    withheld: dict[str, integrity.OutboxFinding | StoredText] = {}
    if not writing.is_on(work.tx):
        withheld |= dict.fromkeys(integrity.unreadable(work.tx, "queued"), integrity.OutboxFinding.UNREADABLE)
    while mail := next(iter(due(work.tx, work.now, withheld)), None):
        found = integrity.fault(work, mail)
        if found is None:
            return mail, withheld
        withheld[mail.id] = found
    return None, withheld


def due(tx: Transaction, now: datetime, without: Collection[str] = ()) -> list[OutboxMail]:
    """Returns the mails that may be tried now, in their order; none while the desk is observing."""
    if writing.is_on(tx):
        return []
    outlook = standing.look(tx, without)
    return [mail for mail in outlook.tried_next if (at := outlook.due_at(mail)) is not None and at <= now]


def try_now(env: Services) -> bool:
    """Lets what the server refused leave at once, as the cause may be gone; True if anything waits for that.

    Call when the daemon starts or the password has changed: until then the waits between two tries grow.
    """
    now = env.clock.now()
    with env.store.begin() as tx:
        outlook = standing.look(tx)
        if outlook.standing in {ServerState.TAKES, ServerState.AWAY}:
            return False
        return bool(hasten(UnitOfWork(env, tx, now), outlook.tried_next))


def hasten(work: UnitOfWork, mails: Iterable[OutboxMail]) -> list[OutboxMail]:
    """Makes queued mails due now; returns those that were not due before. A mail in doubt keeps its wait."""
    queued = (mail for mail in mails if mail.state == MailState.QUEUED and not _in_doubt(work, mail))
    late = [mail for mail in queued if mail.next_try_at and mail.next_try_at > work.now]
    for mail in late:
        change, about = changed(mail, replace(mail, next_try_at=work.now)), EventRef(mail.case, mail.notification)
        work.record(EventKind.MAIL_DEFERRED, change, about=about, reason="tried at once")
    return late


def _in_doubt(work: UnitOfWork, mail: OutboxMail) -> bool:
    """True if the server took the end of the mail at the last try, and did not say what became of it."""
    last = work.tx.get(Attempt, f"{mail.id}/{mail.tries:04d}")
    return last is not None and last.result == AttemptResult.UNKNOWN


def _copy_address(env: Services, mail: OutboxMail) -> str:
    """Returns our own address if a copy to it must prove the delivery, which applies to at-most-once mail only."""
    return mail.sender if mail.at_most_once and env.settings.desk.submission.proof == SendingProof.COPY else ""
