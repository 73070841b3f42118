# SPDX-License-Identifier: EUPL-1.2
"""Reminders about quarantined mail that waits too long for a person, recomputed from the rows at each tick.

The officer on call is reminded first, the head later, each once per mail and step, with everything due in one mail.
Mail taken in late is left to the digest; mail in the junk folder and from files of old mail reminds nobody.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from flaggermail.cases import attention, elections
from flaggermail.letters import writing
from flaggermail.mail.fields import in_domains
from flaggermail.mail.message import SenderVerdict
from flaggermail.matching import scoring, thread_keys
from flaggermail.notices import duty, notices
from flaggermail.notices.notices import Notice
from flaggermail.ports import Transaction
from flaggermail.record.case_values import Topic
from flaggermail.record.definition import where
from flaggermail.record.events import EventKind, added
from flaggermail.record.kinds import FROM_MAILBOX, Direction, Kind, Place
from flaggermail.record.rows import Alarm, Case, Channel, Notification, OutboxMail, Platform, StoredMessage, Withheld
from flaggermail.record.rows.alarms import AlarmKind, alarm, alarm_key
from flaggermail.reminders import due_steps
from flaggermail.reminders.due_steps import Due, SentStep, Silence
from flaggermail.services import EventRef, Services, UnitOfWork
from flaggermail.settings.rota import Officer
from flaggermail.settings.steps import HEAD, OFFICER, Step, Who
from flaggermail.wording.said import as_written

NAMED = 5  # mails named in one reminder


_RANKS = 3


@dataclass(frozen=True, slots=True)
class PossibleAnswers:
    """Quarantined mail that may be the awaited answer; `own`: it claims to come from the platform."""

    mail: StoredMessage
    own: bool

    @property
    def rank(self) -> int:
        """0: in the platform's name; 1: tied to the case by a clue; 2: either, from a sender who failed the check."""
        if self.mail.verdict == SenderVerdict.FAILED:
            return 2
        return 0 if self.own else 1


def waiting_for(
    work: UnitOfWork, number: str, notification: Notification | None, since: datetime
) -> list[PossibleAnswers]:
    """Returns the mail in the quarantine that may be the answer, at most `LISTED`: by rank, verified first, by arrival.

    It comes in the name of the platform notified, or a clue ties it to the case. Mail from before `since`, when the
    clock started, is no answer. Mail in the junk folder counts, as no notice of it was sent. Whether a sender is
    genuine is another matter: the verdict stands beside each.
    """
    platform = work.tx.get(Platform, notification.platform) if notification else None
    if platform is None or (case := work.tx.get(Case, number)) is None:
        return []
    domains, channels = frozenset(platform.domains), work.tx.find(Channel, where(Channel.platform).is_(platform.code))
    addresses = {address for channel in channels for address in channel.answers_from}
    parked = work.tx.find(
        StoredMessage,
        where(StoredMessage.place).is_(Place.QUARANTINE),
        where(StoredMessage.exercise).is_(case.exercise),
        where(StoredMessage.arrival).in_(FROM_MAILBOX),
    )
    found = []
    for mail in sorted(parked, key=lambda mail: (mail.verdict != SenderVerdict.VERIFIED, mail.received_at, mail.id)):
        if (
            mail.direction == Direction.IN
            and mail.received_at >= since
            and (mail.enclosed_in is None or mail.placed_by is not None)
            and mail.from_address is not None
        ):
            own = in_domains(mail.from_address.rpartition("@")[2], domains) or mail.from_address in addresses
            if own or _is_tied(work, mail, case):
                found.append(PossibleAnswers(mail, own))
    return _fairly(found)


def placed_by_reply(found: Sequence[PossibleAnswers]) -> StoredMessage | None:
    """Returns the mail that `bij NUMMER` in reply to the reminder places: the only one of the best rank, if one is.

    So a stranger who names the case, or a forger, cannot take the reply away from the mail of the platform.
    """
    best = [one.mail for one in found if one.rank == found[0].rank]
    return best[0] if len(best) == 1 else None


