# SPDX-License-Identifier: EUPL-1.2
"""Gathers from the record what the account of an election says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from flaggermail.errors import OctetsLost
from flaggermail.figures import ledger
from flaggermail.figures.uses import PlatformUse, uses_of
from flaggermail.record.case_values import CaseType, Decision, Origin, Source
from flaggermail.record.clocks import ClockKind
from flaggermail.record.contacts import LanguageCode
from flaggermail.record.finding import where
from flaggermail.record.kinds import Direction, Kind, Place
from flaggermail.record.rows import Case, ClockRow, ContactNote, Election, Notification, StoredMessage
from flaggermail.record.states import NotificationState
from flaggermail.report.values import ContactFacts, EarlierCase, NamedCount, Policy, ReportFacts, UseFacts
from flaggermail.services import UnitOfWork

UNRECORDED = ""
"""The name of a count of what has no source, or no decision."""


def of_election(work: UnitOfWork, election: Election) -> ReportFacts:
    """Returns what the record says of an election now. Exercises are in nothing of it."""
    cases = {
        case.number: case
        for case in work.tx.find(Case, where(Case.election).is_(election.code))
        if not case.exercise and not election.exercise
    }
    sent = work.tx.find(Notification, where(Notification.case).in_(list(cases)))
    uses = [use for use in uses_of(ledger.of_rows(work.tx)) if use.case in cases]
    told = tuple(_use(work, use, cases[use.case], sent) for use in uses)
    signals = [case for case in cases.values() if case.origin is not Origin.EARLIER_CASES]
    used = {use.case for use in uses}
    return ReportFacts(
        as_of=work.now,
        election=election.code,
        names={LanguageCode.NL: election.name_nl, LanguageCode.EN: election.name_en},
        polling_days=tuple(sorted(election.polling_days)),
        cases=tuple(sorted(cases)),
        uses=told,
        contacts=_contacts(work, cases, sent),
        received=_counts(map(_source, signals), (*Source, UNRECORDED)),
        decisions=_counts((_decision(case, used) for case in cases.values()), (*Decision, UNRECORDED)),
        declined=_declined(work, election),
        criteria=_counts((str(one) for use in told for one in use.criteria), ("1", "2", "3")),
        by_platform=_counts((use.platform for use in uses), sorted({use.platform for use in uses})),
        by_type=_counts((use.about for use in told), tuple(CaseType)),
    )


def _counts(found: Iterable[str], names: Iterable[str]) -> tuple[NamedCount, ...]:
    """Returns a count for each name, zeros included."""
    counted = Counter(map(str, found))
    return tuple(NamedCount(name=str(name), count=counted[str(name)]) for name in names)


def _source(case: Case) -> str:
    """Returns where a case's signal came from; an officer who read of it in the media has noted no source."""
    return case.source or (Source.MEDIA if case.origin is Origin.MEDIA else UNRECORDED)


def _decision(case: Case, used: Collection[str]) -> str:
    """Returns what became of a case: one that a mail typed by hand put to a platform may have no decision."""
    return case.decision or (Decision.NOTIFY if case.number in used else UNRECORDED)


def _use(work: UnitOfWork, use: PlatformUse, case: Case, sent: Sequence[Notification]) -> UseFacts:
    own = next(one for one in sent if one.id == use.notification)
    clock = work.tx.get(ClockRow, f"{use.notification}/{ClockKind.HUMAN}")
    answer = (clock.stopped_by or "") if clock is not None and use.human is not None else ""
    return UseFacts(
        use=replace(use, reminders=(), escalations=()),  # how the desk reminded its own officers is no fact of the use
        channel_name=own.channel_name,
        about=case.type,
        criteria=case.criteria,
        policy=Policy(
            title=own.policy_title, url=own.policy_url, read_on=own.policy_read_on, named=_names_policy(work, own)
        ),
        earlier=_earlier(work, case, use),
        came_back=_came_back(sent, own),
        answer=answer,
        is_decided=case.decision is not None,
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
