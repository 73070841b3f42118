# SPDX-License-Identifier: EUPL-1.2
"""Rate limits on mail to one person, and a stop for loops between two machines.

A notice or alarm beyond the limit is stored as held back; `digest.tell_held_back` sends them all in one mail. Alarms
and notices are counted separately, and each class of trust apart, so that no flood of strangers' mail delays an alarm
about our own mail, or the notice of a known sender's.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from flaggermail.mail.addresses import mailbox_of
from flaggermail.mail.vocabulary import folded
from flaggermail.notices import attention
from flaggermail.oncall.schedule import Officer
from flaggermail.record.events import EventKind, added
from flaggermail.record.kinds import Kind
from flaggermail.record.rows import HeldBack, OutboxMail, StoredMessage
from flaggermail.record.states import SUPPRESSED
from flaggermail.record.trust import SenderTrust
from flaggermail.services import EventRef, Services, UnitOfWork
from flaggermail.settings.model import RateLimitSettings

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
LIMITED_TEMPLATES = frozenset({"alarm", "officer_notice"})  # templates; the others already combine several subjects
_HEADER = 65_536  # octets searched for a From field
_FROM = re.compile(rb"^From:\s*(?:[^\r\n]*<)?([^<>\s,;]+@[^<>\s,;]+)", re.IGNORECASE | re.MULTILINE)
FLOOD = timedelta(hours=2)  # after which a flood of strangers that goes on is told again


def hold_back_if_over_limit(work: UnitOfWork, officer: Officer, wanted: HeldBack) -> bool:
    """True if the wanted notice or alarm is held back for the officer; records it once per deduplication key."""
    if work.tx.exists(HeldBack, dedupe=wanted.dedupe):
        count_suppressed(work)
        return True
    shown = work.tx.get(StoredMessage, wanted.shows) if wanted.shows else None
    if not (_over_senders_limit(work, officer, wanted, shown) if shown else _over_own_limit(work, officer, wanted)):
        return False
    row = replace(wanted, id=f"h{work.tx.number('held back'):08d}")
    work.record(EventKind.MAIL_HELD_BACK, added(row), about=EventRef(row.case, row.notification), reason=row.kind)
    return True


def _over_own_limit(work: UnitOfWork, officer: Officer, wanted: HeldBack) -> bool:
    """True if an alarm is beyond the limits of its class, or others of it wait for their digest."""
    limits, trust = work.env.settings.desk.rate_limits, _trust(wanted)
    waiting = work.tx.exists(
        HeldBack, officer=officer.id, kind=wanted.kind, exercise=wanted.exercise, trust=wanted.trust, told_at=None
    )
    lately, of_hour = (_of_class(work, officer, wanted, within) for within in (MINUTE, HOUR))
    return waiting or lately >= limits.burst or of_hour >= _hourly_limit(limits, trust)


def _over_senders_limit(work: UnitOfWork, officer: Officer, wanted: HeldBack, shown: StoredMessage) -> bool:
    """True if the notice of a received mail is beyond the limits of its sender or of the sender's class of trust.

    A known sender's first notice of the hour always leaves: their number is limited, that of their mails is not.
    """
    limits, trust = work.env.settings.desk.rate_limits, _trust(wanted)
    most = _hourly_limit(limits, trust)
    lately, of_hour = (_of_class(work, officer, wanted, within) for within in (MINUTE, HOUR))
    if trust is not SenderTrust.KNOWN and (lately >= 2 * limits.burst or of_hour >= most):
        return True
    sent = _sent_about(work, officer, wanted, attention.origin(work, shown)) if of_hour else []
    if trust is SenderTrust.KNOWN and not sent:
        return False
    of_minute = sum(at > work.now - MINUTE for at in sent)
    full = lately >= 2 * limits.burst or of_hour >= most
    return full or of_minute >= limits.burst or len(sent) >= limits.notices_per_sender


def _of_class(work: UnitOfWork, officer: Officer, wanted: HeldBack, within: timedelta) -> int:
    """Returns the number of mails like the wanted one to the officer within that time, of the same class of trust."""
    since = ("queued_at", work.now - within)
    return work.tx.count(
        OutboxMail, since, recipient=officer.address, kind=wanted.kind, exercise=wanted.exercise, trust=wanted.trust
    )


def _sent_about(work: UnitOfWork, officer: Officer, wanted: HeldBack, origin: str) -> list[datetime]:
    """Returns when the officer was sent notices of mail of that origin in the last hour."""
    sent = work.tx.since(
        OutboxMail, ("queued_at", work.now - HOUR), recipient=officer.address, kind=wanted.kind,
        exercise=wanted.exercise, trust=wanted.trust,
    )  # fmt: skip
    at = {mail.shows: mail.queued_at for mail in sent if mail.shows}
    shown = work.tx.find(StoredMessage, id=sorted(at))
    return [at[message.id] for message in shown if attention.origin(work, message) == origin]


def _trust(wanted: HeldBack) -> SenderTrust | None:
    return SenderTrust(wanted.trust) if wanted.trust else None


def _hourly_limit(limits: RateLimitSettings, trust: SenderTrust | None) -> int:
    """Returns the number of mails of a class that one person gets in an hour; None is the desk's own."""
    match trust:
        case SenderTrust.VERIFIED:
            return limits.verified_per_hour
        case SenderTrust.UNVERIFIED:
            return limits.unverified_per_hour
        case SenderTrust.FAILED:
            return limits.failed_per_hour
    return limits.mails_per_hour


