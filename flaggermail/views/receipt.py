# SPDX-License-Identifier: EUPL-1.2
"""What was found about the sender of a mail when each of its copies came in, as it was recorded then."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from flaggermail.record.finding import where
from flaggermail.record.rows import Delivery, StoredMessage
from flaggermail.services import UnitOfWork
from flaggermail.views.view import Document, json_of


def receipts(work: UnitOfWork, stored: StoredMessage) -> list[Document]:
    """Returns a document for each copy, the first one first; none for mail that came attached, or never came."""
    found = work.tx.find(Delivery, where(Delivery.message).is_(stored.id))
    return [_receipt(copy, work.env.settings.zone) for copy in sorted(found, key=lambda one: one.first_seen_at)]


def _receipt(copy: Delivery, zone: ZoneInfo) -> Document:
    """Returns where a copy came from, the verdict then (null: not recorded), and the signature with its key."""
    return {
        "at": json_of(copy.first_seen_at, zone),
        "folder": copy.folder,
        "source": copy.source.value,
        "verdict": json_of(copy.verdict, zone),
        "verdict_basis": copy.verdict_basis.english,
        "signature": {
            "state": copy.signature.value,
            "basis": copy.signature_basis.english,
            "domain": copy.signer,
            "selector": copy.selector,
            "key_record": copy.key_record,
            "key_digest": copy.key_digest,
            "dnssec": copy.dnssec.value,
            "resolver": copy.resolver,
            "looked_up_at": json_of(copy.looked_up_at, zone),
        },
    }
