# SPDX-License-Identifier: EUPL-1.2
"""`flaggermail check`: checks the configuration, and that an officer is on call in the coming weeks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

import click

from flaggermail.cli.documents import part, parts, text, texts
from flaggermail.cli.session import Session, as_json_option, show_json
from flaggermail.cli.terminal import safe, safe_line

if TYPE_CHECKING:
    from flaggermail.mail.message_json import Json

_FAULTY = 2
_COUNTED = ("elections", "platforms", "channels", "officers", "rules")


@click.command(name="check")
@as_json_option
@click.pass_obj
def command(session: Session, *, as_json: bool) -> None:
    """Check configuration, rules, templates and rota.

    Every fault is one line on standard error (file, line, column, key, what would be right), and the exit status is 2.
    Warnings, notes about renamed keys, what the kernel of this machine takes from the process that parses mail, and
    hours of the coming four weeks without an officer on call are printed, but are not faults.

    Example: flaggermail --config /etc/flaggermail check
    """
    found = session.ask("check")
    faults = texts(found, "faults")
    if as_json:
        show_json(found)
    elif not faults:
        click.echo(safe("\n".join(_lines(found))))
    for fault in faults:
        click.echo(safe_line(fault), err=True)
    if faults:
        raise click.exceptions.Exit(_FAULTY)


def _lines(found: Mapping[str, Json]) -> Iterator[str]:
    yield f"configuration in order: {', '.join(f'{found[what]} {what}' for what in _COUNTED)}"
    yield from (f"warning: {warning}" for warning in texts(found, "warnings"))
    yield from (f"note: {note}" for note in texts(found, "notes"))
    for barrier in texts(part(found, "parser"), "missing"):
        yield f"warning: the parser runs without {barrier}: this kernel does not offer it"
    for gap in parts(found, "gaps"):
        begins, ends = (f"{datetime.fromisoformat(text(gap, end)):%Y-%m-%d %H:%M %z}" for end in ("begins", "ends"))
        yield f"nobody is on call: {begins} to {ends}"
