# SPDX-License-Identifier: EUPL-1.2
"""Marks an old mail as what it was: the copy of a notification, or a platform's answer to one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from flaggermail.cases import lifecycle
from flaggermail.commands import channel_status, contact_notes, move
from flaggermail.commands.command import MessageCommand
from flaggermail.commands.named_rows import platform_of, the_case
from flaggermail.commands.outcome import ActFacts, ActKind, ActResult
from flaggermail.commands.requests import Instant
from flaggermail.errors import NotFound, Refusal
from flaggermail.mail.message import SenderVerdict
from flaggermail.matching import lookup
from flaggermail.record import clocks
from flaggermail.record.case_values import MarkedAs
from flaggermail.record.definition import where
from flaggermail.record.events import EventKind, changed
from flaggermail.record.kinds import ArrivalBasis, Direction, Kind
from flaggermail.record.rows import Case, Channel, Notification, StoredMessage
from flaggermail.record.states import InstantBasis, NotificationState
from flaggermail.services import EventRef, UnitOfWork
from flaggermail.settings.rota import DESK
from flaggermail.wording.acts import ActPart, ActText, ActWarning
from flaggermail.wording.filing import SenderEvidence
from flaggermail.wording.pieces import RefusalPart
from flaggermail.wording.refusals import CommandRefusal
from flaggermail.wording.said import StoredText

_KINDS = {
    MarkedAs.NOTIFICATION: Kind.NOTIFICATION,
    MarkedAs.ACKNOWLEDGEMENT: Kind.PLATFORM_ACK,
    MarkedAs.ANSWER: Kind.SUBSTANTIVE_REPLY,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkMessage(MessageCommand):
    """Says what an old mail was, in whose name and when: clocks and figures follow from it.

    Its instant is the one that its file or the server gives, which the person confirms, or `at`, by hand.
    """

    NAME = "message mark"
    MAY = DESK

    mark: MarkedAs
    case: str | None = None
    channel: str | None = None  # of a notification; else the one with an address among its recipients
    notification: str | None = None  # that it answers; else the only one of the case
    at: Instant | None = None

    def perform(self, work: UnitOfWork) -> ActResult:
        message = move.require_foreign_mail(work, self.message)
        dated = _dated(work, message, self.at)
        if self.mark is MarkedAs.NOTIFICATION:
            return _notification(work, message, dated, self)
        return _answer(work, message, dated, self)


def _dated(work: UnitOfWork, message: StoredMessage, at: datetime | None) -> StoredMessage:
    """Returns the message with its instant confirmed, or named by hand. Raises Refusal if nobody knows it."""
    if at is None:
        if message.arrival is ArrivalBasis.FILE:
            raise Refusal(CommandRefusal.INSTANT_UNKNOWN(message=message.id))
        return replace(message, disputed=False)
    if at > work.now:
        raise Refusal(CommandRefusal.INSTANT_IN_FUTURE(message=message.id, at=at.isoformat()))
    if message.arrival is ArrivalBasis.SERVER and not message.disputed:
        raise Refusal(CommandRefusal.INSTANT_KNOWN(message=message.id))
    return replace(message, received_at=at, arrival=ArrivalBasis.BY_HAND, disputed=False)


def _vouched(work: UnitOfWork, message: StoredMessage) -> StoredMessage:
    """Returns the message in the name of the person who marks it, unless its sender is verified anyway."""
    if message.verdict == SenderVerdict.VERIFIED:
        return replace(message, confirmed_by=work.actor)
    basis = SenderEvidence.CONFIRMED(officer=work.actor)
    return replace(message, verdict=SenderVerdict.VERIFIED, verdict_basis=basis, confirmed_by=work.actor)


def _notification(work: UnitOfWork, message: StoredMessage, dated: StoredMessage, command: MarkMessage) -> ActResult:
    """Registers the use of which the message is a copy; its clocks start at the copy's instant."""
    if message.notification is not None:
        raise Refusal(CommandRefusal.MARKED_ALREADY(message=message.id, notification=message.notification))
    if message.direction != Direction.OUT and not _is_ours(work, message):
        raise Refusal(CommandRefusal.NO_COPY(message=message.id))
    number = command.case or message.case
    if number is None:
        raise Refusal(CommandRefusal.NAME_THE_CASE(message=message.id))
    channel = _channel(work, message, dated.received_at, command.channel)
    placed, warnings = _placed(work, message, the_case(work, number), MarkedAs.NOTIFICATION)
    basis = InstantBasis.BY_HAND if dated.arrival is ArrivalBasis.BY_HAND else InstantBasis.SENT_COPY
    use = contact_notes.use_by_hand(work, the_case(work, number), channel, dated.received_at, message, basis)
    copy = replace(
        _vouched(work, placed), direction=Direction.OUT, notification=use.id, received_at=dated.received_at,
        arrival=dated.arrival, disputed=False,
    )  # fmt: skip
    _record(work, placed, copy)
    text = ActText.USE_MARKED(use=use.id, at=dated.received_at.isoformat(), basis=ActPart[basis.name]())
    return ActResult(text, use.id, warnings, ActFacts(what=ActKind.CONFIRMED, case=use.case))


