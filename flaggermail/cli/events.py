# SPDX-License-Identifier: EUPL-1.2
"""`flaggermail events`: what happened, by the record."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

import click

from flaggermail.cli.completing import CASE
from flaggermail.cli.instants import INSTANT_HELP, typed_instant
from flaggermail.cli.session import Session, as_json_option, show_json
from flaggermail.cli.showing import minute, part, parts, styled, text, texts, value_in_words
from flaggermail.cli.terminal import safe_line
from flaggermail.wording.filing import LongValue, ReadingField
from flaggermail.wording.said import StoredText

if TYPE_CHECKING:
    from flaggermail.mail.message import Json


_BY_FIELD: Mapping[str, ReadingField] = {one.name.lower(): one for one in ReadingField}


def _asked(held: object) -> tuple[StoredText, ...]:
    """Returns what was asked of the archive, a sentence for each field; of a field without words its name."""
    if not isinstance(held, Mapping) or not held:
        return (ReadingField.ALL(),)
    return tuple(
        sentence.having(value=_plain(value))
        if (sentence := _BY_FIELD.get(name))
        else StoredText(f"{name} {_plain(value)}")
        for name, value in held.items()
    )


def _steps(held: object) -> tuple[StoredText, ...]:
    return (LongValue.STEPS(count=_count(held)),)


def _places(held: object) -> tuple[StoredText, ...]:
    return (LongValue.PLACES(count=_count(held)),)


def _report(_held: object) -> tuple[StoredText, ...]:
    return (LongValue.REPORT(),)


def _plain(value: object) -> str:
    return ", ".join(map(_plain, value)) if isinstance(value, list) else str(value)


def _count(held: object) -> int:
    return len(held) if isinstance(held, list) else 0


HELD: Mapping[tuple[str, str], Callable[[object], tuple[StoredText, ...]]] = MappingProxyType({  # table and column
    ("annex", "marks"): _places,
    ("case_file", "steps"): _steps,
    ("notification", "steps"): _steps,
    ("archive_reading", "asked"): _asked,
    ("report_freeze", "inputs"): _report,
})  # fmt: skip


def in_words(table: str, column: str, value: object, language: str = "en") -> object:
    """Returns a value of a row in words if it is held as JSON; any other as it is, one that was damaged too."""
    words = HELD.get((table, column))
    if words is None or not isinstance(value, str):
        return value
    try:
        held = json.loads(value)
    except ValueError:
        return value
    return "; ".join(one.in_language(language) for one in words(held))


@click.command(name="events")
@click.option("--case", type=CASE, metavar="CASE", help="Only events about this case.")
@click.option("--since", type=typed_instant, metavar="INSTANT", help=f"Only events from this time on. {INSTANT_HELP}")
@click.option("--kind", metavar="KIND", help='Only events of this kind, such as "case decided".')
@as_json_option
@click.pass_obj
def command(session: Session, case: str | None, since: str | None, kind: str | None, *, as_json: bool) -> None:
    """Print what happened: the events of the record in words.

    Each event says when and by whom, and which values of which rows it set. Values that were erased are named as such.

    Example: flaggermail events --case VF-EP2024-0001 --since 2024-06-06T10:00
    """
    found = session.ask_all("events", "events", case=case, since=since, kind=kind)
    if as_json:
        show_json(found)
        return
    events = parts(found, "events")
    for event in events:
        show_event(event)
    if not events:
        click.echo("no events")


def show_event(event: Mapping[str, Json]) -> None:
    """Prints an event, and below it the values that it set, each in words."""
    about = text(event, "notification") or text(event, "case")
    named = " ".join(filter(None, (about, text(event, "message"))))
    reason = f": {event['reason']}" if event["reason"] else ""
    head = f"{event['event']}  {minute(event, 'at')}  {event['actor']}"
    click.echo(f"{safe_line(head)}  {styled(text(event, 'kind'), bold=True)}{safe_line(f'  {named}' if named else '')}"
               f"{safe_line(reason)}")  # fmt: skip
    for change in parts(event, "changes"):
        table = text(change, "table")
        values = [f"{name} {_value(in_words(table, name, value))}" for name, value in part(change, "values").items()]
        values += [f"{name} (erased)" for name in texts(change, "erased")]
        row = " ".join(filter(None, (table, text(change, "key"))))
        click.echo(safe_line(f"    {row}: {', '.join(values)}"))


def _value(value: object) -> str:
    return value_in_words(value) or "(empty)"
