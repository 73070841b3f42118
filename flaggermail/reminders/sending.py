# SPDX-License-Identifier: EUPL-1.2
"""Reminders and escalations: what is due and who receives it, recomputed from the rows at each tick.

The scheduler only ticks. No state exists that could be lost with a process, and each step sent has a row under a key
that a second process cannot insert again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain

from flaggermail.health import watchdog
from flaggermail.letters import writing
from flaggermail.notices import duty, last_contact, notices
from flaggermail.notices.duty import readers
from flaggermail.notices.notices import Notice
from flaggermail.ports import Transaction
from flaggermail.record.case_values import Topic
from flaggermail.record.definition import where
from flaggermail.record.events import EventKind, added
from flaggermail.record.kinds import Kind
from flaggermail.record.rows import Notification, Platform, Reminder, StoredMessage
from flaggermail.record.states import ClockKind, Means
from flaggermail.reminders import due_steps, handover, outbox_ageing, quarantine_ageing
from flaggermail.reminders.due_steps import Call, Due
from flaggermail.reminders.open_clocks import (
    DECISION,
    Deciding,
    OpenClock,
    clocks_of_cases,
    clocks_of_uses,
    deciding,
    open_clocks,
)
from flaggermail.services import EventRef, Services, UnitOfWork
from flaggermail.settings.rota import Officer, Rota
from flaggermail.settings.steps import HEAD
from flaggermail.wording.said import counted

KNOWN = 5  # automatic mails of which a reminder says what they say
LISTED = 40  # steps listed in one mail; the rest is counted


@dataclass(frozen=True, slots=True)
class Late:
    """A step of an open clock to send now."""

    waiting: OpenClock
    due: Due

    @property
    def kind(self) -> Kind:
        """Escalation or reminder."""
        return Kind.ESCALATION if self.due.call.escalates else Kind.REMINDER


def tick(env: Services) -> int:
    """Sends all due reminders and alarms; returns their number."""
    # 1. The hand-over note first: it gives the new officer on call the context for what follows, and holds up nothing.
    watchdog.tell(env, handover.JOB, handover.tick)
    # 2. Notifications without an answer, and cases without a decision.
    told = _send_due(env)
    # 3. Quarantined mail that waits too long: it has a policy of its own and so a separate mail.
    told += quarantine_ageing.tick(env)
    # 4. Drafts that nobody decides on, and approved texts that have not left.
    told += outbox_ageing.tick_approvals(env)
    # 5. Outgoing mail that does not leave: last, because it concerns mail queued by earlier ticks, not by this one.
    return told + outbox_ageing.tick_outbox(env)


def _send_due(env: Services) -> int:
    """Sends each person their due steps in one mail; returns the number of steps."""
    now = env.clock.now()
    # 1. Check without writing: an idle desk writes nothing.
    with env.store.read() as tx:
        if not _due_steps(env, tx, now):
            return 0
    with env.store.begin() as tx:
        # 2. Check again inside the write transaction: another process may have sent them meanwhile.
        late, work, told = _due_steps(env, tx, now), UnitOfWork(env, tx, now), 0
        # 3. Group by recipient, so that each gets one mail, and exercise steps never share a mail with real ones.
        for (officer, kind, exercise, mails, awaits), steps in _by_recipient(work, late).items():
            # 4. Skip recipients over their rate limit: their steps stay due and come with the next mail. Escalations to
            #    the head are never delayed, and pages are not mail.
            if mails and kind is Kind.REMINDER and duty.over_hourly_limit(work, officer, [kind], exercise=exercise):
                continue
            # 5. Record the steps and queue the mail in this transaction, so that neither exists without the other.
            told += _remind(work, officer, kind, steps, awaits=awaits)
    return told


def _due_steps(env: Services, tx: Transaction, now: datetime) -> list[Late]:
    who = readers(env.settings, tx)
    judged = ((one, due_steps.due(one.silence, one.steps, who, now)) for one in open_clocks(tx))
    return [Late(one, call) for one, found in judged if not isinstance(found, due_steps.NothingDue) for call in found]


def next_due(
    env: Services, tx: Transaction, uses: Iterable[OpenClock] | None = None, undecided: Deciding | None = None
) -> datetime | None:  # fmt: skip
    """Returns when `tick` will next have something to send under the current schedule.

    `uses`, `undecided`: the clocks of notifications, and what `deciding` returns.
    """
    who, uses = readers(env.settings, tx), clocks_of_uses(tx) if uses is None else uses
    undecided = deciding(tx) if undecided is None else undecided
    running = chain(uses, clocks_of_cases(tx, undecided.told))
    instants = [undecided.due_at, *(due_steps.next_due(one.silence, one.steps, who) for one in running)]
    instants += [
        next_of(env, tx)
        for next_of in (
            quarantine_ageing.next_due,
            outbox_ageing.next_due_approval,
            outbox_ageing.next_due_outbox,
            handover.next_due,
        )
    ]
    return min((at for at in instants if at is not None), default=None)


_Together = tuple[Officer, Kind, bool, bool, bool]


def _by_recipient(work: UnitOfWork, late: Sequence[Late]) -> dict[_Together, list[Late]]:
    """Groups the steps by recipient, kind, exercise or real, mail or pager only, and whether substance is awaited.

    Without an officer on call the head receives them instead, and an event records it. An escalation goes to all heads.
    """
    addressed: dict[_Together, list[Late]] = {}
    seen: set[str] = set()
    for step in late:
        if step.due.call.step.tell != HEAD:
            duty.officer_or_head(work, step.waiting.clock, EventRef(case=step.waiting.case.number))
        for officer in _told_by(work.env.settings.rota, step):
            row = _key(step.waiting, step.due.call, officer)
            if row in seen or work.tx.get(Reminder, row) is not None:
                continue  # as a head on call, of a step for both
            seen.add(row)
            awaits = step.waiting.clock is ClockKind.SUBSTANCE
            key = (officer, step.kind, step.waiting.case.exercise, Means.MAIL in _means(officer, step), awaits)
            addressed.setdefault(key, []).append(step)
    return addressed


def _told_by(rota: Rota, step: Late) -> Sequence[Officer]:
    """Returns whom a step tells: all heads of an escalation, else one officer."""
    officer = rota.officer(step.due.officer or "")
    return rota.heads if step.due.call.escalates else [officer] if officer is not None else []


def _means(officer: Officer, late: Late) -> tuple[Means, ...]:
    """Returns the means for this person; mail is added if the step asks for a pager only and they have none."""
    how = late.due.call.step.how
    return how if Means.MAIL in how or officer.pagers else (*how, Means.MAIL)


def _remind(work: UnitOfWork, officer: Officer, kind: Kind, late: Sequence[Late], *, awaits: bool) -> int:
    """Queues one mail for all steps, which one reply acknowledges, and records them; `paging` calls the pagers.

    Returns the number of steps that were told.
    """
    token = work.env.randomness.token()
    # 1. Each step has a row under a unique key, so that it is sent only once. Send no mail for steps that fell due
    #    while the desk was observing, or that ask for a pager only.
    rows = [(step, _row(work, officer, kind, token, step)) for step in late]
    told = [(step, row) for step, row in rows if not row.withheld and Means.MAIL in row.how]
    # 2. A step whose mail cannot be made is not told: it stays due.
    made = not told or notices.tell(work, officer, *(_awaited if awaits else _asking)(work, kind, told))
    return _record_steps(work, rows if made else [pair for pair in rows if pair not in told])


_Rows = list[tuple[Late, Reminder]]


def _asking(work: UnitOfWork, kind: Kind, told: _Rows) -> tuple[Notice, dict[str, object]]:
    """Returns the mail about steps, which refers to the first row; its token leads a reply to all of them."""
    step, first = told[0]
    # A single step fills a mail with all that is known about it; several are listed.
    if len(told) == 1:
        about, template, values = EventRef(first.case, first.notification), str(kind), _values(work, step)
        meant = quarantine_ageing.placed_by_reply(_parked(work, step))
        places = meant.id if meant is not None else None
        topic = Topic.UNDECIDED if first.clock == DECISION else Topic.REMINDER_WITH_MAIL if places else Topic.REMINDER
    else:
        about, template, values = (
            EventRef(),
            "reminder_digest",
            _values_of_several(work, kind, [one for one, _ in told]),
        )
        topic, places = Topic.REMINDERS, None
    notice = Notice(
        kind, template, f"reminder/{first.id}", about, topic=topic, reminder=first.id, token=first.token,
        settles=places, exercise=step.waiting.case.exercise,  # the same for all of them
    )  # fmt: skip
    return notice, values


def _awaited(work: UnitOfWork, kind: Kind, told: _Rows) -> tuple[Notice, dict[str, object]]:
    """Returns a mail of one line for each step: it asks for nothing, so no reply is offered."""
    step, first = told[0]
    alone = EventRef(first.case, first.notification) if len(told) == 1 else EventRef()
    notice = Notice(
        kind, "awaited", f"reminder/{first.id}", alone, token=first.token, exercise=step.waiting.case.exercise
    )
    waiting = sorted((step.waiting for step, _ in told), key=lambda one: one.started_at)
    listed = [handover.line_of_awaited(work, one) for one in waiting[:LISTED]]
    return notice, {"total": len(waiting), "more": max(len(waiting) - LISTED, 0), "awaited": listed}


def _row(work: UnitOfWork, officer: Officer, kind: Kind, token: str, late: Late) -> Reminder:
    waits, call = late.waiting, late.due.call
    return Reminder(
        id=_key(waits, call, officer),
        kind=kind,
        case=waits.case.number,
        notification=waits.notification.id if waits.notification else None,
        clock=waits.clock,
        step=call.step.after,
        repetition=call.repetition,
        officer=officer.id,
        due_at=call.due_at,
        told_at=work.now,
        token=token,
        withheld=writing.suppresses_due_at(work.tx, call.due_at),
        how=_means(officer, late),
    )


def _record_steps(work: UnitOfWork, rows: _Rows) -> int:
    """Inserts the row of each step; returns their number."""
    for late, row in rows:
        about = EventRef(case=row.case, notification=row.notification)
        if row.withheld:  # the row is stored all the same, so that this step is not sent later
            work.record(EventKind.MAIL_WITHHELD, added(row), reason=f"{row.kind} reminder/{row.id}", about=about)
        else:
            why = f"{counted(late.due.call.minute, 'minute', 'minutes')} of {late.waiting.clock}"
            work.record(EventKind.REMINDER_SENT, added(row), reason=why, about=about)
    return len(rows)


def _key(waits: OpenClock, call: Call, officer: Officer) -> str:
    """The key of a step: notification or case, clock, step, repetition, officer; numbered if the clock restarted."""
    again = f"{call.step.after}x{call.repetition + 1}" if call.repetition else str(call.step.after)
    key = f"{waits.about}/{waits.clock}/{again}/{officer.id}"
    step = waits.clock, call.step.after, call.repetition, officer.id
    same = [r for r in waits.told if (r.clock, r.step, r.repetition, r.officer) == step]
    runs = sum(r.told_at < waits.started_at for r in same)
    return f"{key}/{runs + 1}" if runs else key


def _values_of_several(work: UnitOfWork, kind: Kind, late: Sequence[Late]) -> dict[str, object]:
    """Returns the template values for several steps; `behind` is how many minutes ago the first of them fell due."""
    listed = sorted(late, key=lambda step: step.due.call.due_at)
    return {
        "kind": kind,
        "total": len(listed),
        "more": max(len(listed) - LISTED, 0),
        "behind": max(step.due.late // timedelta(minutes=1) for step in listed),
        "silences": [{**_values(work, step), "case": step.waiting.case.number} for step in listed[:LISTED]],
    }


def _values(work: UnitOfWork, late: Late) -> dict[str, object]:
    """Returns the template values for one step: how late it is, whom to call, earlier steps and acknowledgements."""
    waits, call = late.waiting, late.due.call
    notification = waits.notification
    platform = work.tx.get(Platform, notification.platform) if notification else None
    confirmed = [(r.acknowledged_at, r.acknowledged_by) for r in waits.told if r.acknowledged_at]
    at, by = max(confirmed, key=lambda pair: pair[0]) if confirmed else (None, None)
    return {
        "title": waits.case.title,
        "platform": platform.name if platform else None,
        "channel": notification.channel_name if notification else None,
        "minutes": int((work.now - waits.started_at).total_seconds()) // 60,
        "sent_at": waits.started_at,
        "now": work.now,
        "due_at": call.due_at,
        "phone": last_contact.phone_of(work, notification),
        "known": _known(work, notification),
        "parked": quarantine_ageing.entries_of(work, waits.case.number, platform, _parked(work, late)),
        "clock": waits.clock,
        "behind": (work.now - max(call.due_at, _acknowledged_until(late) or call.due_at)) // timedelta(minutes=1),
        "asks": call.asks,
        "acknowledged": f"{at.astimezone(work.env.settings.zone):%H:%M}" if at else None,
        "acknowledged_by": work.env.settings.rota.officer_name(by) if by else None,
        "told": [
            {"at": r.told_at, "officer": work.env.settings.rota.officer_name(r.officer)}
            for r in sorted(waits.told, key=lambda r: r.told_at)
            if not r.withheld
        ],
    }


def _known(work: UnitOfWork, use: Notification | None) -> list[dict[str, object]]:
    """Returns what automatic mail said since the notification, besides that ours arrived; oldest first."""
    if use is None:
        return []
    mails = work.tx.find(StoredMessage, where(StoredMessage.notification).is_(use.id))
    telling = sorted((mail for mail in mails if mail.says), key=lambda mail: mail.received_at)
    return [{"at": mail.received_at, "says": mail.says} for mail in telling[-KNOWN:]]


def _parked(work: UnitOfWork, late: Late) -> list[quarantine_ageing.PossibleAnswers]:
    """Returns the mail in the quarantine that may be the answer for which the clock runs."""
    waits = late.waiting
    return quarantine_ageing.waiting_for(work, waits.case.number, waits.notification, waits.started_at)


def _acknowledged_until(late: Late) -> datetime | None:
    """Returns when the acknowledgement that suppressed the mail expired; until then the mail was not late."""
    return None if late.due.call.escalates else late.waiting.silence.silent_until(late.due.officer)
