# SPDX-License-Identifier: EUPL-1.2
"""Who is on call now, the recipient of a step, and how much mail may reach a person in an hour.

The schedule is that of the settings, with the overrides in the record; what is over a limit is held back and listed.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from flaggermail.cases import attention
from flaggermail.mail.vocabulary import folded
from flaggermail.ports import Transaction
from flaggermail.record.case_values import SenderTrust
from flaggermail.record.definition import FieldCondition, where
from flaggermail.record.events import EventKind, added
from flaggermail.record.kinds import Kind
from flaggermail.record.rows import Device, HeldBack, OutboxMail, Override, StoredMessage
from flaggermail.record.states import SUPPRESSED
from flaggermail.services import NOTHING, EventRef, Services, UnitOfWork
from flaggermail.settings.model import Settings
from flaggermail.settings.rota import Officer, Shift, nobody_since, on_call
from flaggermail.settings.sections import ByReply, RateLimitSettings
from flaggermail.settings.steps import HEAD, OFFICER, Who


def devices_of(work: UnitOfWork, officer: str) -> list[Device]:
    """Returns the officer's devices that were not revoked; one at most is confirmed."""
    return [device for device in work.tx.find(Device, where(Device.officer).is_(officer)) if device.revoked_at is None]


def valid_device(work: UnitOfWork, officer: str) -> Device | None:
    """Returns the officer's confirmed device, locked or not."""
    return next((device for device in devices_of(work, officer) if device.confirmed_at is not None), None)


def means_of(work: UnitOfWork, officer: Officer) -> ByReply:
    """Returns how this officer can approve by reply; off without the device or the pager that it needs."""
    means = work.env.settings.desk.approval.means
    lacks_pager = means is ByReply.PAGER and not officer.pagers
    device = valid_device(work, officer.id) if means is ByReply.TOTP else None
    lacks_device = means is ByReply.TOTP and (device is None or device.locked_at is not None)
    return ByReply.OFF if lacks_pager or lacks_device else means


_NOBODY = "nobody on call since"  # the number of the minute at which the state began that was recorded last


def overrides(tx: Transaction) -> list[Shift]:
    """Returns the overrides of the schedule, in the order in which they were entered."""
    return [Shift(row.officer, row.begins_at, row.ends_at) for row in tx.find(Override)]


def officer_on_call(work: UnitOfWork) -> Officer | None:
    """Returns the officer on call now, overrides included."""
    return on_call(work.env.settings.rota, overrides(work.tx), work.now)


def in_charge(work: UnitOfWork) -> list[Officer]:
    """Returns the officer on call, if any, and the heads."""
    persons = (officer_on_call(work), *work.env.settings.rota.heads)
    return list(dict.fromkeys(person for person in persons if person is not None))


def officer_or_head(work: UnitOfWork, reason: str, about: EventRef = NOTHING) -> Officer | None:
    """Returns the officer on call, else the head; records a gap in the schedule once while it lasts."""
    rota, exceptions = work.env.settings.rota, overrides(work.tx)
    since = nobody_since(rota, exceptions, work.now)
    if since is None:
        return on_call(rota, exceptions, work.now)
    minute = int(since.timestamp()) // 60 + 1  # no number is 0 before it was set
    if work.tx.reached(_NOBODY) != minute:
        work.tx.set_number(_NOBODY, minute)
        work.record(EventKind.NOBODY_ON_CALL, reason=reason, about=about)
    return rota.head()


def readers(settings: Settings, tx: Transaction) -> Who:
    """Resolves a step's recipient under the current schedule; the head during a gap.

    A step may name an officer who has left the desk; it then goes to the officer on call.
    """
    rota, head, exceptions = settings.rota, settings.rota.head(), overrides(tx)

    def who(reader: str, at: datetime) -> str | None:
        named = None if reader in {OFFICER, HEAD} else rota.officer(reader)
        found = head if reader == HEAD else named or on_call(rota, exceptions, at) or head
        return found.id if found else None

    return who


MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
LIMITED_TEMPLATES = frozenset({"alarm", "officer_notice"})  # templates; the others already combine several subjects
_HEADER = 65_536  # octets searched for a From field
_FROM = re.compile(rb"^From:\s*(?:[^\r\n]*<)?([^<>\s,;]+@[^<>\s,;]+)", re.IGNORECASE | re.MULTILINE)
FLOOD = timedelta(hours=2)  # after which a flood of strangers that goes on is told again


def hold_back_if_over_limit(work: UnitOfWork, officer: Officer, wanted: HeldBack) -> bool:
    """True if the wanted notice or alarm is held back for the officer; records it once per deduplication key."""
    if work.tx.exists(HeldBack, where(HeldBack.dedupe).is_(wanted.dedupe)):
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
        HeldBack,
        where(HeldBack.officer).is_(officer.id),
        where(HeldBack.kind).is_(wanted.kind),
        where(HeldBack.exercise).is_(wanted.exercise),
        where(HeldBack.trust).is_(wanted.trust),
        where(HeldBack.told_at).is_(None),
    )
    lately, of_hour = (work.tx.count(OutboxMail, *_like(work, officer, wanted, within)) for within in (MINUTE, HOUR))
    return waiting or lately >= limits.burst or of_hour >= _hourly_limit(limits, trust)


