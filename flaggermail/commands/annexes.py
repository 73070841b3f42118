# SPDX-License-Identifier: EUPL-1.2
"""Redacts the mail exchange of a notification: proposes marks, takes them back from a person, approves them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from flaggermail.annex import exchange, printed
from flaggermail.annex.approved import approved, has_shaped, may_approve, of_annex, open_annex, the_annex, unknown_hands
from flaggermail.annex.asked import WordsLeft, known
from flaggermail.annex.printed import PrintedExchange
from flaggermail.annex.redaction.marks import Mark, marks_beside
from flaggermail.annex.redaction.proposals import propose
from flaggermail.annex.redaction.words_left import LeftWord
from flaggermail.commands.command import Command, Subject
from flaggermail.commands.named_rows import the_case, whole_number
from flaggermail.commands.outcome import ActResult
from flaggermail.errors import NotFound, Refusal
from flaggermail.record.definition import where
from flaggermail.record.events import EventKind, added, changed
from flaggermail.record.kinds import AnnexForm
from flaggermail.record.rows import Annex, Notification
from flaggermail.record.states import UNDECIDED, AnnexState
from flaggermail.services import EventRef, UnitOfWork
from flaggermail.settings.rota import ACCOUNTS, APPROVES
from flaggermail.wording.acts import ActText, ActWarning
from flaggermail.wording.refusals import AnnexRefusal, CommandRefusal
from flaggermail.wording.said import StoredText


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposeAnnex(Command):
    """Makes an annex with the marks that the program proposes.

    An annex of the same notification that nobody has approved is withdrawn; an approved one stays until the new one is
    approved. With `keep`, a text that is printed as before has the marks of the annex before, and no others.
    """

    NAME = "annex propose"
    MAY = ACCOUNTS

    of: str  # a notification, or a case that has one
    form: AnnexForm = AnnexForm.THREAD
    keep: bool = False

    def subject(self, work: UnitOfWork) -> Subject:
        return ((Notification, _use_of(work, self.of).id),)

    def perform(self, work: UnitOfWork) -> ActResult:
        use = _use_of(work, self.of)
        case = the_case(work, use.case)
        if case.exercise or use.exercise:
            raise Refusal(CommandRefusal.EXERCISE_NOT_ACCOUNTED(case=case.number))
        language = work.env.settings.desk.organisation.language
        entries = exchange.of_use(work, use, self.form)
        made = printed.of_entries(work, entries, self.form, language)
        kept, stay, hands = _kept(work, use, made) if self.keep else ({}, [], ())
        proposed = marks_beside(made.hidden, propose(made.texts, known(work, use)))
        new = (mark for mark in (*made.hidden, *proposed) if mark.of not in kept)
        marks = printed.fitting(made.texts, (*new, *(mark for found in kept.values() for mark in found)))
        annex = Annex(
            id=f"a{work.tx.number('annex'):08d}",
            notification=use.id,
            case=use.case,
            form=self.form,
            language=language,
            entries=tuple(entry.row.key for entry in entries),
            digests=tuple(mail.digest for mail in made.mails),
            parser=printed.PARSER,
            seals=made.seals,
            marks=printed.encode_marks(marks, stay),
            shaped_by=tuple(dict.fromkeys((work.actor, *hands))),
            proposed_by=work.actor,
            proposed_at=work.now,
        )
        for old in _undecided(work, use):
            _withdraw(work, old)
        _record(work, EventKind.ANNEX_PROPOSED, annex)
        return ActResult(_told(annex, made, marks), annex.id, _warnings(work, annex))


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmAnnex(Command):
    """Records the marks that a person has read and perhaps changed; `revision` is that which they read.

    Who only ticks words of a confirmed annex as no names has no hand in its marks, and may approve it.
    """

    NAME = "annex edit"
    MAY = ACCOUNTS

    annex: str
    revision: int
    marks: tuple[Mark, ...]
    kept: tuple[LeftWord, ...] | None = None  # words that no list knows and that stay; None: those that stayed before

    def subject(self, work: UnitOfWork) -> Subject:
        return ((Annex, self.annex),)

    def perform(self, work: UnitOfWork) -> ActResult:
        annex = open_annex(work, self.annex)
        _check_revision(annex, self.revision)
        made = of_annex(work, annex)
        marks = printed.fitting(made.exchange.texts, self.marks)
        asked = WordsLeft(work, made)
        kept = (made.kept if self.kept is None else frozenset(self.kept)).intersection(asked.beside(marks))
        confirmed = replace(annex, revision=annex.revision + 1, marks=printed.encode_marks(marks, kept))
        only_ticked = annex.state is AnnexState.CONFIRMED and marks == made.marks and kept > made.kept
        if not only_ticked:
            confirmed = replace(
                confirmed,
                state=AnnexState.CONFIRMED,
                shaped_by=tuple(dict.fromkeys((*annex.shaped_by, work.actor))),
                confirmed_by=work.actor,
                confirmed_at=work.now,
            )
        _record(work, EventKind.ANNEX_CONFIRMED, confirmed, annex)
        unticked = asked.unticked(marks, kept)
        sentence = ActText.ANNEX_UNTICKED if unticked else ActText.ANNEX_CONFIRMED
        text = sentence.having(
            annex=annex.id, revision=confirmed.revision, marks=len(marks), unticked=len(unticked)
        )  # fmt: skip
        return ActResult(text, annex.id, _warnings(work, confirmed))


@dataclass(frozen=True, slots=True, kw_only=True)
class ApproveAnnex(Command):
    """Approves the revision of an annex that its approver has seen; an earlier approved one of the use is withdrawn."""

    NAME = "annex approve"
    MAY = APPROVES

    annex: str
    revision: int

    def subject(self, work: UnitOfWork) -> Subject:
        return ((Annex, self.annex),)

    def perform(self, work: UnitOfWork) -> ActResult:
        annex = open_annex(work, self.annex)
        if annex.state is not AnnexState.CONFIRMED:
            raise Refusal(AnnexRefusal.NOT_CONFIRMED(annex=annex.id))
        _check_revision(annex, self.revision)
        unknown = unknown_hands(work.env.settings.rota, annex)
        if unknown:
            raise Refusal(AnnexRefusal.UNKNOWN_HANDS(annex=annex.id, officers=unknown, use=annex.notification))
        if has_shaped(work.env.settings.rota, annex, work.actor):
            others = [one.id for one in may_approve(work, annex)]
            raise Refusal(AnnexRefusal.OWN_MARKS(annex=annex.id, officer=work.actor, who=_who(others)))
        made = of_annex(work, annex)  # every mail is still there, and reads as it did
        unticked = WordsLeft(work, made).unticked(made.marks, made.kept)
        if unticked:
            raise Refusal(AnnexRefusal.UNTICKED(annex=annex.id, count=len(unticked)))
        earlier = approved(work, annex.notification)
        if earlier is not None:
            _withdraw(work, earlier)
        done = replace(annex, state=AnnexState.APPROVED, approved_by=work.actor, approved_at=work.now)
        _record(work, EventKind.ANNEX_APPROVED, done, annex)
        return ActResult(ActText.ANNEX_APPROVED(annex=annex.id, revision=annex.revision), annex.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawAnnex(Command):
    """Takes an annex back, also an approved one: no file is made of it any more, and no report holds it."""

    NAME = "annex withdraw"
    MAY = ACCOUNTS

    annex: str

    def subject(self, work: UnitOfWork) -> Subject:
        return ((Annex, self.annex),)

    def perform(self, work: UnitOfWork) -> ActResult:
        annex = the_annex(work, self.annex)
        if annex.state is AnnexState.WITHDRAWN:
            raise Refusal(AnnexRefusal.WITHDRAWN(annex=annex.id))
        _withdraw(work, annex)
        return ActResult(ActText.ANNEX_WITHDRAWN(annex=annex.id), annex.id)


def _use_of(work: UnitOfWork, key: str) -> Notification:
    """Returns the notification that is meant: by its own number, or by a case with a single one that was sent."""
    number, slash, serial = key.strip().rpartition("/")
    if slash:
        return exchange.the_use(work, f"{whole_number(work, number)}/{serial}")
    case = the_case(work, key)
    sent = [
        one
        for one in work.tx.find(
            Notification, where(Notification.case).is_(case.number), where(Notification.counted).is_(True)
        )
        if one.sent_at is not None
    ]
    if len(sent) != 1:
        named = sorted(one.id for one in sent)
        because = (
            AnnexRefusal.NAME_THE_USE(case=case.number, uses=named)
            if sent
            else AnnexRefusal.NONE_SENT(case=case.number)
        )
        raise NotFound(because)
    return sent[0]


def _undecided(work: UnitOfWork, use: Notification) -> list[Annex]:
    return work.tx.find(Annex, where(Annex.notification).is_(use.id), where(Annex.state).in_(UNDECIDED))


def _kept(
    work: UnitOfWork, use: Notification, made: PrintedExchange
) -> tuple[dict[int, list[Mark]], list[LeftWord], tuple[str, ...]]:
    """Returns the marks of the annex before by the texts printed as they were, the words that stay, and the hands.

    A seal names part and instant, so a text is found again wherever it is printed now.
    """
    last = max(work.tx.find(Annex, where(Annex.notification).is_(use.id)), key=lambda annex: annex.id, default=None)
    if last is None:
        raise Refusal(AnnexRefusal.NOTHING_KEPT(use=use.id))
    places = {one: at for at, one in enumerate(made.seals)}
    moved: dict[int, list[Mark]] = {places[one]: [] for one in last.seals if one in places}
    for mark in printed.read_marks(last.marks):
        if last.seals[mark.of] in places:
            now = places[last.seals[mark.of]]
            moved[now].append(replace(mark, of=now))
    stay = [
        one._replace(of=places[last.seals[one.of]])
        for one in printed.kept_places(last.marks)
        if last.seals[one.of] in places
    ]
    return moved, stay, last.shaped_by


def _check_revision(annex: Annex, seen: int) -> None:
    if annex.revision != seen:
        officer = annex.confirmed_by or annex.proposed_by
        raise Refusal(AnnexRefusal.OTHER_REVISION(annex=annex.id, officer=officer, now=annex.revision, seen=seen))


def _withdraw(work: UnitOfWork, annex: Annex) -> None:
    gone = replace(annex, state=AnnexState.WITHDRAWN, withdrawn_by=work.actor, withdrawn_at=work.now)
    _record(work, EventKind.ANNEX_WITHDRAWN, gone, annex)


def _record(work: UnitOfWork, kind: EventKind, annex: Annex, before: Annex | None = None) -> None:
    change = added(annex) if before is None else changed(before, annex)
    work.record(kind, change, about=EventRef(case=annex.case, notification=annex.notification), reason=annex.id)


def _told(annex: Annex, made: PrintedExchange, marks: Sequence[Mark]) -> StoredText:
    """Returns what was found, by ground and kind, and the next step."""
    counts = Counter((mark.ground.value, mark.detail.value) for mark in marks)
    found = [f"{number} {detail} ({ground})" for (ground, detail), number in sorted(counts.items())]
    sentence = ActText.ANNEX_PROPOSED_WITH if found else ActText.ANNEX_PROPOSED
    return sentence.having(
        annex=annex.id, use=annex.notification, mails=len(made.mails), marks=len(marks), found=found
    )  # fmt: skip


def _warnings(work: UnitOfWork, annex: Annex) -> tuple[StoredText, ...]:
    """Returns a warning if there is nobody who may approve the annex."""
    unknown = unknown_hands(work.env.settings.rota, annex)
    if unknown:
        return (AnnexRefusal.UNKNOWN_HANDS(annex=annex.id, officers=unknown, use=annex.notification),)
    return () if may_approve(work, annex) else (ActWarning.ANNEX_APPROVERS(annex=annex.id, who=_who([])),)


def _who(officers: Sequence[str]) -> StoredText:
    return AnnexRefusal.OTHERS_MAY(officers=officers) if officers else AnnexRefusal.NOBODY_MAY()
