# SPDX-License-Identifier: EUPL-1.2
"""The state of the submission server as our mail shows it: what it holds up, and which mail is tried next.

A refusal of one recipient, or of one text, says nothing about other mail. So only what comes before the envelope (no
connection, TLS, login, our own sender) holds everything behind the one mail that tries. Refusals of unlike mails, with
none accepted since, leave a doubt: then one mail a minute is tried, the least tried first, until one is accepted. A
notification that was never tried goes before all else: each mail before it may cost a slow server half a minute.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import combinations, groupby, takewhile

from flaggermail.errors import RowUnreadable
from flaggermail.ports import Transaction
from flaggermail.record.definition import FIRST, FieldCondition, where
from flaggermail.record.kinds import Kind
from flaggermail.record.rows import Attempt, OutboxMail
from flaggermail.record.states import AttemptResult, MailState, ServerState

LOST = 3  # tries without an answer to the last dot, an hour in all
PAUSE = timedelta(minutes=1)  # between two tries while in doubt; after an acceptance, before a refused mail's next one


_BEFORE_THE_ENVELOPE = {AttemptResult.UNREACHABLE: ServerState.AWAY, AttemptResult.DENIED: ServerState.DENIES}


@dataclass(frozen=True, slots=True)
class ServerStanding:
    """The state of the server; see `of_server`. What was never tried says nothing about it."""

    standing: ServerState
    tried: Sequence[OutboxMail]  # those that wait for the server and were tried, in queue order
    last: Mapping[str, Attempt]  # the last ended attempt of each mail that has one
    refused: Sequence[Attempt]  # the refusals on which the standing rests, the first one first

    def answer_lost(self, mail: OutboxMail) -> bool:
        """True if the server has most likely taken it: it had the whole text, and only its answer did not arrive.

        A server whose answers stay away is told of: after so many tries the mail counts as waiting.
        """
        last = self.last.get(mail.id)
        return last is not None and last.result == AttemptResult.UNKNOWN and mail.tries <= LOST


@dataclass(frozen=True, slots=True)
class Outlook(ServerStanding):
    """The waiting mails in the order of their attempts, and the state of the server; see `look`."""

    waiting: Sequence[OutboxMail]  # all that wait for the server, in queue order
    tried_next: Sequence[OutboxMail]  # those that may be tried, in the order in which they are

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
    """Returns the waiting mails and the state of the server; one that is withheld does not wait for it.

    Reads each of them whole: `of_server` says what the server does and reads little.
    """
    waiting = _waiting(tx, without)
    found = _of_server(tx, [mail for mail in waiting if mail.tries], lambda: waiting)
    match found.standing:
        case ServerState.TAKES:
            tried_next = sorted(waiting, key=lambda mail: not mail.at_most_once or mail.tries > 0)
        case ServerState.DOUBTED:
            tried_next = sorted(waiting, key=lambda mail: (mail.tries, not mail.at_most_once, mail.id))
        case _:
            tried_next = [mail for mail in found.tried if mail.id == found.refused[0].mail]
    return Outlook(found.standing, found.tried, found.last, found.refused, waiting, tried_next)


def of_server(tx: Transaction) -> ServerStanding:
    """Returns the state of the server, from the last ended attempt of each waiting mail.

    A mail in hand counts by the attempt before, so that trying again does not look like being accepted again. What
    another mail's acceptance has overtaken says nothing. Those never tried, of which there may be thousands, are read
    only where two mails of one domain leave open whether any other's is asked.
    """
    return _of_server(tx, _waiting(tx, (), where(OutboxMail.tries).after(0)), lambda: _waiting(tx, ()))


def first_untried(tx: Transaction, most: int) -> Sequence[OutboxMail]:
    """Returns the first `most` of the mails that wait for the server and were never tried, in the order of queueing."""
    here = where(OutboxMail.state).is_(MailState.QUEUED), where(OutboxMail.tries).is_(0)
    try:
        return tx.in_order(
            OutboxMail, OutboxMail.queued_at, most, None, *here, where(OutboxMail.next_try_at).after(FIRST)
        )
    except RowUnreadable:
        return [mail for mail in _waiting(tx, ()) if not mail.tries]


def _waiting(tx: Transaction, without: Collection[str], *conditions: FieldCondition) -> list[OutboxMail]:
    states = where(OutboxMail.state).in_([MailState.QUEUED, MailState.ATTEMPTING])
    found = tx.readable(OutboxMail, states, *conditions)
    return [mail for mail in found if mail.id not in without and not mail.is_withheld]


def _of_server(
    tx: Transaction, tried: Sequence[OutboxMail], every: Callable[[], Sequence[OutboxMail]]
) -> ServerStanding:  # fmt: skip
    keys = [f"{mail.id}/{mail.tries - (mail.state == MailState.ATTEMPTING):04d}" for mail in tried]
    last = {attempt.mail: attempt for attempt in (tx.find(Attempt, where(Attempt.id).in_(keys)) if keys else [])}
    stopped = (mail for mail in tried if mail.id in last and last[mail.id].result in _BEFORE_THE_ENVELOPE)
    first = next((mail for mail in stopped if not accepted_since(tx, _after(last[mail.id].started_at))), None)
    if first is not None:
        standing = _BEFORE_THE_ENVELOPE[AttemptResult(last[first.id].result or "")]
        return ServerStanding(standing, tried, last, [last[first.id]])
    open_ = _unanswered(tx, [attempt for attempt in last.values() if attempt.result == AttemptResult.UNCLEAR])
    is_outage = _is_outage([mail for mail in tried if mail.id in open_], lambda: _witnesses(every(), last))
    return ServerStanding(ServerState.DOUBTED if is_outage else ServerState.TAKES, tried, last, list(open_.values()))


def _after(at: datetime) -> datetime:
    return at + timedelta(microseconds=1)


def accepted_since(tx: Transaction, at: datetime) -> bool:
    """True if the server has accepted a mail at or after that instant."""
    return tx.exists(
        OutboxMail,
        where(OutboxMail.done_at).after(at - timedelta(microseconds=1)),
        where(OutboxMail.state).is_(MailState.ACCEPTED),
    )


def held_since(tx: Transaction, outlook: ServerStanding) -> datetime | None:
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


def _witnesses(waiting: Iterable[OutboxMail], last: Mapping[str, Attempt]) -> Iterator[OutboxMail]:
    return (mail for mail in waiting if mail.id not in last or last[mail.id].result == AttemptResult.UNCLEAR)


def _is_outage(refused: Sequence[OutboxMail], asked: Callable[[], Iterable[OutboxMail]]) -> bool:
    """True if two refused mails have nothing in common: recipient, text and, where mail to others is asked, domain."""
    if not any(True for _ in _unlike(refused)):
        return False
    return any(_unlike(refused)) or len({_domain(mail) for mail in asked()}) == 1


def _unlike(refused: Sequence[OutboxMail]) -> Iterator[bool]:
    """Yields of two refused mails each, of which neither recipient nor text is alike, whether their domains differ."""
    for one, other in combinations(_one_of_each(refused), 2):
        if one.recipient.lower() != other.recipient.lower() and _differ(one, other):
            yield _domain(one) != _domain(other)


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
