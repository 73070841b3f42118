# SPDX-License-Identifier: EUPL-1.2
"""The uses of the line across elections, with the numbers behind each figure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from flaggermail.commands.requests import Day, Instant
from flaggermail.desk.views.latency import ledger_at, the_platform
from flaggermail.desk.views.view import Document, View, json_of
from flaggermail.errors import Refusal
from flaggermail.figures.questions import UseGroup, UseQuestion, answer
from flaggermail.figures.uses import PlatformUse, SummaryBy, UseState
from flaggermail.mail.message import Json
from flaggermail.services import UnitOfWork
from flaggermail.wording.refusals import Because


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowUses(View):
    """The uses sent from one day to another, both included, in the desk's zone; by platform unless asked otherwise."""

    since: Day | None = None
    until: Day | None = None
    by: SummaryBy = SummaryBy.PLATFORM
    platform: str | None = None
    as_of: Instant | None = None

    def show(self, work: UnitOfWork) -> Document:
        """Returns {"as_of", "since", "until", "by", "platform", "total", "groups": [...]}. Raises NotFound, Refusal."""
        zone = work.env.settings.zone
        found, as_of = ledger_at(work, self.as_of)
        if self.since is not None and self.until is not None and self.until < self.since:
            raise Refusal(Because.DAYS_BACKWARDS(since=self.since.isoformat(), until=self.until.isoformat()))
        if self.since is not None and self.since > as_of.astimezone(zone).date():
            day = as_of.astimezone(zone).date()
            raise Refusal(Because.DAYS_NOT_BEGUN(since=self.since.isoformat(), as_of=day.isoformat()))
        platform = None if self.platform is None else the_platform(work, self.platform).name
        counted = answer(found, as_of, UseQuestion(self.by, zone, self.since, self.until, platform))
        return {
            "as_of": json_of(as_of, zone),
            "since": json_of(self.since, zone),
            "until": json_of(self.until, zone),
            "by": self.by,
            "platform": platform,
            "total": _group(counted.total),
            "groups": [{"name": group.summary.name, **_group(group)} for group in counted.groups],
        }


def _group(group: UseGroup) -> dict[str, Json]:
    """Returns the figures; `cases` and `uses` name what is behind `sent`, and so on."""
    return {
        "sent": group.summary.sent,
        "answered": group.summary.answered,
        "open": group.summary.open,
        "median_minutes": group.summary.median_minutes,
        "longest_minutes": group.summary.longest_minutes,
        "cases": list(dict.fromkeys(use.case for use in group.uses)),
        "uses": _numbers(group.uses),
        "answered_uses": _numbers(group.in_state(UseState.ANSWERED)),
        "open_uses": _numbers(group.in_state(UseState.OPEN)),
        "longest_uses": _numbers(group.longest),
    }


def _numbers(uses: Iterable[PlatformUse]) -> list[Json]:
    return [use.notification for use in uses]
