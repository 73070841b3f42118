# SPDX-License-Identifier: EUPL-1.2
"""Keeps a storm of mail from burying a person, and two machines from answering each other.

What an officer does not get as a mail of its own is written down as held back; `digest.tell_held_back` tells of all of
it in one mail. Alarms and notices are counted apart: no flood of mail keeps an alarm from its reader.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Mapping
from datetime import timedelta

from flaggermail.core.events import EventKind, added
from flaggermail.core.language import folded
from flaggermail.core.records import HeldBack, OutboxMail
from flaggermail.core.rota import Officer
from flaggermail.core.rules import Kind
from flaggermail.core.states import SUPPRESSED
from flaggermail.environment import About, Work

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
HOLDABLE = {"alarm": Kind.ALARM, "officer_notice": Kind.OFFICER_NOTICE}  # by template; the others tell of many already
ANSWERS = (Kind.INTAKE_CONFIRMATION, Kind.DECLINE)  # written without a person


def mails_to(work: Work, address: str, kinds: Collection[Kind], within: timedelta) -> int:
    """How many mails of these kinds were written to that person within that time."""
    wanted = [kind.value for kind in kinds]
    return work.tx.count(OutboxMail, ("queued_at", work.now - within), recipient=address, kind=wanted)


def holds(
    work: Work, officer: Officer, template: str, dedupe: str, about: About, values: Mapping[str, object]
) -> bool:  # fmt: skip
    """Whether this notice or alarm joins what is held back for the officer; written down once for each reason."""
    kind, limits = HOLDABLE.get(template), work.env.settings.desk.storms
    if kind is None:
        return False
    if work.tx.exists(HeldBack, dedupe=dedupe):
        suppressed(work)
        return True
    waiting = work.tx.exists(HeldBack, officer=officer.id, kind=kind.value, told_at=None)
    many = mails_to(work, officer.address, [kind], MINUTE) >= limits.together
    if not (waiting or many or mails_to(work, officer.address, [kind], HOUR) >= limits.mails_per_hour):
        return False
    row = HeldBack(
        id=f"h{work.tx.number('held back'):08d}",
        officer=officer.id,
        kind=kind.value,
        dedupe=dedupe,
        what=str(values["kind"]),
        case=about.case,
        notification=about.notification,
        next_step=str(values["next_step"]),
        held_at=work.now,
    )
    work.record(EventKind.MAIL_HELD_BACK, added(row), about=about, reason=row.kind)
    return True


def rests(work: Work, officer: Officer, kinds: Collection[Kind]) -> bool:
    """Whether that person had so many mails of these kinds in this hour that the next one waits for its turn."""
    limits = work.env.settings.desk.storms
    full = mails_to(work, officer.address, kinds, HOUR) >= limits.mails_per_hour
    return full and mails_to(work, officer.address, kinds, timedelta(minutes=limits.apart_minutes)) > 0


def may_answer(work: Work, address: str, kind: Kind, about: About) -> bool:
    """Whether a machine may answer once more, to this sender and at all; an answer that is left out is an event."""
    limits, since = work.env.settings.desk.storms, ("queued_at", work.now - HOUR)
    kinds = [answer.value for answer in ANSWERS]
    if (
        work.tx.count(OutboxMail, since, recipient=address, kind=kinds) < limits.answers_per_sender
        and work.tx.count(OutboxMail, since, kind=kinds) < limits.answers_per_hour
    ):
        return True
    work.record(EventKind.ANSWER_LEFT_OUT, about=about, reason=kind.value)
    return False


def puzzle(work: Work, officer: Officer, text: str) -> str:
    """The reason for saying that a reply was not understood: the same words give it once a day.

    A machine that answers each of our mails says the same again and again, but for numbers. A person who was told what
    would be understood says something else.
    """
    words = re.sub(r"\d+", "#", " ".join(folded(text).split()))
    return f"misunderstood/{officer.id}/{work.today}/{hashlib.sha256(words.encode()).hexdigest()[:32]}"


def is_loop(work: Work, officer: Officer, reason: str) -> bool:
    """Whether that reply was answered today already, or this person's replies too often in this hour."""
    told = work.tx.exists(OutboxMail, dedupe=f"{reason}/{officer.address.lower()}")
    most = work.env.settings.desk.storms.answers_per_sender
    if told or mails_to(work, officer.address, [Kind.REPLY_ANSWER], HOUR) >= most:
        suppressed(work)
        return True
    return False


def suppressed(work: Work) -> None:
    """Count what was wanted again for a reason that was told."""
    work.tx.number(SUPPRESSED)
