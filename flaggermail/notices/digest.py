# SPDX-License-Identifier: EUPL-1.2
"""Digests: of mail taken in late, of known senders' noise once a day, and of what a rate limit held back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, time, timedelta
from operator import attrgetter
from typing import NamedTuple

from flaggermail.cases import attention
from flaggermail.mail.message import SenderVerdict
from flaggermail.notices import duty, notices
from flaggermail.notices.notices import Notice
from flaggermail.ports import Transaction
from flaggermail.record.case_values import Priority, SenderTrust, Topic
from flaggermail.record.definition import where
from flaggermail.record.events import EventKind, changed
from flaggermail.record.kinds import ArrivalBasis, Direction, Kind, Place
from flaggermail.record.rows import HeldBack, StoredMessage
from flaggermail.services import EventRef, Services, UnitOfWork
from flaggermail.wording.said import counted

NOISE_AT = time(8)  # in the desk's zone
TOGETHER = 1_000  # mails marked as told in one transaction, which takes a tenth of a second
_TEXT = 1_500  # characters of each automatic mail that is told with others
LISTED = 40  # mails that the digest lists; the rest is counted
_PENDING = where(StoredMessage.pending_digest).is_(True)
_LATE = (_PENDING, where(StoredMessage.place).in_([place for place in Place if place is not Place.NOISE]))
_by_arrival = attrgetter("received_at", "id")
_NOISE = (_PENDING, where(StoredMessage.place).is_(Place.NOISE))


class _Missed(NamedTuple):
    """The fields of a mail that a digest needs; whole rows of a mailbox of years would fill the memory."""

    received_at: datetime
    id: str
    from_address: str | None
    verdict: SenderVerdict
    subject: str | None
    case: str | None
    place: Place
    direction: Direction


_FIELDS = (
    StoredMessage.received_at, StoredMessage.id, StoredMessage.from_address, StoredMessage.verdict,
    StoredMessage.subject, StoredMessage.case, StoredMessage.place, StoredMessage.direction,
)  # fmt: skip


def send_digest(env: Services) -> int:
    """Sends the officer on call a digest of the mails taken in late; returns their number.

    The rows of very many are marked as told in several transactions, of which the first sends the digest: none holds
    up other writers for long. What is not marked when the program dies is told again.
    """
    with env.store.read() as tx:
        if not tx.exists(StoredMessage, *_LATE):
            return 0
    with env.store.begin() as tx:
        work = UnitOfWork(env, tx, env.clock.now())
        missed = sorted((_Missed(*fields) for fields in tx.columns(StoredMessage, _FIELDS, *_LATE)), key=_by_arrival)
        missed = attention.by_trust(work, missed)
        _mark_as_told(work, missed[:TOGETHER])
        notice = Notice(Kind.DIGEST, "digest", f"digest/{missed[0].id}/{missed[-1].id}", EventRef())
        values = _values(missed) | {"history": _moved_in(work)}
        notices.tell_first(work, duty.in_charge(work), notice, values)
    for part in (missed[first : first + TOGETHER] for first in range(TOGETHER, len(missed), TOGETHER)):
        with env.store.begin() as tx:
            _mark_as_told(UnitOfWork(env, tx, env.clock.now()), part)
    return len(missed)


def _mark_as_told(work: UnitOfWork, late: Sequence[_Missed]) -> None:
    rows = work.tx.find(StoredMessage, _PENDING, where(StoredMessage.id).in_([one.id for one in late]))
    changes = [changed(row, replace(row, pending_digest=False)) for row in rows]
    if changes:
        reason = f"{counted(len(changes), 'mail', 'mails')} taken in late"
        work.record(EventKind.DIGEST_SENT, *changes, reason=reason)


def _moved_in(work: UnitOfWork) -> int:
    """Returns how many old mails were filed as history within a day, which no digest lists."""
    today = where(StoredMessage.first_seen_at).after(work.now - timedelta(days=1))
    return work.tx.count(StoredMessage, today, where(StoredMessage.arrival).is_(ArrivalBasis.MOVED))


def _values(missed: Sequence[_Missed]) -> dict[str, object]:
    entries = [
        {
            "at": message.received_at,
            "sender": message.from_address or "",
            "verdict": message.verdict,
            "subject": message.subject or "",
            "place": message.case or message.id,
        }
        for message in missed[:LISTED]
    ]
    return {
        "total": len(missed),
        "more": max(len(missed) - LISTED, 0),
        "cases": sorted({message.case for message in missed if message.case}),
        "waiting": sum(message.place == Place.QUARANTINE for message in missed),
        "entries": entries,
        "next_step": "flaggermail quarantine list",
    }


def tell_noise(env: Services) -> int:
    """Sends the officer on call, once a day, the list of noise: of known senders, and mailings; known senders first.

    Returns the number of mails in it. A list is due for what came in before the latest `NOISE_AT`.
    """
    before = _latest_morning(env.clock.now().astimezone(env.settings.zone))
    with env.store.read() as tx:
        if not any(message.first_seen_at < before for message in tx.find(StoredMessage, *_NOISE)):
            return 0
    with env.store.begin() as tx:
        work = UnitOfWork(env, tx, env.clock.now())
        noise = attention.by_trust(work, sorted(tx.find(StoredMessage, *_NOISE), key=_by_arrival))
        changes = [changed(message, replace(message, pending_digest=False)) for message in noise]
        work.record(
            EventKind.DIGEST_SENT,
            *changes,
            reason=f"{counted(len(noise), 'mail', 'mails')} filed as noise",
        )
        notice = Notice(Kind.DIGEST, "noise_digest", f"noise/{noise[0].id}/{noise[-1].id}", EventRef())
        notices.tell_first(work, duty.in_charge(work), notice, _noise_values(noise))
    return len(noise)


def noise_due(env: Services, tx: Transaction) -> datetime | None:
    """Returns when the next list of noise is due; None if there is nothing to list."""
    first = min((message.first_seen_at for message in tx.find(StoredMessage, *_NOISE)), default=None)
    return None if first is None else _latest_morning(first.astimezone(env.settings.zone) + timedelta(days=1))


def _latest_morning(now: datetime) -> datetime:
    today = datetime.combine(now.date(), NOISE_AT, now.tzinfo)
    return today if today <= now else today - timedelta(days=1)


def _noise_values(noise: Sequence[StoredMessage]) -> dict[str, object]:
    entries = [
        {
            "at": message.received_at,
            "domain": (message.from_address or "").rpartition("@")[2],
            "subject": message.subject or "",
            "next_step": f"flaggermail message show {message.id}",
        }
        for message in noise[:LISTED]
    ]
    return {
        "total": len(noise),
        "more": max(len(noise) - LISTED, 0),
        "entries": entries,
        "next_step": "flaggermail message list --place noise",
    }


def tell_held_back(env: Services) -> int:
    """Sends each officer digests of the notices and alarms that were held back, one a class of trust.

    Returns the number of those that were told; `rate_limits.digest_is_due` decides when.
    """
    with env.store.read() as tx:
        if not tx.exists(HeldBack, where(HeldBack.told_at).is_(None)):
            return 0
    with env.store.begin() as tx:
        work, held = UnitOfWork(env, tx, env.clock.now()), dict[tuple[str, bool, str | None], list[HeldBack]]()
        automatic: dict[str, list[HeldBack]] = {}
        for row in tx.find(HeldBack, where(HeldBack.told_at).is_(None)):
            if row.kind == Kind.AUTO_REPLY and row.case is not None:
                automatic.setdefault(row.case, []).append(row)
            else:
                held.setdefault((row.officer, row.exercise, row.trust), []).append(row)
        told = sum(_tell_together(work, case, rows) for case, rows in automatic.items())
        return told + sum(_tell_held_back(work, officer, rows) for (officer, _, _), rows in held.items())


def _tell_together(work: UnitOfWork, case: str, held: Sequence[HeldBack]) -> int:
    """Sends the automatic mails of a platform that wait in a case, with their texts, in one mail about the newest."""
    if notices.told_lately(work, case):
        return 0
    rows = work.tx.find(StoredMessage, where(StoredMessage.id).in_([row.shows for row in held if row.shows]))
    read = [(row, message) for row in sorted(rows, key=_by_arrival) if (message := notices.reparse(work, row))]
    if not read:
        return _tell_held_back(work, held[0].officer, held)
    changes = [changed(row, replace(row, told_at=work.now)) for row in held]
    work.record(EventKind.DIGEST_SENT, *changes, about=EventRef(case), reason=f"{len(held)} automatic")
    earlier = [{**notices.entry_of(row), "text": message.reply_text[:_TEXT]} for row, message in read[:-1]]
    together = {**notices.NO_CLOCKS, "together": earlier[-LISTED:]}
    notices.tell_of_mail(work, "platform answer", *read[-1], clocks=together)
    return len(held)


def _tell_held_back(work: UnitOfWork, officer_id: str, held: Sequence[HeldBack]) -> int:
    """Sends one officer a digest; exercise rows are sent in a mail of their own, marked as such."""
    officer = work.env.settings.rota.officer(officer_id) or work.env.settings.rota.head()
    if officer is None or not duty.digest_is_due(work, officer, held):
        return 0
    changes = [changed(row, replace(row, told_at=work.now)) for row in held]
    work.record(EventKind.DIGEST_SENT, *changes, reason=f"{len(held)} held back")
    trust = SenderTrust(held[0].trust) if held[0].trust else None
    notice = Notice(
        Kind.DIGEST, "held_notices", f"held/{held[0].id}/{held[-1].id}", EventRef(), topic=Topic.STAND,
        exercise=held[0].exercise, trust=trust,
    )  # fmt: skip
    values = {
        "total": len(held),
        "more": max(len(held) - LISTED, 0),
        "whose": trust.value if trust else "",
        "entries": sorted((_held_entry(work, row) for row in held), key=lambda entry: not entry["urgent"])[:LISTED],
        "next_step": "flaggermail oncall held",
    }
    notices.tell_first(work, [officer, *duty.in_charge(work)], notice, values)
    return len(held)


def _held_entry(work: UnitOfWork, row: HeldBack) -> dict[str, object]:
    message = work.tx.get(StoredMessage, row.shows) if row.shows else None
    return {
        "urgent": message is not None and message.priority is Priority.URGENT,
        "alarm": row.kind == Kind.ALARM,
        "kind": row.what,
        "number": row.case,
        "at": row.held_at,
        "sender": (message.from_address or "") if message else "",
        "verdict": message.verdict if message else "verified",
        "subject": (message.subject or "") if message else "",
        "next_step": row.next_step,
    }