def _is_ours(work: UnitOfWork, message: StoredMessage) -> bool:
    """True if the mail came from an address of the mailbox or of an officer: a copy that somebody kept elsewhere."""
    mailbox = work.env.settings.desk.mailbox
    ours = {address.lower() for address in (mailbox.address, *mailbox.aliases)}
    ours |= {officer.address.lower() for officer in work.env.settings.rota.officers}
    return (message.from_address or "") in ours


def _channel(work: UnitOfWork, message: StoredMessage, sent_at: datetime, code: str | None) -> Channel:
    """Returns the channel that was used, valid on that day. Raises NotFound, Refusal."""
    if code is None:
        found = lookup.channel_of(work, work.env.parser.parse(work.env.octets.get(message.digest)))
        if found is None:
            raise Refusal(CommandRefusal.TO_NO_CHANNEL(message=message.id))
        code = found.code
    return channel_status.valid(work, code, sent_at.astimezone(work.env.settings.zone).date())


def _answer(work: UnitOfWork, message: StoredMessage, dated: StoredMessage, command: MarkMessage) -> ActResult:
    """Files the message as a platform's answer; it stops the clocks that its kind stops, at its instant."""
    if message.direction == Direction.OUT:
        raise Refusal(CommandRefusal.NO_ANSWER_OF_OURS(message=message.id))
    use = _use(work, message, command)
    platform = platform_of(work, message)  # a domain of years ago may be in no file any more
    if platform not in {None, use.platform}:
        raise Refusal(
            CommandRefusal.NOTIFICATION_TO_ANOTHER(notification=use.id, there=use.platform, platform=platform or "none")
        )
    placed, warnings = _placed(work, message, the_case(work, use.case), command.mark, use.id)
    answer = replace(
        _vouched(work, placed), received_at=dated.received_at, arrival=dated.arrival, disputed=False
    )  # fmt: skip
    _record(work, placed, answer)
    if use.sent_at is not None and not clocks.counts(use.sent_at, answer.received_at):
        warnings += (ActWarning.BEFORE_THE_USE(use=use.id),)
    by_hand = answer.arrival is ArrivalBasis.BY_HAND
    sentence = ActText.MESSAGE_ANSWERS_BY_HAND if by_hand else ActText.MESSAGE_ANSWERS
    text = sentence(message=message.id, use=use.id, at=answer.received_at.isoformat())
    return ActResult(text, message.id, warnings, ActFacts(what=ActKind.CONFIRMED, case=use.case))


def _use(work: UnitOfWork, message: StoredMessage, command: MarkMessage) -> Notification:
    """Returns the notification that is answered: the one named, or the only one of the case. Raises Refusal."""
    if command.notification is not None:
        use = work.tx.get(Notification, command.notification)
        if use is None or use.sent_at is None or not use.counted:
            raise NotFound(CommandRefusal.NO_SUCH_NOTIFICATION(notification=command.notification))
        if command.case not in {None, use.case}:
            raise Refusal(
                CommandRefusal.NOTIFICATION_ELSEWHERE(notification=use.id, there=use.case, case=command.case or "")
            )
        return use
    number = command.case or message.case
    if number is None:
        raise Refusal(CommandRefusal.NAME_THE_CASE(message=message.id))
    uses = work.tx.find(
        Notification,
        where(Notification.case).is_(the_case(work, number).number),
        where(Notification.counted).is_(True),
        where(Notification.state).is_(NotificationState.SENT),
    )
    if len(uses) != 1:
        known = ", ".join(f"{use.id} ({use.channel})" for use in uses) or RefusalPart.NONE_SENT()
        raise Refusal(CommandRefusal.NAME_THE_USE(message=message.id, case=number, known=known))
    return uses[0]


def _placed(
    work: UnitOfWork, message: StoredMessage, case: Case, mark: MarkedAs, notification: str | None = None
) -> tuple[StoredMessage, tuple[StoredText, ...]]:
    """Files the message in the case as what it is said to be; it stops nothing yet."""
    return move.into_case(work, message, case.number, (_KINDS[mark],), message.reason, notification)


def _record(work: UnitOfWork, old: StoredMessage, new: StoredMessage) -> None:
    about = EventRef(case=new.case, notification=new.notification, message=new.id)
    work.record(EventKind.MESSAGE_CONFIRMED, changed(old, new), reason="+".join(new.kinds), about=about)
    if new.notification is not None:
        lifecycle.rejudge(work, new.notification)
