# SPDX-License-Identifier: EUPL-1.2
"""`flaggermail annex`: the mail exchange of a notification as the annex of a report, redacted by two persons."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from flaggermail.cli.annex_edit import edit
from flaggermail.cli.completing import CASE
from flaggermail.cli.documents import number, parts, text, texts
from flaggermail.cli.groups import Noun
from flaggermail.cli.new_folder import new_folder, usable
from flaggermail.cli.session import Session, as_json_option, report_answer, show_json
from flaggermail.cli.showing import table
from flaggermail.cli.terminal import safe, safe_line
from flaggermail.record.kinds import AnnexForm
from flaggermail.record.states import AnnexState

if TYPE_CHECKING:
    from flaggermail.mail.message import Json

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
    report_answer(session.ask("annex propose", of=of, form=form, keep=keep), as_json=as_json)


@command.command(name="list")
@click.option("--case", type=CASE, metavar="CASE", help="Only those of this case.")
@as_json_option
@click.pass_obj
def list_annexes(session: Session, case: str | None, *, as_json: bool) -> None:
    """List annexes and their states.

    Example: flaggermail annex list --case VF-EP2024-0001
    """
    found = session.ask("annex list", case=case)
    if as_json:
        show_json(found)
        return
    rows = [
        (*(text(one, name) for name in ("id", "notification", "form", "state")), number(one, "revision"),
         *(text(one, f"{act}_by") for act in ("proposed", "confirmed", "approved")))
        for one in parts(found, "annexes")
    ]  # fmt: skip
    table(
        ("ANNEX", "NOTIFICATION", "FORM", "STATE", "REVISION", "PROPOSED", "CONFIRMED", "APPROVED"), rows, "no annexes"
    )


@command.command(name="show")
@click.argument("annex")
@as_json_option
@click.pass_obj
def show(session: Session, annex: str, *, as_json: bool) -> None:
    """Print an annex without what is taken out. The reading is on record.

    With --json also the checksums of the mails, which are not for publication.

    Example: flaggermail annex show a00000001
    """
    found = session.ask("annex show", annex=annex)
    if as_json:
        show_json(found)
    else:
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


@command.command(name="withdraw")
@click.argument("annex")
@as_json_option
@click.pass_obj
def withdraw(session: Session, annex: str, *, as_json: bool) -> None:
    """Take an annex back, also an approved one.

    Example: flaggermail annex withdraw a00000001
    """
    report_answer(session.ask("annex withdraw", annex=annex), as_json=as_json)


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
    found = session.ask("annex files", annex=annex, as_approved=as_approved)
    names = [text(file, "name") for file in parts(found, "files")]
    with new_folder(place) as folder:
        for file in parts(found, "files"):
            (folder / text(file, "name")).write_bytes(base64.b64decode(text(file, "base64")))
    if as_json:
        show_json({"annex": found["annex"], "folder": str(place), "files": names, "version": found["version"]})
    else:
        click.echo(safe_line(f"{out}: annex {found['annex']}: {', '.join(names)}"))


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
