# SPDX-License-Identifier: EUPL-1.2
"""Rate limits on mail to one person, and a stop for loops between two machines.

A notice or alarm beyond the limit is stored as held back; `digest.tell_held_back` sends them all in one mail. Alarms
and notices are counted separately, so that no flood of mail delays an alarm.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection
from dataclasses import replace
from datetime import timedelta

from flaggermail.mail.vocabulary import folded
from flaggermail.oncall.schedule import Officer
from flaggermail.record.events import EventKind, added
from flaggermail.record.kinds import Kind
from flaggermail.record.rows import HeldBack, OutboxMail, StoredMessage
from flaggermail.record.states import SUPPRESSED
from flaggermail.services import EventRef, Services, UnitOfWork

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
LIMITED_TEMPLATES = frozenset({"alarm", "officer_notice"})  # templates; the others already combine several subjects
_HEADER = 65_536  # octets searched for a From field
_FROM = re.compile(rb"^From:\s*(?:[^\r\n]*<)?([^<>\s,;]+@[^<>\s,;]+)", re.IGNORECASE | re.MULTILINE)
ANSWERS = (Kind.INTAKE_CONFIRMATION, Kind.DECLINE)  # sent without a person's involvement


def mails_to(
    work: UnitOfWork, address: str, kinds: Collection[Kind], within: timedelta, *, exercise: bool = False
) -> int:  # fmt: skip
    """Returns the number of mails of these kinds queued to that person within that time, real or exercise."""
    wanted, since = [kind.value for kind in kinds], work.now - within
    return work.tx.count(OutboxMail, ("queued_at", since), recipient=address, kind=wanted, exercise=exercise)


def hold_back_if_over_limit(work: UnitOfWork, officer: Officer, wanted: HeldBack) -> bool:
    """True if the wanted notice or alarm is held back for the officer; records it once per deduplication key."""
    kind, exercise, limits = Kind(wanted.kind), wanted.exercise, work.env.settings.desk.rate_limits
    if work.tx.exists(HeldBack, dedupe=wanted.dedupe):
        count_suppressed(work)
        return True
    waiting = work.tx.exists(HeldBack, officer=officer.id, kind=wanted.kind, exercise=exercise, told_at=None)
    lately, of_hour = (mails_to(work, officer.address, [kind], within, exercise=exercise) for within in (MINUTE, HOUR))
    if not (waiting or lately >= limits.burst or of_hour >= limits.mails_per_hour):
        return False
    row = replace(wanted, id=f"h{work.tx.number('held back'):08d}")
    work.record(EventKind.MAIL_HELD_BACK, added(row), about=EventRef(row.case, row.notification), reason=row.kind)
    return True


def over_hourly_limit(work: UnitOfWork, officer: Officer, kinds: Collection[Kind], *, exercise: bool = False) -> bool:
    """True if that person has reached the hourly limit for these kinds and the minimum interval has not elapsed."""
    limits = work.env.settings.desk.rate_limits
    lately, of_hour = (
        mails_to(work, officer.address, kinds, within, exercise=exercise)
        for within in (timedelta(minutes=limits.min_interval_minutes), HOUR)
    )
    return lately > 0 and of_hour >= limits.mails_per_hour


def may_answer(work: UnitOfWork, address: str, kind: Kind, about: EventRef) -> bool:
    """True if one more automatic answer is within the limits, per sender and in total; records an event if not."""
    limits, since = work.env.settings.desk.rate_limits, ("queued_at", work.now - HOUR)
    kinds = [answer.value for answer in ANSWERS]
    if (
        work.tx.count(OutboxMail, since, recipient=address, kind=kinds) < limits.answers_per_sender
        and work.tx.count(OutboxMail, since, kind=kinds) < limits.answers_per_hour
    ):
        return True
    work.record(EventKind.ANSWER_LEFT_OUT, about=about, reason=kind.value)
    return False


def may_jump_queue(env: Services, octets: bytes) -> bool:
    """True if this mail of a known sender may be taken in ahead of the queue; then counts it against the hour.

    The sender is the From address as written. An impostor gains only an earlier place for a few mails.
    """
    limits, found = env.settings.desk.rate_limits, _FROM.search(octets[:_HEADER])
    sender = found.group(1).decode("ascii", "replace").lower() if found else None
    with env.store.begin() as tx:
        now = env.clock.now()
        hour = f"first {now:%Y-%m-%dT%H}"
        of_sender = tx.count(StoredMessage, ("first_seen_at", now - HOUR), from_address=sender, direction="in")
        if of_sender >= limits.priority_per_sender or tx.reached(hour) >= limits.priority_per_hour:
            return False
        tx.number(hour)
    return True


def misunderstood_key(work: UnitOfWork, officer: Officer, text: str) -> str:
    """Deduplication key for "not understood" replies: identical text, once a day.

    Digits are ignored: a machine that replies to each of our mails repeats the same text except for numbers. A person
    who has read the explanation writes something else.
    """
    words = re.sub(r"\d+", "#", " ".join(folded(text).split()))
    return f"misunderstood/{officer.id}/{work.today}/{hashlib.sha256(words.encode()).hexdigest()[:32]}"


def is_loop(work: UnitOfWork, officer: Officer, reason: str) -> bool:
    """True if this reply was already answered today, or too many of this officer's were not understood this hour."""
    told = work.tx.exists(OutboxMail, dedupe=f"{reason}/{officer.address.lower()}")
    hour = f"misunderstood {officer.id} {work.now:%Y-%m-%dT%H}"
    if told or work.tx.reached(hour) >= work.env.settings.desk.rate_limits.answers_per_sender:
        count_suppressed(work)
        return True
    work.tx.number(hour)
    return False


def count_suppressed(work: UnitOfWork) -> None:
    """Counts a mail suppressed as a duplicate."""
    work.tx.number(SUPPRESSED)
