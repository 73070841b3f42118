# SPDX-License-Identifier: EUPL-1.2
"""Adds and closes elections."""

from __future__ import annotations

import re
from dataclasses import replace

from flaggermail.citizens import declining
from flaggermail.commands import acts
from flaggermail.commands.lookups import Outcome, the_election
from flaggermail.errors import Refusal
from flaggermail.record.events import EventKind, added, changed
from flaggermail.record.rows import Election
from flaggermail.services import UnitOfWork

ELECTION_CODE = r"[A-Z0-9]{1,24}"  # the form that mail.subject.case_numbers finds


def add(work: UnitOfWork, act: acts.AddElection) -> Outcome:
    """Adds an election, without a restart."""
    if work.tx.get(Election, act.code) is not None:
        raise Refusal(f"election {act.code}: exists already")
    if not re.fullmatch(ELECTION_CODE, act.code):
        raise Refusal(f"election {act.code}: a code is 1 to 24 capitals and digits, since it stands in case numbers")
    if not act.polling_days:
        raise Refusal(f"election {act.code}: has no polling day; give --polling-day")
    if not act.period_from <= min(act.polling_days) <= max(act.polling_days) <= act.period_until:
        period = f"{act.period_from} to {act.period_until}"
        raise Refusal(f"election {act.code}: polling days must lie in the period {period}")
    election = Election(
        code=act.code,
        name_nl=act.name_nl,
        name_en=act.name_en,
        polling_days=tuple(sorted(act.polling_days)),
        period_from=act.period_from,
        period_until=act.period_until,
        exercise=act.exercise,
    )
    work.record(EventKind.ELECTION_ADDED, added(election), reason=act.code)
    return Outcome(f"election {act.code} added", act.code)


def close(work: UnitOfWork, act: acts.CloseElection) -> Outcome:
    """Closes an election to new cases and destroys its key."""
    election = the_election(work, act.code)
    if election.closed_at is not None:
        raise Refusal(f"election {act.code}: is closed already")
    work.record(EventKind.ELECTION_CLOSED, changed(election, replace(election, closed_at=work.now)), reason=act.code)
    declining.destroy_key(work, act.code)
    return Outcome(f"election {act.code} closed", act.code)
