# SPDX-License-Identifier: EUPL-1.2
"""The domains of known referrers that officers added."""

from __future__ import annotations

from dataclasses import dataclass

from flaggermail.cases import attention
from flaggermail.desk.views.view import Document, View, plain
from flaggermail.mail.fields import in_domains
from flaggermail.record.rows import RememberedDomain
from flaggermail.services import UnitOfWork
from flaggermail.settings.word_tables import LIST_OF


@dataclass(frozen=True, slots=True, kw_only=True)
class ListReferrers(View):
    """Who remembered which domain, when, and for which mail."""

    all: bool = False  # removed ones too

    def show(self, work: UnitOfWork) -> Document:
        """Returns {"referrers": [...]}; "listed" names the list of the rules that has the domain by itself.

        On `free_mail` it does not count: anybody can have a mailbox there.
        """
        zone, lists = work.env.settings.zone, work.env.settings.rules.lists
        rows = work.tx.find(RememberedDomain) if self.all else attention.in_force(work.tx)
        return {"referrers": [
            {
                **plain(row, zone),
                "list": LIST_OF[row.source],
                "listed": next((name for name in sorted(lists) if in_domains(row.id, lists[name])), None),
            }
            for row in sorted(rows, key=lambda row: row.id)
        ]}  # fmt: skip
