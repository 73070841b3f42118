# SPDX-License-Identifier: EUPL-1.2
"""What the desk lacks for the next election."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar

from flaggermail.cases.periods import next_polling_day
from flaggermail.desk.answers import ViewAnswer
from flaggermail.desk.views.view import View
from flaggermail.health.readiness import ReadinessFinding, Since, gather, next_election
from flaggermail.services import UnitOfWork
from flaggermail.settings.rota import DESK


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownReadiness(ViewAnswer):
    """The facts of `health.readiness.Readiness`, and the next election; each list is as long as the configuration."""

    election: str | None
    polling_day: date | None
    lacks: tuple[ReadinessFinding, ...]
    policies: tuple[Since, ...]
    pagers: tuple[Since, ...]
    channels: tuple[Since, ...]
    certificates: tuple[Since, ...]
    hours: int
    unattended: tuple[tuple[datetime, ...], ...]  # spans, each of two instants
    bounced: tuple[str, ...]
    rehearsed: int | None
    clocks: int
    longest: int | None
    uses: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowReadiness(View):
    """The facts of the readiness letter, on any day."""

    MAY: ClassVar[frozenset[str]] = DESK

    def show(self, work: UnitOfWork) -> ShownReadiness:
        """Returns the facts now."""
        election = next_election(work)
        found = gather(work, election)
        return ShownReadiness.from_fields(
            found,
            election=election.code if election else None,
            polling_day=next_polling_day(election.polling_days, work.today) if election else None,
        )
