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
    """Returns the list to which a remembered domain adds `domain`, or None; see `lists_of`."""
    return lists_of(work, domain).get(domain)


def lists_of(work: UnitOfWork, *domains: str) -> dict[str, str]:
    """Returns the list to which a remembered domain adds each of these, by the nearest one at or above it.

    A domain that a list of the rules holds needs no look-up: free mail stays free mail, whoever remembered it.
    """
    listed = work.env.settings.rules.lists.values()
    asked = {
        domain: [".".join(labels[start:]) for start in range(len(labels) - 1)]
        for domain in domains
        if domain and not any(in_domains(domain, those) for those in listed)
        for labels in [domain.lower().split(".")]
    }
    above = sorted({name for names in asked.values() for name in names})
    kept = {row.id: row for row in work.tx.find(RememberedDomain, where(RememberedDomain.id).in_(above))}
    kept = {name: row for name, row in kept.items() if row.removed_at is None}
    nearest = {domain: next((kept[name] for name in names if name in kept), None) for domain, names in asked.items()}
    return {domain: LIST_OF[row.source] for domain, row in nearest.items() if row is not None}
