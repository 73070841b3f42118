# SPDX-License-Identifier: EUPL-1.2
"""`flaggermail annex edit`: the marks of an annex in an editor, from a file, or printed to be edited elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from flaggermail.cli import forms
from flaggermail.cli.documents import number, parts, text, texts
from flaggermail.cli.session import Session, as_json_option, report_answer
from flaggermail.cli.terminal import safe_line

if TYPE_CHECKING:
    from flaggermail.mail.message import Json


@click.command(name="edit")
@click.argument("annex")
@click.argument("file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--print", "print_form", is_flag=True, help="Print the form, to be filled in elsewhere.")
@click.option("--everywhere", is_flag=True, help="Mark the marked words at their other places, too.")
@click.option("--anew", is_flag=True, help="Discard a kept form and start again.")
@as_json_option
@click.pass_obj
def edit(
    session: Session, annex: str, file: Path | None, *, print_form: bool, everywhere: bool, anew: bool, as_json: bool
) -> None:  # fmt: skip
    """Read and correct the marks of an annex in your editor, or in a FILE; what is read back is confirmed.

    A file that was left as it was confirms the marks as well. Only marks may differ from what was printed.

    Example: flaggermail annex edit a00000001
    """
    if print_form:
        if file is not None or everywhere or anew:
            raise click.UsageError("--print prints the form: give it alone.")
        click.echo(text(session.ask("annex form", annex=annex), "form"), nl=False)
    elif file is not None:
        report_answer(_confirm(session, annex, forms.read_filled(file), everywhere=everywhere), as_json=as_json)
    else:
        report_answer(_in_editor(session, annex, everywhere=everywhere, anew=anew), as_json=as_json)


def _in_editor(session: Session, annex: str, *, everywhere: bool, anew: bool) -> Mapping[str, Json]:
    """Opens the form in the person's editor. If it is refused, for whatever reason, it is kept."""
    asked = session.ask("annex form", annex=annex)
    key = text(asked, "annex")
    kept = forms.kept(session.directory, key)
    if kept is not None and anew:
        kept.unlink()
        kept = None
    if kept is not None:
        click.echo("note: your kept form goes on; --anew begins another", err=True)
    path = kept or forms.begun(session.directory, key, text(asked, "form"))
    with forms.edited(path, f"flaggermail annex edit {key}"):
        return _confirm(session, key, forms.read_filled(path), everywhere=everywhere)


def _confirm(session: Session, annex: str, filled: str, *, everywhere: bool) -> Mapping[str, Json]:
    """Records the marks of a filled form, and with `everywhere` those at other places of the same words."""
    found = session.ask("annex form read", annex=annex, text=filled)
    marks: list[Json] = list(parts(found, "marks"))
    others = parts(found, "elsewhere")
    if others and not everywhere and sys.stdin.isatty():
        _tell(found)
        everywhere = click.confirm("Mark these, too?", err=True)
    elif others and not everywhere:
        _tell(found)
        click.echo("note: these were not marked; --everywhere marks them, too", err=True)
    if everywhere:
        marks += others
    return session.ask(
        "annex edit", annex=annex, revision=number(found, "revision"), marks=marks, kept=found["kept"]
    )  # fmt: skip


def _tell(found: Mapping[str, Json]) -> None:
    click.echo("note: marked words stand at other places, too:", err=True)
    for place in texts(found, "elsewhere_shown"):
        click.echo(f"  {safe_line(place)}", err=True)
