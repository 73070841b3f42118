# SPDX-License-Identifier: EUPL-1.2
"""The list of cases, which officers ask for most: it imports little."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flaggermail.record.finding import where
from flaggermail.record.rows import Case
from flaggermail.record.states import CaseState
from flaggermail.views.view import Document, View, plain

if TYPE_CHECKING:
    from flaggermail.services import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class ListCases(View):
    """Cases, of one election, in one state or on one narrative if asked for."""

    election: str | None = None
    state: CaseState | None = None
    tag: str | None = None

    def show(self, work: UnitOfWork) -> Document:
        """Returns {"cases": [...]}, in the order in which they were opened."""
        wanted = [where(Case.election).is_(self.election)] if self.election is not None else []
        wanted += [where(Case.state).is_(self.state)] if self.state is not None else []
        cases = sorted(work.tx.find(Case, *wanted), key=lambda case: (case.opened_at, case.number))
        zone = work.env.settings.zone
        return {"cases": [plain(case, zone) for case in cases if self.tag is None or self.tag in case.narratives]}