def digest_is_due(work: UnitOfWork, officer: Officer, held: Sequence[HeldBack]) -> bool:
    """True if the officer may now be sent what was held back of one class of trust.

    The desk's own alarms at once, beyond the hourly limit at the configured interval; known senders' mail at that
    interval. A flood of strangers is told when it begins; the rest comes together when it is over, and that is when
    nothing was held back for an hour, or after `FLOOD` at the latest.
    """
    trust, exercise = _trust(held[0]), held[0].exercise
    interval = timedelta(minutes=work.env.settings.desk.rate_limits.min_interval_minutes)
    if trust is None:
        return not over_hourly_limit(work, officer, [Kind.ALARM, Kind.DIGEST], exercise=exercise)
    told = work.tx.since(
        OutboxMail, ("queued_at", work.now - FLOOD), recipient=officer.address, kind=Kind.DIGEST,
        exercise=exercise, trust=held[0].trust,
    )  # fmt: skip
    if not told:
        return True
    since = work.now - max(mail.queued_at for mail in told)
    if trust is SenderTrust.KNOWN:
        return since >= interval
    return since >= HOUR and work.now - max(row.held_at for row in held) >= HOUR


def over_hourly_limit(work: UnitOfWork, officer: Officer, kinds: Collection[Kind], *, exercise: bool = False) -> bool:
    """True if that person has reached the hourly limit for these kinds and the minimum interval has not elapsed.

    Only mail of the desk's own counts.
    """
    limits, wanted = work.env.settings.desk.rate_limits, [kind.value for kind in kinds]
    lately, of_hour = (
        work.tx.count(
            OutboxMail, ("queued_at", work.now - within), recipient=officer.address, kind=wanted, exercise=exercise,
            trust=None,
        )
        for within in (timedelta(minutes=limits.min_interval_minutes), HOUR)
    )  # fmt: skip
    return lately > 0 and of_hour >= limits.mails_per_hour


def may_answer(work: UnitOfWork, stored: StoredMessage, kind: Kind, about: EventRef) -> bool:
    """True if one more automatic answer of this kind is within its limits; records an event if not.

    Each kind is counted apart. A known sender's confirmation has the limit of its mailbox only, which ends a loop
    between two machines; other answers have that of their sender and one for all of them together.
    """
    limits, known = work.env.settings.desk.rate_limits, attention.trust_of(work, stored) is SenderTrust.KNOWN
    key = partial(mailbox_of) if known else partial(attention.sender_key, work.env)
    lately = [mail.recipient for mail in work.tx.since(OutboxMail, ("queued_at", work.now - HOUR), kind=kind.value)]
    of_sender = sum(key(recipient) == key(stored.from_address or "") for recipient in lately)
    if of_sender < limits.answers_per_sender and (known or len(lately) < limits.answers_per_hour):
        return True
    work.record(EventKind.ANSWER_LEFT_OUT, about=about, reason=kind.value)
    return False


def may_jump_queue(env: Services, octets: bytes) -> bool:
    """True if this mail of a known sender may be taken in ahead of the queue; then counts it against the hour.

    The sender is the From address as written. An impostor gains only an earlier place for a few mails, however many
    addresses of a domain they write: the limit is one for each registrable domain.
    """
    limits, found = env.settings.desk.rate_limits, _FROM.search(octets[:_HEADER])
    sender = attention.sender_key(env, found.group(1).decode("ascii", "replace") if found else "")
    with env.store.begin() as tx:
        hour = f"first {env.clock.now():%Y-%m-%dT%H}"
        of_sender = f"{hour} {hashlib.sha256(sender.encode()).hexdigest()[:16]}"
        if tx.reached(of_sender) >= limits.priority_per_sender or tx.reached(hour) >= limits.priority_per_hour:
            return False
        tx.number(hour)
        tx.number(of_sender)
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
