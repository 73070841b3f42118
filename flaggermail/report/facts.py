# SPDX-License-Identifier: EUPL-1.2
"""Gathers from the record what the account of an election says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from flaggermail import progress
from flaggermail.errors import OctetsLost
from flaggermail.figures import ledger
from flaggermail.figures.uses import PlatformUse, uses_of, waits
from flaggermail.record.case_values import CaseType, Decision, Origin, Source
from flaggermail.record.definition import where
from flaggermail.record.events import EventKind
from flaggermail.record.kinds import Direction, Kind, Place
from flaggermail.record.rows import Case, ClockRow, ContactNote, Election, Notification, StoredMessage
from flaggermail.record.states import ClockKind, NotificationState
from flaggermail.report.values import (
    CaseCount,
    ContactFacts,
    EarlierCase,
    ElectionUses,
    NamedCount,
    OwnSteps,
    Policy,
    ReportFacts,
    UseFacts,
)
from flaggermail.services import UnitOfWork

UNRECORDED = ""
"""The name of a count of what has no source."""
NoticedDecisions = Mapping[str, Sequence[tuple[datetime, str]]]
"""Each decision on a case with its instant, in their order, by the number of the case."""


def of_election(work: UnitOfWork, election: Election) -> ReportFacts:
    """Returns what the record says of an election now. Exercises are in nothing of it."""
    cases = {
        case.number: case
        for case in work.tx.find(Case, where(Case.election).is_(election.code))
        if not case.exercise and not election.exercise
    }
    sent = work.tx.find(Notification, where(Notification.case).in_(list(cases)))
    every = uses_of(ledger.of_rows(work.tx))
    uses = [use for use in every if use.case in cases]
    decided = _decisions(work) if uses else {}
    told = tuple(_use(work, use, cases[use.case], sent, decided) for use in progress.counted(uses, len(uses)))
    return ReportFacts(
        as_of=work.now,
        election=election.code,
        names=election.names,
        polling_days=tuple(sorted(election.polling_days)),
        cases=tuple(sorted(cases)),
        uses=told,
        contacts=_contacts(work, cases, sent),
        received=_counts(map(_source, cases.values()), (*Source, Origin.EARLIER_CASES, UNRECORDED)),
        decisions=_counts((_decision(case, told) for case in cases.values()), CaseCount),
        declined=_declined(work, election),
        criteria=_counts((str(one) for use in told for one in use.criteria), ("1", "2", "3")),
        by_platform=_counts((use.platform for use in uses), sorted({use.platform for use in uses})),
        by_type=_counts((use.about for use in told), tuple(CaseType)),
        elections=_elections(work, election, every),
    )


def _elections(work: UnitOfWork, election: Election, uses: Sequence[PlatformUse]) -> tuple[ElectionUses, ...]:
    """Returns the uses of this election and of those before it, without exercises, in the order of polling."""
    held = [
        one
        for one in work.tx.find(Election)
        if one.code == election.code or (not one.exercise and min(one.polling_days) < min(election.polling_days))
    ]
    found = list[ElectionUses]()
    for one in sorted(held, key=lambda one: (min(one.polling_days), one.code)):
        answered, waiting = map(tuple, waits((use for use in uses if use.election == one.code), work.now))
        found.append(ElectionUses(election=one.code, names=one.names, answered=answered, waiting=waiting))
    return tuple(found)


def _counts(found: Iterable[str], names: Iterable[str]) -> tuple[NamedCount, ...]:
    """Returns a count for each name, zeros included."""
    counted = Counter(map(str, found))
    return tuple(NamedCount(name=str(name), count=counted[str(name)]) for name in names)


def _source(case: Case) -> str:
    """Returns where a case came from; an officer who read of it in the media, or saw it before, noted no source."""
    own = {Origin.MEDIA: Source.MEDIA.value, Origin.EARLIER_CASES: Origin.EARLIER_CASES.value}
    return case.source or own.get(case.origin, UNRECORDED)


def _decision(case: Case, told: Sequence[UseFacts]) -> CaseCount:
    """Returns what became of a case: whatever was decided later, one with a use was put to a platform."""
    beforehand = [use.is_decided for use in told if use.use.case == case.number]
    if beforehand:
        return CaseCount.NOTIFIED if all(beforehand) else CaseCount.NOT_BEFOREHAND
    return CaseCount.NOT_SENT if case.decision is Decision.NOTIFY else CaseCount(case.decision or CaseCount.UNDECIDED)


def _decisions(work: UnitOfWork) -> NoticedDecisions:
    """Returns the decisions on all cases: a row holds the last alone, which may be later than the sending."""
    found: dict[str, list[tuple[datetime, str]]] = {}
    for _, event in work.tx.events(kind=EventKind.CASE_DECIDED):
        for change in event.changes:
            if change.table == Case.TABLE and "decision" in change.values:
                found.setdefault(change.key, []).append((event.at, str(change.values["decision"])))
    return found


def _steps(work: UnitOfWork, own: Notification, case: Case, decided: NoticedDecisions) -> OwnSteps:
    """Returns the desk's own steps up to a sending; an instant counts up to the end of the minute of sending."""
    until = (own.sent_at or work.now).replace(second=59, microsecond=999_999)
    root = work.tx.get(StoredMessage, case.root_message) if case.root_message else None
    came_at = case.opened_at if root is None else root.received_at
    before = [(at, decision) for at, decision in decided.get(case.number, ()) if at <= until]
    decides = bool(before) and before[-1][1] == Decision.NOTIFY
    return OwnSteps(
        came_at=came_at if came_at <= until else None,
        is_signal=root is not None,
        decided_at=before[-1][0] if decides else None,
        approved_at=own.approved_at if own.approved_at is not None and own.approved_at <= until else None,
    )


