# SPDX-License-Identifier: EUPL-1.2
"""Outgoing mail that does not leave, told by its cause.

The submission server takes no mail: one alarm when the oldest mail has waited too long for it, and one at the end. It
refuses the desk: one at once, as no delay has to be awaited, and one at the end. It takes other mail, and that to one
recipient is refused for now: one for each recipient, whatever the others do. So no mail that waits for a reason of its
own hides an outage: while the server is away, the waiting of a mail that was tried before counts from then.

What is withheld, or differs from the record, waits for no server and has its own alarm. Mail to officers and platforms
is named first, and an alarm about referrers' or citizens' alone counts with that of strangers. The mail about it may
wait behind the others, so the pager tells it. Every officer is told that the server refuses the desk, of a delay the
officer on call and the head: one of them may be whom the server refuses. No alarm quotes words that the server may have
from a stranger's mail.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from flaggermail.letters import standing, writing
from flaggermail.notices import approval_letters, approval_requests, notices
from flaggermail.outbox import integrity
from flaggermail.ports import Transaction
from flaggermail.record.case_values import SenderTrust
from flaggermail.record.definition import where
from flaggermail.record.events import EventKind, added
from flaggermail.record.kinds import Kind
from flaggermail.record.refusals import without_words
from flaggermail.record.rows import Alarm, Notification, OutboxMail
from flaggermail.record.rows.alarms import AlarmKind, alarm, alarm_key
from flaggermail.record.states import AttemptResult, MailState, NotificationState, ServerState
from flaggermail.services import EventRef, Services, UnitOfWork
from flaggermail.wording.alarms import AlarmText
from flaggermail.wording.said import StoredText, as_written

_WATCHED = timedelta(days=1)
_STATES = (NotificationState.DRAFT, NotificationState.APPROVED, NotificationState.FAILED)


def tick_approvals(env: Services) -> int:
    """Asks and tells what is due; returns the number of drafts concerned."""
    now = env.clock.now()
    with env.store.read() as tx:
        if not _due(UnitOfWork(env, tx, now)):
            return 0  # an idle desk writes nothing
    with env.store.begin() as tx:
        work = UnitOfWork(env, tx, now)
        found = _due(work)
        for draft in found:
            if draft.state == NotificationState.DRAFT:
                approval_requests.request_of_others(work, draft)
            else:
                approval_letters.tell_late(work, draft)
    return len(found)


def next_due_approval(env: Services, tx: Transaction) -> datetime | None:
    """Returns when `tick` will next have something to do, if nothing but time changes."""
    work = UnitOfWork(env, tx, env.clock.now())
    return min((at for at, _ in _open(work)), default=None)


def _due(work: UnitOfWork) -> list[Notification]:
    return [draft for at, draft in _open(work) if at <= work.now]


def _open(work: UnitOfWork) -> Iterator[tuple[datetime, Notification]]:
    """Yields the drafts about which somebody is still to be asked or told, each with the instant."""
    if writing.is_on(work.tx):
        return
    for draft in work.tx.find(Notification, where(Notification.state).in_(list(_STATES))):
        if work.now - (draft.approved_at or draft.drafted_at) > _WATCHED:
            continue
        if draft.state == NotificationState.DRAFT:
            if approval_requests.not_asked(work.env, work.tx, draft):
                yield approval_requests.others_due_at(work.env, draft), draft
        elif (at := approval_letters.late_at(work.tx, draft)) and not approval_letters.is_late_told(work, draft):
            yield at, draft


LISTED = 5  # recipients that one alarm names
_DIFFERS = where(Alarm.kind).in_(list(integrity.DIFFERS))
_ITS_OWN = frozenset({AttemptResult.DEFERRED, AttemptResult.UNCLEAR, AttemptResult.UNKNOWN})


@dataclass(frozen=True, slots=True)
class _Delayed:
    """A mail that waits, since when that counts, whether its own recipient is the cause, and whether that was told."""

    mail: OutboxMail
    since: datetime
    alone: bool
    told: bool


@dataclass(frozen=True, slots=True)
class _DeliveryFailure:
    """A cause for which the server takes no mail: the alarms at its begin and end, and the mails that it holds up."""

    raises: AlarmKind
    ends: AlarmKind
    held_up: Callable[[Services, Transaction, datetime], Sequence[OutboxMail]]


def tick_outbox(env: Services) -> int:
    """Raises an alarm for each cause that has begun or ended, and releases mail that is no longer withheld.

    Returns the number of alarms.
    """
    now = env.clock.now()
    with env.store.read() as tx:
        work = UnitOfWork(env, tx, now)
        if writing.is_on(tx) or not (_news(work) or _untold(work) or _free(work)):
            return 0  # an idle desk writes nothing
    with env.store.begin() as tx:
        work = UnitOfWork(env, tx, now)
        integrity.release(work, _free(work))
        news = _news(work)
        for trouble in news:
            number, told = _episode(tx, trouble)
            if told:
                _raise(work, trouble.ends, number, AlarmText.NOTHING_HELD_UP())
            else:
                _raise(work, trouble.raises, number + 1, _summary(work, trouble.held_up(env, tx, now)))
        return len(news) + _tell_recipients(work, _untold(work))


def next_due_outbox(env: Services, tx: Transaction) -> datetime | None:
    """Returns when `tick` will next raise an alarm, if nothing but time changes; None if no mail waits."""
    open_, stands = _episode(tx, _WAITING)[1], standing.of_server(tx)
    untold = standing.first_untried(tx, 1 + tx.count(Alarm, _DIFFERS))  # of these, one at least counts
    delayed = _delayed_of(tx, stands, [*stands.tried, *untold])
    begins = (one.since for one in delayed if not (one.told if one.alone else open_))
    return min((since + _alarm_after(env) for since in begins), default=None)


def _news(work: UnitOfWork) -> list[_DeliveryFailure]:
    """Returns the troubles of which the last alarm no longer describes the situation."""
    env, tx = work.env, work.tx
    return [one for one in _TROUBLES if bool(one.held_up(env, tx, work.now)) is not _episode(tx, one)[1]]


def _free(work: UnitOfWork) -> list[OutboxMail]:
    """Returns the withheld mails that the configuration allows again."""
    queued = work.tx.readable(OutboxMail, where(OutboxMail.state).is_(MailState.QUEUED))
    return [mail for mail in queued if mail.is_withheld and integrity.fault(work, mail) is None]


def _alarm_after(env: Services) -> timedelta:
    return timedelta(minutes=env.settings.desk.submission.alarm_after_minutes)


def _delayed(tx: Transaction) -> list[_Delayed]:
    """Returns the mails that wait for the server or for their recipient, the first queued first."""
    outlook = standing.look(tx)
    return _delayed_of(tx, outlook, outlook.waiting)


def _delayed_of(tx: Transaction, stands: standing.ServerStanding, waiting: Sequence[OutboxMail]) -> list[_Delayed]:
    """Returns which of these mails wait for the server or for their recipient, in their order."""
    if not waiting:
        return []
    takes, held_since = stands.standing is ServerState.TAKES, standing.held_since(tx, stands)
    told = set(tx.keys(Alarm, where(Alarm.kind).in_([*integrity.DIFFERS, AlarmKind.RECIPIENT_WAITS])))
    found = []
    for mail in (one for one in waiting if not stands.answer_lost(one)):
        last = stands.last.get(mail.id)
        alone = takes and last is not None and last.result in _ITS_OWN
        since = max(filter(None, (mail.queued_at, held_since if mail.tries else None)))
        if not any(alarm_key(kind, mail.id) in told for kind in integrity.DIFFERS):
            found.append(_Delayed(mail, since, alone, _key(mail) in told))
    return found


def _late(env: Services, tx: Transaction, now: datetime) -> Sequence[OutboxMail]:
    """Returns the mails that have waited too long for the server, the first queued first."""
    return [one.mail for one in _delayed(tx) if not one.alone and now - one.since >= _alarm_after(env)]


def _denied(_env: Services, tx: Transaction, _now: datetime) -> Sequence[OutboxMail]:
    """Returns what the server holds up; a doubt that began lasts until it has accepted a mail."""
    outlook = standing.look(tx)
    in_doubt = outlook.standing is ServerState.TAKES and outlook.refused and _episode(tx, _DENIED)[1]
    return outlook.waiting if in_doubt or outlook.standing in {ServerState.DENIES, ServerState.DOUBTED} else []


_WAITING = _DeliveryFailure(AlarmKind.OUTBOX_WAITS, AlarmKind.OUTBOX_FLOWS, _late)
_DENIED = _DeliveryFailure(AlarmKind.OUTBOX_DENIED, AlarmKind.OUTBOX_TAKEN, _denied)
_TROUBLES = (_DENIED, _WAITING)


def _episode(tx: Transaction, trouble: _DeliveryFailure) -> tuple[int, bool]:
    """Returns the number of episodes so far, and whether the last one is still open."""
    begun = len(tx.find(Alarm, where(Alarm.kind).is_(trouble.raises)))
    return begun, begun > len(tx.find(Alarm, where(Alarm.kind).is_(trouble.ends)))


def _summary(work: UnitOfWork, held_up: Sequence[OutboxMail]) -> StoredText:
    """Returns their number, since when, and the server's last answer; addresses and subjects stay in the record."""
    since = held_up[0].queued_at.astimezone(work.env.settings.zone).isoformat(" ", "minutes")
    outlook = standing.look(work.tx)
    of_asked = [mail.answer for mail in (*outlook.tried_next, *held_up) if mail.answer and mail.id in outlook.last]
    answer = next(iter(of_asked), None)
    if answer is not None and outlook.standing not in {ServerState.AWAY, ServerState.DENIES}:  # these name no mail
        answer = without_words(answer)
    if answer is None:
        return AlarmText.UNANSWERED(count=len(held_up), since=since)
    return AlarmText.WAITING(count=len(held_up), since=since, answer=answer)


