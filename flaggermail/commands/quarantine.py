# SPDX-License-Identifier: EUPL-1.2
"""Files a message: from the quarantine, from one case to another, or back."""

from __future__ import annotations

from dataclasses import dataclass, replace

from flaggermail.cases import elections
from flaggermail.commands import assess, cases, conflicts, move, referrers
from flaggermail.commands.command import MessageCommand
from flaggermail.commands.named_rows import platform_of, require_text, the_case
from flaggermail.commands.outcome import ActFacts, ActKind, ActResult
from flaggermail.errors import NotFound, Refusal
from flaggermail.mail.message import SenderVerdict, Verdict
from flaggermail.matching import lookup
from flaggermail.record.case_values import CaseType, Decision, Origin, Source
from flaggermail.record.definition import where
from flaggermail.record.events import EventKind, changed
from flaggermail.record.kinds import Direction, Kind, Place
from flaggermail.record.rows import Case, ContactNote, Notification, StoredMessage
from flaggermail.record.states import NotificationState
from flaggermail.services import EventRef, UnitOfWork
from flaggermail.settings.rota import DESK
from flaggermail.wording.acts import ActText, ActWarning
from flaggermail.wording.filing import FilingReason, PlacementBasis
from flaggermail.wording.pieces import RefusalPart
from flaggermail.wording.refusals import CommandRefusal
from flaggermail.wording.said import StoredText, as_written


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceMessage(MessageCommand):
    """Files a message: in a case, a new case (type and election), as noise with a reason, or back in quarantine."""

    NAME = "quarantine place"
    MAY = DESK

    case: str | None = None
    new: bool = False
    remember: bool = False  # with `new`: the sender's domain, as that of a known referrer
    noise: bool = False
    back: bool = False  # into the quarantine
    untouched: bool = False  # with `back`: only while nobody has acted on it since it was placed
    joins: bool = False  # with `case`: the case that this mail opened ends, if nothing else is in it
    reason: str = ""
    type: CaseType = CaseType.CONTENT
    election: str | None = None
    source: Source | None = None
    kinds: tuple[Kind, ...] = ()

    def perform(self, work: UnitOfWork) -> ActResult:
        message = move.require_foreign_mail(work, self.message)
        if sum((self.case is not None, self.new, self.noise, self.back)) != 1:
            raise Refusal(CommandRefusal.SAY_WHERE(message=message.id))
        if self.remember and not self.new:
            raise Refusal(CommandRefusal.REMEMBER_NEW(message=message.id))
        if self.noise:
            return _to_noise(work, message, self)
        if self.back:
            return _back(work, message, self)
        message = move.take_back(work, message)
        if self.new:
            return _to_new_case(work, message, self)
        case = the_case(work, self.case or "")
        filed, warnings = _file(work, message, case.number, self.kinds, as_written(self.reason))
        ended = _end_of_joined(work, message.case, case.number) if self.joins else None
        did = ActFacts(what=ActKind.PLACED, case=case.number, ended=ended)
        return ActResult(
            ActText.MESSAGE_IS_IN(message=filed.id, place=case.number), filed.id, () if ended else warnings, did
        )


def correct(
    work: UnitOfWork, message: StoredMessage, case: str | None, notification: str | None
) -> tuple[StoredMessage, tuple[StoredText, ...]]:
    """Moves a message from the wrong case, or the wrong notification, to the right one."""
    message = move.take_back(work, message)
    if notification is None:
        return _file(work, message, the_case(work, case or "").number, (), message.reason)
    use = work.tx.get(Notification, notification)
    if use is None or use.sent_at is None or not use.counted:
        raise NotFound(CommandRefusal.NO_SUCH_NOTIFICATION(notification=notification))
    if case not in {None, use.case}:
        raise Refusal(CommandRefusal.NOTIFICATION_ELSEWHERE(notification=notification, there=use.case, case=case or ""))
    platform = platform_of(work, message)
    if platform != use.platform:
        raise Refusal(
            CommandRefusal.NOTIFICATION_TO_ANOTHER(
                notification=notification, there=use.platform, platform=platform or "none"
            )
        )
    return move.into_case(work, message, use.case, (), message.reason, use.id)


def _file(
    work: UnitOfWork, message: StoredMessage, case: str, kinds: tuple[Kind, ...], reason: StoredText
) -> tuple[StoredMessage, tuple[StoredText, ...]]:
    notification = _use_of(work, message, case)
    filed, warnings = move.into_case(work, message, case, kinds, reason, notification)
    if notification is not None and filed.verdict != SenderVerdict.VERIFIED:
        warnings += (ActWarning.SENDER_NOT_VOUCHED(message=filed.id),)
    return filed, warnings


