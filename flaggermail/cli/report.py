# SPDX-License-Identifier: EUPL-1.2
"""`flaggermail report`: the account to Parliament of one election, from its draft to the document."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from flaggermail.cli import forms
from flaggermail.cli.completing import ELECTION
from flaggermail.cli.groups import Noun
from flaggermail.cli.report_make import changes, freeze, make
from flaggermail.cli.report_uses import uses
from flaggermail.cli.session import Session, as_json_option, report_answer, show_json
from flaggermail.cli.showing import minute, parts, text, texts
from flaggermail.cli.terminal import safe, safe_line
from flaggermail.errors import Refusal
from flaggermail.wording.said import countable

if TYPE_CHECKING:
    from flaggermail.mail.message import Json


@click.command(name="draft")
@click.argument("election", type=ELECTION)
@click.argument("file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--edit", is_flag=True, help="Write in your editor ($VISUAL, $EDITOR); resumes a form that was not kept.")
@click.option("--print", "printed", is_flag=True, help="Print the form as it is now, and keep nothing.")
@as_json_option
@click.pass_obj
def draft(
    session: Session, election: str, file: Path | None, *, edit: bool, printed: bool, as_json: bool
) -> None:  # fmt: skip
    """Write what only a person can write of a report, in a YAML FILE or with --edit.

    Of each use, the reason and the answer in a sentence of your own; of each other contact, what it was about; earlier
    papers, and whom to name with their consent. It may be partly filled in. Each draft takes the place of the last.

    Example: flaggermail report draft EP2024 --edit
    """
    if sum((edit, printed, file is not None)) != 1:
        raise click.UsageError("Give one of FILE, --edit and --print.")
    if printed:
        _print(session, election, as_json=as_json)
    elif file is not None:
        report_answer(_keep(session, election, file), as_json=as_json)
    else:
        report_answer(_in_editor(session, election), as_json=as_json)


def _print(session: Session, election: str, *, as_json: bool) -> None:
    found = session.ask("report form", election=election)
    if as_json:
        show_json(found)
        return
    click.echo(safe(text(found, "form")), nl=False)
    for missing in texts(found, "missing"):
        click.echo(f"note: still to be written: {safe_line(missing)}", err=True)
    for line in texts(found, "moved"):
        click.echo(f"note: {safe_line(line)}", err=True)


def _keep(session: Session, election: str, file: Path, **seen: Json) -> Mapping[str, Json]:
    """Records what a file says; `seen`: the version of the desk on which it rests, if one is known."""
    return session.ask("report draft", election=election, text=forms.read_filled(file), name=str(file), **seen)


def _in_editor(session: Session, typed: str) -> Mapping[str, Json]:
    """Opens the form in the writer's editor. If the draft is not kept, for whatever reason, the form is."""
    asked = session.ask("report form", election=typed)
    election = text(asked, "election")
    key = f"report-{election}"
    again = forms.kept(session.place, key)
    if again is not None:
        click.echo("note: your form of before goes on", err=True)
        if asked["kept_at"]:
            click.echo(f"note: {asked['kept_by']} kept a draft at {minute(asked, 'kept_at')}", err=True)
    path = again or forms.begun(session.place, key, text(asked, "form"))
    with forms.edited(path, f"flaggermail report draft {election} --edit"):
        if forms.untouched(path):
            raise Refusal(f"report {election}: the form was left as it was; nothing was recorded")
        return _keep(session, election, path, version=asked["version"])


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


@click.group(name="report", cls=Noun)
def command() -> None:
    """Draft, freeze and make the report to Parliament.

    Example: flaggermail report draft EP2024 --edit
    """


command.add_command(draft)
command.add_command(freeze)
command.add_command(changes)
command.add_command(make)
command.add_command(uses)
command.add_command(verify)
