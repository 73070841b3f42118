# SPDX-License-Identifier: EUPL-1.2
"""Which mails of a use an annex holds: what we and the platform wrote to each other, and nothing else.

Mail of officers and of referrers, delivery reports, and mail whose sender nobody vouches for are never in an annex.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from flaggermail.errors import Refusal
from flaggermail.mail.message import SenderVerdict
from flaggermail.record.clocks import CLOCKS, HUMAN, RECEIPT
from flaggermail.record.definition import where
from flaggermail.record.kinds import AnnexForm, Direction, Kind, Place
from flaggermail.record.rows import Annex, ClockRow, ContactNote, Notification, StoredMessage
from flaggermail.services import UnitOfWork
from flaggermail.wording.refusals import AnnexRefusal

OURS = frozenset({Kind.NOTIFICATION, Kind.FOLLOW_UP})
THEIRS = frozenset({Kind.PLATFORM_ACK, Kind.SUBSTANTIVE_REPLY, Kind.AUTO_REPLY})


@dataclass(frozen=True, slots=True)
class Entry:
    """A mail or a contact note of an exchange, at the instant that counts."""

    row: StoredMessage | ContactNote
    at: datetime

    @property
    def mail(self) -> StoredMessage | None:
        """The mail; None for a contact note."""
        return self.row if isinstance(self.row, StoredMessage) else None


def of_use(work: UnitOfWork, use: Notification, form: AnnexForm) -> tuple[Entry, ...]:
    """Returns what an annex of this form prints of a use, oldest first. Raises Refusal if that is nothing."""
    every = sorted(_every(work, use), key=lambda entry: (entry.at, entry.row.key))
    if form is AnnexForm.THREAD:
        if not any(entry.mail for entry in every):
            raise Refusal(AnnexRefusal.NO_MAIL(use=use.id))
        return tuple(every)
    stopped_by = _stopped_by(work, use)
    wanted = next((stopped_by[kind] for kind in (HUMAN, RECEIPT) if kind in stopped_by), None)
    found = tuple(entry for entry in every if entry.row.key == wanted)
    if not found:
        raise Refusal(AnnexRefusal.NO_REPLY(use=use.id))
    return found


def of_annex(work: UnitOfWork, annex: Annex) -> tuple[Entry, ...]:
    """Returns what an annex prints, as its row names it. Raises Refusal if a row is gone."""
    use = the_use(work, annex.notification)
    found: list[Entry] = []
    for key in annex.entries:
        row = work.tx.get(StoredMessage, key) or work.tx.get(ContactNote, key)
        if row is None:
            raise Refusal(AnnexRefusal.ROW_GONE(annex=annex.id, key=key))
        found.append(_entry(work, use, row))
    return tuple(found)


def the_use(work: UnitOfWork, key: str) -> Notification:
    """Returns a notification that was sent. Raises Refusal."""
    use = work.tx.get(Notification, key)
    if use is None or not use.counted or use.sent_at is None:
        raise Refusal(AnnexRefusal.NOT_SENT(use=key))
    return use


def _every(work: UnitOfWork, use: Notification) -> Iterator[Entry]:
    keys = {use.id, *(one.id for one in _follow_ups(work, use))}
    for mail in work.tx.find(StoredMessage, where(StoredMessage.notification).in_(sorted(keys))):
        if is_printed(mail):
            yield _entry(work, use, mail)
    for note in work.tx.find(ContactNote, where(ContactNote.case).is_(use.case)):
        if note.notification in keys and note.counts_as:
            yield _entry(work, use, note)


def is_printed(mail: StoredMessage) -> bool:
    """True for mail of the exchange itself: ours to the platform, or the platform's if its sender is vouched for."""
    kinds = set(mail.kinds)
    if mail.direction is Direction.OUT:
        return bool(OURS & kinds)
    vouched = mail.verdict is SenderVerdict.VERIFIED or mail.confirmed_by is not None
    return bool(THEIRS & kinds) and vouched and mail.place is Place.CASE and not mail.exercise


def _follow_ups(work: UnitOfWork, use: Notification) -> list[Notification]:
    """Returns the follow-ups in the exchange of a use: to the same platform, under the same number."""
    others = work.tx.find(Notification, where(Notification.case).is_(use.case), where(Notification.counted).is_(False))
    return [one for one in others if one.platform == use.platform and one.tail == use.tail and one.sent_at is not None]


def _stopped_by(work: UnitOfWork, use: Notification) -> dict[str, str]:
    clocks = (work.tx.get(ClockRow, f"{use.id}/{kind}") for kind in CLOCKS)
    return {clock.kind: clock.stopped_by for clock in clocks if clock is not None and clock.stopped_by}


def _entry(work: UnitOfWork, use: Notification, row: StoredMessage | ContactNote) -> Entry:
    """Returns a row with its instant: that of a clock if it started or stopped one, else its own."""
    for kind in CLOCKS:
        clock = work.tx.get(ClockRow, f"{use.id}/{kind}")
        if clock is not None and clock.stopped_by == row.key and clock.stopped_at is not None:
            return Entry(row, clock.stopped_at)
    if isinstance(row, ContactNote):
        return Entry(row, row.effective_at)
    if row.direction is Direction.OUT and row.notification:
        sent = work.tx.get(Notification, row.notification)
        if sent is not None and sent.sent_at is not None:
            return Entry(row, sent.sent_at)
    return Entry(row, row.received_at)
