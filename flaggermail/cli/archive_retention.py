# SPDX-License-Identifier: EUPL-1.2
"""`flaggermail archive retention`: what is kept until when."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from flaggermail.cli.completing import ELECTION
from flaggermail.cli.instants import day
from flaggermail.cli.lists import Field, day_of, fields, show_rows
from flaggermail.cli.new_files import printed, write_new
from flaggermail.cli.session import Session, as_json_option, show_json
from flaggermail.cli.showing import number, part, parts, print_csv, styled, text, texts
from flaggermail.cli.terminal import safe
from flaggermail.record.kinds import RetentionList
from flaggermail.record.terms import Standing
from flaggermail.wording.said import countable

if TYPE_CHECKING:
    from flaggermail.mail.message import Json

Document = Mapping[str, "Json"]

_SHOWN = 20  # lines of a long list on the screen
_NOTHING = "Nothing was destroyed: this is a dry run, and no command of flaggermail destroys what stands here."
_OF_THING = (
    "what", "id", "election", "class", "period", "start", "appraisal", "basis", "begins", "kept_until", "standing",
    "held_by", "hold_reasons", "messages", "kept_longer", "digest",
)  # fmt: skip


def _standing(one: Document, standing: str) -> object:
    return part(one, "standing")[standing]


CLASSES = (
    Field("class", "code"), Field("period", "period"), Field("from", "start"), Field("then", "appraisal"),
    Field("cases", "cases"), Field("mails", "messages"),
    *(Field(one, one, _standing) for one in (Standing.DUE, Standing.HELD, Standing.TRANSFER)), Field("next", "next"),
    Field("basis", lambda one: one["basis"] or "not named yet"),
)  # fmt: skip
HOLDS = (
    Field("id", "id"), Field("keeps", lambda one: one["case"] or f"election {one['election']}"),
    Field("since", "placed_at", day_of), Field("by", "placed_by"),
    Field("until", lambda one: one["until"] or "no end day"), Field("cases", "cases"), Field("mails", "messages"),
    Field("reason", "reason"),
)  # fmt: skip
REVIEW = (Field("id", "message"), *fields("place", "kinds", "arrived", "until", "held_by"))
TAKEN_OUT = (Field("id", "message"), Field("arrived", "arrived"), Field("at", "at", day_of), *fields("by", "reason"))
_KEPT_UNTIL = (
    *fields("class", "begins", "kept_until"),
    Field("mails", lambda one: number(one, "messages") - number(one, "kept_longer")),
)  # fmt: skip
DUE = (*fields("what", "id"), *_KEPT_UNTIL)
LISTED = (*fields("what", "id", "election"), *_KEPT_UNTIL, Field("sha-256", "digest"))


@click.command(name="retention")
@click.option("--as-of", type=day, metavar="DATE", help="Judge as on this day, YYYY-MM-DD. [default: today]")
@click.option("--election", type=ELECTION, metavar="CODE", help="Only what belongs to this election.")
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
    help="Write destruction list and declaration to this new text file, all that is kept to a CSV file beside it.",
)  # fmt: skip
@as_json_option
@click.pass_obj
def retention(session: Session, /, *, out: Path | None, as_json: bool, **asked: Json) -> None:
    """Show what falls in which class, what is on hold, and what would be destroyed.

    The classes are those of `retention` in flaggermail.yaml. Each case, and each mail without a case, is kept up to and
    including a day; then it stands on the destruction list, unless it is on hold or kept for good. The draft of the
    declaration comes in Dutch and in English. The command destroys nothing.

    Example: flaggermail archive retention --as-of 2036-01-01 --out list.txt
    """
    if out is not None and out.suffix.lower() == ".csv":
        raise click.UsageError("--out names the text file, such as list.txt; the CSV file is written beside it.")
    found = {**session.ask("archive retention", **asked), **_listed(session, asked)}
    if out is not None:
        listed, kept = printed(lambda: _print_list(found)), printed(lambda: print_csv(_OF_THING, _lines(found)))
        write_new([(out, listed), (_table_of(out), kept)])
    if as_json:
        show_json(found)
    elif out is None:
        _show(found)
    else:
        click.echo(f"written: {out} and {_table_of(out)}\n{_NOTHING}")


def _listed(session: Session, asked: Document) -> dict[str, Json]:
    """Returns all that is kept, and the mail in its review window, by the name of the list."""
    lists: dict[str, list[Json]] = {of.value: [] for of in RetentionList}
    for line in session.fetch("archive retention lines", **asked).whole().splitlines():
        document = json.loads(line)
        of = document.pop("listed_in")
        lists[of].append(document)
    return dict(lists)


# ---------------------------------------------------------------- on the screen


def _show(found: Document) -> None:
    _heading(f"Classes on {found['as_of']}" + (f", election {found['election']}" if found["election"] else ""))
    show_rows(parts(found, "classes"), CLASSES, "no classes")
    _heading("On legal hold")
    show_rows(parts(found, "holds"), HOLDS, "nothing")
    _heading(f"In the review window ({found['review_window']}): mail that people may take out, with a reason")
    _some(parts(found, "review"), REVIEW)
    _heading("Taken out in the review window, by a person")
    _some(parts(found, "taken_out"), TAKEN_OUT)
    if further := number(found, "taken_out_further"):
        click.echo(f"and {further} earlier: `flaggermail events --kind 'message excluded'`")
    _show_citizens(part(found, "citizens"))
    _heading("Destruction list (dry run)")
    _some([one for one in parts(found, "things") if one["standing"] == Standing.DUE], DUE)
    _heading("Draft of the declaration (the Dutch one: --json, --out)")
    click.echo(safe(text(part(found, "declaration"), "en")))
    click.echo(_NOTHING)


def _heading(words: str) -> None:
    click.echo("\n" + styled(words, bold=True))


def _show_citizens(counts: Document) -> None:
    _heading(f"Mail of citizens and our answers, which the daemon destroys after {countable(counts['days']):day|days}")
    said = ", ".join(f"{counts[name]} {name}" for name in ("kept", "held", "due", "destroyed"))
    click.echo(f"{said}; next: {counts['next'] or 'none'}")


def _some(rows: Sequence[Document], columns: Sequence[Field]) -> None:
    """Prints the first lines of a table, and how many follow."""
    show_rows(rows[:_SHOWN], columns, "nothing")
    if len(rows) > _SHOWN:
        click.echo(f"and {len(rows) - _SHOWN} more: --json and --out list them all")


# ---------------------------------------------------------------- to files


def _table_of(out: Path) -> Path:
    return out.with_suffix(".csv")


def _print_list(found: Document) -> None:
    """Prints both declarations with the list."""
    declared = part(found, "declaration")
    due = [one for one in parts(found, "things") if one["standing"] == Standing.DUE]
    for language in ("nl", "en"):
        click.echo(safe(text(declared, language)))
    click.echo("VERNIETIGINGSLIJST / DESTRUCTION LIST\n")
    show_rows(due, LISTED, "niets / nothing")


def _lines(found: Document) -> list[list[object]]:
    classes = {text(one, "code"): one for one in parts(found, "classes")}
    reasons = {text(one, "id"): text(one, "reason") for one in parts(found, "holds")}
    lines: list[list[object]] = []
    for one in parts(found, "things"):
        of, held = classes[text(one, "class")], texts(one, "held_by")
        further = {
            "period": of["period"], "start": of["start"], "appraisal": of["appraisal"], "basis": of["basis"],
            "held_by": "; ".join(held), "hold_reasons": "; ".join(reasons.get(key, "") for key in held),
        }  # fmt: skip
        lines.append([{**one, **further}[name] for name in _OF_THING])
    return lines
