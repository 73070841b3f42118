# SPDX-License-Identifier: EUPL-1.2
"""What the desk lacks for the next election."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import ClassVar

from flaggermail.cases.periods import next_polling_day
from flaggermail.desk.views.view import Document, View, json_of
from flaggermail.health.readiness import gather, next_election
from flaggermail.services import UnitOfWork
from flaggermail.settings.rota import DESK


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowReadiness(View):
    """The facts of the readiness letter, on any day."""

    MAY: ClassVar[frozenset[str]] = DESK

    def show(self, work: UnitOfWork) -> Document:
        """Returns {"election", "polling_day", "lacks", ...}, the names of `health.readiness.Readiness`."""
        election, zone = next_election(work), work.env.settings.zone
        found = gather(work, election)
        several = {name: getattr(found, name) for name in ("policies", "pagers", "channels", "certificates")}
        return {
            "election": election.code if election else None,
            "polling_day": json_of(next_polling_day(election.polling_days, work.today), zone) if election else None,
            "lacks": [lack.value for lack in found.lacks],
            **{name: [asdict(one) for one in ones] for name, ones in several.items()},
            "hours": found.hours,
            "unattended": [json_of(span, zone) for span in found.unattended],
            "bounced": list(found.bounced),
            "rehearsed": found.rehearsed,
            "clocks": found.clocks,
            "longest": found.longest,
            "uses": found.uses,
        }
