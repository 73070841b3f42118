# SPDX-License-Identifier: EUPL-1.2
"""Keeps a storm of mail from burying a person, and two machines from answering each other.

What an officer does not get as a mail of its own is written down as held back; `digest.tell_held_back` tells of all of
it in one mail. Alarms and notices are counted apart: no flood of mail keeps an alarm from its reader.
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
HOLDABLE = frozenset({"alarm", "officer_notice"})  # templates; the others tell of many already
_HEADER = 65_536  # octets in which a From field is looked for
_FROM = re.compile(rb"^From:\s*(?:[^\r\n]*<)?([^<>\s,;]+@[^<>\s,;]+)", re.IGNORECASE | re.MULTILINE)
ANSWERS = (Kind.INTAKE_CONFIRMATION, Kind.DECLINE)  # written without a person


def mails_to(
    work: UnitOfWork, address: str, kinds: Collection[Kind], within: timedelta, *, exercise: bool = False
) -> int:  # fmt: skip
    """How many mails of these kinds were written to that person within that time; those of exercises apart."""
    wanted, since = [kind.value for kind in kinds], work.now - within
    return work.tx.count(OutboxMail, ("queued_at", since), recipient=address, kind=wanted, exercise=exercise)


def holds(work: UnitOfWork, officer: Officer, wanted: HeldBack) -> bool:
    """Whether a wanted notice or alarm joins what is held back for the officer; written down once for each reason."""
    kind, exercise, limits = Kind(wanted.kind), wanted.exercise, work.env.settings.desk.rate_limits
    if work.tx.exists(HeldBack, dedupe=wanted.dedupe):
        suppressed(work)
        return True
    waiting = work.tx.exists(HeldBack, officer=officer.id, kind=wanted.kind, exercise=exercise, told_at=None)
    lately, of_hour = (mails_to(work, officer.address, [kind], within, exercise=exercise) for within in (MINUTE, HOUR))
    if not (waiting or lately >= limits.burst or of_hour >= limits.mails_per_hour):
        return False
    row = replace(wanted, id=f"h{work.tx.number('held back'):08d}")
    work.record(EventKind.MAIL_HELD_BACK, added(row), about=EventRef(row.case, row.notification), reason=row.kind)
    return True


def rests(work: UnitOfWork, officer: Officer, kinds: Collection[Kind], *, exercise: bool = False) -> bool:
    """Whether that person had so many mails of these kinds in this hour that the next one waits for its turn."""
    limits = work.env.settings.desk.rate_limits
    lately, of_hour = (
        mails_to(work, officer.address, kinds, within, exercise=exercise)
        for within in (timedelta(minutes=limits.min_interval_minutes), HOUR)
    )
    return lately > 0 and of_hour >= limits.mails_per_hour


def may_answer(work: UnitOfWork, address: str, kind: Kind, about: EventRef) -> bool:
    """Whether a machine may answer once more, to this sender and at all; an answer that is left out is an event."""
    limits, since = work.env.settings.desk.rate_limits, ("queued_at", work.now - HOUR)
    kinds = [answer.value for answer in ANSWERS]
    if (
        work.tx.count(OutboxMail, since, recipient=address, kind=kinds) < limits.answers_per_sender
        and work.tx.count(OutboxMail, since, kind=kinds) < limits.answers_per_hour
    ):
        return True
    work.record(EventKind.ANSWER_LEFT_OUT, about=about, reason=kind.value)
    return False


def goes_first(env: Services, octets: bytes) -> bool:
    """Whether this mail of a known sender may be taken in before its turn, and one more of this hour if so.

    By the sender as he wrote himself. Whoever takes another's name wins nothing but a better place for a few mails.
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


def puzzle(work: UnitOfWork, officer: Officer, text: str) -> str:
    """The reason for saying that a reply was not understood: the same words give it once a day.

    A machine that answers each of our mails says the same again and again, but for numbers. A person who was told what
    would be understood says something else.
    """
    words = re.sub(r"\d+", "#", " ".join(folded(text).split()))
    return f"misunderstood/{officer.id}/{work.today}/{hashlib.sha256(words.encode()).hexdigest()[:32]}"


def is_loop(work: UnitOfWork, officer: Officer, reason: str) -> bool:
    """Whether that reply was answered today already, or too many of this person's were not understood in this hour."""
    told = work.tx.exists(OutboxMail, dedupe=f"{reason}/{officer.address.lower()}")
    hour = f"misunderstood {officer.id} {work.now:%Y-%m-%dT%H}"
    if told or work.tx.reached(hour) >= work.env.settings.desk.rate_limits.answers_per_sender:
        suppressed(work)
        return True
    work.tx.number(hour)
    return False


def suppressed(work: UnitOfWork) -> None:
    """Count what was wanted again for a reason that was told."""
    work.tx.number(SUPPRESSED)