def _end_of_joined(work: UnitOfWork, left: str | None, joined: str) -> str | None:
    """Decides and closes a case that lost the mail which opened it, unless something happened in it; its number."""
    case = work.tx.get(Case, left) if left else None
    if case is None or case.number == joined or case.root_message is not None or case.decision is not None:
        return None
    mails = work.tx.find(
        StoredMessage, where(StoredMessage.case).is_(case.number), where(StoredMessage.direction).is_(Direction.IN)
    )
    others = [mail for mail in mails if Kind.OFFICER_REPLY not in mail.kinds]
    if others or work.tx.exists(ContactNote, where(ContactNote.case).is_(case.number)):
        return None
    language = work.env.settings.desk.organisation.language
    reason = RefusalPart.JOINED(case=joined).in_language(language)
    assess.Decide(case=case.number, decision=Decision.NONE, reason=reason).perform(work)
    cases.CloseCase(case=case.number).perform(work)
    return case.number


def _to_noise(work: UnitOfWork, message: StoredMessage, command: PlaceMessage) -> ActResult:
    require_text("reason", command.reason)
    if message.place == Place.DECLINED:
        raise Refusal(CommandRefusal.DECLINED_ALREADY(message=message.id))
    binned = replace(_taken_out(work, message, as_written(command.reason)), place=Place.NOISE, kinds=(Kind.NOISE,))
    warnings = move.move(work, message, binned, "noise")
    return ActResult(ActText.MESSAGE_IS_NOISE(message=message.id), message.id, warnings, ActFacts(what=ActKind.NOISE))


def _back(work: UnitOfWork, message: StoredMessage, command: PlaceMessage) -> ActResult:
    if message.place == Place.QUARANTINE:
        raise Refusal(CommandRefusal.IN_QUARANTINE_ALREADY(message=message.id))
    if command.untouched and (acted := conflicts.acted_since_placing(work, message)) is not None:
        raise Refusal(CommandRefusal.ACTED_SINCE_PLACING(message=message.id), earlier=acted)
    message = move.take_back(work, message)
    warnings = _put_back(work, message, as_written(command.reason) or FilingReason.PUT_BACK(officer=work.actor))
    return ActResult(ActText.MESSAGE_WAITS(message=message.id), message.id, warnings)


def _put_back(work: UnitOfWork, message: StoredMessage, reason: StoredText) -> tuple[StoredText, ...]:
    """Undoes a placement, whoever made it: the message returns to the quarantine with current suggestions."""
    noise = set(message.kinds) == {Kind.NOISE}
    kinds = (Kind.UNKNOWN,) if noise else message.kinds
    waiting = replace(_taken_out(work, message, reason), place=Place.QUARANTINE, kinds=kinds)
    warnings = move.move(work, message, waiting, "back into the quarantine")
    mail = work.env.parser.parse(work.env.octets.get(message.digest))
    found = lookup.suggestions(work, replace(mail, vouched=Verdict(message.verdict, message.verdict_basis)))
    if found:
        suggested = replace(waiting, suggestions=tuple(one.said for one in found))
        about = EventRef(message=message.id)
        work.record(EventKind.MESSAGE_PLACED, changed(waiting, suggested), about=about, reason="suggestions")
    return warnings


def _taken_out(work: UnitOfWork, message: StoredMessage, reason: StoredText) -> StoredMessage:
    return replace(
        message,
        case=None,
        notification=None,
        reason=reason,
        match_basis=PlacementBasis.BY_HAND(officer=work.actor),
        placed_by=work.actor,
        from_junk=False,
        suggestions=(),
        pending_digest=message.pending_digest and message.place != Place.NOISE,
    )


def _to_new_case(work: UnitOfWork, message: StoredMessage, command: PlaceMessage) -> ActResult:
    found = elections.open_election(work, exercise=message.exercise)
    election = command.election or (found.code if found else None)
    if election is None:
        raise Refusal(CommandRefusal.NO_OPEN_ELECTION(message=message.id))
    warnings = _put_back(work, message, as_written(command.reason)) if message.case is not None else ()
    source = command.source or (Source.FELLOW_AUTHORITY if command.remember else None)
    domain = referrers.remember_sender(work, message, source) if command.remember and source is not None else None
    wanted = cases.OpenCase(
        election=election, type=command.type, origin=Origin.REFERRAL, source=source, from_message=message.id
    )
    opened = wanted.perform(work)
    did = replace(opened.did, domain=domain, known=True if command.remember and domain is None else None)
    sentence = ActText.MESSAGE_OPENED_CASE if domain is None else ActText.MESSAGE_OPENED_CASE_REMEMBERED
    text = sentence.having(message=message.id, case=opened.key, domain=domain or "")
    return ActResult(text, opened.key, warnings, did)


def _use_of(work: UnitOfWork, message: StoredMessage, case: str) -> str | None:
    """Returns the case's only notification sent to the platform from which the message came; else None."""
    uses = work.tx.find(
        Notification,
        where(Notification.case).is_(case),
        where(Notification.platform).in_([platform_of(work, message) or ""]),
        where(Notification.counted).is_(True),
        where(Notification.state).is_(NotificationState.SENT),
    )
    return uses[0].id if len(uses) == 1 else None
