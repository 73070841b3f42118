# SPDX-License-Identifier: EUPL-1.2
"""How the next reminders of an open clock are calculated, step by step, under the current schedule."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from flaggermail.cases.elections import period_at
from flaggermail.desk.answers import ViewAnswer
from flaggermail.notices.duty import readers
from flaggermail.record.definition import where
from flaggermail.record.rows import Election
from flaggermail.record.states import ClockKind, Means
from flaggermail.reminders import due_steps
from flaggermail.reminders.due_steps import Call, NotDue, NothingDue
from flaggermail.reminders.open_clocks import OpenClock
from flaggermail.services import UnitOfWork
from flaggermail.settings.steps import EVERY_MEANS, HEAD
from flaggermail.wording.said import StoredText
from flaggermail.wording.sheets import ClockText

_WHY_NOT: Mapping[NotDue, ClockText] = {
    NotDue.ACKNOWLEDGED: ClockText.ACKNOWLEDGED,
    NotDue.ALL_TOLD: ClockText.ALL_TOLD,
    NotDue.NONE_FELL_DUE: ClockText.NONE_FELL_DUE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedReminder(ViewAnswer):
    """A step of an open clock: when it falls due and is sent, to whom and how; `after` is in minutes."""

    after: int
    repetition: int
    due_at: datetime
    told_at: datetime
    officer: str | None
    officer_name: str | None
    to_head: bool
    how: tuple[Means, ...]
    by_every_means: bool
    escalates: bool
    asks: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockPlan(ViewAnswer):
    """An open clock of a notification or of an undecided case, why nothing is due now, and its coming reminders."""

    about: str
    clock: ClockKind
    since: datetime
    now: StoredText
    now_until: datetime | None  # when the acknowledgement that keeps a step back expires
    steps: tuple[PlannedReminder, ...]


@dataclass(frozen=True, slots=True)
class _Line:
    """One reminder call: its rule, when it is sent and to whom."""

    call: Call
    at: datetime
    officer: str | None


class Calculation:
    """The upcoming reminders of open clocks."""

    def __init__(self, work: UnitOfWork) -> None:
        self._now, self._zone, self._rota = work.now, work.env.settings.zone, work.env.settings.rota
        self._readers = readers(work.env.settings, work.tx)

    def plan(self, waiting: OpenClock, at: datetime | None = None) -> ClockPlan:
        """Returns the next reminder of each step and why nothing is due now; with `at`, the reminders sent by then."""
        found = due_steps.due(waiting.silence, waiting.steps, self._readers, self._now)
        return ClockPlan(
            about=waiting.about,
            clock=waiting.clock,
            since=waiting.started_at,
            now=self._why(waiting, found) if isinstance(found, NothingDue) else ClockText.DUE(),
            now_until=found.until if isinstance(found, NothingDue) else None,
            steps=tuple(self._step(line) for line in self._reminders(waiting, at)),
        )

    def _step(self, line: _Line) -> PlannedReminder:
        officer = self._rota.officer(line.officer or "")
        return PlannedReminder(
            after=line.call.minute,
            repetition=line.call.repetition,
            due_at=line.call.due_at,
            told_at=line.at,
            officer=line.officer,
            officer_name=officer.name if officer else None,
            to_head=line.call.reader == HEAD,
            how=tuple(line.call.step.how),
            by_every_means=line.call.step.how == EVERY_MEANS,
            escalates=line.call.escalates,
            asks=line.call.asks,
        )

    def _reminders(self, waiting: OpenClock, at: datetime | None) -> list[_Line]:
        if at is None:
            found = due_steps.upcoming(waiting.silence, waiting.steps, self._readers)
            return [_Line(expected.call, expected.at, expected.officer) for expected in found]
        told = due_steps.forecast(waiting.silence, waiting.steps, self._readers, at)
        return [_Line(due.call, due.call.due_at + due.late, due.officer) for due in told]

    def _why(self, waiting: OpenClock, found: NothingDue) -> StoredText:
        said = _WHY_NOT[found.reason]
        return said.having(until=self._clock(found.until, waiting.started_at)) if found.until else said()

    def _clock(self, at: datetime, started_at: datetime) -> str:
        """Formats the time in the desk's zone, with the date or the offset if it differs from the clock's start."""
        local, start = at.astimezone(self._zone), started_at.astimezone(self._zone)
        if local.utcoffset() != start.utcoffset():
            return local.isoformat(sep=" ", timespec="minutes")
        return f"{local:%H:%M}" if local.date() == start.date() else f"{local:%Y-%m-%d %H:%M}"


def policies_at(work: UnitOfWork, at: datetime) -> dict[str, str]:
    """Returns the policy of a clock started at `at`, for each open election and each channel with its own policy."""
    use = work.env.settings.escalation.use
    found: dict[str, str] = {}
    for election in work.tx.find(Election, where(Election.closed_at).is_(None)):
        period = period_at(work, election.code, at)
        usual = use.name(period, None)
        found[election.code] = usual
        own = ((channel.channel, use.name(period, channel.channel)) for channel in use.channels)
        found |= {f"{election.code}, {code}": name for code, name in own if name != usual}
    return found
