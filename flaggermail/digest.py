# SPDX-License-Identifier: EUPL-1.2
"""One mail that says what was missed while the desk could not look, instead of one for each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from flaggermail import casework
from flaggermail.casework import Notice
from flaggermail.core.events import EventKind, changed
from flaggermail.core.records import StoredMessage
from flaggermail.core.rules import Kind
from flaggermail.environment import About, Environment, Work

LISTED = 40  # mails that the digest names; the rest is counted


def send_digest(env: Environment) -> int:
    """Tell the officer on call of the mails that were taken in late; answers how many those were."""
    with env.store.read() as tx:
        if not tx.exists(StoredMessage, missed=True):
            return 0
    with env.store.begin() as tx:
        work = Work(env, tx, env.clock.now())
        missed = sorted(tx.find(StoredMessage, missed=True), key=lambda m: (m.received_at, m.id))
        changes = [changed(message, replace(message, missed=False)) for message in missed]
        work.record(EventKind.DIGEST_SENT, *changes, reason=f"{len(missed)} mails taken in late")
        officer = casework.officer_on_call(work) or env.settings.rota.head()
        if officer is not None:
            notice = Notice(Kind.DIGEST, "digest", f"digest/{missed[0].id}/{missed[-1].id}", About())
            casework.tell(work, officer, notice, _values(missed))
    return len(missed)


def _values(missed: Sequence[StoredMessage]) -> dict[str, object]:
    entries = [
        {
            "at": message.received_at,
            "sender": message.from_address or "",
            "subject": message.subject or "",
            "place": message.case or message.id,
        }
        for message in missed[:LISTED]
    ]
    return {
        "total": len(missed),
        "more": max(len(missed) - LISTED, 0),
        "cases": sorted({message.case for message in missed if message.case}),
        "waiting": sum(message.place == "quarantine" for message in missed),
        "entries": entries,
        "next_step": "flaggermail quarantine list",
    }