def _use(
    work: UnitOfWork, use: PlatformUse, case: Case, sent: Sequence[Notification], decided: NoticedDecisions
) -> UseFacts:  # fmt: skip
    own = next(one for one in sent if one.id == use.notification)
    steps = _steps(work, own, case, decided)
    clock = work.tx.get(ClockRow, f"{use.notification}/{ClockKind.HUMAN}")
    answer = (clock.stopped_by or "") if clock is not None and use.human is not None else ""
    return UseFacts(
        use=replace(use, reminders=(), escalations=()),  # how the desk reminded its own officers is no fact of the use
        channel_name=own.channel_name,
        about=case.type,
        criteria=case.criteria,
        policy=Policy(
            title=own.policy_title,
            url=own.policy_url,
            named=_names_policy(work, own),
            read_on=own.policy_read_on if own.digest else None,  # nobody noted when who typed a mail had read it
        ),
        earlier=_earlier(work, case, use),
        came_back=_came_back(sent, own),
        answer=answer,
        is_decided=bool(own.digest) or steps.decided_at is not None,
        decision=case.decision,
        steps=steps,
        is_noted=bool(answer) and work.tx.get(ContactNote, answer) is not None,
    )


def _names_policy(work: UnitOfWork, own: Notification) -> bool:
    """True if the notification names its policy: each draft of ours does, and a mail typed by hand if it says so."""
    if own.digest or not own.policy_title:
        return bool(own.policy_title)
    mails = work.tx.find(
        StoredMessage,
        where(StoredMessage.notification).is_(own.id),
        where(StoredMessage.direction).is_(Direction.OUT),
    )
    mail = next((mail for mail in mails if Kind.NOTIFICATION in mail.kinds), None)
    try:
        text = "" if mail is None else work.env.parser.parse(work.env.octets.get(mail.digest)).text
    except OctetsLost:
        return False
    named, said = (" ".join(words.casefold().split()) for words in (own.policy_title, text))
    return named in said


def _came_back(sent: Sequence[Notification], own: Notification) -> tuple[datetime, ...]:
    """Returns when notifications of the case to the same platform were sent that reached nobody there."""
    return tuple(
        sorted(
            one.sent_at
            for one in sent
            if one.case == own.case and one.platform == own.platform and one.sent_at is not None
            if one.counted and one.state is NotificationState.FAILED
        )
    )


def _earlier(work: UnitOfWork, case: Case, use: PlatformUse) -> tuple[EarlierCase, ...]:
    """Returns the linked cases with their notifications before this one, whatever the platform; exercises never."""
    found = list[EarlierCase]()
    for number in sorted(case.related):
        other = work.tx.get(Case, number)
        if other is None or other.exercise:
            continue
        sent = work.tx.find(
            Notification,
            where(Notification.case).is_(number),
            where(Notification.state).is_(NotificationState.SENT),
            where(Notification.counted).is_(True),
        )
        days = tuple(sorted(one.sent_at for one in sent if one.sent_at is not None and one.sent_at < use.sent_at))
        if days:
            found.append(EarlierCase(case=number, sent=days))
    return tuple(found)


def _contacts(
    work: UnitOfWork, cases: Mapping[str, Case], sent: Sequence[Notification]
) -> tuple[ContactFacts, ...]:  # fmt: skip
    """Returns the contacts noted by hand that belong to no notification that arrived, in their order."""
    arrived = {one.id for one in sent if one.state is NotificationState.SENT}
    notes = [
        note
        for note in work.tx.find(ContactNote, where(ContactNote.case).in_(list(cases)))
        if note.notification not in arrived
    ]
    return tuple(
        ContactFacts(id=note.id, case=note.case, at=note.effective_at, means=note.means)
        for note in sorted(notes, key=lambda note: (note.effective_at, note.id))
    )


def _declined(work: UnitOfWork, election: Election) -> int:
    """Returns how many mails of citizens were declined in the election's period; mail of an exercise never counts."""
    zone = work.env.settings.zone
    return sum(
        election.period_from <= mail.received_at.astimezone(zone).date() <= election.period_until
        for mail in work.tx.find(
            StoredMessage,
            where(StoredMessage.place).is_(Place.DECLINED),
            where(StoredMessage.direction).is_(Direction.IN),
            where(StoredMessage.exercise).is_(election.exercise),
            where(StoredMessage.enclosed_in).is_(None),
        )
    )
