# SPDX-License-Identifier: EUPL-1.2
"""Starts and stops exercises."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import count

from flaggermail.commands import elections
from flaggermail.commands.command import LEADS, Command, Subject
from flaggermail.commands.lookups import given
from flaggermail.commands.outcome import Outcome
from flaggermail.errors import Refusal
from flaggermail.letters import exercises
from flaggermail.record.events import EventKind, changed
from flaggermail.record.finding import where
from flaggermail.record.rows import Case, ClockRow, Election, Notification
from flaggermail.record.states import CaseState, ClockState
from flaggermail.services import EventRef, UnitOfWork
from flaggermail.wording.refusals import Because

LASTS = timedelta(days=7)  # unless stopped earlier; after that, mail of participants opens no case


@dataclass(frozen=True, slots=True, kw_only=True)
class StartExercise(Command):
    """Adds an election for the exercise, in which the cases of its participants are opened."""

    NAME = "exercise start"
    MAY = LEADS

    name: str

    def subject(self, work: UnitOfWork) -> Subject:
        return ((Election, None),)

    def perform(self, work: UnitOfWork) -> Outcome:
        given("name", self.name)
        players = work.env.settings.desk.exercise
        if not (players.addresses or players.domains):
            raise Refusal(Because.NO_PLAYERS())
        other = exercises.running(work.tx)
        if other is not None:
            raise Refusal(Because.EXERCISE_RUNS(exercise=other.code))
        election = elections.AddElection(
            code=_code(work),
            name_nl=f"Oefening {self.name.strip()}",
            name_en=f"Exercise {self.name.strip()}",
            polling_days=(work.today,),
            period_from=work.today,
            period_until=work.today + LASTS,
            exercise=True,
        )
        election.perform(work)
        who = ", ".join((*players.addresses, *(f"@{domain}" for domain in players.domains)))
        return Outcome(
            f"exercise {election.code} runs: mail from {who} belongs to it, all other mail is real", election.code
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class StopExercise(Command):
    """Stops the exercise and closes its cases, which ends their reminders."""

    NAME = "exercise stop"
    MAY = LEADS

    def subject(self, work: UnitOfWork) -> Subject:
        return ((Election, None),)

    def perform(self, work: UnitOfWork) -> Outcome:
        election = exercises.running(work.tx)
        if election is None:
            raise Refusal(Because.NO_EXERCISE())
        open_cases = [
            case
            for case in work.tx.find(Case, where(Case.election).is_(election.code))
            if case.state != CaseState.CLOSED
        ]
        for case in open_cases:
            _close(work, case)
        elections.CloseElection(code=election.code).perform(work)
        return Outcome(f"exercise {election.code} stopped, {len(open_cases)} cases closed", election.code)


def _code(work: UnitOfWork) -> str:
    """Returns an unused code for its case numbers: EX, the day, and a number from the second exercise of a day on."""
    day = f"EX{work.today:%y%m%d}"
    codes = (day if number == 1 else f"{day}N{number}" for number in count(1))
    return next(code for code in codes if work.tx.get(Election, code) is None)


def _close(work: UnitOfWork, case: Case) -> None:
    about = EventRef(case=case.number)
    uses = [use.id for use in work.tx.find(Notification, where(Notification.case).is_(case.number))]
    for clock in work.tx.find(
        ClockRow, where(ClockRow.notification).in_(uses), where(ClockRow.state).is_(ClockState.RUNNING)
    ):
        work.record(EventKind.CLOCK_CANCELLED, changed(clock, replace(clock, state=ClockState.CANCELLED)), about=about)
    work.record(
        EventKind.CASE_CLOSED, changed(case, replace(case, state=CaseState.CLOSED, closed_at=work.now)), about=about
    )
