# SPDX-License-Identifier: EUPL-1.2
"""Opening a case, recomputing the clocks of its notifications, and re-opening it on a late answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

from flaggermail.cases import elections
from flaggermail.cases.checklist import attempts_told, missing
from flaggermail.cases.periods import stricter_days
from flaggermail.errors import ArchiveFailure
from flaggermail.letters.writing import issue
from flaggermail.mail.case_numbers import tail_from
from flaggermail.mail.message import Message
from flaggermail.record import clocks
from flaggermail.record.case_values import Decision, Item, Topic
from flaggermail.record.definition import where
from flaggermail.record.events import EventKind, added, changed
from flaggermail.record.kinds import Direction
from flaggermail.record.rows import (
    Case,
    Channel,
    ClockRow,
    ContactNote,
    Election,
    Notification,
    Rehearsal,
    StoredMessage,
    Token,
)
from flaggermail.record.states import CaseState, ClockKind, ClockState
from flaggermail.services import EventRef, UnitOfWork
from flaggermail.settings.steps import Step, followed_by, quickened, write_steps

LATEST = 20  # mails of a case, besides the referral, among which the referrer's are looked for
MOST_AGAIN = 9  # of these, that are parsed again
NEWEST = 6  # cases in hand that a notice may name or is compared with: a flood of referrals costs no more

Reader = Callable[[UnitOfWork, StoredMessage], Message | None]


def missing_of(
    work: UnitOfWork, case: Case, at_hand: Mapping[str, Message] | None = None, read: Reader | None = None
) -> tuple[Item, ...]:
    """Returns what the referrer has not supplied; empty without a referrer, or if the case is decided or closed.

    `at_hand`: parsed mails by the id of their row. `read` parses another one, or returns None to skip it.
    """
    if case.referrer_address is None or case.decision is not None or case.state == CaseState.CLOSED:
        return ()
    phone = work.env.settings.desk.organisation.phone
    mails = list(_mails_of_referrer(work, case, at_hand or {}, read or _read))
    return missing(mails, work.env.settings.intake, case.type, (phone,) if phone else ())


def attempts_of(work: UnitOfWork, case: Case) -> int:
    """Returns the number of own attempts that the referrer's words mention; 0 without a referrer."""
    if case.referrer_address is None:
        return 0
    return attempts_told(list(_mails_of_referrer(work, case, {}, _read)), work.env.settings.intake)


def _read(work: UnitOfWork, row: StoredMessage) -> Message | None:
    """Parses a mail for somebody who only looks; skips one that is lost or costly."""
    try:
        return None if row.costly else work.env.parser.parse(work.env.octets.get(row.digest))
    except ArchiveFailure:
        return None


def _mails_of_referrer(work: UnitOfWork, case: Case, at_hand: Mapping[str, Message], read: Reader) -> Iterator[Message]:
    """Yields the referrer's mail and its attached mail; what cannot be read is skipped, since this is only advice."""
    here = where(StoredMessage.case).is_(case.number), where(StoredMessage.direction).is_(Direction.IN)
    rows = {row.id: row for row in work.tx.newest(StoredMessage, LATEST, *here)}
    root = case.root_message
    if root is not None and root not in rows:  # with what it brought
        for condition in (where(StoredMessage.id).is_(root), where(StoredMessage.enclosed_in).is_(root)):
            rows |= {row.id: row for row in work.tx.find(StoredMessage, *here, condition)}
    own = {row.id for row in rows.values() if row.from_address == case.referrer_address or row.id == root}
    told = sorted(key for key, row in rows.items() if row.id in own or row.enclosed_in in own)
    again = [rows[key] for key in told if key not in at_hand]
    for row in (*again[:1], *again[1:][-MOST_AGAIN:]):  # the first is the referral itself
        found = read(work, row)
        if found is not None:
            yield found
    yield from (at_hand[key] for key in sorted(at_hand))


def newest_in_hand(work: UnitOfWork, election: str) -> list[Case]:
    """Returns the newest cases of an election that are not closed, the newest first; at most `NEWEST`."""
    return work.tx.newest(Case, NEWEST, where(Case.election).is_(election), where(Case.closed_at).is_(None))


def new_case(work: UnitOfWork, case: Case, reason: str) -> Case:
    """Opens `case`; fills in number, tail, token, reminder policy and exercise flag."""
    election = work.tx.get(Election, case.election)
    prefix = work.env.settings.desk.organisation.case_prefix
    case = replace(
        case,
        number=f"{prefix}-{case.election}-{work.tx.number(f'case {case.election}'):04d}",
        token=work.env.randomness.token(),
        tail=tail_from(work.env.randomness.token()),
        steps=write_steps(_paced(work, election, _until_decided(work, case.election, election))),
        exercise=election is not None and election.exercise,
    )
    work.record(EventKind.CASE_OPENED, added(case), reason=reason, about=EventRef(case=case.number))
    issue(work, Token(token=case.token, purpose=Topic.CASE, case=case.number, issued_at=work.now))
    return case


