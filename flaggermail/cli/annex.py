# SPDX-License-Identifier: EUPL-1.2
"""`flaggermail annex`: the mail exchange of a notification as the annex of a report, redacted by two persons."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from flaggermail.cli import forms
from flaggermail.cli.completing import CASE
from flaggermail.cli.groups import Noun
from flaggermail.cli.lists import Field, ShownList, fields
from flaggermail.cli.new_files import new_folder, unpacked, usable
from flaggermail.cli.session import Session, as_json_option, report_answer, show_json
from flaggermail.cli.showing import number, parts, text, texts
from flaggermail.cli.terminal import safe, safe_line, waited_for
from flaggermail.record.kinds import AnnexForm
from flaggermail.record.states import AnnexState

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
    kept = forms.kept(session.place, key)
    if kept is not None and anew:
        kept.unlink()
        kept = None
    if kept is not None:
        click.echo("note: your kept form goes on; --anew begins another", err=True)
    path = kept or forms.begun(session.place, key, text(asked, "form"))
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


ANNEXES = ShownList(
    "annex list", "annexes", "no annexes",
    (
        Field("annex", "id"), *fields("notification", "form", "state", "revision"), Field("proposed", "proposed_by"),
        Field("confirmed", "confirmed_by"), Field("approved", "approved_by"),
    ),
)  # fmt: skip
_FORMS = click.Choice([form.value for form in AnnexForm])


@click.group(name="annex", cls=Noun)
def command() -> None:
    """Redact the mails of a notification for a report to Parliament.

    One person proposes and confirms what is taken out, another approves it; then the files are written.

    Example: flaggermail annex propose VF-EP2024-0001
    """


@command.command(name="propose")
@click.argument("of", metavar="CASE|NOTIFICATION", type=CASE)
@click.option(
    "--form", type=_FORMS, default=AnnexForm.THREAD.value, show_default=True,
    help="The answer alone with what it quotes, or each mail once.",
)  # fmt: skip
@click.option("--keep", is_flag=True, help="Take over the marks of the annex before, where the text is the same.")
@as_json_option
@click.pass_obj
def propose(session: Session, of: str, form: str, *, keep: bool, as_json: bool) -> None:
    """Make an annex, with proposals for what to take out.

    An annex of the same notification that nobody has approved is withdrawn.

    Example: flaggermail annex propose VF-EP2024-0001/1 --form reply
    """
    with waited_for("reading"):
        made = session.ask("annex propose", of=of, form=form, keep=keep)
    report_answer(made, as_json=as_json)


@command.lists("list", ANNEXES)
@click.option("--case", type=CASE, metavar="CASE", help="Only those of this case.")
def list_annexes() -> None:
    """List annexes and their states.

    Example: flaggermail annex list --case VF-EP2024-0001
    """


@command.shows("show")
@click.argument("annex")
def show(found: Mapping[str, Json]) -> None:
    """Print an annex without what is taken out. The reading is on record.

    With --json also the checksums of the mails, which are not for publication.

    Example: flaggermail annex show a00000001
    """
    _print(found)


@command.command(name="approve")
@click.argument("annex")
@click.option("--revision", type=int, help="The revision that you have read and approve.")
@as_json_option
@click.pass_obj
def approve(session: Session, annex: str, revision: int | None, *, as_json: bool) -> None:
    """Print an annex to be approved; with --revision approve it.

    For approvers and the head of the desk, and for nobody who proposed or confirmed a mark in it.

    Example: flaggermail annex approve a00000001 --revision 2
    """
    if revision is not None:
        report_answer(session.ask("annex approve", annex=annex, revision=revision), as_json=as_json)
        return
    found = session.ask("annex show", annex=annex)
    if as_json:
        show_json(found)
        return
    _print(found)
    if found["state"] == AnnexState.CONFIRMED:
        who = " or ".join(texts(found, "may_approve")) or "nobody yet: give another person the role in oncall.yaml"
        step = f"flaggermail annex approve {text(found, 'id')} --revision {number(found, 'revision')}"
        click.echo(f"note: nothing is approved yet; to approve this text: `{step}` (by {safe_line(who)})", err=True)


@command.acts("withdraw")
@click.argument("annex")
def withdraw() -> None:
    """Take an annex back, also an approved one.

    Example: flaggermail annex withdraw a00000001
    """


@command.command(name="apply")
@click.argument("annex")
@click.option(
    "--out", type=click.Path(path_type=Path), metavar="DIR", required=True, help="A new folder for the files."
)
@click.option("--as-approved", is_flag=True, help="Write it although the exchange holds other mails by now.")
@as_json_option
@click.pass_obj
def apply(session: Session, annex: str, out: Path, *, as_approved: bool, as_json: bool) -> None:
    """Write the files of an approved annex: text, HTML, OpenDocument, PDF and a manifest.

    The same annex gives the same files again. The reading is on record.

    Example: flaggermail annex apply a00000001 --out annex-1
    """
    place = usable(out)
    with waited_for("making the files"):
        found = session.fetch("annex files", annex=annex, as_approved=as_approved)
    with new_folder(place) as folder:
        for name, octets in unpacked(found):
            (folder / name).write_bytes(octets)
    if as_json:
        show_json({**found.facts, "folder": str(place)})
    else:
        click.echo(safe_line(f"{out}: annex {found.facts['annex']}: {', '.join(texts(found.facts, 'files'))}"))


command.add_command(edit)


def _print(found: Mapping[str, Json]) -> None:
    """Prints an annex: its state on stderr, so that stdout is the text alone."""
    what = f"annex {text(found, 'id')} of {text(found, 'notification')}, revision {number(found, 'revision')}"
    click.echo(f"note: {what}: {text(found, 'state')}", err=True)
    for ticked, said in ((False, "words that nobody has ticked yet"), (True, "words that no list knows and that stay")):
        words = [text(one, "words") for one in parts(found, "words_left") if one["ticked"] is ticked]
        if words:
            click.echo(safe_line(f"note: {said}: {', '.join(words)}"), err=True)
    click.echo(safe(text(found, "text")), nl=False)
