# SPDX-License-Identifier: EUPL-1.2
"""The domains that officers remembered: each counts as though it stood on a domain list of the rules."""

from __future__ import annotations

from flaggermail.mail.addresses import in_domains
from flaggermail.ports import Transaction
from flaggermail.record.finding import where
from flaggermail.record.rows import RememberedDomain
from flaggermail.services import UnitOfWork
from flaggermail.settings.word_tables import LIST_OF


def in_force(tx: Transaction) -> list[RememberedDomain]:
    """Returns the remembered domains that nobody took away, in order."""
    found = tx.find(RememberedDomain, where(RememberedDomain.removed_at).is_(None))
    return sorted(found, key=lambda row: row.id)


def list_of(work: UnitOfWork, domain: str) -> str | None:
    """Returns the list to which a remembered domain adds `domain`, by the nearest one at or above it, or None.

    A domain that a list of the rules holds needs no look-up: free mail stays free mail, whoever remembered it.
    """
    labels = domain.lower().split(".")
    if not domain or any(in_domains(domain, listed) for listed in work.env.settings.rules.lists.values()):
        return None
    above = [".".join(labels[start:]) for start in range(len(labels) - 1)]
    rows = work.tx.find(RememberedDomain, where(RememberedDomain.id).in_(above))
    kept = (row for row in rows if row.removed_at is None)
    nearest = max(kept, key=lambda row: len(row.id), default=None)
    return LIST_OF[nearest.source] if nearest is not None else None
