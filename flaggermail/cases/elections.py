# SPDX-License-Identifier: EUPL-1.2
"""Which election a mail or an instant belongs to, and the kind of day in that election."""

from __future__ import annotations

from datetime import datetime

from flaggermail.letters import exercises
from flaggermail.mail.message import Message
from flaggermail.oncall.periods import Period, period
from flaggermail.record.finding import where
from flaggermail.record.rows import Case, Election
from flaggermail.services import UnitOfWork


def open_election(work: UnitOfWork, *, exercise: bool = False) -> Election | None:
    """Returns the open election whose period includes today, the one with the nearest polling day if several.

    With `exercise`, only exercises are considered; otherwise they never are.
    """
    today = work.today
    running = [e for e in _not_closed(work, exercise=exercise) if e.period_from <= today <= e.period_until]
    return min(running, key=lambda e: abs((min(e.polling_days) - today).days), default=None)


def meant_by_number_alone(work: UnitOfWork) -> list[Election]:
    """Returns the elections that a case number without its election may belong to; exercises never.

    They are the open elections whose period includes today; outside every period, all open ones.
    """
    today, still = work.today, _not_closed(work, exercise=False)
    return [e for e in still if e.period_from <= today <= e.period_until] or still


def short_number(work: UnitOfWork, case: Case) -> str:
    """Returns the number to type for a case: `1` if only its election can be meant, else the whole number."""
    meant = meant_by_number_alone(work)
    serial = case.number.rpartition("-")[2]
    return str(int(serial)) if [one.code for one in meant] == [case.election] and serial.isdecimal() else case.number


def _not_closed(work: UnitOfWork, *, exercise: bool) -> list[Election]:
    found = work.tx.find(Election, where(Election.exercise).is_(exercise))
    return [e for e in found if e.closed_at is None or e.closed_at > work.now]


def is_players(work: UnitOfWork, message: Message) -> bool:
    """True if an exercise participant wrote it."""
    return message.sender is not None and exercises.is_address(work.env.settings, message.sender.address)


def election_of(work: UnitOfWork, message: Message) -> Election | None:
    """Returns the election that a mail belongs to if it is a referral."""
    return open_election(work, exercise=is_players(work, message))


def in_period(work: UnitOfWork, election: str) -> bool:
    """True if today is within the election period or a polling day."""
    return period_at(work, election, work.now) is not Period.QUIET


def period_at(work: UnitOfWork, election: str, at: datetime) -> Period:
    """Returns the period of an election in which that instant's day lies."""
    found = work.tx.get(Election, election)
    day = at.astimezone(work.env.settings.zone).date()
    return period(found.polling_days, found.period_from, found.period_until, day) if found else Period.QUIET
