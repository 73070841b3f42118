# SPDX-License-Identifier: EUPL-1.2
"""Which election a mail or an instant belongs to, and the kind of day in that election."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from flaggermail.cases.periods import distance, period
from flaggermail.letters import stored_messages
from flaggermail.mail.case_numbers import numbers_of_elections, prefix_of
from flaggermail.mail.message import Message
from flaggermail.record.definition import where
from flaggermail.record.rows import Case, Election
from flaggermail.record.states import Period
from flaggermail.services import UnitOfWork


def open_election(work: UnitOfWork, *, exercise: bool = False) -> Election | None:
    """Returns the open election whose period includes today; of several the `nearest`.

    With `exercise`, only exercises are considered; otherwise they never are.
    """
    today = work.today
    return nearest([e for e in _not_closed(work, exercise=exercise) if e.period_from <= today <= e.period_until], today)


def nearest(found: Iterable[Election], today: date) -> Election | None:
    """Returns the election of the polling day nearest in time, whichever of its days that is; None if none was found.

    Of two equally near polling days the one to come decides, of two on one day the first code.
    """
    return min(found, key=lambda e: (distance(e.polling_days, today), e.code), default=None)


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


def prefixes(work: UnitOfWork) -> tuple[str, ...]:
    """Returns every prefix that case numbers have or had."""
    had = {prefix_of(number) for (number,) in work.tx.columns(Case, (Case.number,))}
    return tuple(sorted(had | {work.env.settings.desk.organisation.case_prefix}))


def prefixes_in(work: UnitOfWork, *texts: str) -> tuple[str, ...]:
    """Returns the prefix of case numbers, and then each earlier one under which these texts name a case of the record.

    An organisation may change `case_prefix`; letters of before bear the old numbers for years.
    """
    present = work.env.settings.desk.organisation.case_prefix
    codes = [election.code for election in work.tx.find(Election)]
    named = {number for text in texts for number in numbers_of_elections(text, codes)}
    others = sorted(number for number in named if prefix_of(number) != present.upper())
    known = {prefix_of(case.number) for case in work.tx.find(Case, where(Case.number).in_(others))} if others else set()
    return (present, *sorted(known - {present}))


def _not_closed(work: UnitOfWork, *, exercise: bool) -> list[Election]:
    found = work.tx.find(Election, where(Election.exercise).is_(exercise))
    return [e for e in found if e.closed_at is None or e.closed_at > work.now]


def is_players(work: UnitOfWork, message: Message) -> bool:
    """True if an exercise participant wrote it."""
    return message.sender is not None and stored_messages.is_address(work.env.settings, message.sender.address)


def election_of(work: UnitOfWork, message: Message) -> Election | None:
    """Returns the election that a mail belongs to if it is a referral."""
    return open_election(work, exercise=is_players(work, message))


def in_period(work: UnitOfWork, election: str) -> bool:
    """True if today is within the election period or a polling day."""
    return period_at(work, election, work.now) is not Period.QUIET


def period_at(work: UnitOfWork, election: str, at: datetime) -> Period:
    """Returns the election's period on the day of that instant."""
    found = work.tx.get(Election, election)
    day = at.astimezone(work.env.settings.zone).date()
    return period(found.polling_days, found.period_from, found.period_until, day) if found else Period.QUIET