def entries_of(
    work: UnitOfWork, number: str, platform: Platform | None, found: Sequence[PossibleAnswers]
) -> list[dict[str, object]]:
    """Returns the mails as template values; `reply` is the number to answer with, beside the mail that it places."""
    case = work.tx.get(Case, number) if found else None
    meant, who = placed_by_reply(found), platform.name if platform else ""
    return [
        {
            "at": one.mail.received_at,
            "who": who if one.own else one.mail.from_address,
            "verdict": one.mail.verdict,
            "reply": elections.short_number(work, case) if case is not None and one.mail == meant else "",
            "place": one.mail.id,
        }
        for one in found
    ]


def _is_tied(work: UnitOfWork, mail: StoredMessage, case: Case) -> bool:
    """True if a clue of weight names the case, or the subject bears a reference that the platform gave it."""
    suggested = (scoring.read(text) for text in mail.suggestions)
    if any(one.case == case.number and one.score >= scoring.HOLDS for one in suggested):
        return True
    bare = (re.split("[# ]", one)[-1].casefold() for one in case.platform_references)
    subject = (mail.subject or "").casefold()
    return any(one in subject for one in bare) and any(
        thread_keys.is_among(one, case.platform_references) for one in thread_keys.in_subject(work, mail.subject)
    )


def _fairly(found: Sequence[PossibleAnswers]) -> list[PossibleAnswers]:
    """Returns the first `LISTED` mails by rank; each rank keeps a place, however many mails the others have."""
    ranked = [[one for one in found if one.rank == rank] for rank in range(_RANKS)]
    free = NAMED - sum(map(bool, ranked))
    kept = []
    for mails in ranked:
        kept += mails[: 1 + free]
        free -= max(len(mails[: 1 + free]) - 1, 0)
    return kept


LISTED = 40  # mails listed in one reminder; the rest is counted
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class _QuarantinedMail:
    """A quarantined mail with the steps in force today, and those already sent."""

    message: str  # its id
    policy: str
    steps: Sequence[Step]
    silence: Silence


@dataclass(frozen=True, slots=True)
class _DueStep:
    """A step to send now."""

    waiting: _QuarantinedMail
    due: Due

    @property
    def key(self) -> str:
        """The deduplication key of the step."""
        return _key(self.waiting.message, self.waiting.policy, self.due.call.step)


def tick(env: Services) -> int:
    """Reminds each person in one mail of what is due; returns the number of due steps."""
    now = env.clock.now()
    with env.store.read() as tx:
        if not any(
            _may_remind(UnitOfWork(env, tx, now), officer) for officer, _ in _by_recipient(UnitOfWork(env, tx, now))
        ):
            return 0  # an idle desk writes nothing
    with env.store.begin() as tx:
        work = UnitOfWork(env, tx, now)
        told: dict[Officer, list[_DueStep]] = {}
        for officer, late in _by_recipient(work):
            if _may_remind(work, officer):
                told.setdefault(officer, []).append(late)
        for officer, late_ones in told.items():
            _remind(work, officer, late_ones)
    return sum(map(len, told.values()))


def next_due(env: Services, tx: Transaction) -> datetime | None:
    """Returns when `tick` will next have something to send; None if nothing waits."""
    work = UnitOfWork(env, tx, env.clock.now())
    if _is_first_overdue(work):
        return _interval(work)[1]
    who, found = _resolver(work), _waiting(work)
    # Nobody was told of any: the oldest of them, which may be thousands, comes first.
    mails = found.mails if found.told else sorted(found.mails, key=lambda mail: mail[1])[:1]
    waiting = [found.judged(*mail) for mail in mails]
    untold = [w for w in waiting if not w.silence.told]  # all have the same steps: the oldest of them comes first
    oldest = sorted(untold, key=lambda w: w.silence.started_at)[:1]
    told = (w for w in waiting if w.silence.told)
    instants = (due_steps.next_due(w.silence, w.steps, who) for w in (*oldest, *told))
    first = min((at for at in instants if at is not None), default=None)
    if first is None or first > work.now:
        return first
    return _interval(work)[1]  # due, but its recipient may not be reminded again yet