def _over_senders_limit(work: UnitOfWork, officer: Officer, wanted: HeldBack, shown: StoredMessage) -> bool:
    """True if the notice of a received mail is beyond the limits of its sender or of the sender's class of trust.

    A known sender's first notice of the hour always leaves: their number is limited, that of their mails is not.
    """
    limits, trust = work.env.settings.desk.rate_limits, _trust(wanted)
    asked = OutboxMail.queued_at, OutboxMail.shows
    of_class = work.tx.columns(OutboxMail, asked, *_like(work, officer, wanted, HOUR))
    lately = _of_last_minute(work, (at for at, _ in of_class))
    full = lately >= 2 * limits.burst or len(of_class) >= _hourly_limit(limits, trust)
    if full and trust is not SenderTrust.KNOWN:
        return True
    if not full and lately < limits.burst and len(of_class) < limits.notices_per_sender:
        return False  # no sender was sent more than all of the class
    origin = attention.origin(work, shown)
    origins = attention.origins(work, {message for _, message in of_class if message})
    sent = [at for at, message in of_class if message and origins.get(message) == origin]
    if trust is SenderTrust.KNOWN and not sent:
        return False
    return full or _of_last_minute(work, sent) >= limits.burst or len(sent) >= limits.notices_per_sender


def _of_last_minute(work: UnitOfWork, instants: Iterable[datetime]) -> int:
    return sum(at > work.now - MINUTE for at in instants)


def _like(work: UnitOfWork, officer: Officer, wanted: HeldBack, within: timedelta) -> tuple[FieldCondition, ...]:
    """Returns what finds the mails like the wanted one to the officer within that time, of the same class of trust."""
    return (
        where(OutboxMail.queued_at).after(work.now - within),
        where(OutboxMail.recipient).is_(officer.address),
        where(OutboxMail.kind).is_(wanted.kind),
        where(OutboxMail.exercise).is_(wanted.exercise),
        where(OutboxMail.trust).is_(wanted.trust),
    )


def _trust(wanted: HeldBack) -> SenderTrust | None:
    return SenderTrust(wanted.trust) if wanted.trust else None


def _hourly_limit(limits: RateLimitSettings, trust: SenderTrust | None) -> int:
    """Returns the number of mails of a class that one person gets in an hour; None is the desk's own."""
    of_strangers: dict[SenderTrust | None, int] = {
        SenderTrust.VERIFIED: limits.verified_per_hour, SenderTrust.UNVERIFIED: limits.unverified_per_hour,
        SenderTrust.FAILED: limits.failed_per_hour,
    }  # fmt: skip
    return of_strangers.get(trust, limits.mails_per_hour)


def digest_is_due(work: UnitOfWork, officer: Officer, held: Sequence[HeldBack]) -> bool:
    """True if the officer may now be sent what was held back of one class of trust.

    The desk's own alarms at once, beyond the hourly limit at the configured interval; known senders' mail at that
    interval. A flood of strangers is told when it begins; the rest comes together when it is over, and that is when
    nothing was held back for an hour, or after `FLOOD` at the latest.
    """
    trust = _trust(held[0])
    interval = timedelta(minutes=work.env.settings.desk.rate_limits.min_interval_minutes)
    if trust is None:
        return not over_hourly_limit(work, officer, [Kind.ALARM, Kind.DIGEST], exercise=held[0].exercise)
    told = work.tx.find(OutboxMail, *_like(work, officer, replace(held[0], kind=Kind.DIGEST), FLOOD))
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
    limits, wanted = work.env.settings.desk.rate_limits, list(kinds)
    lately, of_hour = (
        work.tx.count(
            OutboxMail,
            where(OutboxMail.queued_at).after(work.now - within),
            where(OutboxMail.recipient).is_(officer.address),
            where(OutboxMail.kind).in_(wanted),
            where(OutboxMail.exercise).is_(exercise),
            where(OutboxMail.trust).is_(None),
        )
        for within in (timedelta(minutes=limits.min_interval_minutes), HOUR)
    )
    return lately > 0 and of_hour >= limits.mails_per_hour


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
    told = work.tx.exists(OutboxMail, where(OutboxMail.dedupe).is_(f"{reason}/{officer.address.lower()}"))
    hour = f"misunderstood {officer.id} {work.now:%Y-%m-%dT%H}"
    if told or work.tx.reached(hour) >= work.env.settings.desk.rate_limits.answers_per_sender:
        count_suppressed(work)
        return True
    work.tx.number(hour)
    return False


def count_suppressed(work: UnitOfWork) -> None:
    """Counts a mail suppressed as a duplicate."""
    work.tx.number(SUPPRESSED)
