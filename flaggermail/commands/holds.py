# SPDX-License-Identifier: EUPL-1.2
"""Puts cases and elections on legal hold, and lifts holds."""

from __future__ import annotations

from dataclasses import dataclass, replace

from flaggermail.cases.holds import is_in_force
from flaggermail.commands.command import ARCHIVIST, DESK, Command, Subject
from flaggermail.commands.lookups import given, the_case, the_election
from flaggermail.commands.outcome import Outcome
from flaggermail.commands.requests import Day, shown
from flaggermail.errors import NotFound, Refusal
from flaggermail.record.events import EventKind, added, changed
from flaggermail.record.rows import Case, Election, LegalHold
from flaggermail.record.terms import day_of
from flaggermail.services import EventRef, UnitOfWork
from flaggermail.wording.refusals import Because

KEEPS = DESK | {ARCHIVIST}
LIFTS = frozenset({"head", ARCHIVIST})


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceHold(Command):
    """Puts a case, or an election with all that belongs to it, on hold: nothing of it is destroyed.

    Several holds may keep the same case, each for its own reason; each ends by itself.
    """

    NAME = "archive hold"
    MAY = KEEPS

    case: str | None = None
    election: str | None = None
    reason: str
    until: Day | None = None  # its last day

    def subject(self, work: UnitOfWork) -> Subject:
        if self.case is not None:
            return ((Case, the_case(work, self.case).number),)
        return ((Election, self.election),)

    def perform(self, work: UnitOfWork) -> Outcome:
        if (self.case is None) == (self.election is None):
            raise Refusal(Because.HOLD_OF_ONE_THING())
        given("reason", self.reason)
        if self.until is not None and self.until < work.today:
            raise Refusal(Because.HOLD_ENDED_BEFORE(day=self.until.isoformat()))
        case = the_case(work, self.case).number if self.case is not None else None
        election = the_election(work, self.election).code if self.election is not None else None
        hold = LegalHold(
            id=f"h{work.tx.number('hold'):08d}",
            case=case,
            election=election,
            reason=self.reason.strip(),
            placed_at=work.now,
            placed_by=work.actor,
            until=self.until,
        )
        work.record(EventKind.HOLD_PLACED, added(hold), about=EventRef(case=case), reason=hold.id)
        end = f"up to and including {self.until}" if self.until else f"until `flaggermail archive release {hold.id}`"
        return Outcome(f"{_subject_of(hold)} is on hold {end} ({hold.id})", hold.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class LiftHold(Command):
    """Ends a hold before its last day. What is due by then is destroyed at the next tick, if it is citizens' mail."""

    NAME = "archive release"
    MAY = LIFTS

    hold: str
    reason: str

    def subject(self, work: UnitOfWork) -> Subject:
        return ((LegalHold, self.hold),)

    def perform(self, work: UnitOfWork) -> Outcome:
        hold = work.tx.get(LegalHold, self.hold)
        if hold is None:
            raise NotFound(Because.NO_SUCH_HOLD(hold=shown(self.hold)))
        given("reason", self.reason)
        zone = work.env.settings.zone
        if hold.lifted_at is not None:
            raise Refusal(Because.HOLD_LIFTED_ALREADY(hold=hold.id, day=day_of(hold.lifted_at, zone).isoformat()))
        if not is_in_force(hold, work.today, zone):
            raise Refusal(Because.HOLD_IS_OVER(hold=hold.id, day=str(hold.until)))
        lifted = replace(hold, lifted_at=work.now, lifted_by=work.actor, lifted_reason=self.reason.strip())
        work.record(EventKind.HOLD_LIFTED, changed(hold, lifted), about=EventRef(case=hold.case), reason=hold.id)
        return Outcome(f"{_subject_of(hold)} is no longer on hold by {hold.id}", hold.id)


def _subject_of(hold: LegalHold) -> str:
    return f"case {hold.case}" if hold.case is not None else f"election {hold.election}"
