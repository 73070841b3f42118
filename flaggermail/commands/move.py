# SPDX-License-Identifier: EUPL-1.2
"""Moves a message to another place, with everything that depends on it; all commands that move mail use it.

Its arrival time is unchanged, so the clocks of the new case stop at that time, and those of the old case run on.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from flaggermail.cases import elections, erasure, lifecycle
from flaggermail.cases.holds import HeldOnDay
from flaggermail.commands.command import MessageCommand
from flaggermail.commands.named_rows import the_case, the_message
from flaggermail.commands.outcome import ActResult
from flaggermail.errors import Refusal
from flaggermail.mail.automated import mechanical_kind
from flaggermail.mail.message import MechanicalKind, Message, SenderVerdict, Verdict
from flaggermail.matching import confirmation, lookup, thread_keys
from flaggermail.matching.placing import Sender
from flaggermail.record.case_values import Origin
from flaggermail.record.events import Change, EventKind, changed
from flaggermail.record.kinds import Direction, Kind, PersonBasis, Place
from flaggermail.record.rows import Case, ElectionSecret, Notification, StoredMessage
from flaggermail.record.terms import day_of
from flaggermail.rules import classifier
from flaggermail.rules.classifier import Classification, Context
from flaggermail.services import EventRef, UnitOfWork
from flaggermail.settings.rota import DESK
from flaggermail.wording.acts import ActText, ActWarning
from flaggermail.wording.filing import FilingReason, PlacementBasis
from flaggermail.wording.refusals import CommandRefusal
from flaggermail.wording.said import StoredText

_UNSURE = frozenset({Kind.UNKNOWN, Kind.NOISE})


def as_written_by(work: UnitOfWork, filed: StoredMessage, mail: Message) -> StoredMessage | None:
    """Returns the row of a platform's mail as the rules judge it if `mail.kind` is true; None if no platform wrote it.

    A person's mail that no rule knows is a sign of receipt.
    """
    sender = lookup.sender_of(work, mail)
    if sender.platform is None:
        return None
    found = _found(work, filed, mail, sender)
    automatic = mail.kind is MechanicalKind.AUTO_REPLY
    said = found.kinds if automatic else tuple(kind for kind in found.kinds if kind is not Kind.AUTO_REPLY)
    kinds = (Kind.PLATFORM_ACK,) if _UNSURE.issuperset(said) else said
    return replace(filed, kinds=kinds, automatic=automatic, priority=found.priority)


def in_its_place(work: UnitOfWork, filed: StoredMessage, mail: Message) -> StoredMessage:
    """Returns the row of a mail filed in a case, `mail` as parsed, with the kinds that it has there.

    Without a rule that knows it, it keeps the kinds it had; with none of those either, an answer to a notification is
    a sign of receipt.
    """
    known = () if _UNSURE.issuperset(filed.kinds) else filed.kinds
    if filed.corrected_by is not None and known:
        return filed
    sender = lookup.sender_of(work, mail)
    if sender.platform is None:
        return replace(filed, kinds=known or (Kind.UNKNOWN,))
    mail = lookup.with_answers(work, lookup.without_ours(work, mail, sender.platform), [filed.notification])
    found = _found(work, filed, mail, sender)
    if _UNSURE.issuperset(found.kinds):
        return replace(filed, kinds=known or ((Kind.PLATFORM_ACK,) if filed.notification else (Kind.UNKNOWN,)))
    return replace(
        filed,
        kinds=found.kinds,
        rule=found.rule,
        ruleset=work.env.settings.rules.version,
        automatic=mail.kind is MechanicalKind.AUTO_REPLY or Kind.AUTO_REPLY in found.kinds,
        person_basis=PersonBasis.COMMENT if mail.comment and mail.kind is MechanicalKind.HUMAN else None,
        platform_references=thread_keys.merged(found.references, filed.platform_references),
        priority=found.priority,
        labels=found.labels,
    )


def _found(work: UnitOfWork, filed: StoredMessage, mail: Message, sender: Sender) -> Classification:
    read = replace(mail, vouched=Verdict(filed.verdict, filed.verdict_basis))
    rules = work.env.settings.rules
    return classifier.classify(read, _context(work, filed, read, sender), rules, work.env.matcher.find)


def _context(work: UnitOfWork, filed: StoredMessage, mail: Message, sender: Sender) -> Context:
    answered = work.tx.get(Notification, filed.notification) if filed.notification else None
    since = filed.received_at - answered.sent_at if answered is not None and answered.sent_at is not None else None
    return Context(
        platform=sender.platform,
        from_officer=sender.officer is not None,
        placed=True,
        channel=answered.channel if answered else None,
        minutes=max(0, int(since.total_seconds()) // 60) if since is not None else None,
        verdict=filed.verdict,
        period=elections.election_of(work, mail) is not None,
        declined_before=erasure.declined_before(work, mail),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclineMessage(MessageCommand):
    """Declines a mail as a citizen's report: stored as minimally as an automatic decline, and answered once."""

    NAME = "declined add"
    MAY = DESK

    def perform(self, work: UnitOfWork) -> ActResult:
        stored = not_destroyed(work, the_message(work, self.message))
        if stored.place not in {Place.QUARANTINE, Place.NOISE} or stored.direction != Direction.IN:
            raise Refusal(CommandRefusal.NOT_TO_DECLINE(message=stored.id, place=stored.place))
        message = work.env.parser.parse(work.env.octets.get(stored.digest))
        sender = lookup.sender_of(work, message)
        if sender.platform or sender.officer:
            raise Refusal(CommandRefusal.NO_CITIZENS_REPORT(message=stored.id))
        told_before = erasure.declined_before(work, message)
        kept = erasure.set_aside(work, stored, FilingReason.DECLINED_BY_PERSON(), (Kind.CITIZEN_REPORT,))
        ours = work.env.own_addresses
        answerable = stored.verdict == SenderVerdict.VERIFIED and mechanical_kind.answerable(message, ours)
        text = ActText.MESSAGE_DECLINED
        if told_before:
            text = ActText.MESSAGE_DECLINED_TOLD_BEFORE
        elif answerable and erasure.decline(work, kept, message):
            text = ActText.MESSAGE_DECLINED_TOLD
        return ActResult(text(message=stored.id), stored.id)


