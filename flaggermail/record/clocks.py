# SPDX-License-Identifier: EUPL-1.2
"""The three clocks of a notification, recomputed from everything that counts as an answer to it.

Nothing is accumulated: a fact learned later (an earlier copy, a correction, a confirmed sender) gives the same clocks
as if it had been known from the start.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from flaggermail.mail.message import SenderVerdict
from flaggermail.record import states
from flaggermail.record.case_values import ContactMeans, LanguageCode
from flaggermail.record.kinds import ArrivalBasis, Direction, Kind, PersonBasis
from flaggermail.record.rows import ClockRow, ContactNote, Notification, StoredMessage
from flaggermail.record.states import ClockKind, ClockState
from flaggermail.wording.catalogues import locale

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


_HOURS_A_DAY, _FEWEST_DAYS = 24, 2


def minutes(sent: datetime, received: datetime) -> int:
    """Returns whole minutes from `sent` to `received`, both truncated to the minute; negative if received first."""
    cut_sent, cut_received = (instant.astimezone(UTC).replace(second=0, microsecond=0) for instant in (sent, received))
    return int((cut_received - cut_sent).total_seconds()) // 60


def took(clock: ClockRow | None) -> int | None:
    """Returns the minutes from the start of a clock to its stop; None for one that has not stopped."""
    return None if clock is None or clock.stopped_at is None else minutes(clock.started_at, clock.stopped_at)


def tenths(count: int) -> int:
    """Returns tenths of an hour in `count` minutes, half a tenth rounded up, in integers only: 15 minutes give 3."""
    return (count * 10 + 30) // 60


def hours(count: int, language: str = LanguageCode.EN, sign: str | None = None) -> str:
    """Returns the hours in `count` minutes with one decimal: 152 is "2.5", in Dutch "2,5", unless `sign` says how."""
    whole, part = divmod(tenths(count), 10)
    return f"{whole}{sign or locale(language).decimal}{part}"


def spoken(count: int, language: str, sign: str | None = None) -> str:
    """Returns hours with one decimal, followed by the exact time: "2,5 uur (2 uur en 32 minuten)"."""
    return f"{in_hours(count, language, sign)} ({exact(count, language)})"


def in_hours(count: int, language: str, sign: str | None = None) -> str:
    """Returns hours with one decimal and their unit: "2,5 uur"."""
    return f"{hours(count, language, sign)} {locale(language).units['hours'][-1]}"


def in_sentence(count: int, language: str, sign: str | None = None) -> str:
    """Returns a wait as running text has it: "2,5 uur (2 uur en 32 minuten)".

    The exact time alone if there is not one tenth of an hour; from two days on no hours: "9 dagen en 3 uur (13140
    minuten)".
    """
    if days(count):
        return f"{exact(count, language)} ({locale(language).span(count, 'minutes')})"
    return spoken(count, language, sign) if tenths(count) else exact(count, language)


def rounded(count: int, language: str, sign: str | None = None) -> str:
    """Returns one figure with its unit: "2,5 uur", from two days on "9 dagen", below a tenth of an hour "2 minuten"."""
    if days(count):
        return locale(language).span(days(count), "days")
    return in_hours(count, language, sign) if tenths(count) else exact(count, language)


def exact(count: int, language: str) -> str:
    """Returns the exact time: "2 uur en 32 minuten"; from two days on with days of 24 hours: "9 dagen en 3 uur"."""
    written = locale(language)
    if count == 0:
        return written.no_minute
    whole, rest = divmod(count, 60)
    if days(count):
        whole %= _HOURS_A_DAY
    parts = ((days(count), "days"), (whole, "hours"), (rest, "minutes"))
    return written.joined([written.span(number, unit) for number, unit in parts if number])


def days(count: int) -> int:
    """Returns whole days of 24 hours in `count` minutes, from two on; 0 below, where hours are read more easily."""
    whole = count // (60 * _HOURS_A_DAY)
    return whole if whole >= _FEWEST_DAYS else 0


def in_minutes(count: int, language: str) -> str:
    """Returns the minutes, with whole days from two on: "13140 minuten (9 dagen)"; "minder dan een minuut" for none."""
    if count == 0:
        return locale(language).no_minute
    return f"{locale(language).span(count, 'minutes')}{in_days(count, language)}"


def in_days(count: int, language: str) -> str:
    """Returns whole days, said after minutes that are hard to read: " (9 dagen)"; empty below two days."""
    return f" ({locale(language).span(days(count), 'days')})" if days(count) else ""
