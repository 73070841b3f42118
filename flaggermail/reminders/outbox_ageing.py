# SPDX-License-Identifier: EUPL-1.2
"""Outgoing mail that does not leave: one alarm when it begins and one when it ends, for each of two causes.

The oldest mail has waited too long, whatever the cause; or the submission server refuses the desk, of which no delay
has to be awaited. The mail about it may wait behind the others, so the pager tells it. Every officer is sent it, of a
delay the officer on call and the head: one of them may be whom the server refuses. It quotes no words that the server
may have from a stranger's mail.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from flaggermail.letters import observing, standing
from flaggermail.notices import notices
from flaggermail.ports import Transaction
from flaggermail.record.alarms import AlarmKind, alarm, alarm_key
from flaggermail.record.finding import where
from flaggermail.record.refusals import without_words
from flaggermail.record.rows import Alarm, OutboxMail
from flaggermail.record.states import MailState, ServerState
from flaggermail.services import Services, UnitOfWork
from flaggermail.wording.alarm_texts import AlarmText
from flaggermail.wording.said import Said


@dataclass(frozen=True, slots=True)
class _Trouble:
    """A cause for which mail does not leave: the alarms at its begin and end, and the mails that it holds up now."""

    raises: AlarmKind
    ends: AlarmKind
    held_up: Callable[[Services, Transaction, datetime], Sequence[OutboxMail]]


def tick(env: Services) -> int:
    """Raises an alarm for each trouble that has begun or ended; returns the number of alarms."""
    now = env.clock.now()
    with env.store.read() as tx:
        if not any(_has_changed(env, tx, now, trouble) for trouble in _TROUBLES):
            return 0  # an idle desk writes nothing
    with env.store.begin() as tx:
        work = UnitOfWork(env, tx, now)
        news = [trouble for trouble in _TROUBLES if _has_changed(env, tx, now, trouble)]
        for trouble in news:
            number, told = _episode(tx, trouble)
            if told:
                _raise(work, trouble.ends, number, AlarmText.NOTHING_HELD_UP())
            else:
                _raise(work, trouble.raises, number + 1, _summary(work, trouble.held_up(env, tx, now)))
    return len(news)


def next_due(env: Services, tx: Transaction) -> datetime | None:
    """Returns when `tick` will next raise an alarm, if nothing but time changes; None if no mail waits."""
    if _episode(tx, _WAITING)[1]:
        return None
    queued = [mail.queued_at for mail in _waiting(tx)]
    return min(queued) + _alarm_after(env) if queued else None


def _has_changed(env: Services, tx: Transaction, now: datetime, trouble: _Trouble) -> bool:
    """True if the last alarm no longer describes the situation."""
    return not observing.is_on(tx) and bool(trouble.held_up(env, tx, now)) is not _episode(tx, trouble)[1]


def _alarm_after(env: Services) -> timedelta:
    return timedelta(minutes=env.settings.desk.submission.alarm_after_minutes)


def _late(env: Services, tx: Transaction, now: datetime) -> Sequence[OutboxMail]:
    """Returns the mails that have waited too long, the first queued first."""
    return [mail for mail in _waiting(tx) if now - mail.queued_at >= _alarm_after(env)]


def _waiting(tx: Transaction) -> Sequence[OutboxMail]:
    """Returns the queued mails, but for those that the server has most likely taken."""
    outlook = standing.look(tx)
    return [one for one in outlook.waiting if one.state == MailState.QUEUED and not outlook.answer_lost(one)]


def _denied(_env: Services, tx: Transaction, _now: datetime) -> Sequence[OutboxMail]:
    """Returns what the server holds up; a doubt that began lasts until it has accepted a mail."""
    outlook = standing.look(tx)
    in_doubt = outlook.standing is ServerState.TAKES and outlook.refused and _episode(tx, _DENIED)[1]
    return outlook.waiting if in_doubt or outlook.standing in {ServerState.DENIES, ServerState.DOUBTED} else []


_WAITING = _Trouble(AlarmKind.OUTBOX_WAITS, AlarmKind.OUTBOX_FLOWS, _late)
_DENIED = _Trouble(AlarmKind.OUTBOX_DENIED, AlarmKind.OUTBOX_TAKEN, _denied)
_TROUBLES = (_DENIED, _WAITING)


def _episode(tx: Transaction, trouble: _Trouble) -> tuple[int, bool]:
    """Returns the number of episodes so far, and whether the last one is still open."""
    begun = len(tx.find(Alarm, where(Alarm.kind).is_(trouble.raises)))
    return begun, begun > len(tx.find(Alarm, where(Alarm.kind).is_(trouble.ends)))


def _summary(work: UnitOfWork, held_up: Sequence[OutboxMail]) -> Said:
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


def _raise(work: UnitOfWork, kind: AlarmKind, number: int, text: Said) -> None:
    raised = alarm(kind, alarm_key(kind, number), text, work.now)
    everyone = kind in {AlarmKind.OUTBOX_DENIED, AlarmKind.OUTBOX_TAKEN}
    reach = notices.AlarmReaders.EVERYONE if everyone else notices.AlarmReaders.HEAD_TOO
    notices.raise_alarm(work, raised, "flaggermail outbox list", reach=reach)
