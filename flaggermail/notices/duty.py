# SPDX-License-Identifier: EUPL-1.2
"""Who is on call now, and the recipient of a step: the schedule in the settings with the overrides in the record."""

from __future__ import annotations

from datetime import datetime

from flaggermail.ports import Transaction
from flaggermail.record.events import EventKind
from flaggermail.record.rows import Override
from flaggermail.services import NOTHING, EventRef, UnitOfWork
from flaggermail.settings.model import Settings
from flaggermail.settings.rota import Officer, Shift, nobody_since, on_call
from flaggermail.settings.steps import HEAD, OFFICER, Who

_NOBODY = "nobody on call since"  # the number of the minute at which the state began that was recorded last


def overrides(tx: Transaction) -> list[Shift]:
    """Returns the overrides of the schedule, in the order in which they were entered."""
    return [Shift(row.officer, row.begins_at, row.ends_at) for row in tx.find(Override)]


def officer_on_call(work: UnitOfWork) -> Officer | None:
    """Returns the officer on call now, overrides included."""
    return on_call(work.env.settings.rota, overrides(work.tx), work.now)


def in_charge(work: UnitOfWork) -> list[Officer]:
    """Returns the officer on call, if any, and the heads."""
    persons = (officer_on_call(work), *work.env.settings.rota.heads)
    return list(dict.fromkeys(person for person in persons if person is not None))


def officer_or_head(work: UnitOfWork, reason: str, about: EventRef = NOTHING) -> Officer | None:
    """Returns the officer on call, or else the head; records once, as long as it lasts, that nobody is on call."""
    rota, exceptions = work.env.settings.rota, overrides(work.tx)
    since = nobody_since(rota, exceptions, work.now)
    if since is None:
        return on_call(rota, exceptions, work.now)
    minute = int(since.timestamp()) // 60 + 1  # no number is 0 before it was set
    if work.tx.reached(_NOBODY) != minute:
        work.tx.set_number(_NOBODY, minute)
        work.record(EventKind.NOBODY_ON_CALL, reason=reason, about=about)
    return rota.head()


def readers(settings: Settings, tx: Transaction) -> Who:
    """Resolves a step's recipient under the current schedule; the head if nobody is on call.

    A step may name an officer who has left the desk; it then goes to the officer on call.
    """
    rota, head, exceptions = settings.rota, settings.rota.head(), overrides(tx)

    def who(reader: str, at: datetime) -> str | None:
        named = None if reader in {OFFICER, HEAD} else rota.officer(reader)
        found = head if reader == HEAD else named or on_call(rota, exceptions, at) or head
        return found.id if found else None

    return who
