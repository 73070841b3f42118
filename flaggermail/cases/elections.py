# SPDX-License-Identifier: EUPL-1.2
"""Which election a mail or an instant belongs to, and what sort of day it is for that election."""

from __future__ import annotations

from datetime import datetime

from flaggermail.letters import exercises
from flaggermail.mail.message import Message
from flaggermail.oncall.periods import Period, period
from flaggermail.record.rows import Election
from flaggermail.services import UnitOfWork


def open_election(work: UnitOfWork, *, exercise: bool = False) -> Election | None:
    """The election that a referral of that day belongs to: not closed, in its period, the nearest polling day first.

    Of a player's mail that is the exercise that runs; of all other mail it is never one.
    """
    found = work.tx.find(Election, exercise=exercise)
    still = (e for e in found if e.closed_at is None or e.closed_at > work.now)
    running = [e for e in still if e.period_from <= work.today <= e.period_until]
    return min(running, key=lambda e: abs((min(e.polling_days) - work.today).days), default=None)


def is_players(work: UnitOfWork, message: Message) -> bool:
    """Whether somebody who plays a part in exercises wrote it."""
    return message.sender is not None and exercises.is_address(work.env.settings, message.sender.address)


def election_of(work: UnitOfWork, message: Message) -> Election | None:
    """The election that a mail belongs to if it is a referral."""
    return open_election(work, exercise=is_players(work, message))


def in_period(work: UnitOfWork, election: str) -> bool:
    """Whether today lies in the period of that election."""
    return period_at(work, election, work.now) is not Period.QUIET


def period_at(work: UnitOfWork, election: str, at: datetime) -> Period:
    """What sort of day the day of that instant is for an election."""
    found = work.tx.get(Election, election)
    day = at.astimezone(work.env.settings.zone).date()
    return period(found.polling_days, found.period_from, found.period_until, day) if found else Period.QUIET
