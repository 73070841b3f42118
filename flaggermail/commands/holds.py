# SPDX-License-Identifier: EUPL-1.2
"""Puts cases and elections on legal hold, and lifts holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from flaggermail.cases import citizen_criteria, erasure
from flaggermail.cases.holds import HeldOnDay, is_in_force
from flaggermail.commands.command import Command, MessageCommand, Subject
from flaggermail.commands.move import not_destroyed
from flaggermail.commands.named_rows import platform_of, require_text, the_case, the_election, the_message
from flaggermail.commands.outcome import ActResult
from flaggermail.commands.requests import Day, shown
from flaggermail.errors import NotFound, OctetsLost, Refusal
from flaggermail.mail import reply_tokens
from flaggermail.mail.message import Message
from flaggermail.matching import lookup
from flaggermail.record.definition import where
from flaggermail.record.events import EventKind, added, changed
from flaggermail.record.kinds import Direction, Kind, Place
from flaggermail.record.rows import Case, Delivery, Election, LegalHold, OutboxMail, StoredMessage, Token
from flaggermail.record.terms import day_of
from flaggermail.services import EventRef, UnitOfWork
from flaggermail.settings.rota import ARCHIVIST, DESK
from flaggermail.wording.acts import ActText
from flaggermail.wording.filing import FilingReason, PlacementBasis, SenderEvidence
from flaggermail.wording.pieces import RefusalPart
from flaggermail.wording.refusals import CommandRefusal
from flaggermail.wording.said import UNSAID, StoredText

KEEPS = DESK | {ARCHIVIST}
LIFTS = frozenset({"head", ARCHIVIST})


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceHold(Command):
    """Puts a case, or an election with all that belongs to it, on hold: nothing of it is destroyed.

    Several holds may keep the same case, each for its own reason; each ends by itself.
    """

    NAME = "archive hold"
    MAY = KEEPS

    case: str | None = None
    election: str | None = None
    reason: str
    until: Day | None = None  # its last day

    def subject(self, work: UnitOfWork) -> Subject:
        if self.case is not None:
            return ((Case, the_case(work, self.case).number),)
        return ((Election, self.election),)

    def perform(self, work: UnitOfWork) -> ActResult:
        if (self.case is None) == (self.election is None):
            raise Refusal(CommandRefusal.HOLD_OF_ONE_THING())
        require_text("reason", self.reason)
        if self.until is not None and self.until < work.today:
            raise Refusal(CommandRefusal.HOLD_ENDED_BEFORE(day=self.until.isoformat()))
        case = the_case(work, self.case).number if self.case is not None else None
        election = the_election(work, self.election).code if self.election is not None else None
        hold = LegalHold(
            id=f"h{work.tx.number('hold'):08d}",
            case=case,
            election=election,
            reason=self.reason.strip(),
            placed_at=work.now,
            placed_by=work.actor,
            until=self.until,
        )
        work.record(EventKind.HOLD_PLACED, added(hold), about=EventRef(case=case), reason=hold.id)
        sentence = ActText.HOLD_PLACED_UNTIL if self.until else ActText.HOLD_PLACED
        text = sentence.having(what=_subject_of(hold), hold=hold.id, day=str(self.until))
        return ActResult(text, hold.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class LiftHold(Command):
    """Ends a hold before its last day. What is due by then is destroyed at the next tick, if it is citizens' mail."""

    NAME = "archive release"
    MAY = LIFTS

    hold: str
    reason: str

    def subject(self, work: UnitOfWork) -> Subject:
        return ((LegalHold, self.hold),)

    def perform(self, work: UnitOfWork) -> ActResult:
        hold = work.tx.get(LegalHold, self.hold)
        if hold is None:
            raise NotFound(CommandRefusal.NO_SUCH_HOLD(hold=shown(self.hold)))
        require_text("reason", self.reason)
        zone = work.env.settings.zone
        if hold.lifted_at is not None:
            raise Refusal(
                CommandRefusal.HOLD_LIFTED_ALREADY(hold=hold.id, day=day_of(hold.lifted_at, zone).isoformat())
            )
        if not is_in_force(hold, work.today, zone):
            raise Refusal(CommandRefusal.HOLD_IS_OVER(hold=hold.id, day=str(hold.until)))
        lifted = replace(hold, lifted_at=work.now, lifted_by=work.actor, lifted_reason=self.reason.strip())
        work.record(EventKind.HOLD_LIFTED, changed(hold, lifted), about=EventRef(case=hold.case), reason=hold.id)
        return ActResult(ActText.HOLD_LIFTED(what=_subject_of(hold), hold=hold.id), hold.id)


def _subject_of(hold: LegalHold) -> StoredText:
    if hold.case is not None:
        return RefusalPart.CASE(key=hold.case)
    return RefusalPart.ELECTION(key=hold.election or "")


