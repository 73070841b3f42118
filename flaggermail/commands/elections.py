# SPDX-License-Identifier: EUPL-1.2
"""Adds and closes elections."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import count

from flaggermail.cases import erasure
from flaggermail.cases.holds import HeldOnDay
from flaggermail.commands.command import Command, Subject
from flaggermail.commands.named_rows import require_text, the_election
from flaggermail.commands.outcome import ActResult
from flaggermail.commands.requests import Day
from flaggermail.errors import Refusal
from flaggermail.letters import stored_messages, writing
from flaggermail.notices import debrief
from flaggermail.record.definition import where
from flaggermail.record.events import EventKind, added, changed
from flaggermail.record.rows import Case, ClockRow, Election, Notification, Rehearsal
from flaggermail.record.states import CaseState, ClockState
from flaggermail.services import EventRef, UnitOfWork
from flaggermail.settings.rota import DESK, LEADS
from flaggermail.shipped import stories
from flaggermail.wording.acts import ActText, ActWarning
from flaggermail.wording.refusals import CommandRefusal
from flaggermail.wording.said import StoredText

ELECTION_CODE = r"[A-Z0-9]{1,24}"  # the form that mail.case_numbers finds

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

    def perform(self, work: UnitOfWork) -> ActResult:
        if work.tx.get(Election, self.code) is not None:
            raise Refusal(CommandRefusal.ELECTION_EXISTS(election=self.code))
        if not re.fullmatch(ELECTION_CODE, self.code):
            raise Refusal(CommandRefusal.ELECTION_CODE(election=self.code))
        if not self.polling_days:
            raise Refusal(CommandRefusal.NO_POLLING_DAY(election=self.code))
        if not self.period_from <= min(self.polling_days) <= max(self.polling_days) <= self.period_until:
            raise Refusal(
                CommandRefusal.POLLING_DAY_OUTSIDE(
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
        return ActResult(ActText.ELECTION_ADDED(election=self.code), self.code, beside)


def _beside(work: UnitOfWork, new: AddElection) -> tuple[StoredText, ...]:
    """Returns what follows from each open election whose period shares days with the new one; exercises share none."""
    held = work.tx.find(Election, where(Election.exercise).is_(False)) if not new.exercise else []
    shared = (e for e in held if e.closed_at is None and e.period_from <= new.period_until)
    return tuple(ActWarning.PERIODS_OVERLAP(election=e.code) for e in shared if new.period_from <= e.period_until)


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseElection(Command):
    """Closes an election to new cases and destroys its key, unless a legal hold keeps it; open cases go on."""

    NAME = "election close"
    MAY = DESK

    code: str

    def subject(self, work: UnitOfWork) -> Subject:
        return ((Election, self.code),)

    def perform(self, work: UnitOfWork) -> ActResult:
        election = the_election(work, self.code)
        if election.closed_at is not None:
            raise Refusal(CommandRefusal.ELECTION_CLOSED_ALREADY(election=self.code))
        work.record(
            EventKind.ELECTION_CLOSED, changed(election, replace(election, closed_at=work.now)), reason=self.code
        )
        if not HeldOnDay(work.tx, work.today, work.env.settings.zone).of_election(self.code):
            erasure.destroy_key(work, self.code)
        here = where(Case.election).is_(self.code), where(Case.state).in_(_GOES_ON)
        left = work.tx.count(Case, *here)
        warnings = (ActWarning.CASES_GO_ON(cases=left),) if left else ()
        return ActResult(ActText.ELECTION_CLOSED(election=self.code), self.code, warnings)


LASTS = timedelta(days=7)  # unless stopped earlier; after that, mail of participants opens no case


SPEEDS = range(1, 241)  # minutes of a story, and of the policy, that pass in one minute
SPEED = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class StartExercise(Command):
    """Adds an election for the exercise, in which the cases of its participants are opened.

    With `story`, the desk plays the referrers and platforms of that shipped story, at `speed`.
    """

    NAME = "exercise start"
    MAY = LEADS

    name: str | None = None
    story: str | None = None
    speed: int | None = None
    even_today: bool = False

    def subject(self, work: UnitOfWork) -> Subject:
        return ((Election, None),)

    def perform(self, work: UnitOfWork) -> ActResult:
        name, players = self.name or self.story or "", work.env.settings.desk.exercise
        require_text("name", name)
        other = stored_messages.running(work.tx)
        if other is not None:
            raise Refusal(CommandRefusal.EXERCISE_RUNS(exercise=other.code))
        if self.story is not None:
            self._check_story(work, self.story)
        elif self.speed is not None:
            raise Refusal(CommandRefusal.SPEED_NEEDS_STORY())
        elif not (players.addresses or players.domains):
            raise Refusal(CommandRefusal.NO_PLAYERS())
        election = AddElection(
            code=_code(work),
            name_nl=f"Oefening {name.strip()}",
            name_en=f"Exercise {name.strip()}",
            polling_days=(work.today,),
            period_from=work.today,
            period_until=work.today + LASTS,
            exercise=True,
        )
        election.perform(work)
        if self.story is not None:
            return self._begin(work, election.code, self.story)
        who = (*players.addresses, *(f"@{domain}" for domain in players.domains))
        return ActResult(ActText.EXERCISE_RUNS(exercise=election.code, who=who), election.code)

    def _check_story(self, work: UnitOfWork, story: str) -> None:
        """Raises Refusal unless the story can be played today."""
        if story not in stories():
            raise Refusal(CommandRefusal.NO_SUCH_STORY(story=story, stories=list(stories())))
        if self.speed is not None and self.speed not in SPEEDS:
            raise Refusal(CommandRefusal.SPEED_OUT_OF_RANGE(speed=self.speed, least=SPEEDS[0], most=SPEEDS[-1]))
        if writing.is_on(work.tx):
            raise Refusal(CommandRefusal.OBSERVES())
        polled = voting(work, work.today)
        if polled and not self.even_today:
            raise Refusal(CommandRefusal.POLLING_DAY_TODAY(elections=polled))

    def _begin(self, work: UnitOfWork, code: str, story: str) -> ActResult:
        speed = SPEED if self.speed is None else self.speed
        head = work.tx.head()
        row = Rehearsal(
            election=code,
            story=story,
            speed=speed,
            started_at=work.now,
            after_event=head.seq if head else 0,
        )
        work.record(EventKind.REHEARSAL_BEGAN, added(row), reason=f"{story} {speed}")
        polled = voting(work, work.today + timedelta(days=1))
        sentence = ActText.EXERCISE_PLAYS_BEFORE_VOTE if polled else ActText.EXERCISE_PLAYS
        return ActResult(sentence.having(exercise=code, story=story, speed=speed, elections=polled), code)


@dataclass(frozen=True, slots=True, kw_only=True)
class StopExercise(Command):
    """Stops the exercise and closes its cases, which ends their reminders; sends the debrief of a story."""

    NAME = "exercise stop"
    MAY = LEADS

    def subject(self, work: UnitOfWork) -> Subject:
        return ((Election, None),)

    def perform(self, work: UnitOfWork) -> ActResult:
        election = stored_messages.running(work.tx)
        if election is None:
            raise Refusal(CommandRefusal.NO_EXERCISE())
        closed = end(work, election)
        return ActResult(ActText.EXERCISE_STOPPED(exercise=election.code, cases=closed), election.code)


def end(work: UnitOfWork, election: Election) -> int:
    """Ends an exercise, with the debrief of its story; returns the number of cases that it closed."""
    debrief.send(work, election)
    open_cases = [
        case for case in work.tx.find(Case, where(Case.election).is_(election.code)) if case.state != CaseState.CLOSED
    ]
    for case in open_cases:
        _close(work, case)
    CloseElection(code=election.code).perform(work)
    return len(open_cases)


def voting(work: UnitOfWork, day: date) -> list[str]:
    """Returns the codes of the open elections, exercises excepted, of which that is a polling day."""
    held = work.tx.find(Election, where(Election.exercise).is_(False))
    return [e.code for e in held if day in e.polling_days and (e.closed_at is None or e.closed_at > work.now)]


def ends_for_vote(work: UnitOfWork, rehearsal: Rehearsal) -> bool:
    """True if a polling day began since the rehearsal did: it ends then, whatever its story still has to play."""
    return rehearsal.started_at.astimezone(work.env.settings.zone).date() < work.today and bool(
        voting(work, work.today)
    )


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
