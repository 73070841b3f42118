# SPDX-License-Identifier: EUPL-1.2
"""Adds and closes elections."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from flaggermail.cases import declining
from flaggermail.cases.holds import HeldOnDay
from flaggermail.commands.command import DESK, Command, Subject
from flaggermail.commands.lookups import the_election
from flaggermail.commands.outcome import Outcome
from flaggermail.commands.requests import Day
from flaggermail.errors import Refusal
from flaggermail.record.definition import where
from flaggermail.record.events import EventKind, added, changed
from flaggermail.record.rows import Case, Election
from flaggermail.record.states import CaseState
from flaggermail.services import UnitOfWork
from flaggermail.wording.refusals import Because
from flaggermail.wording.said import counted

ELECTION_CODE = r"[A-Z0-9]{1,24}"  # the form that mail.subject.case_numbers finds

_GOES_ON = tuple(state for state in CaseState if state is not CaseState.CLOSED)


@dataclass(frozen=True, slots=True, kw_only=True)
class AddElection(Command):
    """Adds an election, without a restart."""

    NAME = "election add"
    MAY = DESK

    code: str
    name_nl: str
    name_en: str
    polling_days: tuple[Day, ...]
    period_from: Day
    period_until: Day
    exercise: bool = False

    def subject(self, work: UnitOfWork) -> Subject:
        return ((Election, self.code),)

    def perform(self, work: UnitOfWork) -> Outcome:
        if work.tx.get(Election, self.code) is not None:
            raise Refusal(Because.ELECTION_EXISTS(election=self.code))
        if not re.fullmatch(ELECTION_CODE, self.code):
            raise Refusal(Because.ELECTION_CODE(election=self.code))
        if not self.polling_days:
            raise Refusal(Because.NO_POLLING_DAY(election=self.code))
        if not self.period_from <= min(self.polling_days) <= max(self.polling_days) <= self.period_until:
            raise Refusal(
                Because.POLLING_DAY_OUTSIDE(
                    election=self.code, begin=self.period_from.isoformat(), end=self.period_until.isoformat()
                )
            )
        beside = _beside(work, self)
        election = Election(
            code=self.code,
            name_nl=self.name_nl,
            name_en=self.name_en,
            polling_days=tuple(sorted(self.polling_days)),
            period_from=self.period_from,
            period_until=self.period_until,
            exercise=self.exercise,
        )
        work.record(EventKind.ELECTION_ADDED, added(election), reason=self.code)
        return Outcome(f"election {self.code} added", self.code, beside)


def _beside(work: UnitOfWork, new: AddElection) -> tuple[str, ...]:
    """Returns what follows from each open election whose period shares days with the new one; exercises share none."""
    held = work.tx.find(Election, where(Election.exercise).is_(False)) if not new.exercise else []
    shared = (e for e in held if e.closed_at is None and e.period_from <= new.period_until)
    return tuple(
        f"its period and that of {e.code} overlap: a referral opens in the one with the nearest polling day"
        for e in shared
        if new.period_from <= e.period_until
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseElection(Command):
    """Closes an election to new cases and destroys its key, unless a legal hold keeps it; open cases go on."""

    NAME = "election close"
    MAY = DESK

    code: str

    def subject(self, work: UnitOfWork) -> Subject:
        return ((Election, self.code),)

    def perform(self, work: UnitOfWork) -> Outcome:
        election = the_election(work, self.code)
        if election.closed_at is not None:
            raise Refusal(Because.ELECTION_CLOSED_ALREADY(election=self.code))
        work.record(
            EventKind.ELECTION_CLOSED, changed(election, replace(election, closed_at=work.now)), reason=self.code
        )
        if not HeldOnDay(work.tx, work.today, work.env.settings.zone).of_election(self.code):
            declining.destroy_key(work, self.code)
        here = where(Case.election).is_(self.code), where(Case.state).in_(_GOES_ON)
        left = work.tx.count(Case, *here)
        said = f"{counted(left, 'case of it is', 'cases of it are')} not closed: reminders, drafts and answers go on"
        return Outcome(f"election {self.code} closed", self.code, (said,) if left else ())
