# SPDX-License-Identifier: EUPL-1.2
"""Legal holds: what may not be destroyed on a day, and because of which hold."""

from __future__ import annotations

from datetime import date, datetime
from functools import cached_property
from zoneinfo import ZoneInfo

from flaggermail.ports import Transaction
from flaggermail.record.definition import where
from flaggermail.record.rows import Case, Decline, Election, LegalHold, OutboxMail, StoredMessage
from flaggermail.record.terms import day_of

Holds = tuple[LegalHold, ...]


def is_in_force(hold: LegalHold, day: date, zone: ZoneInfo) -> bool:
    """True from the day on which it was placed to its last day, unless it was lifted by then."""
    return (
        day_of(hold.placed_at, zone) <= day
        and (hold.until is None or day <= hold.until)
        and (hold.lifted_at is None or day < day_of(hold.lifted_at, zone))
    )


class HeldOnDay:
    """The holds in force on one day, and which of them keep a case, a message or an answer to a citizen."""

    def __init__(self, tx: Transaction, day: date, zone: ZoneInfo) -> None:
        found = sorted(tx.find(LegalHold), key=lambda hold: (hold.placed_at, hold.id))
        self.holds: Holds = tuple(hold for hold in found if is_in_force(hold, day, zone))
        self._tx, self._zone = tx, zone
        self._elections = [(hold, tx.get(Election, hold.election)) for hold in self.holds if hold.election is not None]

    def of_case(self, case: Case) -> Holds:
        """Returns the holds that keep a case: its own, and those of its election."""
        return tuple(hold for hold in self.holds if hold.case == case.number or hold.election == case.election)

    def of_election(self, code: str) -> Holds:
        """Returns the holds that keep a whole election."""
        return tuple(hold for hold in self.holds if hold.election == code)

    def of_place(self, stored: StoredMessage) -> Holds:
        """Returns the holds that keep a message for where it is: of its case, else of its election.

        A mail without a case belongs to each election in whose period it arrived or was seen, and to the one in which
        its sender was declined.
        """
        if not self.holds:
            return ()
        if stored.case is not None:
            case = self._tx.get(Case, stored.case)
            return () if case is None else self.of_case(case)
        days = (stored.received_at, stored.first_seen_at)
        return self._of_days(days, self._declined.get(stored.id), exercise=stored.exercise)

    def of_message(self, stored: StoredMessage) -> Holds:
        """Returns the holds of its place, and those of a case with a mail in which it, or that in it, is attached."""
        own = self.of_place(stored)
        if not self.holds or stored.case is not None:
            return own
        case = self._attached.get(stored.id) or self._attached.get(stored.enclosed_in or "")
        return own if case is None else (*own, *(hold for hold in self.of_case(case) if hold not in own))

    def of_answer(self, mail: OutboxMail) -> Holds:
        """Returns the holds that keep our answer to a citizen: of each election in whose period it was written."""
        return self._of_days((mail.queued_at,), None, exercise=mail.exercise)

    @cached_property
    def _declined(self) -> dict[str, str]:
        """The election in which the sender of a message was declined, where that is on hold."""
        codes = [election.code for _, election in self._elections if election is not None]
        return {row.message: row.election for row in self._tx.find(Decline, where(Decline.election).in_(codes))}

    @cached_property
    def _attached(self) -> dict[str, Case]:
        """The cases on hold, by the ids of their messages and of the mails to which those were attached."""
        codes = sorted({hold.election for hold in self.holds if hold.election is not None})
        numbers = sorted({hold.case for hold in self.holds if hold.case is not None})
        near: dict[str, Case] = {}
        for condition in (where(Case.election).in_(codes), where(Case.number).in_(numbers)):
            for case in self._tx.find(Case, condition):
                for stored in self._tx.find(StoredMessage, where(StoredMessage.case).is_(case.number)):
                    near |= {key: case for key in (stored.id, stored.enclosed_in) if key is not None}
        return near

    def _of_days(self, instants: tuple[datetime, ...], declined: str | None, *, exercise: bool) -> Holds:
        days = [day_of(at, self._zone) for at in instants]
        return tuple(
            hold
            for hold, election in self._elections
            if election is not None
            and election.exercise == exercise
            and (election.code == declined or any(election.period_from <= day <= election.period_until for day in days))
        )
