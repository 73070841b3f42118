# SPDX-License-Identifier: EUPL-1.2
"""The list of cases, which officers ask for most: it imports little."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flaggermail.desk.views.view import Document, View, json_of, plain
from flaggermail.record.definition import where
from flaggermail.record.rows import Case, ClockRow, Notification, Platform
from flaggermail.record.states import CLOCKS, CaseState, ClockState

if TYPE_CHECKING:
    from collections.abc import Mapping
    from zoneinfo import ZoneInfo

    from flaggermail.mail.message import Json
    from flaggermail.ports import Transaction
    from flaggermail.services import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class ListCases(View):
    """Cases, of one election, in one state, on one narrative or with a running clock if asked for."""

    election: str | None = None
    state: CaseState | None = None
    tag: str | None = None
    waiting: bool = False

    def show(self, work: UnitOfWork) -> Document:
        """Returns {"cases": [...]}, in the order in which they were opened; with `waiting`, each with its "waits"."""
        wanted = [where(Case.election).is_(self.election)] if self.election is not None else []
        wanted += [where(Case.state).is_(self.state)] if self.state is not None else []
        cases = sorted(work.tx.find(Case, *wanted), key=lambda case: (case.opened_at, case.number))
        zone = work.env.settings.zone
        found = [(case.number, plain(case, zone)) for case in cases if self.tag is None or self.tag in case.narratives]
        if not self.waiting:
            return {"cases": [document for _, document in found]}
        waits = _running(work.tx, zone)
        return {"cases": [{**document, "waits": waits[case]} for case, document in found if case in waits]}


def _running(tx: Transaction, zone: ZoneInfo) -> Mapping[str, list[Json]]:
    """Returns, by case, its running clocks: those of each notification in the order receipt, human, substance."""
    clocks = tx.find(ClockRow, where(ClockRow.state).is_(ClockState.RUNNING))
    uses = {row.id: row for row in tx.find(Notification, where(Notification.id).in_([c.notification for c in clocks]))}
    names = {row.code: row.name for row in tx.find(Platform)}
    found: dict[str, list[Json]] = {}
    for clock in sorted(clocks, key=lambda one: (one.notification, CLOCKS.index(one.kind))):
        if (use := uses.get(clock.notification)) is not None:
            line: Json = {
                "notification": use.id, "platform": names.get(use.platform, use.platform), "clock": clock.kind,
                "since": json_of(clock.started_at, zone),
            }  # fmt: skip
            found.setdefault(use.case, []).append(line)
    return found
