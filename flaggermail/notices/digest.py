# SPDX-License-Identifier: EUPL-1.2
"""Digests: one mail for everything taken in late, and one for everything held back by a rate limit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from flaggermail.notices import attention, duty, notices, rate_limits
from flaggermail.notices.notices import Notice
from flaggermail.record.events import EventKind, changed
from flaggermail.record.kinds import Kind, Place
from flaggermail.record.rows import HeldBack, StoredMessage
from flaggermail.record.trust import SenderTrust
from flaggermail.services import EventRef, Services, UnitOfWork

LISTED = 40  # mails that the digest lists; the rest is counted


def send_digest(env: Services) -> int:
    """Sends the officer on call a digest of the mails taken in late; returns their number."""
    with env.store.read() as tx:
        if not tx.exists(StoredMessage, pending_digest=True):
            return 0
    with env.store.begin() as tx:
        work = UnitOfWork(env, tx, env.clock.now())
        missed = sorted(tx.find(StoredMessage, pending_digest=True), key=lambda m: (m.received_at, m.id))
        missed = attention.by_trust(work, missed)
        changes = [changed(message, replace(message, pending_digest=False)) for message in missed]
        work.record(EventKind.DIGEST_SENT, *changes, reason=f"{len(missed)} mails taken in late")
        officer = duty.officer_on_call(work) or env.settings.rota.head()
        if officer is not None:
            notice = Notice(Kind.DIGEST, "digest", f"digest/{missed[0].id}/{missed[-1].id}", EventRef())
            notices.tell(work, officer, notice, _values(missed))
    return len(missed)


def _values(missed: Sequence[StoredMessage]) -> dict[str, object]:
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


def tell_held_back(env: Services) -> int:
    """Sends each officer digests of the notices and alarms that were held back, one a class of trust.

    Returns the number of those that were told; `rate_limits.digest_is_due` decides when.
    """
    with env.store.read() as tx:
        if not tx.exists(HeldBack, told_at=None):
            return 0
    with env.store.begin() as tx:
        work, held = UnitOfWork(env, tx, env.clock.now()), dict[tuple[str, bool, str | None], list[HeldBack]]()
        for row in tx.find(HeldBack, told_at=None):
            held.setdefault((row.officer, row.exercise, row.trust), []).append(row)
        return sum(_tell_held_back(work, officer, rows) for (officer, _, _), rows in held.items())


def _tell_held_back(work: UnitOfWork, officer_id: str, held: Sequence[HeldBack]) -> int:
    """Sends one officer a digest; exercise rows are sent in a mail of their own, marked as such."""
    officer = work.env.settings.rota.officer(officer_id) or work.env.settings.rota.head()
    if officer is None or not rate_limits.digest_is_due(work, officer, held):
        return 0
    changes = [changed(row, replace(row, told_at=work.now)) for row in held]
    work.record(EventKind.DIGEST_SENT, *changes, reason=f"{len(held)} held back")
    listed, trust = held[:LISTED], SenderTrust(held[0].trust) if held[0].trust else None
    notice = Notice(
        Kind.DIGEST, "held_notices", f"held/{held[0].id}/{held[-1].id}", EventRef(), exercise=held[0].exercise,
        trust=trust,
    )  # fmt: skip
    values = {
        "total": len(held),
        "more": len(held) - len(listed),
        "whose": trust.value if trust else "",
        "entries": [_held_entry(work, row) for row in listed],
        "next_step": "flaggermail oncall held",
    }
    notices.tell(work, officer, notice, values)
    return len(held)


def _held_entry(work: UnitOfWork, row: HeldBack) -> dict[str, object]:
    message = work.tx.get(StoredMessage, row.shows) if row.shows else None
    return {
        "alarm": row.kind == Kind.ALARM,
        "kind": row.what,
        "number": row.case,
        "at": row.held_at,
        "sender": (message.from_address or "") if message else "",
        "verdict": message.verdict if message else "verified",
        "subject": (message.subject or "") if message else "",
        "next_step": row.next_step,
    }
