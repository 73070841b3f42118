# SPDX-License-Identifier: EUPL-1.2
"""The state of the submission server as our mail shows it: what it holds up, and which mail is tried next.

A refusal of one recipient, or of one text, says nothing about other mail. So only what comes before the envelope (no
connection, TLS, login, our own sender) holds everything behind the one mail that tries. Refusals of unlike mails, with
none accepted since, leave a doubt: then one mail a minute is tried, the least tried first, until one is accepted. A
notification that was never tried goes before all else: each mail before it may cost a slow server half a minute.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import combinations, groupby, takewhile

from flaggermail.ports import Transaction
from flaggermail.record.definition import where
from flaggermail.record.kinds import Kind
from flaggermail.record.rows import Attempt, OutboxMail
from flaggermail.record.states import AttemptResult, MailState, ServerState

LOST = 3  # tries without an answer to the last dot, an hour in all
PAUSE = timedelta(minutes=1)  # between two tries while in doubt; after an acceptance, before a refused mail's next one


_BEFORE_THE_ENVELOPE = {AttemptResult.UNREACHABLE: ServerState.AWAY, AttemptResult.DENIED: ServerState.DENIES}


@dataclass(frozen=True, slots=True)
class Outlook:
    """The waiting mails in the order of their attempts, and the state of the server; see `look`."""

    standing: ServerState
    waiting: Sequence[OutboxMail]  # all that wait for the server, in queue order
    tried_next: Sequence[OutboxMail]  # those that may be tried, in the order in which they are
    last: Mapping[str, Attempt]  # the last ended attempt of each mail that has one
    refused: Sequence[Attempt] = ()  # the refusals on which the standing rests, the first one first

    def answer_lost(self, mail: OutboxMail) -> bool:
        """True if the server has most likely taken it: it had the whole text, and only its answer did not arrive.

        A server whose answers stay away is told of: after so many tries the mail counts as waiting.
        """
        last = self.last.get(mail.id)
        return last is not None and last.result == AttemptResult.UNKNOWN and mail.tries <= LOST

    def due_at(self, mail: OutboxMail) -> datetime | None:
        """Returns when the mail may be tried; None if it is in hand."""
        last = self.last.get(mail.id)
        if mail.next_try_at is None or mail.state != MailState.QUEUED:
            return None
        if self.standing is ServerState.DOUBTED and (mail.tries or not mail.at_most_once):
            return max(mail.next_try_at, self.refused[-1].started_at + PAUSE)
        unclear = last is not None and last.result == AttemptResult.UNCLEAR
        if last and unclear and self.standing is ServerState.TAKES and last not in self.refused:
            return min(mail.next_try_at, last.started_at + PAUSE)  # accepted since: what it is about is decided now
        return mail.next_try_at


def look(tx: Transaction, without: Collection[str] = ()) -> Outlook:
    """Returns the state of the server, from the last ended attempt of each waiting mail.

    A mail in hand counts by the attempt before, so that trying again does not look like being accepted again. One that
    is withheld does not wait for the server. What another mail's acceptance has overtaken says nothing about it.
    """
    found = tx.readable(OutboxMail, where(OutboxMail.state).in_([MailState.QUEUED, MailState.ATTEMPTING]))
    waiting = [mail for mail in found if mail.id not in without and not mail.is_withheld]
    keys = [f"{mail.id}/{mail.tries - (mail.state == MailState.ATTEMPTING):04d}" for mail in waiting if mail.tries]
    last = {attempt.mail: attempt for attempt in (tx.find(Attempt, where(Attempt.id).in_(keys)) if keys else [])}
    stopped = (mail for mail in waiting if mail.id in last and last[mail.id].result in _BEFORE_THE_ENVELOPE)
    first = next((mail for mail in stopped if not accepted_since(tx, _after(last[mail.id].started_at))), None)
    if first is not None:
        standing = _BEFORE_THE_ENVELOPE[AttemptResult(last[first.id].result or "")]
        return Outlook(standing, waiting, [first], last, [last[first.id]])
    open_ = _unanswered(tx, [attempt for attempt in last.values() if attempt.result == AttemptResult.UNCLEAR])
    if not _is_outage([mail for mail in waiting if mail.id in open_], [m for m in waiting if _may_witness(m, last)]):
        urgent_first = sorted(waiting, key=lambda mail: not mail.at_most_once or mail.tries > 0)
        return Outlook(ServerState.TAKES, waiting, urgent_first, last, list(open_.values()))
    by_tries = sorted(waiting, key=lambda mail: (mail.tries, not mail.at_most_once, mail.id))
    return Outlook(ServerState.DOUBTED, waiting, by_tries, last, list(open_.values()))


def _after(at: datetime) -> datetime:
    return at + timedelta(microseconds=1)


def accepted_since(tx: Transaction, at: datetime) -> bool:
    """True if the server has accepted a mail at or after that instant."""
    return tx.exists(
        OutboxMail,
        where(OutboxMail.done_at).after(at - timedelta(microseconds=1)),
        where(OutboxMail.state).is_(MailState.ACCEPTED),
    )


def held_since(tx: Transaction, outlook: Outlook) -> datetime | None:
    """Returns since when the server has taken none of the waiting mails; None if it takes mail."""
    if outlook.standing is ServerState.TAKES:
        return None
    results = {attempt.result for attempt in outlook.refused}
    every = tx.find(Attempt, where(Attempt.mail).in_([attempt.mail for attempt in outlook.refused]))
    ended = (attempt for attempt in every if attempt.result is not None)  # a try in hand says nothing yet
    runs = [reversed(list(attempts)) for _, attempts in groupby(ended, _mail)]
    unbroken = (takewhile(lambda attempt: attempt.result in results, run) for run in runs)
    return min((attempt.started_at for run in unbroken for attempt in run), default=None)


def _mail(attempt: Attempt) -> str:
    return attempt.mail


def _unanswered(tx: Transaction, refused: Sequence[Attempt]) -> dict[str, Attempt]:
    """Returns the refusals after which no mail was accepted, by the key of their mail, the first one first."""
    inorder = sorted(refused, key=lambda attempt: (attempt.started_at, attempt.id))
    first = bisect_left(inorder, 1, key=lambda attempt: int(not accepted_since(tx, attempt.started_at)))
    return {attempt.mail: attempt for attempt in inorder[first:]}


def _may_witness(mail: OutboxMail, last: Mapping[str, Attempt]) -> bool:
    return mail.id not in last or last[mail.id].result == AttemptResult.UNCLEAR


def _is_outage(refused: Sequence[OutboxMail], asked: Sequence[OutboxMail]) -> bool:
    """True if two refused mails have nothing in common: recipient, text and, where mail to others is asked, domain."""
    one_domain = len({_domain(mail) for mail in asked}) == 1
    return any(
        one.recipient.lower() != other.recipient.lower()
        and _differ(one, other)
        and (one_domain or _domain(one) != _domain(other))
        for one, other in combinations(_one_of_each(refused), 2)
    )


def _one_of_each(mails: Sequence[OutboxMail]) -> Collection[OutboxMail]:
    """Returns one of those mails that are alike in all that is compared: there may be many."""
    return {(mail.recipient.lower(), mail.kind, mail.case or mail.shows): mail for mail in mails}.values()


def _differ(one: OutboxMail, other: OutboxMail) -> bool:
    """True if the texts have no words in common but ours: another kind of letter, and about another matter.

    An alarm is about the desk itself, whatever case it names, and quotes nobody.
    """
    matters = {one.case or one.shows, other.case or other.shows}
    return one.kind != other.kind and (Kind.ALARM in {one.kind, other.kind} or len(matters) > 1 or None in matters)


def _domain(mail: OutboxMail) -> str:
    return mail.recipient.rpartition("@")[2].lower()
