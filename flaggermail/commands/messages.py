# SPDX-License-Identifier: EUPL-1.2
"""Confirms or refuses the sender of a message, and corrects what a message is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from flaggermail.cases import lifecycle
from flaggermail.commands import contact_notes, move, quarantine
from flaggermail.commands.command import MessageCommand
from flaggermail.commands.named_rows import require_text, the_case, the_mail, the_message
from flaggermail.commands.outcome import ActFacts, ActKind, ActResult
from flaggermail.errors import Refusal
from flaggermail.mail.message import MechanicalKind, Message, SenderVerdict
from flaggermail.matching import confirmation, lookup
from flaggermail.notices import decision_notice, notices
from flaggermail.outbox import bounces
from flaggermail.outbox.bounces import Reported
from flaggermail.record import clocks
from flaggermail.record.events import EventKind, changed
from flaggermail.record.kinds import ArrivalBasis, Direction, Kind
from flaggermail.record.rows import Case, Notification, StoredMessage
from flaggermail.record.states import InstantBasis
from flaggermail.services import EventRef, UnitOfWork
from flaggermail.settings.rota import DESK
from flaggermail.wording.acts import ActPart, ActText, in_a_row
from flaggermail.wording.dossier import DossierKind
from flaggermail.wording.filing import SenderEvidence
from flaggermail.wording.pieces import MailWord
from flaggermail.wording.refusals import CommandRefusal
from flaggermail.wording.said import StoredText


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmMessage(MessageCommand):
    """Confirms the sender, and a disputed arrival, so that the message counts.

    `mail`: which mail of ours a delivery report is about, where the report leaves that open.
    """

    NAME = "message confirm"
    MAY = DESK

    mail: str = ""

    def perform(self, work: UnitOfWork) -> ActResult:
        message = the_message(work, self.message)
        if message.arrival.in_file and message.disputed:
            raise Refusal(CommandRefusal.MARK_IT(message=message.id))
        if message.direction == Direction.OUT and message.notification is None:
            return _register_use(work, message)
        mail = work.env.parser.parse(work.env.octets.get(message.digest))
        report = mail.kind is MechanicalKind.BOUNCE
        about = _reported(work, message, mail, self.mail) if report or self.mail else Reported()
        claim = bool(self.mail) or bounces.is_claim(work, message, mail, about)
        if message.verdict == SenderVerdict.VERIFIED and not message.disputed and not claim:
            raise Refusal(CommandRefusal.VERIFIED_ALREADY(message=message.id, basis=message.verdict_basis))
        unproven = _case_of_unproven_referrer(work, message)
        sure = replace(_confirmed(work, message), disputed=False)
        _correct(work, EventKind.MESSAGE_CONFIRMED, message, sure)
        if report:
            bounces.handle(work, sure, mail, about)
        else:
            move.teach(work, sure)
            confirmation.confirm_referral(work, sure, mail)
            _tell_decision(work, sure, unproven)
        did = ActFacts(what=ActKind.CONFIRMED, case=the_message(work, sure.id).case)
        return ActResult(_confirmed_text(work, sure), sure.id, did=did)


def _reported(work: UnitOfWork, message: StoredMessage, read: Message, named: str) -> Reported:
    """Returns what a report is about: the mail that the officer names, or the only one that fits; else raises Refusal.

    An officer may name a mail that the report itself does not: a server may have given it another Message-ID.
    """
    if named:
        mail = the_mail(work, named)
        if read.kind is not MechanicalKind.BOUNCE:
            raise Refusal(CommandRefusal.NO_REPORT(message=message.id))
        if not bounces.may_have_left(mail):
            raise Refusal(CommandRefusal.NEVER_LEFT(mail=mail.id, state=MailWord[mail.state.name]()))
        return Reported(mails=(mail,))
    found = bounces.find(work, message, read)
    if found.unclear:
        listed = [f"{mail.id} ({mail.queued_at:%Y-%m-%d %H:%M} UTC)" for mail in found.unclear]
        raise Refusal(CommandRefusal.FITS_SEVERAL(message=message.id, listed=listed))
    return found


def _confirmed(work: UnitOfWork, message: StoredMessage) -> StoredMessage:
    return replace(
        message,
        verdict=SenderVerdict.VERIFIED,
        verdict_basis=SenderEvidence.CONFIRMED(officer=work.actor),
        confirmed_by=work.actor,
    )


def _case_of_unproven_referrer(work: UnitOfWork, message: StoredMessage) -> str | None:
    """Returns the case whose referrer could not be written to before this mail's sender was vouched for."""
    case = work.tx.get(Case, message.case) if message.case else None
    return case.number if case is not None and notices.unproven_referrer(work, case) is not None else None


def _tell_decision(work: UnitOfWork, sure: StoredMessage, unproven: str | None) -> None:
    """Tells the referrer the decision that was taken while nobody vouched for them."""
    case = work.tx.get(Case, unproven) if unproven else None
    if case is not None and case.decision is not None and case.referrer_address == sure.from_address:
        decision_notice.tell(work, case)


