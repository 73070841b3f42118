# SPDX-License-Identifier: EUPL-1.2
"""`flaggermail report freeze`, `changes` and `make`: what a report is made from, and the document."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from flaggermail.cli.completing import ELECTION
from flaggermail.cli.new_files import unpacked, write_new
from flaggermail.cli.session import Session, as_json_option, report_answer, show_json
from flaggermail.cli.showing import choice, minute, number, part, parts, text, texts
from flaggermail.cli.terminal import safe_line, waited_for
from flaggermail.record.case_values import LanguageCode
from flaggermail.record.kinds import ReportForm
from flaggermail.wording.said import countable

if TYPE_CHECKING:
    from flaggermail.mail.message import Json

Document = Mapping[str, "Json"]


@click.command(name="freeze")
@click.argument("election", type=ELECTION)
@click.option("--early", is_flag=True, help="Although the period of the election has not ended.")
@click.option("--undo", is_flag=True, help="Open the frozen report again; what was frozen stays on record.")
@click.option("--reason", metavar="TEXT", help="With --undo: why.")
@as_json_option
@click.pass_obj
def freeze(
    session: Session, election: str, *, early: bool, undo: bool, reason: str | None, as_json: bool
) -> None:  # fmt: skip
    """Freeze all that a report is made from. For the head alone.

    Facts, the draft's words, the settings that matter, text blocks and annexes are kept with their digests, so that
    the report can be made again octet for octet. What has moved since an earlier freeze is named with its events.

    Example: flaggermail report freeze EP2024
    """
    if undo != (reason is not None) or (undo and early):
        raise click.UsageError("--undo and --reason go together, and not with --early.")
    if undo:
        answer = session.ask("report unfreeze", election=election, reason=reason)
    else:
        with waited_for("freezing"):
            answer = session.ask("report freeze", election=election, early=early)
    report_answer(answer, as_json=as_json)


@click.command(name="changes")
@click.argument("election", type=ELECTION)
@as_json_option
@click.pass_obj
def changes(session: Session, election: str, *, as_json: bool) -> None:
    """Show which figures moved since a report was frozen, and why.

    Example: flaggermail report changes EP2024
    """
    found = session.ask_all("report changes", "moved", election=election)
    if as_json:
        show_json(found)
        return
    last = part(found, "freeze")
    undone = f", undone at {minute(last, 'undone_at')} by {last['undone_by']}" if last["undone_at"] else ""
    frozen = f"{last['id']} of {minute(last, 'at')} by {last['by']}, after event {last['event']}{undone}"
    click.echo(safe_line(frozen))
    for one in parts(found, "moved"):
        click.echo(safe_line(f"{one['figure']}: was {one['was'] or '-'}, is {one['is'] or '-'}"))
        for event in parts(one, "events"):
            about = f"{minute(event, 'at')}  {event['actor']}  {event['kind']}"
            click.echo(safe_line(f"  event {event['event']}  {about}"))
        if number(one, "earlier"):
            click.echo(f"  and {countable(one['earlier']):earlier event|earlier events}")
        if not parts(one, "events"):
            click.echo("  by no event; a setting or template")
    if not parts(found, "moved"):
        click.echo("nothing has moved")


@click.command(name="make")
@click.argument("election", type=ELECTION)
@click.option(
    "--out", required=True, type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
    help="The new file; its ending says the format: .odt, .pdf, .html, or .csv for the uses alone, with a codebook.",
)  # fmt: skip
@click.option("--language", type=choice(LanguageCode), help="Only this language. [default: all that the report holds]")
@click.option("--draft", is_flag=True, help="From the record of now, without a freeze; marked as a draft throughout.")
@as_json_option
@click.pass_obj
def make(
    session: Session, election: str, *, out: Path, language: str | None, draft: bool, as_json: bool
) -> None:  # fmt: skip
    """Make the report as a file, from what was frozen alone.

    Of several languages each has a file: `report.odt` becomes report.nl.odt and report.en.odt. The same freeze gives
    the same octets. The SHA-256 of each file is printed. No file that holds other octets is written over.

    Example: flaggermail report make EP2024 --out report.odt
    """
    form = _form(out)
    asked = {} if language is None else {"language": language}
    with waited_for("making"):
        found = session.fetch("report document", election=election, form=form.value, draft=draft, **asked)
    told = found.facts
    moved = texts(session.ask("report changes", election=election, limit=1), "notes") if told["moved"] else []
    for line in (*texts(told, "other"), *moved):
        click.echo(f"note: {safe_line(line)}", err=True)
    paths = _paths(parts(told, "files"), form, out)
    written = [(paths[name], octets) for name, octets in unpacked(found)]
    write_new(written)
    named = [{"file": str(path), "sha256": hashlib.sha256(octets).hexdigest()} for path, octets in written]
    if as_json:
        show_json({"election": election, "freeze": told["freeze"], "inputs": told["inputs"], "files": named})
        return
    for one in named:
        click.echo(safe_line(f"{one['file']}: SHA-256 {one['sha256']}"))


def _form(out: Path) -> ReportForm:
    try:
        return ReportForm(out.suffix.lower().removeprefix("."))
    except ValueError:
        known = ", ".join(f".{form}" for form in ReportForm)
        raise click.BadParameter(f"{out.name} must end in one of {known}", param_hint="--out") from None


def _paths(files: Sequence[Document], form: ReportForm, out: Path) -> Mapping[str, Path]:
    """Returns where each file of the report is written, by the name that the desk gave it."""
    names = [text(one, "name") for one in files]
    if form is ReportForm.CSV:
        return dict(zip(names, (out, out.with_suffix(f".codebook{out.suffix}")), strict=True))
    several = len(files) > 1
    return {
        name: out.with_suffix(f".{text(one, 'language')}{out.suffix}") if several else out
        for name, one in zip(names, files, strict=True)
    }
