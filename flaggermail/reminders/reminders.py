# SPDX-License-Identifier: EUPL-1.2
"""The way of one reminder: what is late, whom to tell. Everything is derived from the rows at each tick.

The scheduler only ticks; nothing is kept that could be lost with a process, and a step that was told has a row whose
key a second process cannot write again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from flaggermail.letters import observing
from flaggermail.notices import duty, notices, rate_limits
from flaggermail.notices.duty import readers
from flaggermail.notices.notices import Notice
from flaggermail.oncall import escalation
from flaggermail.oncall.escalation import HEAD, Call, Due, Means
from flaggermail.oncall.schedule import Officer
from flaggermail.ports import Transaction
from flaggermail.record.events import EventKind, added
from flaggermail.record.kinds import Kind
from flaggermail.record.rows import Channel, Platform, Reminder
from flaggermail.record.topics import Topic
from flaggermail.reminders import handover, outbox_ageing, quarantine_ageing
from flaggermail.reminders.open_clocks import DECISION, OpenClock, waiting
from flaggermail.services import EventRef, Services, UnitOfWork

LISTED = 40  # steps that one mail names; the rest is counted


@dataclass(frozen=True, slots=True)
class Late:
    """A step that must be told now, of what waits."""

    waiting: OpenClock
    due: Due

    @property
    def kind(self) -> Kind:
        """An escalation, or a reminder."""
        return Kind.ESCALATION if self.due.call.escalates else Kind.REMINDER


def tick(env: Services) -> int:
    """Tell whoever must be told now; answers how many reminders and alarms that were."""
    # 1. Whoever has come on call first reads how things stand; what they are asked for below then has its context.
    handover.tick(env)
    # 2. Notifications without an answer, and cases without a decision.
    told = _tell_late(env)
    # 3. Mail that waits too long for a person: by its own policy, so each person reads of it in another mail.
    told += quarantine_ageing.tick(env)
    # 4. Mail of ours that does not leave: last, since it is about what earlier ticks queued, never the mail above.
    return told + outbox_ageing.tick(env)


def _tell_late(env: Services) -> int:
    """Tell each person what is late, in one mail; answers how many steps that were."""
    now = env.clock.now()
    # 1. Look without a write: an idle desk writes nothing.
    with env.store.read() as tx:
        if not _late(env, tx, now):
            return 0
    with env.store.begin() as tx:
        # 2. Look again, now that nobody else writes: another process may have told it meanwhile.
        late, work, told = _late(env, tx, now), UnitOfWork(env, tx, now), 0
        # 3. Sort by reader, so that each gets one mail, and rehearsed steps never share one with real ones.
        for (officer, kind, exercise, mails), steps in _addressed(work, late).items():
            # 4. Leave out whoever had too much mail: it stays due, and comes with the next one. What goes to the head
            #    never waits, and a pager is not mail.
            if mails and kind is Kind.REMINDER and rate_limits.rests(work, officer, [kind], exercise=exercise):
                continue
            # 5. Write the steps and queue the mail in this transaction: neither is ever there without the other.
            _remind(work, officer, kind, steps)
            told += len(steps)
    return told


def _late(env: Services, tx: Transaction, now: datetime) -> list[Late]:
    who = readers(env.settings, tx)
    judged = ((one, escalation.due(one.silence, one.steps, who, now)) for one in waiting(tx))
    return [Late(one, call) for one, found in judged if not isinstance(found, escalation.Nothing) for call in found]


def next_due(env: Services, tx: Transaction) -> datetime | None:
    """When `tick` will next have something to tell, as the rota stands."""
    who = readers(env.settings, tx)
    instants = [escalation.next_due(one.silence, one.steps, who) for one in waiting(tx)]
    instants += [quarantine_ageing.next_due(env, tx), outbox_ageing.next_due(env, tx), handover.next_due(env, tx)]
    return min((at for at in instants if at is not None), default=None)


def _addressed(work: UnitOfWork, late: Sequence[Late]) -> dict[tuple[Officer, Kind, bool, bool], list[Late]]:
    """Who is told of what, of an exercise or not, by mail or not.

    Where nobody is on call the head is told in his place, and an event says so.
    """
    addressed: dict[tuple[Officer, Kind, bool, bool], list[Late]] = {}
    for step in late:
        if step.due.call.step.tell != HEAD and duty.officer_on_call(work) is None:
            about = EventRef(case=step.waiting.case.number)
            work.record(EventKind.NOBODY_ON_CALL, reason=step.waiting.clock, about=about)
        officer = work.env.settings.rota.officer(step.due.officer or "")
        if officer is not None:
            key = (officer, step.kind, step.waiting.case.exercise, Means.MAIL in _how(officer, step))
            addressed.setdefault(key, []).append(step)
    return addressed


def _how(officer: Officer, late: Late) -> tuple[str, ...]:
    """By which means this person is told: by mail where the step asks for a pager alone, and there is none."""
    how = late.due.call.step.how
    return how if Means.MAIL in how or officer.pagers else (*how, Means.MAIL.value)


def _remind(work: UnitOfWork, officer: Officer, kind: Kind, late: Sequence[Late]) -> None:
    """Write down each step, and one mail for all of them, which one answer acknowledges; `paging` calls the pagers."""
    token = work.env.randomness.token()
    # 1. A row for each step, under a key that nobody can write again: it is told once, whatever follows.
    told = [(step, row) for step in late if not (row := _step_told(work, officer, kind, token, step)).withheld]
    # 2. No mail of what fell due while the desk observed, nor where the steps ask for a pager alone.
    if not told or Means.MAIL not in told[0][1].how:
        return
    # 3. One step fills a mail with all that is known about it; several make a list.
    first = told[0][1]
    if len(told) == 1:
        about, template, values = EventRef(first.case, first.notification), kind.value, _values(work, told[0][0])
        topic = Topic.UNDECIDED if first.clock == DECISION else Topic.REMINDER
    else:
        about, template, values = EventRef(), "reminders", _values_together(work, kind, [step for step, _ in told])
        topic = Topic.REMINDERS
    # 4. Queue it last: it names the first of these rows, and its token leads an answer back to all of them.
    notice = Notice(
        kind, template, f"reminder/{first.id}", about, topic=topic, reminder=first.id, token=first.token,
        exercise=late[0].waiting.case.exercise,  # the same for all of them
    )  # fmt: skip
    notices.tell(work, officer, notice, values)


def _step_told(work: UnitOfWork, officer: Officer, kind: Kind, token: str, late: Late) -> Reminder:
    waits, call = late.waiting, late.due.call
    reminder = Reminder(
        id=_key(waits, call, officer),
        kind=kind.value,
        case=waits.case.number,
        notification=waits.notification.id if waits.notification else None,
        clock=waits.clock,
        step=call.step.after,
        repetition=call.repetition,
        officer=officer.id,
        due_at=call.due_at,
        told_at=work.now,
        token=token,
        withheld=observing.silences(work.tx, call.due_at),
        how=_how(officer, late),
    )
    about = EventRef(case=reminder.case, notification=reminder.notification)
    if reminder.withheld:  # the row is written all the same: this step must not be told later
        work.record(EventKind.MAIL_WITHHELD, added(reminder), reason=f"{kind} reminder/{reminder.id}", about=about)
    else:
        why = f"{call.minute} minutes of {waits.clock}"
        work.record(EventKind.REMINDER_SENT, added(reminder), reason=why, about=about)
    return reminder


def _key(waits: OpenClock, call: Call, officer: Officer) -> str:
    """What is told once: notification or case, clock, step, repetition, officer; a clock that began anew counts on."""
    again = f"{call.step.after}x{call.repetition + 1}" if call.repetition else str(call.step.after)
    key = f"{waits.about}/{waits.clock}/{again}/{officer.id}"
    runs = sum(r.told_at < waits.started_at and (r.id == key or r.id.startswith(f"{key}/")) for r in waits.told)
    return f"{key}/{runs + 1}" if runs else key


def _values_together(work: UnitOfWork, kind: Kind, late: Sequence[Late]) -> dict[str, object]:
    """What one mail says of several steps; `behind` is how many minutes ago the first of them fell due."""
    listed = sorted(late, key=lambda step: step.due.call.due_at)
    return {
        "kind": kind.value,
        "total": len(listed),
        "more": max(len(listed) - LISTED, 0),
        "behind": max(step.due.late // timedelta(minutes=1) for step in listed),
        "silences": [{**_values(work, step), "case": step.waiting.case.number} for step in listed[:LISTED]],
    }


def _values(work: UnitOfWork, late: Late) -> dict[str, object]:
    """What the mail says: how late, how that was worked out, whom to call, what was told and acknowledged before."""
    waits, call = late.waiting, late.due.call
    notification = waits.notification
    platform = work.tx.get(Platform, notification.platform) if notification else None
    channel = work.tx.get(Channel, notification.channel) if notification else None
    confirmed = [(r.acknowledged_at, r.acknowledged_by) for r in waits.told if r.acknowledged_at]
    at, by = max(confirmed, key=lambda pair: pair[0]) if confirmed else (None, None)
    return {
        "platform": platform.name if platform else None,
        "channel": notification.channel_name if notification else None,
        "minutes": int((work.now - waits.started_at).total_seconds()) // 60,
        "sent_at": waits.started_at,
        "due_at": call.due_at,
        "phone": channel.phone if channel else None,
        "clock": waits.clock,
        "behind": (work.now - max(call.due_at, _held_until(late) or call.due_at)) // timedelta(minutes=1),
        "asks": call.asks,
        "acknowledged": f"{at.astimezone(work.env.settings.zone):%H:%M}" if at else None,
        "acknowledged_by": _name(work, by) if by else None,
        "told": [
            {"at": r.told_at, "officer": _name(work, r.officer)}
            for r in sorted(waits.told, key=lambda r: r.told_at)
            if not r.withheld
        ],
    }


def _held_until(late: Late) -> datetime | None:
    """When the acknowledgement expired that kept the mail back: until then it was not late."""
    return None if late.due.call.escalates else late.waiting.silence.silent_until(late.due.officer)


def _name(work: UnitOfWork, officer_id: str) -> str:
    officer: Officer | None = work.env.settings.rota.officer(officer_id)
    return officer.name if officer else officer_id