def not_destroyed(work: UnitOfWork, stored: StoredMessage) -> StoredMessage:
    """Returns the message. Raises Refusal once its octets are destroyed."""
    if stored.discarded_at is None:
        return stored
    day = day_of(stored.discarded_at, work.env.settings.zone).isoformat()
    if stored.excluded_by is not None:
        raise Refusal(CommandRefusal.EXCLUDED_ALREADY(message=stored.id, officer=stored.excluded_by, day=day))
    raise Refusal(CommandRefusal.MESSAGE_DESTROYED(message=stored.id, day=day))


def take_back(work: UnitOfWork, stored: StoredMessage) -> StoredMessage:
    """Takes back a decline and returns the restored row; returns any other mail unchanged.

    The sender no longer counts as declined. Raises Refusal once the octets are destroyed.
    """
    if not_destroyed(work, stored).place != Place.DECLINED:
        return stored
    restored = [_restored(work, row) for row in (stored, *erasure.attached(work, stored))]
    sender = restored[0].from_address
    for held in work.tx.find(ElectionSecret):
        told = erasure.decline_of(work, held, sender or "")
        if told is not None and told.taken_back_at is None:
            change = changed(told, replace(told, taken_back_at=work.now))
            work.record(EventKind.DECLINE_TAKEN_BACK, change, about=EventRef(message=stored.id))
    return restored[0]


def _restored(work: UnitOfWork, row: StoredMessage) -> StoredMessage:
    """Restores address, name and subject from the raw mail and puts it into the quarantine."""
    message = work.env.parser.parse(work.env.octets.get(row.digest))
    whole = replace(
        row,
        place=Place.QUARANTINE,
        subject=message.subject,
        from_address=message.sender.key if message.sender else None,
        from_name=message.sender.name if message.sender else None,
        reason=FilingReason.DECLINE_TAKEN_BACK(),
        from_junk=False,
    )
    work.record(EventKind.DECLINE_TAKEN_BACK, changed(row, whole), about=EventRef(message=row.id))
    return whole