def _is_first_overdue(work: UnitOfWork) -> bool:
    """True if a step of the mail that arrived first fell due and nobody was told: no other mail can be due earlier."""
    policy, steps = _policy(work)
    for mail in work.tx.in_order(StoredMessage, StoredMessage.received_at, 1, None, *_WAITING):
        since = _since(_old(work), mail.first_seen_at, mail.received_at, mail.enclosed_in, mail.placed_by)
        told = where(Alarm.id).in_([_key(mail.id, policy, step) for step in steps])
        overdue = since is not None and any(step.due_at(since) <= work.now for step in steps)
        return overdue and not work.tx.exists(Alarm, told)
    return False


@dataclass(frozen=True, slots=True)
class _WaitingMails:
    """The mails that wait for a person, by id and since when, with the steps in force and who was told of what."""

    policy: str
    steps: Sequence[Step]
    mails: Sequence[tuple[str, datetime]]
    told: Mapping[str, tuple[str | None, datetime]]  # by the key of the alarm
    now: datetime

    def judged(self, message: str, since: datetime) -> _QuarantinedMail:
        """Returns one of the mails with the steps that were sent."""
        reached = (step for step in self.steps if step.due_at(since) <= self.now) if self.told else ()
        keys = ((_key(message, self.policy, step), step) for step in reached)
        told = [_telling(*self.told[key], step) for key, step in keys if key in self.told]
        return _QuarantinedMail(message, self.policy, self.steps, Silence(since, told))


def _quarantined(work: UnitOfWork) -> Iterator[_QuarantinedMail]:
    found = _waiting(work)
    return (found.judged(*mail) for mail in found.mails)


def _waiting(work: UnitOfWork) -> _WaitingMails:
    mails = _awaited(work)
    told = _told_since(work, min((since for _, since in mails), default=work.now))
    return _WaitingMails(*_policy(work), mails, told, work.now)


def _policy(work: UnitOfWork) -> tuple[str, Sequence[Step]]:
    in_period = elections.open_election(work) is not None
    return "in period" if in_period else "outside", work.env.settings.desk.quarantine.steps(in_period=in_period)


def _told_since(work: UnitOfWork, oldest: datetime) -> dict[str, tuple[str | None, datetime]]:
    """Returns whom the alarms about mails that arrived from then on reminded and when, by their keys.

    A flood is one question, and needs little of each row. No alarm about a mail is older than the mail.
    """
    since = where(Alarm.kind).is_(AlarmKind.WAITING), where(Alarm.raised_at).after(oldest - timedelta(microseconds=1))
    found = work.tx.columns(Alarm, (Alarm.id, Alarm.officer, Alarm.raised_at), *since)
    return {key: (officer, raised_at) for key, officer, raised_at in found}


_WAITING = (
    where(StoredMessage.place).is_(Place.QUARANTINE),
    where(StoredMessage.pending_digest).is_(False),
    where(StoredMessage.exercise).is_(False),
    where(StoredMessage.from_junk).is_(False),
    where(StoredMessage.arrival).in_(FROM_MAILBOX),
)


def _awaited(work: UnitOfWork) -> list[tuple[str, datetime]]:
    """Returns which quarantined mails wait for a person, by id, and since when: of thousands no row is read."""
    fields = (
        StoredMessage.id, StoredMessage.first_seen_at, StoredMessage.received_at, StoredMessage.enclosed_in,
        StoredMessage.placed_by,
    )  # fmt: skip
    found, old = sorted(work.tx.columns(StoredMessage, fields, *_WAITING), key=lambda row: row[0]), _old(work)
    return [(key, since) for key, seen, at, part, by in found if (since := _since(old, seen, at, part, by)) is not None]


def _old(work: UnitOfWork) -> timedelta:
    """Returns how late mail arrives that is old: a digest tells it."""
    return timedelta(minutes=work.env.settings.desk.mailbox.backlog_after_minutes)


def _since(
    old: timedelta, first_seen_at: datetime, received_at: datetime, enclosed_in: str | None, placed_by: str | None
) -> datetime | None:
    """Returns since when a mail waits; None if it does not. A server clock that is fast delays nothing."""
    waits = first_seen_at - received_at <= old and (enclosed_in is None or placed_by is not None)
    return min(received_at, first_seen_at) if waits else None


