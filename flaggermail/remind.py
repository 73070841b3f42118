# SPDX-License-Identifier: EUPL-1.2
"""The way of one reminder: what is late, whom to tell. Everything is derived from the rows at each tick.

The scheduler only ticks; nothing is kept that could be lost with a process, and a step that was told has a row whose
key a second process cannot write again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from flaggermail import ageing, backlog, casework, observing, storms
from flaggermail.casework import Notice
from flaggermail.core import escalation
from flaggermail.core.clocks import HUMAN, RECEIPT
from flaggermail.core.escalation import HEAD, Due, Silence, Step
from flaggermail.core.events import EventKind, added
from flaggermail.core.records import Case, Channel, ClockRow, Notification, Platform, Reminder
from flaggermail.core.rota import Officer
from flaggermail.core.rules import Kind
from flaggermail.environment import About, Environment, Work
from flaggermail.ports import Transaction

DECISION = "decision"
LISTED = 40  # steps that one mail names; the rest is counted


@dataclass(frozen=True, slots=True)
class Waiting:
    """Something that waits: a notification for its platform, or a case for a decision."""

    case: Case
    notification: Notification | None
    clock: str
    started_at: datetime
    steps: Sequence[Step]
    told: Sequence[Reminder]  # about the same notification, or the same case

    @property
    def about(self) -> str:
        """The key of what waits."""
        return self.notification.id if self.notification else self.case.number

    def silence(self, acknowledged: timedelta) -> Silence:
        """The facts on which the next step depends; an acknowledgement holds for `acknowledged`."""
        until = max((r.acknowledged_at + acknowledged for r in self.told if r.acknowledged_at), default=None)
        return Silence(self.started_at, [r.step for r in self.told if r.clock == self.clock], until)


@dataclass(frozen=True, slots=True)
class Late:
    """A step that must be told now, of what waits."""

    waiting: Waiting
    due: Due


def tick(env: Environment) -> int:
    """Tell whoever must be told now, each in one mail; answers how many reminders that were.

    Of mail that waits too long for a person, each hears in another mail; of mail of ours that does not leave, too.
    """
    return _tick(env) + ageing.tick(env) + backlog.tick(env)


def _tick(env: Environment) -> int:
    now = env.clock.now()
    with env.store.read() as tx:
        if not _late(env, tx, now):
            return 0  # an idle desk writes nothing
    with env.store.begin() as tx:
        late = _late(env, tx, now)
        work = Work(env, tx, now)
        told = 0
        for (officer, kind), steps in _addressed(work, late).items():
            if kind is Kind.REMINDER and storms.rests(work, officer, [kind]):
                continue  # it stays due, and comes with the next mail; what goes to the head never waits
            _remind(work, officer, kind, steps)
            told += len(steps)
    return told


def _late(env: Environment, tx: Transaction, now: datetime) -> list[Late]:
    judged = ((w, escalation.due(w.silence(_expiry(env)), w.steps, now)) for w in _waiting(tx))
    return [Late(waiting, due) for waiting, due in judged if isinstance(due, Due)]


def next_due(env: Environment, tx: Transaction) -> datetime | None:
    """When `tick` will next have something to tell."""
    instants = [escalation.next_due(w.silence(_expiry(env)), w.steps) for w in _waiting(tx)]
    instants += [ageing.next_due(env, tx), backlog.next_due(env, tx)]
    return min((at for at in instants if at is not None), default=None)


def _expiry(env: Environment) -> timedelta:
    return timedelta(minutes=env.settings.desk.reminders.acknowledged_minutes)


def _waiting(tx: Transaction) -> Iterator[Waiting]:
    """Candidates by SQL: running clocks, and cases that nobody has decided on."""
    running = tx.find(ClockRow, state="running", kind=[RECEIPT, HUMAN])
    unconfirmed = {clock.notification for clock in running if clock.kind == RECEIPT}
    for clock in running:
        notification = tx.get(Notification, clock.notification)
        case = tx.get(Case, notification.case) if notification else None
        if notification is not None and case is not None and case.state != "closed":
            policy = escalation.read_steps(notification.steps)
            if clock.kind == HUMAN and notification.id in unconfirmed and any(s.clock == RECEIPT for s in policy):
                continue  # while nothing at all came, the receipt clock reminds, where a receipt can be waited for
            steps = [s for s in policy if s.clock == clock.kind]
            told = tx.find(Reminder, notification=notification.id)
            yield Waiting(case, notification, clock.kind, clock.started_at, steps, told)
    for case in tx.find(Case, state="open", decision=None):
        steps = list(escalation.read_steps(case.reminders))
        if steps:
            told = tx.find(Reminder, case=case.number, notification=None)
            yield Waiting(case, None, DECISION, case.opened_at, steps, told)


def _addressed(work: Work, late: Sequence[Late]) -> dict[tuple[Officer, Kind], list[Late]]:
    """Who is told of what: the officer on call, or the head; with nobody on call the head, and an event says so."""
    head = work.env.settings.rota.head()
    addressed: dict[tuple[Officer, Kind], list[Late]] = {}
    for step in late:
        escalates = step.due.step.tell == HEAD
        officer = head if escalates else casework.officer_on_call(work)
        if officer is None:
            about = About(case=step.waiting.case.number)
            work.record(EventKind.NOBODY_ON_CALL, reason=step.due.step.clock, about=about)
            officer = head
        if officer is not None:
            addressed.setdefault((officer, Kind.ESCALATION if escalates else Kind.REMINDER), []).append(step)
    return addressed


def _remind(work: Work, officer: Officer, kind: Kind, late: Sequence[Late]) -> None:
    """Write down each step, and one mail for all of them, which one answer acknowledges."""
    token = work.env.randomness.token()
    told = [(step, row) for step in late if not (row := _step_told(work, officer, kind, token, step)).withheld]
    if not told:
        return
    first = told[0][1]
    if len(told) == 1:
        about, template, values = About(first.case, first.notification), kind.value, _values(work, told[0][0])
    else:
        about, template, values = About(), "reminders", _values_together(work, kind, [step for step, _ in told])
    casework.tell(work, officer, Notice(kind, template, f"reminder/{first.id}", about, first), values)


def _step_told(work: Work, officer: Officer, kind: Kind, token: str, late: Late) -> Reminder:
    waiting, due = late.waiting, late.due
    reminder = Reminder(
        id=f"{waiting.about}/{due.step.clock}/{due.step.after}/{officer.id}",
        kind=kind.value,
        case=waiting.case.number,
        notification=waiting.notification.id if waiting.notification else None,
        clock=due.step.clock,
        step=due.step.after,
        officer=officer.id,
        due_at=due.due_at,
        told_at=work.now,
        token=token,
        withheld=observing.silences(work.tx, due.due_at),
    )
    about = About(case=reminder.case, notification=reminder.notification)
    if reminder.withheld:  # the row is written all the same: this step must not be told later
        work.record(EventKind.MAIL_WITHHELD, added(reminder), reason=f"{kind} reminder/{reminder.id}", about=about)
    else:
        why = f"{due.step.after} minutes of {due.step.clock}"
        work.record(EventKind.REMINDER_SENT, added(reminder), reason=why, about=about)
    return reminder


def _values_together(work: Work, kind: Kind, late: Sequence[Late]) -> dict[str, object]:
    """What one mail says of several steps; `behind` is how many minutes ago the first of them fell due."""
    listed = sorted(late, key=lambda step: step.due.due_at)
    return {
        "kind": kind.value,
        "total": len(listed),
        "more": max(len(listed) - LISTED, 0),
        "behind": max(int(step.due.late.total_seconds()) // 60 for step in listed),
        "silences": [{**_values(work, step), "case": step.waiting.case.number} for step in listed[:LISTED]],
    }


def _values(work: Work, late: Late) -> dict[str, object]:
    """What the mail says: how late, how that was worked out, whom to call, what was told and acknowledged before."""
    waiting, due = late.waiting, late.due
    notification = waiting.notification
    platform = work.tx.get(Platform, notification.platform) if notification else None
    channel = work.tx.get(Channel, notification.channel) if notification else None
    confirmed = [(r.acknowledged_at, r.acknowledged_by) for r in waiting.told if r.acknowledged_at]
    at, by = max(confirmed, key=lambda pair: pair[0]) if confirmed else (None, None)
    return {
        "platform": platform.name if platform else None,
        "channel": notification.channel_name if notification else None,
        "minutes": int((work.now - waiting.started_at).total_seconds()) // 60,
        "sent_at": waiting.started_at,
        "due_at": due.due_at,
        "phone": channel.phone if channel else None,
        "clock": due.step.clock,
        "acknowledged": f"{at.astimezone(work.env.settings.zone):%H:%M}" if at else None,
        "acknowledged_by": _name(work, by) if by else None,
        "told": [
            {"at": r.told_at, "officer": _name(work, r.officer)}
            for r in sorted(waiting.told, key=lambda r: r.told_at)
            if not r.withheld
        ],
    }


def _name(work: Work, officer_id: str) -> str:
    officer: Officer | None = work.env.settings.rota.officer(officer_id)
    return officer.name if officer else officer_id
