# SPDX-License-Identifier: EUPL-1.2
"""The narratives of a case, from a closed list, and earlier cases with the same narrative."""

from __future__ import annotations

from dataclasses import dataclass, replace

from flaggermail.commands.command import DESK, CaseCommand
from flaggermail.commands.lookups import the_case
from flaggermail.commands.outcome import Outcome
from flaggermail.errors import Refusal
from flaggermail.ports import Transaction
from flaggermail.record.events import EventKind, changed
from flaggermail.record.rows import Case
from flaggermail.services import EventRef, UnitOfWork
from flaggermail.wording.pieces import Piece
from flaggermail.wording.refusals import Because


@dataclass(frozen=True, slots=True, kw_only=True)
class TagCase(CaseCommand):
    """Adds narratives to a case or removes them; only configured words, which no figure counts."""

    NAME = "case tag"
    MAY = DESK

    tags: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()

    def perform(self, work: UnitOfWork) -> Outcome:
        case = the_case(work, self.case)
        known = work.env.settings.desk.tags.narratives
        for word in self.tags:
            if word not in known:
                raise Refusal(Because.NARRATIVE_UNKNOWN(word=word, known=known or Piece.NO_NARRATIVES()))
        for word in self.remove:
            if word not in case.narratives:
                borne = case.narratives or Piece.NO_NARRATIVE()
                raise Refusal(Because.NARRATIVE_NOT_BORNE(case=case.number, word=word, borne=borne))
        kept = (word for word in (*case.narratives, *self.tags) if word not in self.remove)
        tagged = replace(case, narratives=tuple(dict.fromkeys(kept)))
        if tagged == case:
            borne = case.narratives or Piece.NO_NARRATIVE()
            raise Refusal(Because.NARRATIVE_BORNE(case=case.number, borne=borne))
        work.record(EventKind.CASE_TAGGED, changed(case, tagged), about=EventRef(case=case.number))
        return Outcome(f"case {case.number} is about {_listed(tagged.narratives)}", case.number)


def _listed(narratives: tuple[str, ...]) -> str:
    return ", ".join(narratives) or "no narrative"


def same_narrative(tx: Transaction, case: Case) -> list[Case]:
    """Returns earlier cases of any election that share a narrative with `case`, the latest first.

    An exercise is no precedent for a real case.
    """
    alike = [
        other
        for other in tx.find(Case)
        if set(other.narratives) & set(case.narratives)
        and (other.opened_at, other.number) < (case.opened_at, case.number)
        and (case.exercise or not other.exercise)
    ]
    return sorted(alike, key=lambda other: (other.opened_at, other.number), reverse=True)