def _telling(officer: str | None, raised_at: datetime, step: Step) -> SentStep:
    return SentStep(step.after, officer or "", raised_at, escalates=step.tell == HEAD)


def _resolver(work: UnitOfWork) -> Who:
    """Resolves a step's recipient: the head for the head's steps, else the officer on call, or the head if none."""
    head = work.env.settings.rota.head()
    persons: dict[str, Officer | None] = {HEAD: head, OFFICER: duty.officer_on_call(work) or head}
    return lambda reader, _: found.id if (found := persons[reader]) else None


def _key(message: str, policy: str, step: Step) -> str:
    return alarm_key(AlarmKind.WAITING, f"{message}/{policy}/{step.after}")


def _by_recipient(work: UnitOfWork) -> list[tuple[Officer, _DueStep]]:
    """Returns each due step with its recipient."""
    who, rota = _resolver(work), work.env.settings.rota
    judged = ((w, due_steps.due(w.silence, w.steps, who, work.now)) for w in _quarantined(work))
    late = [_DueStep(w, due) for w, found in judged if not isinstance(found, due_steps.NothingDue) for due in found]
    persons = ((rota.heads if one.due.call.escalates else [rota.officer(one.due.officer or "")], one) for one in late)
    return [(person, one) for told, one in persons for person in told if person is not None]


def _interval(work: UnitOfWork) -> tuple[datetime, datetime]:
    """Returns the current interval, in which a person gets at most one such mail."""
    apart = timedelta(minutes=work.env.settings.desk.quarantine.min_interval_minutes)
    begin = _EPOCH + (work.now - _EPOCH) // apart * apart
    return begin, begin + apart


def _reason(work: UnitOfWork, officer: Officer) -> str:
    return f"waiting/{officer.id}/{_interval(work)[0]:%Y-%m-%dT%H:%M}"


def _may_remind(work: UnitOfWork, officer: Officer) -> bool:
    """True if this person was not reminded in this interval yet."""
    reason = _reason(work, officer)
    queued = work.tx.exists(OutboxMail, where(OutboxMail.dedupe).is_(f"{reason}/{officer.address.lower()}"))
    return not queued and work.tx.get(Withheld, reason) is None


def _remind(work: UnitOfWork, officer: Officer, late: Sequence[_DueStep]) -> None:
    """Queues one mail for all except those that fell due while the desk was observing, and records each step."""
    spoken = [one for one in late if not writing.suppresses_due_at(work.tx, one.due.call.due_at)]
    made = not spoken or _mail(work, officer, spoken)
    for one in late:
        if (made or one not in spoken) and work.tx.get(Alarm, one.key) is None:  # another head may have been told
            raised = replace(alarm(AlarmKind.WAITING, one.key, as_written(officer.id), work.now), officer=officer.id)
            about = EventRef(message=one.waiting.message)
            work.record(EventKind.ALARM_RAISED, added(raised), reason=raised.kind, about=about)


def _mail(work: UnitOfWork, officer: Officer, spoken: Sequence[_DueStep]) -> bool:
    """Queues one mail for these steps; False if none could be made."""
    duty.officer_or_head(work, AlarmKind.WAITING)
    only = spoken[0].waiting.message if len(spoken) == 1 else None  # of several, each has a notice of its own
    notice = Notice(
        Kind.ALARM, "quarantine_reminder", _reason(work, officer), EventRef(),
        topic=Topic.QUARANTINE if only else Topic.NOTICE, settles=only,
    )  # fmt: skip
    return notices.tell(work, officer, notice, _values(work, spoken))


def _values(work: UnitOfWork, late: Sequence[_DueStep]) -> dict[str, object]:
    named = [one.waiting.message for one in late]
    rows = {row.id: row for row in work.tx.find(StoredMessage, where(StoredMessage.id).in_(named))}
    oldest = sorted((rows[key] for key in named), key=lambda m: (m.received_at, m.id))
    listed = attention.by_trust(work, oldest)
    return {
        "kind": HEAD if any(one.due.call.escalates for one in late) else OFFICER,
        "total": len(listed),
        "more": max(len(listed) - LISTED, 0),
        "entries": [notices.entry_of(m) for m in listed[:LISTED]],
        "next_step": "flaggermail quarantine list",
    }
