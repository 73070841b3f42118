# SPDX-License-Identifier: EUPL-1.2
"""Delivery of one mail: claim, record the attempt, submit, record the result.

One commit before the network is touched, one after.

queued -> attempting -> accepted | refused | queued again | uncertain (record/outbox_states.py)

Mail leaves in queue order. While our server is unreachable, the first mail is retried at the first wait of the schedule
each time, and all others wait behind it untried, so that none overtakes another.

A mail whose attempt was recorded and whose result was not is uncertain: the program died in between. A platform's mail
then waits for a person or for proof (at most once); any other is sent again (at least once).

A mail whose octets are lost waits for them and raises an alarm; all others pass it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from flaggermail.errors import OctetsLost
from flaggermail.letters import exercises, observing
from flaggermail.notices import notices
from flaggermail.outbox.results import settle
from flaggermail.ports import Interrupt, Submission, Transaction, Unknown
from flaggermail.record.alarms import AlarmKind, alarm, alarm_key
from flaggermail.record.events import EventKind, added, changed
from flaggermail.record.outbox_states import moved
from flaggermail.record.rows import Alarm, Attempt, OutboxMail
from flaggermail.services import EventRef, Services, UnitOfWork

LOOKED_FOR = timedelta(minutes=15)  # until a mail whose octets are lost is looked for again


def drain(env: Services, stop: Interrupt | None = None) -> int:
    """Sends all due mail in queue order; returns the number of mails tried.

    Stops between two mails when `stop` is set.
    """
    tried = 0
    while not (stop is not None and stop.is_set()) and (mail := claim(env)) is not None:
        octets = env.octets.get(mail.digest)
        answer = exercises.refusal(env, mail, octets) or _submit(env, mail, octets)
        with env.store.begin() as tx:
            settle(UnitOfWork(env, tx, env.clock.now()), tx.get(OutboxMail, mail.id) or mail, answer)
        tried += 1
    return tried


def _submit(env: Services, mail: OutboxMail, octets: bytes) -> Submission:
    return env.submitter.submit(octets, mail.sender, [mail.recipient], _copy_address(env, mail))[0]


def recover(env: Services) -> int:
    """Settles attempts that were in progress when the program last died; returns their number."""
    with env.store.begin() as tx:
        doubtful = tx.find(OutboxMail, state="attempting")
        for mail in doubtful:
            answer = Unknown(mail.recipient, "the program ended before the server's answer was recorded")
            settle(UnitOfWork(env, tx, env.clock.now()), mail, answer)
    return len(doubtful)


def next_due(tx: Transaction) -> datetime | None:
    """Returns when the next mail is due; None if no mail waits."""
    return min((mail.next_try_at for mail in _waiting(tx) if mail.next_try_at), default=None)


def claim(env: Services) -> OutboxMail | None:
    """Takes the first due mail and commits its attempt before the network is touched."""
    now = env.clock.now()
    with env.store.read() as tx:
        if not due(tx, now):
            return None  # an idle desk writes nothing
    with env.store.begin() as tx:
        work = UnitOfWork(env, tx, now)
        mail = next((one for one in due(tx, now) if _is_whole(work, one)), None)
        if mail is None:
            return None
        claimed = replace(moved(mail, "attempting"), tries=mail.tries + 1, next_try_at=None)
        attempt = Attempt(id=f"{mail.id}/{claimed.tries:04d}", mail=mail.id, started_at=now)
        about = EventRef(mail.case, mail.notification)
        work.record(EventKind.MAIL_ATTEMPTED, changed(mail, claimed), added(attempt), about=about)
    return claimed


def _is_whole(work: UnitOfWork, mail: OutboxMail) -> bool:
    """True if the octets to send are in the archive; else raises an alarm and lets the mail wait, and others pass it.

    It is looked for again at an interval: a restored file is sent.
    """
    try:
        work.env.octets.get(mail.digest)
    except OctetsLost:
        about = EventRef(mail.case, mail.notification)
        later = replace(mail, next_try_at=work.now + LOOKED_FOR)
        work.record(EventKind.MAIL_POSTPONED, changed(mail, later), about=about, reason=AlarmKind.OCTETS_LOST.value)
        text = f"{mail.id}, {mail.recipient}: {mail.subject}"
        lost = alarm(AlarmKind.OCTETS_LOST, _lost_key(mail), text, work.now, mail.case, mail.notification)
        notices.raise_alarm(work, lost, f"flaggermail outbox show {mail.id}")
        return False
    return True


def _lost_key(mail: OutboxMail) -> str:
    return alarm_key(AlarmKind.OCTETS_LOST, mail.id)


def due(tx: Transaction, now: datetime) -> list[OutboxMail]:
    """Returns the mails that may be tried now, in queue order; none while the desk is observing."""
    if observing.is_on(tx):
        return []
    return [mail for mail in _waiting(tx) if mail.next_try_at and mail.next_try_at <= now]


def _waiting(tx: Transaction) -> list[OutboxMail]:
    """Returns the mails to try when due: all queued mail, or only the first one while the server is unreachable."""
    queued = tx.find(OutboxMail, state="queued")
    tried = (mail for mail in queued if mail.tries and tx.get(Alarm, _lost_key(mail)) is None)
    asking = next((mail for mail in tried if _server_unreachable(tx, mail)), None)
    return queued if asking is None else [asking]


def _server_unreachable(tx: Transaction, mail: OutboxMail) -> bool:
    last = tx.get(Attempt, f"{mail.id}/{mail.tries:04d}")
    return last is not None and last.result == "unreachable"


def _copy_address(env: Services, mail: OutboxMail) -> str:
    """Returns our own address if a copy to it must prove the delivery, which applies to at-most-once mail only."""
    return mail.sender if mail.at_most_once and env.settings.desk.submission.proof == "copy" else ""