def _raise(work: UnitOfWork, kind: AlarmKind, number: int, text: StoredText) -> None:
    raised = alarm(kind, alarm_key(kind, number), text, work.now)
    everyone = kind in {AlarmKind.OUTBOX_DENIED, AlarmKind.OUTBOX_TAKEN}
    reach = notices.AlarmReaders.EVERYONE if everyone else notices.AlarmReaders.HEAD_TOO
    notices.raise_alarm(work, raised, "flaggermail outbox list", reach=reach)


# ---- one recipient


def _key(mail: OutboxMail) -> str:
    return alarm_key(AlarmKind.RECIPIENT_WAITS, mail.id)


def _untold(work: UnitOfWork) -> list[OutboxMail]:
    """Returns the mails that have waited too long for their own recipient and are in no alarm about it."""
    after = _alarm_after(work.env)
    return [one.mail for one in _delayed(work.tx) if one.alone and not one.told and work.now - one.since >= after]


def _tell_recipients(work: UnitOfWork, untold: Sequence[OutboxMail]) -> int:
    """Raises one alarm about all recipients that were not told of yet; returns the number of alarms.

    Each mail has a row of its own, so that a recipient is told again only after none of their mail has waited.
    """
    told = {one.mail.recipient.lower() for one in _delayed(work.tx) if one.told}
    news = sorted((one for one in untold if one.recipient.lower() not in told), key=lambda one: not _is_urgent(one))
    for mail in (one for one in untold if one not in news[:1]):
        row = alarm(AlarmKind.RECIPIENT_WAITS, _key(mail), as_written(mail.id), work.now, mail.case, mail.notification)
        about = EventRef(case=mail.case, notification=mail.notification)
        work.record(EventKind.ALARM_RAISED, added(row), about=about, reason=AlarmKind.RECIPIENT_WAITS)
    if not news:
        return 0
    first, several = news[0], len({one.recipient.lower() for one in news}) > 1
    case, notification = (None, None) if several else (first.case, first.notification)
    raised = alarm(AlarmKind.RECIPIENT_WAITS, _key(first), _of_recipients(work, news), work.now, case, notification)
    notices.raise_alarm(
        work, raised, "flaggermail outbox list", "" if several else first.recipient,
        exercise=all(one.exercise for one in news), trust=None if _is_urgent(first) else SenderTrust.VERIFIED,
        reach=notices.AlarmReaders.HEAD_TOO,
    )  # fmt: skip
    return 1


def _of_recipients(work: UnitOfWork, news: Sequence[OutboxMail]) -> StoredText:
    """Returns whose mail waits, since when, and the digits of the server's answer to the first."""
    since = min(one.queued_at for one in news).astimezone(work.env.settings.zone).isoformat(" ", "minutes")
    # a citizen's address must not be stored beyond the retention period
    named = dict.fromkeys(one.id if one.kind == Kind.DECLINE else one.recipient for one in news)
    shown = [*list(named)[:LISTED], *(["..."] if len(named) > LISTED else [])]
    answer = without_words(news[0].answer)
    return AlarmText.TO_RECIPIENTS(count=len(news), recipients=shown, since=since, answer=answer)


def _is_urgent(mail: OutboxMail) -> bool:
    """True for mail to a platform or an officer."""
    return mail.at_most_once or mail.kind in integrity.TO_OFFICERS