ANSWERS = frozenset({
    Kind.PLATFORM_ACK, Kind.SUBSTANTIVE_REPLY, Kind.OFFICER_REPLY, Kind.BOUNCE, Kind.DELIVERED, Kind.FEEDBACK_REPORT,
})  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class ExcludeMessage(MessageCommand):
    """Takes a mail that belongs to no case out of the archive, with what came attached to it.

    Its octets, and who wrote it about what, are destroyed, also in notices and in our answer to it. The row stays, with
    who took it out and why, so that counts close.
    """

    NAME = "archive exclude"
    MAY = LIFTS

    reason: str

    def perform(self, work: UnitOfWork) -> ActResult:
        stored = the_message(work, self.message)
        require_text("reason", self.reason)
        if stored.enclosed_in is not None:
            raise Refusal(CommandRefusal.EXCLUDES_WITH_OUTER(message=stored.id, outer=stored.enclosed_in))
        rows = _with_attached(work, stored)
        held = HeldOnDay(work.tx, work.today, work.env.settings.zone)
        for row in rows:
            _refuse_by_row(work, row, held)
            _refuse_by_sender(work, row)
        for mail in erasure.unsettled(work.tx, rows):
            raise Refusal(CommandRefusal.EXCLUDES_AFTER_SENDING(message=stored.id, mail=mail.id))
        emptied = [self._emptied(work, row) for row in rows]
        copies = {row.id: work.tx.find(Delivery, where(Delivery.message).is_(row.id)) for row in rows}
        for old, new in zip(rows, emptied, strict=True):
            unsaid = [changed(one, replace(one, verdict_basis=UNSAID)) for one in copies[old.id] if one.verdict_basis]
            work.record(EventKind.MESSAGE_EXCLUDED, changed(old, new), *unsaid, about=EventRef(message=new.id))
        since = min(row.first_seen_at for row in rows)
        work.tx.erase(StoredMessage, [row.id for row in rows], StoredMessage.PERSONAL, since)
        received = [one.id for found in copies.values() for one in found]
        work.tx.erase(Delivery, received, Delivery.PERSONAL, since)
        erasure.take_out(work, emptied)  # last: once octets are gone, nothing may be refused
        sentence = ActText.MESSAGE_EXCLUDED_WITH if len(rows) > 1 else ActText.MESSAGE_EXCLUDED
        return ActResult(sentence.having(message=stored.id, attached=len(rows) - 1), stored.id)

    def _emptied(self, work: UnitOfWork, row: StoredMessage) -> StoredMessage:
        """Returns the row that stays: nothing of sender and subject, and why it was taken out."""
        minimal = citizen_criteria.minimal(row, FilingReason.TAKEN_OUT(reason=self.reason.strip()))
        return replace(
            minimal,
            place=Place.DECLINED if row.place is Place.DECLINED else Place.NOISE,
            match_basis=PlacementBasis.BY_HAND(officer=work.actor),
            verdict_basis=UNSAID,
            platform_references=(),
            pending_digest=False,
            from_junk=False,
            placed_by=work.actor,
            excluded_by=work.actor,
        )


def _with_attached(work: UnitOfWork, stored: StoredMessage) -> Sequence[StoredMessage]:
    """Returns the message and those that came in it, each a message of its own, however deep."""
    rows, last = [stored], [stored]
    while last:
        last = work.tx.find(StoredMessage, where(StoredMessage.enclosed_in).in_([row.id for row in last]))
        rows += last
    return rows


def _refuse_by_row(work: UnitOfWork, row: StoredMessage, held: HeldOnDay) -> None:
    """Raises Refusal for mail that is not to be taken out, by what the record says of it."""
    not_destroyed(work, row)
    if row.direction is Direction.OUT or row.place is Place.OWN:
        raise Refusal(CommandRefusal.EXCLUDES_NOTHING_OURS(message=row.id))
    if row.case is not None:
        raise Refusal(CommandRefusal.EXCLUDES_NO_CASE(message=row.id, case=row.case))
    if row.place is Place.QUARANTINE and row.verdict_basis.code != SenderEvidence.REFUSED:
        raise Refusal(CommandRefusal.EXCLUDES_WHAT_IS_JUDGED(message=row.id))
    settings = work.env.settings
    last = settings.desk.retention.window.last_day(day_of(row.received_at, settings.zone))
    if work.today > last:
        raise Refusal(CommandRefusal.EXCLUDES_IN_WINDOW(message=row.id, day=last.isoformat()))
    for hold in held.of_message(row):
        raise Refusal(CommandRefusal.EXCLUDES_NOTHING_HELD(message=row.id, hold=hold.id))


def _refuse_by_sender(work: UnitOfWork, row: StoredMessage) -> None:
    """Raises Refusal for mail of a platform, and for whatever answers a mail of ours or reports on one."""
    mail = _read(work, row)
    if platform_of(work, row) or (mail is not None and lookup.sender_of(work, mail).platform):
        raise Refusal(CommandRefusal.EXCLUDES_NO_PLATFORM(message=row.id))
    if ANSWERS & set(row.kinds) or (mail is not None and _answers_us(work, mail)):
        raise Refusal(CommandRefusal.EXCLUDES_NO_ANSWER(message=row.id))


def _read(work: UnitOfWork, row: StoredMessage) -> Message | None:
    """Returns the mail; None if its octets went in an attempt that a crash kept from being recorded."""
    try:
        return work.env.parser.parse(work.env.octets.get(row.digest))
    except OctetsLost:
        return None


def _answers_us(work: UnitOfWork, mail: Message) -> bool:
    named = {*mail.in_reply_to, *mail.references}
    return bool(
        work.tx.find(OutboxMail, where(OutboxMail.message_id).in_(named))
        or work.tx.find(Token, where(Token.token).in_(reply_tokens.in_message(mail)))
    )
