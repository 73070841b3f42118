# SPDX-License-Identifier: EUPL-1.2
"""Elections."""

from __future__ import annotations

from dataclasses import dataclass

from flaggermail.desk.views.view import Document, View, plain
from flaggermail.record.rows import Election
from flaggermail.services import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class ListElections(View):
    """The elections that cases belong to."""

    def show(self, work: UnitOfWork) -> Document:
        """Returns {"elections": [...]} by polling day; "name" is the name in the desk's language."""
        zone, language = work.env.settings.zone, work.env.settings.desk.organisation.language
        found = sorted(work.tx.find(Election), key=lambda election: (election.polling_days, election.code))
        elections = [plain(election, zone) for election in found]
        return {"elections": [{**one, "name": one[f"name_{language}"]} for one in elections]}