def into_case(
    work: UnitOfWork,
    message: StoredMessage,
    case: str,
    kinds: tuple[Kind, ...],
    reason: StoredText,
    notification: str | None = None,
) -> tuple[StoredMessage, tuple[StoredText, ...]]:
    """Files a message in a case and confirms it to its referrer; returns the row and the warnings.

    `kinds` are what an officer says it is, and what it stays; without any, it is judged again for its place. Only the
    mail from which a case is opened is a referral by that alone.
    """
    mail, own = _read(work, message), the_case(work, case)
    named = bool(kinds) and own.root_message != message.id
    filed = replace(
        message,
        place=Place.CASE,
        case=case,
        exercise=own.exercise,
        notification=notification,
        kinds=kinds or message.kinds,
        corrected_by=work.actor if named else message.corrected_by,
        match_basis=PlacementBasis.BY_HAND(officer=work.actor),
        placed_by=work.actor,
        reason=reason,
        from_junk=message.from_junk and reason == message.reason,
        suggestions=(),
        pending_digest=message.pending_digest and message.place != Place.NOISE,
    )
    filed = filed if kinds else in_its_place(work, filed, mail)
    warnings = move(work, message, filed, "by hand")
    _restore_root(work, filed)
    teach(work, filed, mail)
    lifecycle.reopen_for(work, the_case(work, case), message.id)
    confirmation.confirm_referral(work, filed, mail)
    return filed, warnings


def move(work: UnitOfWork, old: StoredMessage, new: StoredMessage, how: str) -> tuple[StoredText, ...]:
    """Records the new place of a message and of mail attached to it; returns the warnings."""
    _refuse_to_leave_a_hold(work, old, new)
    left = work.tx.get(Case, old.case) if old.case and old.case != new.case else None
    emptied = left is not None and left.root_message == old.id
    changes = [changed(old, new), *_attached(work, new)]
    if left is not None and emptied:
        rootless = replace(left, root_message=None, referrer_address=None, referrer_name=None)
        changes.append(changed(left, rootless))  # the decision must not go to somebody who did not refer this case
    if left is not None:
        thread_keys.forget(work, old)
    about = EventRef(case=new.case or old.case, notification=new.notification, message=new.id)
    work.record(EventKind.MESSAGE_PLACED, *changes, reason=how, about=about)
    for touched in sorted({old.notification, new.notification} - {None}, key=str):
        lifecycle.rejudge(work, str(touched))
    if left is None or not emptied:
        return ()
    return (ActWarning.CASE_WITHOUT_MAIL(case=left.number),)


def _refuse_to_leave_a_hold(work: UnitOfWork, old: StoredMessage, new: StoredMessage) -> None:
    """Raises Refusal if a legal hold that keeps the message would not keep it in its new place."""
    held = HeldOnDay(work.tx, work.today, work.env.settings.zone)
    lost = [hold for hold in held.of_place(old) if hold not in held.of_place(new)]
    if lost:
        raise Refusal(CommandRefusal.KEPT_BY_HOLD(message=old.id, hold=lost[0].id))


def teach(work: UnitOfWork, filed: StoredMessage, mail: Message | None = None) -> None:
    """Learns thread keys from a mail that a person filed."""
    read = mail if mail is not None else _read(work, filed)
    platform = lookup.sender_of(work, read).platform
    thread_keys.learn(work, filed, read, platform, by_hand=True)
    thread_keys.learn_address(work, filed, platform)


def require_foreign_mail(work: UnitOfWork, key: str) -> StoredMessage:
    """Returns a received message; raises Refusal for our own mail."""
    message = the_message(work, key)
    if message.place == Place.OWN:
        raise Refusal(CommandRefusal.COMPOSED_HERE(message=message.id))
    return not_destroyed(work, message)


def _read(work: UnitOfWork, message: StoredMessage) -> Message:
    return work.env.parser.parse(work.env.octets.get(message.digest))


def _attached(work: UnitOfWork, outer: StoredMessage) -> Iterator[Change]:
    """Yields the changes that move attached mail with its outer mail, unless a person filed it elsewhere."""
    for inner in erasure.attached(work, outer):
        yield changed(inner, replace(inner, place=outer.place, case=outer.case))


def _restore_root(work: UnitOfWork, filed: StoredMessage) -> None:
    """Makes a filed referral the root of a case that lost its own."""
    case = the_case(work, filed.case or "")
    if case.root_message is not None or case.origin != Origin.REFERRAL or Kind.REFERRAL not in filed.kinds:
        return
    rooted = replace(case, root_message=filed.id)
    if not filed.arrival.in_file:  # nobody is written to years later
        rooted = replace(rooted, referrer_address=filed.from_address, referrer_name=filed.from_name)
    work.record(
        EventKind.CASE_RECLASSIFIED,
        changed(case, rooted),
        reason="referral",
        about=EventRef(case.number, None, filed.id),
    )