def _until_decided(work: UnitOfWork, code: str, election: Election | None) -> tuple[Step, ...]:
    """Returns the steps for a case that is opened now, as long as it is undecided.

    They are those of today's policy, and from the first day of a stricter period on those of that period's, so that a
    case of the evening before is not forgotten.
    """
    policies = work.env.settings.escalation
    policy = policies.policy(elections.period_at(work, code, work.now))
    steps = policy.steps(ClockKind.DECISION, since=_here(work, work.now))
    days = (election.polling_days, election.period_from, election.period_until) if election is not None else None
    for day, period in stricter_days(*days, work.today) if days is not None else ():
        begins = datetime.combine(day, time(), work.env.settings.zone)
        later = policies.policy(period).steps(ClockKind.DECISION, since=begins)
        if later and policies.policy(period) != policy:
            minute = -((work.now - begins.astimezone(UTC)) // timedelta(minutes=1))  # rounded up
            policy, steps = policies.policy(period), followed_by(steps, later, minute)
    return steps


def new_tail(work: UnitOfWork, case: Case) -> str:
    """Returns a random tail for a notification of `case` that no other correspondent of the case was given."""
    used = {case.tail, *(one.tail for one in work.tx.find(Notification, where(Notification.case).is_(case.number)))}
    while (tail := tail_from(work.env.randomness.token())) in used:
        pass
    return tail


def policy_for(work: UnitOfWork, election: str, channel: Channel, at: datetime) -> tuple[Step, ...]:
    """Returns the steps for a notification sent then on that channel; without confirmations, no receipt clock."""
    policy = work.env.settings.escalation.policy(elections.period_at(work, election, at), channel.code)
    receipt = [ClockKind.RECEIPT] if channel.can_confirm else []
    steps = policy.steps(*receipt, ClockKind.HUMAN, ClockKind.SUBSTANCE, since=_here(work, at))
    return _paced(work, work.tx.get(Election, election), steps)


def _here(work: UnitOfWork, at: datetime) -> datetime:
    return at.astimezone(work.env.settings.zone)


def _paced(work: UnitOfWork, election: Election | None, steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """Returns the steps at the pace of a rehearsal, if the election is one."""
    rehearsal = work.tx.get(Rehearsal, election.code) if election is not None and election.exercise else None
    return steps if rehearsal is None else quickened(steps, rehearsal.speed)


def policy_of(work: UnitOfWork, notification: Notification) -> tuple[Step, ...]:
    """Returns the steps for a notification by the instant at which it was sent; empty for a follow-up."""
    case, channel = work.tx.get(Case, notification.case), work.tx.get(Channel, notification.channel)
    if case is None or channel is None or not notification.counted:
        return ()
    return policy_for(work, case.election, channel, notification.sent_at or work.now)


def rejudge(work: UnitOfWork, notification_id: str, came: StoredMessage | None = None) -> None:
    """Updates the clocks of a notification, and the state of its case, to all that is known now.

    `came`: a mail that arrived, or of which a copy only made it earlier or its sender sure. Beside it, what stops the
    clocks now decides, however much else is in the case: any other answer came later than that, or stops none.
    """
    notification = work.tx.get(Notification, notification_id)
    if notification is None:
        return
    before = {clock.id: clock for clock in work.tx.find(ClockRow, where(ClockRow.notification).is_(notification_id))}
    stops = sorted({clock.stopped_by for clock in before.values() if clock.stopped_by is not None})
    if came is not None:
        notes = work.tx.find(ContactNote, where(ContactNote.id).in_(stops))
        messages = work.tx.find(StoredMessage, where(StoredMessage.id).in_([*stops, came.id]))
    else:
        here = where(ContactNote.case).is_(notification.case), where(ContactNote.notification).is_(notification_id)
        notes = work.tx.find(ContactNote, *here)
        messages = work.tx.find(StoredMessage, where(StoredMessage.notification).is_(notification_id))
    about = EventRef(case=notification.case, notification=notification_id)
    answered = resumed = False
    for clock in clocks.judge(notification, messages, notes):
        old = before.get(clock.id)
        if old is None:
            old = clocks.running(clock)
            work.record(EventKind.CLOCK_STARTED, added(old), reason=clock.kind, about=about)
        if old != clock and old.state != ClockState.CANCELLED:
            kind = EventKind.CLOCK_STOPPED if clock.state == ClockState.STOPPED else EventKind.CLOCK_RESUMED
            work.record(kind, changed(old, clock), reason=clock.kind, about=about)
            answered |= clock.kind == clocks.HUMAN and clock.state == ClockState.STOPPED
            resumed |= clock.kind == clocks.HUMAN and clock.state == ClockState.RUNNING
    case = work.tx.get(Case, notification.case)
    if answered and case is not None and case.state == CaseState.NOTIFIED:
        work.record(EventKind.CASE_ANSWERED, changed(case, replace(case, state=CaseState.ANSWERED)), about=about)
    if resumed and case is not None and case.state == CaseState.ANSWERED and not _answered(work, case):
        work.record(
            EventKind.CASE_REVERTED_TO_NOTIFIED, changed(case, replace(case, state=CaseState.NOTIFIED)), about=about
        )


def _answered(work: UnitOfWork, case: Case) -> bool:
    """True if a person at a platform has answered any notification of the case."""
    uses = [use.id for use in work.tx.find(Notification, where(Notification.case).is_(case.number))]
    return work.tx.exists(
        ClockRow,
        where(ClockRow.notification).in_(uses),
        where(ClockRow.kind).is_(clocks.HUMAN),
        where(ClockRow.state).is_(ClockState.STOPPED),
    )


def reopen_for(work: UnitOfWork, case: Case, message: str) -> None:
    """Re-opens a closed case on a late answer."""
    if case.state == CaseState.CLOSED and not was_rehearsed(work, case):
        opened = replace(
            case, state=CaseState.NOTIFIED if case.decision == Decision.NOTIFY else CaseState.OPEN, closed_at=None
        )
        work.record(EventKind.CASE_REOPENED, changed(case, opened), about=EventRef(case=case.number, message=message))


def was_rehearsed(work: UnitOfWork, case: Case) -> bool:
    """True if the case belongs to an exercise that has ended: no further action is needed."""
    election = work.tx.get(Election, case.election)
    return case.exercise and election is not None and election.closed_at is not None
