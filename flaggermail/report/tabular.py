# SPDX-License-Identifier: EUPL-1.2
"""The uses of a report as a table for a spreadsheet: one line each, with its figures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from flaggermail.figures.uses import Stop
from flaggermail.notifications import latency
from flaggermail.report.values import ReportInputs, UseFacts

_CLOCKS = ("receipt", "human", "substance")
_OF_STOP = ("at", "minutes", "hours", "exact", "basis", "form")
COLUMNS = (
    "election", "notification", "platform", "channel", "kind", "sent_at", "sent_basis",
    *(f"{clock}_{name}" for clock in _CLOCKS for name in _OF_STOP), "policy", "policy_url", "policy_read_on",
    "criteria", "as_of",
)  # fmt: skip

Cell = str | int | None


def lines(inputs: ReportInputs) -> list[Sequence[Cell]]:
    """Returns a line for each use; instants in the report's zone, durations in English."""
    zone = ZoneInfo(inputs.settings.zone)
    return [list(_line(inputs, told, zone)) for told in inputs.facts.uses]


def _line(inputs: ReportInputs, told: UseFacts, zone: ZoneInfo) -> Iterator[Cell]:
    use, policy = told.use, told.policy
    yield from (inputs.facts.election, use.notification, use.platform, told.channel_name, told.about.value)
    yield from (_instant(use.sent_at, zone), use.sent_basis.value)
    for stop in (use.receipt, use.human, use.substance):
        yield from _stop(stop, zone)
    named = policy.named
    yield from (policy.title, policy.url) if named else (None, None)
    yield policy.read_on.isoformat() if named and policy.read_on else None
    yield ", ".join(map(str, told.criteria))
    yield _instant(inputs.facts.as_of, zone)


def _stop(stop: Stop | None, zone: ZoneInfo) -> Iterator[Cell]:
    if stop is None:
        yield from (None,) * len(_OF_STOP)
        return
    yield from (_instant(stop.at, zone), stop.minutes, latency.hours(stop.minutes), latency.exact(stop.minutes, "en"))
    yield from (stop.basis.value, stop.form.value)


def _instant(at: datetime, zone: ZoneInfo) -> str:
    return at.astimezone(zone).isoformat(timespec="minutes")
