# SPDX-License-Identifier: EUPL-1.2
"""The way of one mail out: claim, record the attempt, submit, record the result.

One commit before the network is touched, one after.

    queued -> attempting -> accepted | refused | queued again | uncertain

A mail whose attempt was recorded and whose result was not is in doubt: the program died in between. A platform's mail
then waits for a person or for proof (at most once); any other is sent again (at least once).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from flaggermail import observing
from flaggermail.core.events import EventKind, added, changed
from flaggermail.core.records import Attempt, OutboxMail
from flaggermail.environment import About, Environment, Work
from flaggermail.ports import Interrupt, Transaction, Unknown
from flaggermail.settle import settle


def drain(env: Environment, stop: Interrupt | None = None) -> int:
    """Send everything that is due, in the order in which it was queued; answers how many mails were tried.

    Ends between two mails when `stop` is set.
    """
    tried = 0
    while not (stop is not None and stop.is_set()) and (mail := _claim(env)) is not None:
        octets = env.octets.get(mail.digest)
        answer = env.submitter.submit(octets, mail.sender, [mail.recipient])[0]
        with env.store.begin() as tx:
            settle(Work(env, tx, env.clock.now()), mail, answer)
        tried += 1
    return tried


def recover(env: Environment) -> int:
    """Settle what was in hand when the program last died; answers how many mails that were."""
    with env.store.begin() as tx:
        doubtful = tx.find(OutboxMail, state="attempting")
        for mail in doubtful:
            answer = Unknown(mail.recipient, "the program ended before the server's answer was recorded")
            settle(Work(env, tx, env.clock.now()), mail, answer)
    return len(doubtful)


def next_due(tx: Transaction) -> datetime | None:
    """When the next mail is due."""
    return min((m.next_try_at for m in tx.find(OutboxMail, state="queued") if m.next_try_at), default=None)


def _claim(env: Environment) -> OutboxMail | None:
    """Take the first mail that is due and commit that it is being tried, before the network is touched."""
    now = env.clock.now()
    with env.store.read() as tx:
        if not _due(tx, now):
            return None  # an idle desk writes nothing
    with env.store.begin() as tx:
        mail = next(iter(_due(tx, now)), None)
        if mail is None:
            return None
        claimed = replace(mail, state="attempting", tries=mail.tries + 1, next_try_at=None)
        attempt = Attempt(id=f"{mail.id}/{claimed.tries:04d}", mail=mail.id, started_at=now)
        about = About(mail.case, mail.notification)
        Work(env, tx, now).record(EventKind.MAIL_ATTEMPTED, changed(mail, claimed), added(attempt), about=about)
    return claimed


def _due(tx: Transaction, now: datetime) -> list[OutboxMail]:
    if observing.is_on(tx):
        return []
    return [m for m in tx.find(OutboxMail, state="queued") if m.next_try_at and m.next_try_at <= now]
