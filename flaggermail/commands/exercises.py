# SPDX-License-Identifier: EUPL-1.2
"""Starts and stops exercises."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import count

from flaggermail.commands import acts, elections
from flaggermail.commands.lookups import Outcome, given
from flaggermail.errors import Refusal
from flaggermail.letters import exercises
from flaggermail.record.events import EventKind, changed
from flaggermail.record.rows import Case, ClockRow, Election, Notification
from flaggermail.record.states import CaseState, ClockState
from flaggermail.services import EventRef, UnitOfWork

LASTS = timedelta(days=7)  # unless stopped earlier; after that, mail of participants opens no case


def start(work: UnitOfWork, act: acts.StartExercise) -> Outcome:
    """Adds an election for the exercise, in which the cases of its participants are opened."""
    given("name", act.name)
    players = work.env.settings.desk.exercise
    if not (players.addresses or players.domains):
        raise Refusal("exercise: nobody can take part; name addresses or domains under `exercise` in flaggermail.yaml")
    other = exercises.running(work.tx)
    if other is not None:
        raise Refusal(f"exercise {other.code}: runs already; `flaggermail exercise stop` ends it")
    election = acts.AddElection(
        code=_code(work),
        name_nl=f"Oefening {act.name.strip()}",
        name_en=f"Exercise {act.name.strip()}",
        polling_days=(work.today,),
        period_from=work.today,
        period_until=work.today + LASTS,
        exercise=True,
    )
    elections.add(work, election)
    who = ", ".join((*players.addresses, *(f"@{domain}" for domain in players.domains)))
    return Outcome(
        f"exercise {election.code} runs: mail from {who} belongs to it, all other mail is real", election.code
    )


def stop(work: UnitOfWork, _act: acts.StopExercise) -> Outcome:
    """Stops the exercise and closes its cases, which ends their reminders."""
    election = exercises.running(work.tx)
    if election is None:
        raise Refusal("exercise: none runs; `flaggermail exercise start NAME` begins one")
    open_cases = [case for case in work.tx.find(Case, election=election.code) if case.state != CaseState.CLOSED]
    for case in open_cases:
        _close(work, case)
    elections.close(work, acts.CloseElection(code=election.code))
    return Outcome(f"exercise {election.code} stopped, {len(open_cases)} cases closed", election.code)


def _code(work: UnitOfWork) -> str:
    """Returns an unused code for its case numbers: EX, the day, and a number from the second exercise of a day on."""
    day = f"EX{work.today:%y%m%d}"
    codes = (day if number == 1 else f"{day}N{number}" for number in count(1))
    return next(code for code in codes if work.tx.get(Election, code) is None)


def _close(work: UnitOfWork, case: Case) -> None:
    about = EventRef(case=case.number)
    uses = [use.id for use in work.tx.find(Notification, case=case.number)]
    for clock in work.tx.find(ClockRow, notification=uses, state=ClockState.RUNNING):
        work.record(EventKind.CLOCK_CANCELLED, changed(clock, replace(clock, state=ClockState.CANCELLED)), about=about)
    work.record(
        EventKind.CASE_CLOSED, changed(case, replace(case, state=CaseState.CLOSED, closed_at=work.now)), about=about
    )
