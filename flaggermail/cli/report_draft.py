# SPDX-License-Identifier: EUPL-1.2
"""`flaggermail report draft`: a person's words for the report as a YAML form, from a file or in an editor."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from flaggermail.cli import forms
from flaggermail.cli.completing import ELECTION
from flaggermail.cli.documents import minute, text, texts
from flaggermail.cli.session import Session, as_json_option, report_answer, show_json
from flaggermail.cli.terminal import safe, safe_line
from flaggermail.errors import Refusal

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
    again = forms.kept(session.directory, key)
    if again is not None:
        click.echo("note: your form of before goes on", err=True)
        if asked["kept_at"]:
            click.echo(f"note: {asked['kept_by']} kept a draft at {minute(asked, 'kept_at')}", err=True)
    path = again or forms.begun(session.directory, key, text(asked, "form"))
    with forms.edited(path, f"flaggermail report draft {election} --edit"):
        if forms.untouched(path):
            raise Refusal(f"report {election}: the form was left as it was; nothing was recorded")
        return _keep(session, election, path, version=asked["version"])
