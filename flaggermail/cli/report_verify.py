# SPDX-License-Identifier: EUPL-1.2
"""`flaggermail report verify`: the figures of an edited report that no longer match what was frozen."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from flaggermail.cli.completing import ELECTION
from flaggermail.cli.documents import parts, text
from flaggermail.cli.session import Session, as_json_option, show_json
from flaggermail.cli.terminal import safe_line
from flaggermail.wording.said import countable

if TYPE_CHECKING:
    from flaggermail.mail.message import Json

Document = Mapping[str, "Json"]

LARGEST = 64 * 1024 * 1024  # octets


@click.command(name="verify")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--election", type=ELECTION, metavar="CODE", help="Whose report it is. [default: the one that it speaks of]"
)
@as_json_option
@click.pass_obj
def verify(session: Session, file: Path, *, election: str | None, as_json: bool) -> None:
    """Name the figures of an edited report that no longer match the record.

    Reads the .odt that an editor saved and compares each figure with the frozen one: in digits and in words, in Dutch
    and in English, whether or not the editor kept the marks around figures. Another spelling of the same figure is
    right. A sentence that says how often the status was used is compared wherever it stands. Exits with 1 if a figure
    stands there otherwise; one that is missing is told and is no fault.

    Example: flaggermail report verify report.nl.odt
    """
    if file.stat().st_size > LARGEST:
        raise click.BadParameter(f"{file} is larger than the {LARGEST} octets that are read")
    found = session.ask("report verify", octets=b64encode(file.read_bytes()).decode("ascii"), election=election)
    if as_json:
        show_json(found)
    else:
        _show(found)
    if not found["right"]:
        click.get_current_context().exit(1)


def _show(found: Document) -> None:
    faults = parts(found, "faults")
    for one in faults:
        click.echo(safe_line(_told(one)))
    missing = sum(not text(one, "stands") for one in faults)
    wrong = len(faults) - missing
    about = f"report on {found['election']}, {found['language']}, freeze {found['freeze']}"
    summed = f"{countable(wrong):figure differs|figures differ}" if wrong else "no figure differs from the record"
    more = f"; {countable(missing):figure is|figures are} no longer there" if missing else ""
    click.echo(safe_line(f"{about}: {summed}{more}"))


def _told(fault: Document) -> str:
    """Returns a fault in one line: place, what stands there, what the record says."""
    place = text(fault, "place") or "at the beginning"
    sentence = text(fault, "sentence")
    if not text(fault, "stands"):
        return f'{place}: missing: the record says "{fault["record"]}" ({fault["figure"]}), as in "{sentence}"'
    within = "" if sentence == fault["stands"] else f' in "{sentence}"'
    return f'{place}: "{fault["stands"]}"{within}: the record says "{fault["record"]}" ({fault["figure"]})'
