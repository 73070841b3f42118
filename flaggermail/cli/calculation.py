# SPDX-License-Identifier: EUPL-1.2
"""Shows how the next reminder of a running clock is calculated: 60 min after 10:34 = 11:34, to A. Jansen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import click

from flaggermail.cli.instants import shown
from flaggermail.cli.terminal import safe_line
from flaggermail.oncall import escalation
from flaggermail.oncall.escalation import EVERY_MEANS, HEAD, Call, Nothing
from flaggermail.record.finding import where
from flaggermail.record.rows import Election

if TYPE_CHECKING:
    from flaggermail.mail.message_json import Json
    from flaggermail.reminders.open_clocks import OpenClock
    from flaggermail.services import UnitOfWork


@dataclass(frozen=True, slots=True)
class _Line:
    """One reminder call: its rule, when it is sent and to whom."""

    call: Call
    at: datetime
    officer: str | None


class Calculation:
    """The upcoming reminders of one running clock under the current schedule."""

    def __init__(self, work: UnitOfWork, waiting: OpenClock) -> None:
        from flaggermail.notices.duty import readers

        self._work, self._waiting, self._zone = work, waiting, work.env.settings.zone
        self._readers = readers(work.env.settings, work.tx)

    def print(self, at: datetime | None = None, indent: str = "") -> None:
        """Prints the next reminder of each step; with `at`, the reminders sent by then."""
        head = f"{self._waiting.about} {self._waiting.clock}, since {shown(self._waiting.started_at, self._zone)}"
        click.echo(safe_line(f"{indent}{head}"))
        for line in self.lines(at):
            click.echo(safe_line(f"{indent}  {line}"))

    def lines(self, at: datetime | None = None) -> Iterator[str]:
        """Yields the calculation, one line per reminder, and why nothing is due now."""
        listed = self._reminders(at)
        yield from (self._explain(line) for line in listed)
        if not listed:
            yield "nothing will be told by then" if at else "no step is left"
        if at is None:
            yield f"now: {self._why_not_now()}"

    def document(self, at: datetime | None = None) -> dict[str, Json]:
        """Returns the calculation for JSON."""
        waiting = self._waiting
        return {
            "about": waiting.about,
            "clock": waiting.clock,
            "since": waiting.started_at.astimezone(self._zone).isoformat(),
            "now": self._why_not_now(),
            "steps": [self._step(line) for line in self._reminders(at)],
        }

    def _step(self, line: _Line) -> Json:
        return {
            "after": line.call.minute,
            "repetition": line.call.repetition,
            "due_at": line.call.due_at.astimezone(self._zone).isoformat(),
            "told_at": line.at.astimezone(self._zone).isoformat(),
            "officer": line.officer,
            "how": list(line.call.step.how),
            "escalates": line.call.escalates,
            "asks": line.call.asks,
        }

    def _reminders(self, at: datetime | None) -> list[_Line]:
        waiting = self._waiting
        if at is None:
            found = escalation.upcoming(waiting.silence, waiting.steps, self._readers)
            return [_Line(expected.call, expected.at, expected.officer) for expected in found]
        told = escalation.forecast(waiting.silence, waiting.steps, self._readers, at)
        return [_Line(due.call, due.call.due_at + due.late, due.officer) for due in told]

    def _explain(self, line: _Line) -> str:
        call, started = line.call, self._waiting.started_at
        to = f"to {self._name(line.officer)}" + (" (head)" if call.reader == HEAD else "")
        if call.asks:
            return f"acknowledged until {self._clock(call.due_at)}: still on it?, {to}"
        held = f", put off by an acknowledgement until {self._clock(line.at)}" if line.at > call.due_at else ""
        by = "" if call.step.how == EVERY_MEANS else f", by {' and '.join(call.step.how)} alone"
        return f"{call.minute} min after {self._clock(started)} = {self._clock(call.due_at)}, {to}{by}{held}"

    def _why_not_now(self) -> str:
        """Returns why nothing is due now, or "due"."""
        waiting = self._waiting
        found = escalation.due(waiting.silence, waiting.steps, self._readers, self._work.now)
        if not isinstance(found, Nothing):
            return "due"
        return f"{found.reason} until {self._clock(found.until)}" if found.until else found.reason

    def _clock(self, at: datetime) -> str:
        """Formats the time in the desk's zone, with the date or the offset if it differs from the clock's start."""
        local, start = at.astimezone(self._zone), self._waiting.started_at.astimezone(self._zone)
        if local.utcoffset() != start.utcoffset():
            return shown(at, self._zone)
        return f"{local:%H:%M}" if local.date() == start.date() else f"{local:%Y-%m-%d %H:%M}"

    def _name(self, officer_id: str | None) -> str:
        officer = self._work.env.settings.rota.officer(officer_id or "")
        return officer.name if officer else officer_id or "nobody"


def policies_at(work: UnitOfWork, at: datetime) -> list[tuple[str, str]]:
    """Returns the policy of a clock started at `at`, for each open election and each channel with its own policy."""
    from flaggermail.cases.elections import period_at

    use = work.env.settings.escalation.use
    found = []
    for election in work.tx.find(Election, where(Election.closed_at).is_(None)):
        period = period_at(work, election.code, at)
        usual = use.name(period, None)
        found.append((election.code, usual))
        own = ((channel.channel, use.name(period, channel.channel)) for channel in use.channels)
        found += [(f"{election.code}, {code}", name) for code, name in own if name != usual]
    return found
