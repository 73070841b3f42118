# SPDX-License-Identifier: EUPL-1.2
"""The export of a dossier, on record before anything of it is read."""

from __future__ import annotations

from dataclasses import dataclass

from flaggermail.archive.dossier import Scope, of_case, of_election
from flaggermail.commands.command import Command, Subject
from flaggermail.commands.lookups import the_case, the_election
from flaggermail.commands.outcome import Outcome
from flaggermail.errors import Refusal
from flaggermail.record.events import Event, EventKind
from flaggermail.record.rows import Case, Election
from flaggermail.services import UnitOfWork
from flaggermail.wording.refusals import Because

READERS = frozenset({"officer", "head", "archivist"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportDossier(Command):
    """Records who takes the dossier of a case, or of an election; the views of the dossier give its files."""

    NAME = "archive export"
    MAY = READERS

    case: str | None = None
    election: str | None = None

    def subject(self, work: UnitOfWork) -> Subject:
        scope = scope_of(work, self.case, self.election)
        kind: type[Case | Election] = Case if scope.election is None else Election
        return ((kind, scope.name),)

    def perform(self, work: UnitOfWork) -> Outcome:
        scope = scope_of(work, self.case, self.election)
        case = None if scope.election is not None else scope.name
        facts = {"cases": len(scope.cases)} | ({} if case else {"election": scope.name})
        work.tx.append(Event(EventKind.DOSSIER_EXPORTED, work.now, work.actor, case=case, facts=facts))
        return Outcome(f"dossier of {scope.name}, cases: {len(scope.cases)}", scope.name)


def scope_of(work: UnitOfWork, case: str | None, election: str | None) -> Scope:
    """Returns the cases of a dossier. Raises NotFound; Refusal unless either a case or an election is named."""
    if (case is None) is (election is None):
        raise Refusal(Because.CASE_OR_ELECTION())
    return (
        of_case(the_case(work, case)) if case is not None else of_election(work.tx, the_election(work, election or ""))
    )
