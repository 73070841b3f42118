# SPDX-License-Identifier: EUPL-1.2
"""Formats rows as tables, as field lists and as JSON. All output is made safe for a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields
from datetime import date, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from flaggermail.cli.terminal import safe_line

if TYPE_CHECKING:
    from flaggermail.mail.message_json import Json
    from flaggermail.oncall.schedule import Officer
    from flaggermail.record.rows import Record, StoredMessage

_SECRET = frozenset({"token"})  # a token authorises acts by mail
DOUBTS = {"unverified": "not verified", "failed": "failed the sender check"}
# Programs that read `--json` know these fields by their earlier names.
_IN_JSON = {"at_most_once": "once", "counted": "use", "match_basis": "basis", "pending_digest": "missed"}


def table(heads: Sequence[str], rows: Iterable[Sequence[object]], empty: str) -> None:
    """Prints a table; each column but the last is as wide as its widest cell. Prints `empty` if there are no rows."""
    lines = [[safe_line(_text(cell)) for cell in row] for row in rows]
    if not lines:
        click.echo(empty)
        return
    lines.insert(0, [head.upper() for head in heads])
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        cells = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        click.echo("  ".join(cells).rstrip())


def listed(pairs: Iterable[tuple[str, object]], indent: str = "") -> None:
    """Prints aligned `name: value` lines; empty values are left out."""
    kept = [(name, safe_line(_text(value))) for name, value in pairs if _text(value)]
    width = max((len(name) for name, _ in kept), default=0) + 1
    for name, value in kept:
        click.echo(f"{indent}{f'{name}:'.ljust(width)} {value}")


def named(officer: Officer | None) -> str:
    """Formats an officer: name, id and phone."""
    if officer is None:
        return "nobody"
    return safe_line(f"{officer.name} ({officer.id})" + (f", {officer.phone}" if officer.phone else ""))


def sender(message: StoredMessage) -> str:
    """Formats the sender of a message, with the verdict unless they are verified."""
    doubt = "" if message.verdict == "verified" else f" ({DOUBTS[message.verdict]})"
    return f"{message.from_address or ''}{doubt}".strip()


def plain(record: Record, zone: ZoneInfo) -> dict[str, Json]:
    """Returns a row for JSON: instants in `zone` with their offset, without secrets."""
    names = [spec.name for spec in fields(record) if spec.name not in _SECRET]
    return {_IN_JSON.get(name, name): _json(getattr(record, name), zone) for name in names}


def _json(value: object, zone: ZoneInfo) -> Json:
    if isinstance(value, datetime):
        return value.astimezone(zone).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return [_json(entry, zone) for entry in value]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise TypeError(f"{type(value).__name__} is not known in JSON")


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(map(_text, value))
    return str(value)
