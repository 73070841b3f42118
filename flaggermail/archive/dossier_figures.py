# SPDX-License-Identifier: EUPL-1.2
"""The figures of a dossier as CSV (RFC 4180): the same columns as `flaggermail latency --format csv`."""

from __future__ import annotations

import csv
from collections.abc import Collection
from datetime import datetime
from io import StringIO
from zoneinfo import ZoneInfo

from flaggermail.archive.dossier_names import visible_line
from flaggermail.figures import ledger
from flaggermail.figures.uses import PlatformUse, Stop, uses_of
from flaggermail.notifications import latency
from flaggermail.ports import Transaction
from flaggermail.record.states import CLOCKS

_OF_USE = ("case", "notification", "platform", "channel", "election", "sent_at", "sent_basis")
_OF_STOP = ("at", "minutes", "hours", "basis", "form")
_FORMULA = ("=", "+", "-", "@", "\t")  # with which a cell begins that a spreadsheet would calculate


def figures_csv(tx: Transaction, numbers: Collection[str], zone: ZoneInfo) -> bytes:
    """Returns a line for each use of the line in these cases, in the order of sending. Exercises are in no figure."""
    page = StringIO(newline="")
    lines = csv.writer(page)
    lines.writerow((*_OF_USE, *(f"{kind}_{name}" for kind in CLOCKS for name in _OF_STOP), "state"))
    for use in uses_of(ledger.of_rows(tx)):
        if use.case in numbers:
            lines.writerow(map(_cell, _line(use, zone)))
    return page.getvalue().encode()


def _line(use: PlatformUse, zone: ZoneInfo) -> list[object]:
    sent = (use.case, use.notification, use.platform, use.channel, use.election, _at(use.sent_at, zone), use.sent_basis)
    stops = [cell for stop in (use.receipt, use.human, use.substance) for cell in _stop(stop, zone)]
    return [*sent, *stops, use.state]


def _stop(stop: Stop | None, zone: ZoneInfo) -> tuple[object, ...]:
    if stop is None:
        return ("",) * len(_OF_STOP)
    return (_at(stop.at, zone), stop.minutes, latency.hours(stop.minutes), stop.basis, stop.form)


def _at(at: datetime, zone: ZoneInfo) -> str:
    return at.astimezone(zone).isoformat()


def _cell(value: object) -> str:
    """Returns a value as text; an apostrophe before it keeps a spreadsheet from calculating it."""
    found = str(value)
    return visible_line(f"'{found}" if found.startswith(_FORMULA) else found)
