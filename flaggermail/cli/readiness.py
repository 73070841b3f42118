# SPDX-License-Identifier: EUPL-1.2
"""`flaggermail readiness`: what the desk lacks for the next election."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import click

from flaggermail.cli.session import Session, as_json_option, show_json
from flaggermail.cli.showing import number, parts, text, texts
from flaggermail.cli.terminal import safe_line

if TYPE_CHECKING:
    from flaggermail.mail.message import Json


@click.command(name="readiness")
@as_json_option
@click.pass_obj
def command(session: Session, *, as_json: bool) -> None:
    """Show what the desk lacks for the next election.

    The facts of the letter that officers get fourteen and three days before polling day, and on each morning of an
    election period. A line with "!" asks somebody to do something.

    Example: flaggermail readiness
    """
    found = session.ask("readiness")
    if as_json:
        show_json(found)
        return
    lacking = texts(found, "lacks")
    for name, words in _lines(found):
        click.echo(safe_line(f"{'!' if name in lacking else ' '} {words}"))


def _lines(found: Mapping[str, Json]) -> Sequence[tuple[str, str]]:
    hours, rehearsed, clocks = number(found, "hours"), found["rehearsed"], number(found, "clocks")
    known = text(found, "election")
    election = f"{known}, polling day {text(found, 'polling_day')}" if known else "none to come"
    waits = f", the longest for {_count(found, 'longest', 'minute')}" if clocks else ""
    return (
        ("election", f"election: {election}"),
        ("policies", f"policies read: {_ages(found, 'policies', 'ago')}"),
        ("hours", f"hours of the next 14 days with nobody on call: {hours}"),
        ("pagers", f"pagers used: {_ages(found, 'pagers', 'ago')}"),
        ("channels", f"channels used: {_ages(found, 'channels', 'ago')}"),
        ("bounced", f"addresses that bounced: {', '.join(texts(found, 'bounced')) or 'none'}"),
        ("certificates", f"certificates end: {_ages(found, 'certificates', 'from now')}"),
        ("rehearsal", f"last exercise: {'never' if rehearsed is None else _count(found, 'rehearsed', 'day') + ' ago'}"),
        ("clocks", f"clocks that run: {clocks}{waits}"),
        ("uses", f"uses in this election: {number(found, 'uses')}"),
    )


def _ages(found: Mapping[str, Json], name: str, when: str) -> str:
    said = [
        f"{text(one, 'name')} {'never' if one['days'] is None else _count(one, 'days', 'day') + ' ' + when}"
        for one in parts(found, name)
    ]
    return "; ".join(said) or "none known"


def _count(found: Mapping[str, Json], name: str, unit: str) -> str:
    counted = number(found, name)
    return f"{counted} {unit}{'' if counted == 1 else 's'}"