def _confirmed_text(work: UnitOfWork, message: StoredMessage) -> StoredText:
    """Returns the new state, with what to do about an answer dated before the sending: one of the clocks was wrong.

    Of one that the server dates impossibly, says since when it counts.
    """
    answered = work.tx.get(Notification, message.notification) if message.notification else None
    if answered is not None and answered.sent_at and not clocks.counts(answered.sent_at, message.received_at):
        return ActText.MESSAGE_CONFIRMED_EARLY(message=message.id, case=answered.case)
    if message.arrival is ArrivalBasis.FIRST_SIGHT:
        at = message.received_at.astimezone(work.env.settings.zone).isoformat(" ", "minutes")
        return ActText.MESSAGE_CONFIRMED_AS_SEEN(message=message.id, at=at)
    return ActText.MESSAGE_CONFIRMED(message=message.id)


def _register_use(work: UnitOfWork, message: StoredMessage) -> ActResult:
    """Registers a notification that somebody typed by hand; its clocks start at the copy in Sent."""
    if message.case is None:
        raise Refusal(CommandRefusal.PLACE_FIRST(message=message.id))
    case = the_case(work, message.case)
    channel = lookup.channel_of(work, work.env.parser.parse(work.env.octets.get(message.digest)))
    if channel is None:
        raise Refusal(CommandRefusal.TO_NO_CHANNEL(message=message.id))
    use = contact_notes.use_by_hand(work, case, channel, message.received_at, message, InstantBasis.SENT_COPY)
    registered = replace(_confirmed(work, message), notification=use.id, kinds=(Kind.NOTIFICATION,))
    _correct(work, EventKind.MESSAGE_CONFIRMED, message, registered)
    text = ActText.USE_REGISTERED(use=use.id, at=message.received_at.isoformat())
    return ActResult(text, use.id, did=ActFacts(what=ActKind.CONFIRMED, case=case.number))


@dataclass(frozen=True, slots=True, kw_only=True)
class RefuseMessage(MessageCommand):
    """Records that the sender is not genuine, so that the message stops no clock."""

    NAME = "message refuse"
    MAY = DESK

    reason: str

    def perform(self, work: UnitOfWork) -> ActResult:
        message = move.require_foreign_mail(work, self.message)
        require_text("reason", self.reason)
        if message.direction == Direction.OUT:
            raise Refusal(CommandRefusal.SENT_FROM_HERE(message=message.id))
        unbelieved = replace(
            message,
            verdict=SenderVerdict.FAILED,
            verdict_basis=SenderEvidence.REFUSED(officer=work.actor, reason=self.reason),
            confirmed_by=None,
        )
        _correct(work, EventKind.MESSAGE_REFUSED, message, unbelieved)
        return ActResult(
            ActText.MESSAGE_REFUSED(message=message.id),
            message.id,
            did=ActFacts(what=ActKind.REFUSED, case=message.case),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ReclassifyMessage(MessageCommand):
    """Corrects the kind and the place of a message; clocks, reminders and figures follow at once.

    The old values remain in the events.
    """

    NAME = "message reclassify"
    MAY = DESK

    kinds: tuple[Kind, ...] = ()
    case: str | None = None
    notification: str | None = None

    def perform(self, work: UnitOfWork) -> ActResult:
        message = move.require_foreign_mail(work, self.message)
        kinds, place = self.kinds, ""
        if not (kinds or self.case or self.notification):
            raise Refusal(CommandRefusal.NAME_A_KIND(message=message.id))
        if kinds:
            automatic = Kind.AUTO_REPLY in kinds
            corrected = replace(
                message, kinds=kinds, automatic=automatic, rule=f"corrected by {work.actor}", corrected_by=work.actor
            )
            _correct(work, EventKind.MESSAGE_RECLASSIFIED, message, corrected)
            message = corrected
        warnings: tuple[StoredText, ...] = ()
        if self.case or self.notification:
            message, warnings = quarantine.correct(work, message, self.case, self.notification)
            place = message.notification or message.case or ""
        return ActResult(_reclassified_text(message.id, kinds, place), message.id, warnings)


def _reclassified_text(message: str, kinds: Sequence[Kind], place: str) -> StoredText:
    if not kinds:
        return ActText.MESSAGE_IS_IN(message=message, place=place)
    sentence = ActText.MESSAGE_IS_AND_IS_IN if place else ActText.MESSAGE_IS
    words = in_a_row([DossierKind[kind.name]() for kind in kinds], ActPart.AND)
    return sentence.having(message=message, kinds=in_a_row(kinds, ActPart.AND), words=words, place=place)


def _correct(work: UnitOfWork, kind: EventKind, old: StoredMessage, new: StoredMessage) -> None:
    about = EventRef(case=new.case, notification=new.notification, message=new.id)
    work.record(kind, changed(old, new), reason="+".join(new.kinds), about=about)
    if new.notification is not None:
        lifecycle.rejudge(work, new.notification)
