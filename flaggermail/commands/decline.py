# SPDX-License-Identifier: EUPL-1.2
"""Declines a mail by a person's decision, or takes a decline back."""

from __future__ import annotations

from dataclasses import dataclass, replace

from flaggermail.cases import declining
from flaggermail.commands.command import DESK, Command, Subject
from flaggermail.commands.lookups import the_message
from flaggermail.commands.outcome import Outcome
from flaggermail.errors import Refusal
from flaggermail.mail.automated import mechanical_kind
from flaggermail.mail.message import SenderVerdict
from flaggermail.matching import lookup
from flaggermail.record.events import EventKind, changed
from flaggermail.record.kinds import Direction, Kind, Place
from flaggermail.record.rows import ElectionSecret, StoredMessage
from flaggermail.record.terms import day_of
from flaggermail.services import EventRef, UnitOfWork
from flaggermail.wording.filing import Filed
from flaggermail.wording.refusals import Because


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclineMessage(Command):
    """Declines a mail as a citizen's report: stored as minimally as an automatic decline, and answered once."""

    NAME = "declined add"
    MAY = DESK

    message: str

    def subject(self, work: UnitOfWork) -> Subject:
        return ((StoredMessage, the_message(work, self.message).id),)

    def perform(self, work: UnitOfWork) -> Outcome:
        stored = not_destroyed(work, the_message(work, self.message))
        if stored.place not in {Place.QUARANTINE, Place.NOISE} or stored.direction != Direction.IN:
            raise Refusal(Because.NOT_TO_DECLINE(message=stored.id, place=stored.place))
        message = work.env.parser.parse(work.env.octets.get(stored.digest))
        sender = lookup.sender_of(work, message)
        if sender.platform or sender.officer:
            raise Refusal(Because.NO_CITIZENS_REPORT(message=stored.id))
        told_before = declining.declined_before(work, message)
        kept = declining.set_aside(work, stored, Filed.DECLINED_BY_PERSON(), (Kind.CITIZEN_REPORT,))
        ours = work.env.own_addresses
        answerable = stored.verdict == SenderVerdict.VERIFIED and mechanical_kind.answerable(message, ours)
        told = "nobody is told"
        if told_before:
            told = "its sender was told before in this period"
        elif answerable and declining.decline(work, kept, message):
            told = "its sender is told"
        return Outcome(f"message {stored.id} is declined; {told}", stored.id)


def not_destroyed(work: UnitOfWork, stored: StoredMessage) -> StoredMessage:
    """Returns the message. Raises Refusal once its octets are destroyed."""
    if stored.discarded_at is None:
        return stored
    day = day_of(stored.discarded_at, work.env.settings.zone).isoformat()
    if stored.excluded_by is not None:
        raise Refusal(Because.EXCLUDED_ALREADY(message=stored.id, officer=stored.excluded_by, day=day))
    raise Refusal(Because.MESSAGE_DESTROYED(message=stored.id, day=day))


def take_back(work: UnitOfWork, stored: StoredMessage) -> StoredMessage:
    """Takes back a decline and returns the restored row; returns any other mail unchanged.

    The sender no longer counts as declined. Raises Refusal once the octets are destroyed.
    """
    if not_destroyed(work, stored).place != Place.DECLINED:
        return stored
    restored = [_restored(work, row) for row in (stored, *declining.attached(work, stored))]
    sender = restored[0].from_address
    for held in work.tx.find(ElectionSecret):
        told = declining.told(work, held, sender or "")
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
        reason=Filed.DECLINE_TAKEN_BACK(),
        from_junk=False,
    )
    work.record(EventKind.DECLINE_TAKEN_BACK, changed(row, whole), about=EventRef(message=row.id))
    return whole
