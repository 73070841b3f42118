# SPDX-License-Identifier: EUPL-1.2
"""Prints running clocks with the calculation of their reminders: 60 min after 10:34 = 11:34, to A. Jansen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

import click

from flaggermail.cli.documents import minute, parts, text, texts
from flaggermail.cli.terminal import safe_line

if TYPE_CHECKING:
    from flaggermail.mail.message import Json


def show_calculation(document: Mapping[str, Json], at: str | None = None, indent: str = "") -> None:
    """Prints the calculation in a view's "running"; `at`: it holds the reminders sent by then."""
    click.echo(safe_line(f"{indent}{document['about']} {document['clock']}, since {minute(document, 'since')}"))
    for line in calculation_lines(document, at):
        click.echo(safe_line(f"{indent}  {line}"))


def calculation_lines(document: Mapping[str, Json], at: str | None = None) -> Iterator[str]:
    """Yields the calculation, one line per reminder, and why nothing is due now."""
    steps, started = parts(document, "steps"), datetime.fromisoformat(text(document, "since"))
    yield from (_explained(step, started) for step in steps)
    if not steps:
        yield "nothing will be told by then" if at else "no step is left"
    if at is None:
        yield f"now: {document['now']}"


def _explained(step: Mapping[str, Json], started: datetime) -> str:
    due_at, told_at = (datetime.fromisoformat(text(step, name)) for name in ("due_at", "told_at"))
    to = f"to {step['officer_name'] or step['officer'] or 'nobody'}" + (" (head)" if step["to_head"] else "")
    if step["asks"]:
        return f"acknowledged until {_near(due_at, started)}: still on it?, {to}"
    held = f", put off by an acknowledgement until {_near(told_at, started)}" if told_at > due_at else ""
    by = "" if step["by_every_means"] else f", by {' and '.join(texts(step, 'how'))} alone"
    return f"{step['after']} min after {_near(started, started)} = {_near(due_at, started)}, {to}{by}{held}"


def _near(at: datetime, start: datetime) -> str:
    """Formats a time as the desk gave it, with the date or the offset if it differs from the clock's start."""
    if at.utcoffset() != start.utcoffset():
        return at.isoformat(sep=" ", timespec="minutes")
    return f"{at:%H:%M}" if at.date() == start.date() else f"{at:%Y-%m-%d %H:%M}"
