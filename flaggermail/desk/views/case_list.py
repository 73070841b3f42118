# SPDX-License-Identifier: EUPL-1.2
"""The list of cases, which officers ask for most: it imports little."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, ClassVar

from flaggermail.desk.answers import FLAT, ViewAnswer
from flaggermail.desk.views.view import ListView
from flaggermail.record.definition import where
from flaggermail.record.rows import Case, ClockRow, Notification, Platform
from flaggermail.record.states import CLOCKS, CaseState, ClockKind, ClockState
from flaggermail.settings.rota import READERS

if TYPE_CHECKING:
    from flaggermail.ports import Transaction
    from flaggermail.services import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningClock(ViewAnswer):
    """A clock of a case that runs."""

    notification: str
    platform: str  # its name
    clock: ClockKind
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedCase(ViewAnswer):
    """A case; `waits` holds its running clocks where those are asked for, else null."""

    row: Annotated[Case, FLAT]
    waits: tuple[RunningClock, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseList(ViewAnswer):
    """Cases in the order in which they were opened."""

    cases: tuple[ListedCase, ...]
    next: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListCases(ListView):
    """Cases, of one election, in one state, on one narrative or with a running clock if asked for."""

    MAY: ClassVar[frozenset[str]] = READERS

    election: str | None = None
    state: CaseState | None = None
    tag: str | None = None
    waiting: bool = False

    def show(self, work: UnitOfWork) -> CaseList:
        """Returns the cases in the order in which they were opened; with `waiting`, each with its running clocks."""
        wanted = [where(Case.election).is_(self.election)] if self.election is not None else []
        wanted += [where(Case.state).is_(self.state)] if self.state is not None else []
        cases = [case for case in work.tx.find(Case, *wanted) if self.tag is None or self.tag in case.narratives]
        waits = _running(work.tx) if self.waiting else None
        found = self.cut(sorted((case for case in cases if waits is None or case.number in waits), key=_order), _order)
        lines = (ListedCase(row=case, waits=None if waits is None else waits[case.number]) for case in found.lines)
        return CaseList(cases=tuple(lines), next=found.next)


def _order(case: Case) -> tuple[str, str]:
    return case.opened_at.isoformat(), case.number


def _running(tx: Transaction) -> Mapping[str, tuple[RunningClock, ...]]:
    """Returns, by case, its running clocks: those of each notification in the order receipt, human, substance."""
    clocks = tx.find(ClockRow, where(ClockRow.state).is_(ClockState.RUNNING))
    uses = {row.id: row for row in tx.find(Notification, where(Notification.id).in_([c.notification for c in clocks]))}
    names = {row.code: row.name for row in tx.find(Platform)}
    found: dict[str, tuple[RunningClock, ...]] = {}
    for clock in sorted(clocks, key=lambda one: (one.notification, CLOCKS.index(one.kind))):
        if (use := uses.get(clock.notification)) is not None:
            platform = names.get(use.platform, use.platform)
            line = RunningClock(notification=use.id, platform=platform, clock=clock.kind, since=clock.started_at)
            found[use.case] = (*found.get(use.case, ()), line)
    return found
