# SPDX-License-Identifier: EUPL-1.2
"""Opens, assigns, links, corrects and closes cases."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from flaggermail.cases import lifecycle
from flaggermail.commands import contact_notes, move
from flaggermail.commands.command import CaseCommand, Command, MessageCommand, Subject
from flaggermail.commands.named_rows import the_case, the_election, the_message
from flaggermail.commands.outcome import ActFacts, ActKind, ActResult
from flaggermail.errors import NotFound, Refusal
from flaggermail.letters import writing
from flaggermail.mail.message import MechanicalKind
from flaggermail.mail.subject import split_subject
from flaggermail.ports import Transaction
from flaggermail.record.case_values import AuthorWord, CaseType, LanguageCode, Origin, Source
from flaggermail.record.definition import where
from flaggermail.record.events import EventKind, changed
from flaggermail.record.kinds import Direction, Kind, PersonBasis
from flaggermail.record.rows import Case, ClockRow, DeskState, Notification, OutboxMail, StoredMessage
from flaggermail.record.states import CaseState, ClockState, MailState
from flaggermail.services import EventRef, UnitOfWork
from flaggermail.settings.rota import DESK, LEADS
from flaggermail.settings.steps import read_steps
from flaggermail.wording.acts import ActText, ActWarning, in_a_row
from flaggermail.wording.filing import FilingReason
from flaggermail.wording.pieces import RefusalPart, SourceWord, TypeWord, WaitedWord
from flaggermail.wording.refusals import CommandRefusal
from flaggermail.wording.said import StoredText


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeAuthor(MessageCommand):
    """Says that a person or a system wrote a platform's mail in a case; its clocks are judged anew.

    A person's mail stops the human clock at its own arrival, and with the kinds that the rules give its words.
    """

    NAME = "message author"
    MAY = DESK

    author: AuthorWord

    def perform(self, work: UnitOfWork) -> ActResult:
        message = move.require_foreign_mail(work, self.message)
        if message.direction != Direction.IN or message.case is None:
            raise Refusal(CommandRefusal.NO_PLATFORMS_MAIL(message=message.id))
        by_person = self.author is AuthorWord.PERSON
        kind = MechanicalKind.HUMAN if by_person else MechanicalKind.AUTO_REPLY
        mail = replace(work.env.parser.parse(work.env.octets.get(message.digest)), kind=kind)
        if by_person:
            mail = replace(mail, no_receipt=None)
        found = move.as_written_by(work, message, mail)
        if found is None:
            raise Refusal(CommandRefusal.NO_PLATFORMS_MAIL(message=message.id))
        judged = replace(
            found, person_basis=PersonBasis.OFFICER if by_person else None, rule=f"corrected by {work.actor}",
            corrected_by=work.actor,
        )  # fmt: skip
        about = EventRef(case=judged.case, notification=judged.notification, message=judged.id)
        reason = "+".join(judged.kinds)
        work.record(EventKind.MESSAGE_RECLASSIFIED, changed(message, judged), reason=reason, about=about)
        if judged.notification is not None:
            lifecycle.rejudge(work, judged.notification)
        what = ActKind.BY_PERSON if by_person else ActKind.BY_SYSTEM
        text = ActText.MESSAGE_OF_PERSON if by_person else ActText.MESSAGE_OF_SYSTEM
        did = ActFacts(what=what, case=message.case)
        return ActResult(text(message=message.id), message.id, did=did)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenCase(Command):
    """Opens a case without a referral, or from a stored message; `past`: in an election that was closed since."""

    NAME = "case open"
    MAY = DESK

    election: str
    type: CaseType
    origin: Origin
    title: str = ""
    source: Source | None = None
    from_message: str | None = None
    related: tuple[str, ...] = ()
    past: bool = False

    def subject(self, work: UnitOfWork) -> Subject:
        return ((StoredMessage, the_message(work, self.from_message).id),) if self.from_message else ()

    def perform(self, work: UnitOfWork) -> ActResult:
        election = the_election(work, self.election)
        if election.closed_at is not None and (election.exercise or not self.past):
            raise Refusal(CommandRefusal.ELECTION_CLOSED(election=self.election))
        for number in self.related:
            _precedent(the_case(work, number, field="related"), exercise=the_election(work, self.election).exercise)
        message = move.take_back(work, the_message(work, self.from_message)) if self.from_message else None
        if message is not None and message.case is not None:
            raise Refusal(CommandRefusal.MESSAGE_HAS_CASE(message=message.id, case=message.case))
        case = lifecycle.new_case(work, _wanted(work, self, message), f"opened by {work.actor}")
        if message is not None:
            move.into_case(work, message, case.number, (Kind.REFERRAL,), FilingReason.CASE_OPENED_FROM())
        did = ActFacts(what=ActKind.OPENED, case=case.number)
        return ActResult(ActText.CASE_OPENED(case=case.number), case.number, did=did)


def _wanted(work: UnitOfWork, command: OpenCase, message: StoredMessage | None) -> Case:
    subject = split_subject(message.subject or "", work.env.language).base if message else ""
    referrer = message if message is not None and not message.arrival.in_file else None  # nobody is written to later
    return Case(
        number="",
        token="",
        election=command.election,
        type=command.type,
        origin=command.origin,
        source=command.source,
        title=command.title or subject,
        language=LanguageCode(work.env.settings.desk.organisation.language),
        referrer_address=referrer.from_address if referrer else None,
        referrer_name=referrer.from_name if referrer else None,
        root_message=message.id if message else None,
        related=command.related,
        opened_at=work.now,
        opened_by=work.actor,
        assigned_to=work.actor,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignCase(CaseCommand):
    """Assigns a case to an officer."""

    NAME = "case assign"
    MAY = DESK

    officer: str

    def perform(self, work: UnitOfWork) -> ActResult:
        case = the_case(work, self.case)
        if work.env.settings.rota.officer(self.officer) is None:
            raise NotFound(CommandRefusal.OFFICER_NOT_IN_ROTA(officer=self.officer))
        change = changed(case, replace(case, assigned_to=self.officer))
        work.record(EventKind.CASE_ASSIGNED, change, reason=self.officer, about=EventRef(case=case.number))
        did = ActFacts(what=ActKind.ASSIGNED, case=case.number)
        return ActResult(ActText.CASE_ASSIGNED(case=case.number, officer=self.officer), case.number, did=did)


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkCase(CaseCommand):
    """Links earlier cases on the same narrative."""

    NAME = "case link"
    MAY = DESK

    related: tuple[str, ...]

    def perform(self, work: UnitOfWork) -> ActResult:
        case = the_case(work, self.case)
        for number in self.related:
            related = the_case(work, number, field="related")
            if related.number == case.number:
                raise Refusal(CommandRefusal.RELATED_TO_ITSELF(case=number))
            _precedent(related, exercise=case.exercise)
        linked = replace(case, related=tuple(dict.fromkeys((*case.related, *self.related))))
        work.record(EventKind.CASE_LINKED, changed(case, linked), about=EventRef(case=case.number))
        return ActResult(ActText.CASE_LINKED(case=case.number, related=linked.related), case.number)


def _precedent(related: Case, *, exercise: bool) -> None:
    if related.exercise and not exercise:
        raise Refusal(CommandRefusal.NO_PRECEDENT(case=related.number))


@dataclass(frozen=True, slots=True, kw_only=True)
class ReclassifyCase(CaseCommand):
    """Corrects type or source; the history keeps the old value."""

    NAME = "case reclassify"
    MAY = DESK

    type: CaseType | None = None
    source: Source | None = None

    def perform(self, work: UnitOfWork) -> ActResult:
        case = the_case(work, self.case)
        corrected = replace(case, type=self.type or case.type, source=self.source or case.source)
        if self.type is None and self.source is None:
            raise Refusal(CommandRefusal.NOTHING_TO_CORRECT(case=case.number))
        if corrected == case:
            source = SourceWord[case.source.name] if case.source else SourceWord.UNKNOWN
            raise Refusal(
                CommandRefusal.IS_SO_ALREADY(case=case.number, type=TypeWord[case.type.name](), source=source())
            )
        work.record(EventKind.CASE_RECLASSIFIED, changed(case, corrected), about=EventRef(case=case.number))
        did = ActFacts(what=ActKind.RECLASSIFIED, case=case.number, type=self.type, source=self.source)
        source = SourceWord[corrected.source.name] if corrected.source else SourceWord.UNKNOWN
        text = ActText.CASE_RECLASSIFIED(
            case=case.number, type=corrected.type, words=TypeWord[corrected.type.name](),
            source=corrected.source or "unknown", source_words=source(),
        )  # fmt: skip
        return ActResult(text, case.number, did=did)


def _notified_before(work: UnitOfWork, case: Case) -> bool:
    """True if the case was opened for a use of years ago: what was decided then is not in this record."""
    uses = work.tx.find(Notification, where(Notification.case).is_(case.number))
    return any(
        use.sent_at and use.sent_at < case.opened_at and contact_notes.is_past(work, use.sent_at) for use in uses
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseCase(CaseCommand):
    """Closes a case, which ends its reminders, and names them; a later answer opens it again."""

    NAME = "case close"
    MAY = DESK

    def perform(self, work: UnitOfWork) -> ActResult:
        case = the_case(work, self.case)
        if case.state == CaseState.CLOSED:
            raise Refusal(CommandRefusal.CASE_CLOSED_ALREADY(case=case.number))
        if case.decision is None and not _notified_before(work, case):
            raise Refusal(CommandRefusal.CASE_UNDECIDED(case=case.number))
        change = changed(case, replace(case, state=CaseState.CLOSED, closed_at=work.now))
        work.record(EventKind.CASE_CLOSED, change, about=EventRef(case=case.number))
        return ActResult(ActText.CASE_CLOSED(case=case.number), case.number, tuple(_reminders_ended(work, case)))


def _reminders_ended(work: UnitOfWork, case: Case) -> Iterator[StoredText]:
    """Yields what ends for each notification of a closed case whose clocks run on: the reminders of these clocks."""
    for use in work.tx.find(Notification, where(Notification.case).is_(case.number)):
        clocks = work.tx.find(
            ClockRow, where(ClockRow.notification).is_(use.id), where(ClockRow.state).is_(ClockState.RUNNING)
        )
        running = {clock.kind for clock in clocks}
        reminded = dict.fromkeys(step.clock for step in read_steps(use.steps) if step.clock in running)
        if reminded:
            words = in_a_row([WaitedWord[clock.name]() for clock in reminded])
            yield ActWarning.REMINDERS_END(use=use.id, channel=use.channel_name, clocks=list(reminded), words=words)


@dataclass(frozen=True, slots=True, kw_only=True)
class TagCase(CaseCommand):
    """Adds narratives to a case or removes them; only configured words, which no figure counts."""

    NAME = "case tag"
    MAY = DESK

    tags: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()

    def perform(self, work: UnitOfWork) -> ActResult:
        case = the_case(work, self.case)
        known = work.env.settings.desk.tags.narratives
        for word in self.tags:
            if word not in known:
                raise Refusal(CommandRefusal.NARRATIVE_UNKNOWN(word=word, known=known or RefusalPart.NO_NARRATIVES()))
        for word in self.remove:
            if word not in case.narratives:
                borne = case.narratives or RefusalPart.NO_NARRATIVE()
                raise Refusal(CommandRefusal.NARRATIVE_NOT_BORNE(case=case.number, word=word, borne=borne))
        kept = (word for word in (*case.narratives, *self.tags) if word not in self.remove)
        tagged = replace(case, narratives=tuple(dict.fromkeys(kept)))
        if tagged == case:
            borne = case.narratives or RefusalPart.NO_NARRATIVE()
            raise Refusal(CommandRefusal.NARRATIVE_BORNE(case=case.number, borne=borne))
        work.record(EventKind.CASE_TAGGED, changed(case, tagged), about=EventRef(case=case.number))
        narratives = tagged.narratives or RefusalPart.NO_NARRATIVE()
        return ActResult(ActText.CASE_TAGGED(case=case.number, narratives=narratives), case.number)


def same_narrative(tx: Transaction, case: Case) -> list[Case]:
    """Returns earlier cases of any election that share a narrative with `case`, the latest first."""
    numbers = numbers_on_narrative(tx, case)
    found = {other.number: other for other in tx.find(Case, where(Case.number).in_(numbers))}
    return [found[number] for number in numbers]


def numbers_on_narrative(tx: Transaction, case: Case) -> list[str]:
    """Returns the numbers of those cases. An exercise is no precedent for a real case."""
    if not case.narratives:
        return []
    alike = [
        (opened_at, number)
        for number, opened_at, narratives, exercise in tx.columns(
            Case, (Case.number, Case.opened_at, Case.narratives, Case.exercise)
        )
        if set(narratives) & set(case.narratives)
        and (opened_at, number) < (case.opened_at, case.number)
        and (case.exercise or not exercise)
    ]
    return [number for _, number in sorted(alike, reverse=True)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Resume(Command):
    """Ends observing: mail requested from now on is sent, with or without the mail that was already queued."""

    NAME = "resume"
    MAY = LEADS

    with_waiting: bool = False

    def subject(self, work: UnitOfWork) -> Subject:
        return ((DeskState, None),)

    def perform(self, work: UnitOfWork) -> ActResult:
        state = writing.state_of(work.tx)
        if state is None or not state.observing:
            raise Refusal(CommandRefusal.NOT_OBSERVING())
        waiting = [mail.id for mail in work.tx.find(OutboxMail, where(OutboxMail.state).is_(MailState.QUEUED))]
        if waiting and not self.with_waiting:
            raise Refusal(CommandRefusal.MAIL_WAITED_BEFORE(mails=waiting))
        writing.end(work, state)
        return ActResult(ActText.DESK_RESUMED(), state.id)
