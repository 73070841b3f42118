# SPDX-License-Identifier: EUPL-1.2
"""The three clocks of a notification, recomputed from everything that counts as an answer to it.

Nothing is accumulated: a fact learned later (an earlier copy, a correction, a confirmed sender) gives the same clocks
as if it had been known from the start.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from flaggermail.mail.message import SenderVerdict
from flaggermail.record import states
from flaggermail.record.clocks import ClockKind
from flaggermail.record.contacts import ContactMeans
from flaggermail.record.kinds import ArrivalBasis, Direction, Kind, PersonBasis
from flaggermail.record.rows import ClockRow, ContactNote, Notification, StoredMessage
from flaggermail.record.states import ClockState

RECEIPT, HUMAN, SUBSTANCE = CLOCKS = states.CLOCKS
ANSWERS = frozenset({Kind.PLATFORM_ACK, Kind.SUBSTANTIVE_REPLY})


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer to a notification, and the clocks it stops."""

    id: str
    at: datetime
    stops: frozenset[ClockKind]
    automatic: bool = False
    oral: bool = False
    by_hand: bool = False
    comment: bool = False


def answer_of_message(message: StoredMessage) -> Answer | None:
    """Returns the answer in a platform's message, or None; the sender must be verified and the arrival undisputed."""
    kinds = set(message.kinds)
    if (
        message.direction != Direction.IN
        or message.verdict != SenderVerdict.VERIFIED
        or message.disputed
        or not kinds & ANSWERS
    ):
        return None
    automatic = message.automatic or Kind.AUTO_REPLY in kinds
    stops = {RECEIPT}
    if not automatic:
        stops.add(HUMAN)
        if message.substance or Kind.SUBSTANTIVE_REPLY in kinds:
            stops.add(SUBSTANCE)
    by_hand = message.arrival is ArrivalBasis.BY_HAND
    comment = message.person_basis is PersonBasis.COMMENT
    return Answer(
        message.id, message.received_at, frozenset(stops), automatic=automatic, by_hand=by_hand, comment=comment
    )


def answer_of_note(note: ContactNote) -> Answer | None:
    """Returns the answer in a contact note; substance is stopped only if it is noted as a substantive reply."""
    kinds = set(note.counts_as)
    if not kinds & ANSWERS:
        return None
    stops = {RECEIPT, HUMAN} | ({SUBSTANCE} if Kind.SUBSTANTIVE_REPLY in kinds else set())
    return Answer(note.id, note.effective_at, frozenset(stops), oral=note.means == ContactMeans.PHONE, by_hand=True)


def judge(
    notification: Notification, messages: Iterable[StoredMessage], notes: Iterable[ContactNote]
) -> tuple[ClockRow, ...]:
    """Returns the clocks of a sent notification; empty if it was not sent or is a follow-up."""
    if notification.sent_at is None or not notification.counted:
        return ()
    answers = [answer for message in messages if (answer := answer_of_message(message))]
    answers += [answer for note in notes if (answer := answer_of_note(note))]
    since = sorted((a for a in answers if counts(notification.sent_at, a.at)), key=lambda a: (a.at, a.id))
    return tuple(_clock(notification, notification.sent_at, kind, since) for kind in CLOCKS)


def running(clock: ClockRow) -> ClockRow:
    """Returns the clock in its initial, running state."""
    return ClockRow(
        id=clock.id, notification=clock.notification, kind=clock.kind, started_at=clock.started_at
    )  # fmt: skip


def counts(sent_at: datetime, answered_at: datetime) -> bool:
    """True if the answer came after the sending or in the same minute; some servers omit the seconds."""
    return answered_at >= sent_at.replace(second=0, microsecond=0)


def _clock(notification: Notification, started_at: datetime, kind: ClockKind, answers: Sequence[Answer]) -> ClockRow:
    clock = ClockRow(
        id=f"{notification.id}/{kind}",
        notification=notification.id,
        kind=kind,
        started_at=started_at,
        by_hand=notification.by_hand,
    )
    first = next((answer for answer in answers if kind in answer.stops), None)
    if first is None:
        return clock
    return replace(
        clock,
        state=ClockState.STOPPED,
        stopped_at=first.at,
        stopped_by=first.id,
        automatic=first.automatic,
        oral=first.oral,
        by_hand=clock.by_hand or first.by_hand,
        comment=first.comment,
    )
