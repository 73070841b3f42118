# SPDX-License-Identifier: EUPL-1.2
"""The list of annexes, which reads no mail of the archive."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from flaggermail.commands.named_rows import the_case
from flaggermail.desk.answers import ViewAnswer
from flaggermail.desk.views.view import ListView
from flaggermail.record.definition import where
from flaggermail.record.kinds import AnnexForm
from flaggermail.record.rows import Annex
from flaggermail.record.states import AnnexState
from flaggermail.services import UnitOfWork
from flaggermail.settings.rota import READERS


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedAnnex(ViewAnswer):
    """An annex: of which notification, in which state, and who did what with it when; without marks and seals."""

    id: str
    notification: str
    case: str
    form: AnnexForm
    state: AnnexState
    revision: int
    proposed_by: str
    proposed_at: datetime
    confirmed_by: str | None
    confirmed_at: datetime | None
    approved_by: str | None
    approved_at: datetime | None
    withdrawn_by: str | None
    withdrawn_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnexList(ViewAnswer):
    """Annexes in the order in which they were proposed."""

    annexes: tuple[ListedAnnex, ...]
    next: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListAnnexes(ListView):
    """Every annex, or those of a case."""

    MAY: ClassVar[frozenset[str]] = READERS

    case: str | None = None

    def show(self, work: UnitOfWork) -> AnnexList:
        """Returns the annexes; their numbers give the order. Raises NotFound."""
        conditions = [] if self.case is None else [where(Annex.case).is_(the_case(work, self.case).number)]
        found = self.cut(work.tx.find(Annex, *conditions), lambda annex: (annex.id,))
        return AnnexList(annexes=tuple(map(ListedAnnex.from_fields, found.lines)), next=found.next)
